// Header and trailer maps: Envoy's, or those of a reply of Go's own.
#include "host.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef envoy_dynamic_module_type_envoy_http_header entry;

// fields_add appends; names are lower case, as in every map of Envoy's.
void fields_add(fields *f, slice key, slice value) {
  f->list = realloc(f->list, (f->count + 1) * sizeof *f->list);
  if (!f->list) abort();
  slice k = copy_of(key), v = copy_of(value);
  for (size_t i = 0; i < k.length; i++) ((char *)k.ptr)[i] = (char)tolower((unsigned char)k.ptr[i]);
  f->list[f->count++] = (entry){k.ptr, k.length, v.ptr, v.length};
}

size_t fields_remove(fields *f, const char *key) {
  size_t kept = 0, before = f->count;
  for (size_t i = 0; i < f->count; i++) {
    if (!same((slice){f->list[i].key_ptr, f->list[i].key_length}, key)) {
      f->list[kept++] = f->list[i];
      continue;
    }
    free((char *)f->list[i].key_ptr);
    free((char *)f->list[i].value_ptr);
  }
  f->count = kept;
  return before - kept;
}

// fields_get returns the first value, or a NULL pointer.
slice fields_get(const fields *f, const char *key) {
  for (size_t i = 0; i < f->count; i++)
    if (same((slice){f->list[i].key_ptr, f->list[i].key_length}, key)) return (slice){f->list[i].value_ptr, f->list[i].value_length};
  return (slice){NULL, 0};
}

void fields_free(fields *f) {
  for (size_t i = 0; i < f->count; i++) {
    free((char *)f->list[i].key_ptr);
    free((char *)f->list[i].value_ptr);
  }
  free(f->list);
  free(f);
}

static envoy_dynamic_module_type_http_header_type map_of(const direction *d, bool trailers) {
  if (d->go.is_encoding)
    return trailers ? envoy_dynamic_module_type_http_header_type_ResponseTrailer : envoy_dynamic_module_type_http_header_type_ResponseHeader;
  return trailers ? envoy_dynamic_module_type_http_header_type_RequestTrailer : envoy_dynamic_module_type_http_header_type_RequestHeader;
}

// entries returns a view of a map; free releases the view, not the strings.
static entry *entries(direction *d, bool trailers, size_t *count) {
  if (d->reply) {
    *count = trailers ? 0 : d->reply->headers->count;
    entry *list = allocate(*count * sizeof *list);
    if (*count) memcpy(list, d->reply->headers->list, *count * sizeof *list);
    return list;
  }
  *count = ENVOY(http_get_headers_size)(d->request->envoy, map_of(d, trailers));
  entry *list = allocate(*count * sizeof *list);
  if (*count) ENVOY(http_get_headers)(d->request->envoy, map_of(d, trailers), list);
  return list;
}

// Filter::doHeadersGo passes size() and byteSize() of a map.
void measure(direction *d, bool trailers, uint64_t *count, uint64_t *total) {
  size_t n;
  entry *list = entries(d, trailers, &n);
  *total = 0;
  for (size_t i = 0; i < n; i++) *total += list[i].key_length + list[i].value_length;
  *count = n;
  free(list);
}

// locked checks and takes the mutex: Filter::getHeader, copyHeaders, copyTrailers.
static CAPIStatus locked(direction *d, bool trailers) {
  CAPIStatus status = check_direction(d);
  if (status != CAPIOK) return status;
  pthread_mutex_lock(&d->request->mutex);
  if (d->request->destroyed)
    status = CAPIFilterIsDestroy;
  else if (!(trailers ? d->has_trailers : d->has_headers))
    status = CAPIInvalidPhase;
  if (status != CAPIOK) pthread_mutex_unlock(&d->request->mutex);
  return status;
}

// copy is copyHeaderMapToGo (golang_filter.cc): strings and buffer are Go's, as large as measure said.
static CAPIStatus copy(direction *d, bool trailers, GoString *strings, char *buffer) {
  CAPIStatus status = locked(d, trailers);
  if (status != CAPIOK) return status;
  size_t n;
  entry *list = entries(d, trailers, &n);
  for (size_t i = 0; i < n; i++) {
    slice pair[] = {{list[i].key_ptr, list[i].key_length}, {list[i].value_ptr, list[i].value_length}};
    for (int j = 0; j < 2; j++, strings++) {
      strings->n = (ptrdiff_t)pair[j].length;
      if (!pair[j].length) continue; // one past the end is no address for Go's collector
      memcpy(buffer, pair[j].ptr, pair[j].length);
      strings->p = buffer;
      buffer += pair[j].length;
    }
  }
  free(list);
  pthread_mutex_unlock(&d->request->mutex);
  return CAPIOK;
}

