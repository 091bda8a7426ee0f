// Attributes of the stream: Filter::getStringValue, getIntegerValue and
// setDrainConnectionUponCompletion (golang_filter.cc).
#include "host.h"

#include <stdlib.h>

#define ATTRIBUTE(name) envoy_dynamic_module_type_attribute_id_##name

// By contrib's EnvoyValue (golang_filter.h; capi_impl.go has the numbers).
static const struct {
  int id;
  envoy_dynamic_module_type_attribute_id attribute;
  bool may_be_empty;
} strings[] = {
    {1, ATTRIBUTE(XdsRouteName), true},
    {2, ATTRIBUTE(XdsFilterChainName), true},
    {5, ATTRIBUTE(ResponseCodeDetails), false},
    {7, ATTRIBUTE(DestinationAddress), false},
    {8, ATTRIBUTE(SourceAddress), false},
    {9, ATTRIBUTE(UpstreamLocalAddress), false},
    {10, ATTRIBUTE(UpstreamAddress), false},
    {11, ATTRIBUTE(XdsClusterName), false},
    {106, ATTRIBUTE(ConnectionSha256PeerCertificateDigest), false},
    {108, ATTRIBUTE(ConnectionSubjectPeerCertificate), false},
    {110, ATTRIBUTE(ConnectionSubjectLocalCertificate), false},
    {111, ATTRIBUTE(ConnectionTlsVersion), false},
};

static bool attribute(request *r, envoy_dynamic_module_type_attribute_id id, slice *value) {
  envoy_dynamic_module_type_envoy_buffer b;
  if (!ENVOY(http_filter_get_attribute_string)(r->envoy, id, &b)) return false;
  *value = (slice){b.ptr, b.length};
  return true;
}

// Filter::getStringValue.
static CAPIStatus string_value(request *r, int id, slice *value) {
  for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
    if (strings[i].id != id) continue;
    if (attribute(r, strings[i].attribute, value)) return CAPIOK;
    *value = (slice){"", 0};
    return strings[i].may_be_empty ? CAPIOK : CAPIValueNotFound;
  }
  LOG_ERROR("string value %d", id);
  return unsupported("envoyGoFilterHttpGetStringValue");
}

CAPIStatus envoyGoFilterHttpGetStringValue(void *p, int id, uint64_t *value, int *length) {
  request *r = p;
  CAPIStatus status = check_request(r);
  if (status != CAPIOK) return status;
  pthread_mutex_lock(&r->mutex);
  slice found = {"", 0};
  status = r->destroyed ? CAPIFilterIsDestroy : string_value(r, id, &found);
  if (status == CAPIOK) { // lent until the next one; the SDK allows one at a time
    free(r->scratch);
    r->scratch = (char *)copy_of(found).ptr;
    *value = (uintptr_t)r->scratch;
    *length = (int)found.length;
  }
  pthread_mutex_unlock(&r->mutex);
  return status;
}

// Filter::getIntegerValue.
static CAPIStatus integer_value(request *r, int id, uint64_t *value) {
  enum { Protocol = 3, ResponseCode = 4, AttemptCount = 6, SslConnectionExists = 100 };
  slice s;
  switch (id) {
  case Protocol:
    if (!attribute(r, ATTRIBUTE(RequestProtocol), &s)) return CAPIValueNotFound;
    *value = same(s, "HTTP/1.0") ? 0 : same(s, "HTTP/1.1") ? 1 : same(s, "HTTP/3") ? 3 : 2; // Envoy's Http::Protocol
    return CAPIOK;
  case ResponseCode:
    return ENVOY(http_filter_get_attribute_int)(r->envoy, ATTRIBUTE(ResponseCode), value) ? CAPIOK : CAPIValueNotFound;
  case AttemptCount:
    return ENVOY(http_filter_get_attribute_int)(r->envoy, ATTRIBUTE(UpstreamRequestAttemptCount), value) ? CAPIOK : CAPIValueNotFound;
  case SslConnectionExists:
    *value = attribute(r, ATTRIBUTE(ConnectionTlsVersion), &s);
    return CAPIOK;
  }
  LOG_ERROR("integer value %d", id);
  return unsupported("envoyGoFilterHttpGetIntegerValue");
}

CAPIStatus envoyGoFilterHttpGetIntegerValue(void *p, int id, uint64_t *value) {
  request *r = p;
  CAPIStatus status = check_request(r);
  if (status != CAPIOK) return status;
  pthread_mutex_lock(&r->mutex);
  status = r->destroyed ? CAPIFilterIsDestroy : integer_value(r, id, value);
  pthread_mutex_unlock(&r->mutex);
  return status;
}

// Filter::setDrainConnectionUponCompletion marks the stream, and Envoy drains the connection when it sends the
// response's head. The ABI cannot mark a stream; it can begin the same drain now,
// which sends "connection: close" on HTTP/1 and GOAWAY on HTTP/2.
static void run_drain(event *e, request *r) {
  (void)e;
  ENVOY(http_filter_send_go_away_and_close)(r->envoy, true);
}
static void drop_drain(event *e) { free(e); }

CAPIStatus envoyGoFilterHttpSetDrainConnectionUponCompletion(void *p) {
  CAPIStatus status = check_request(p);
  if (status != CAPIOK) return status;
  event *e = allocate(sizeof *e);
  *e = (event){NULL, run_drain, drop_drain};
  return post(p, e);
}