CAPIStatus envoyGoFilterHttpCopyHeaders(void *s, void *strings, void *buffer) { return copy(s, false, strings, buffer); }
CAPIStatus envoyGoFilterHttpCopyTrailers(void *s, void *strings, void *buffer) { return copy(s, true, strings, buffer); }

// Filter::getHeader. It lends the first value; Go uses it before it returns.
CAPIStatus envoyGoFilterHttpGetHeader(void *s, void *key, int length, uint64_t *value, int *value_length) {
  direction *d = s;
  CAPIStatus status = locked(d, false);
  if (status != CAPIOK) return status;
  slice name = copy_of((slice){key, (size_t)length});
  size_t n;
  entry *list = entries(d, false, &n);
  slice found = fields_get(&(fields){n, list}, name.ptr);
  if (found.ptr) {
    *value = (uintptr_t)found.ptr;
    *value_length = (int)found.length;
  }
  free(list);
  free((char *)name.ptr);
  pthread_mutex_unlock(&d->request->mutex);
  return CAPIOK;
}

// Grpc::Common::isGrpcRequestHeaders, by which Envoy makes a local reply gRPC's.
bool is_grpc(request *r) {
  static const char grpc[] = "application/grpc";
  size_t n, length = sizeof grpc - 1;
  entry *list = entries(&r->decoder, false, &n);
  slice type = fields_get(&(fields){n, list}, "content-type");
  free(list);
  return type.ptr && type.length >= length && !memcmp(type.ptr, grpc, length) && (type.length == length || type.ptr[length] == '+');
}

// Envoy sends no body with a reply to HEAD: Utility::sendLocalReply (utility.cc).
bool is_head(request *r) {
  size_t n;
  entry *list = entries(&r->decoder, false, &n);
  slice method = fields_get(&(fields){n, list}, ":method");
  free(list);
  return method.ptr && same(method, "HEAD");
}

// change sets (add is false), adds, or removes where value is NULL:
// Filter::setHeader, removeHeader, setTrailer, removeTrailer. Those post this from
// a goroutine; here only the worker may do it.
static CAPIStatus change(direction *d, bool trailers, slice key, const slice *value, bool add, const char *function) {
  CAPIStatus status = check_direction(d);
  if (status != CAPIOK) return status;
  if (!on_worker(d->request)) return unsupported(function);
  if (!(trailers ? d->has_trailers : d->has_headers)) return CAPIInvalidPhase;
  if (value && !value->length) return unsupported(function); // to this ABI, setting nothing is removing
  if (d->reply) {
    slice name = copy_of(key);
    if (!add) fields_remove(d->reply->headers, name.ptr);
    if (value) fields_add(d->reply->headers, key, *value);
    free((char *)name.ptr);
  } else if (add) {
    ENVOY(http_add_header)(d->request->envoy, map_of(d, trailers), key, *value);
  } else {
    ENVOY(http_set_header)(d->request->envoy, map_of(d, trailers), key, value ? *value : (slice){NULL, 0});
  }
  return CAPIOK;
}

CAPIStatus envoyGoFilterHttpSetHeaderHelper(void *s, void *key, int n, void *value, int m, headerAction action) {
  return change(s, false, (slice){key, (size_t)n}, &(slice){value, (size_t)m}, action == HeaderAdd, __func__);
}
CAPIStatus envoyGoFilterHttpSetTrailer(void *s, void *key, int n, void *value, int m, headerAction action) {
  return change(s, true, (slice){key, (size_t)n}, &(slice){value, (size_t)m}, action == HeaderAdd, __func__);
}
CAPIStatus envoyGoFilterHttpRemoveHeader(void *s, void *key, int n) {
  return change(s, false, (slice){key, (size_t)n}, NULL, false, __func__);
}
CAPIStatus envoyGoFilterHttpRemoveTrailer(void *s, void *key, int n) {
  return change(s, true, (slice){key, (size_t)n}, NULL, false, __func__);
}
