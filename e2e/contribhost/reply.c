// Local replies of Go's. In contrib a reply to a request that has no response yet
// goes through the filter chain, so that the filter's own EncodeHeaders and
// EncodeData see it (Filter::sendLocalReplyInternal, DownstreamFilterManager::
// sendLocalReply). A dynamic module's reply is hidden from its own hooks: Go is
// shown the reply that Envoy would make, and only then is it sent.
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static slice text(const char *s) { return (slice){s, strlen(s)}; }

void reply_free(reply *p) {
  free((char *)p->body.ptr);
  free((char *)p->details.ptr);
  fields_free(p->headers);
  free(p);
}

// transmit hands a reply to Envoy; the stream may be over when it returns. Envoy
// sets content-length and, for gRPC, status 200, content-type and grpc-message.
// The ABI passes grpc-status 0 (OK) unless a header says otherwise.
static void transmit(request *r, int code, const fields *headers, long long grpc_status, slice body, slice details) {
  envoy_dynamic_module_type_module_http_header *list = allocate((headers->count + 1) * sizeof *list);
  char number[24];
  size_t n = 0;
  bool grpc = is_grpc(r), has_status = false;
  for (size_t i = 0; i < headers->count; i++) {
    slice key = {headers->list[i].key_ptr, headers->list[i].key_length};
    if ((key.length && key.ptr[0] == ':') || same(key, "content-length")) continue;
    if (grpc && (same(key, "content-type") || same(key, "grpc-message"))) continue;
    if (same(key, "grpc-status")) has_status = true;
    list[n++] = (envoy_dynamic_module_type_module_http_header){key.ptr, key.length, headers->list[i].value_ptr, headers->list[i].value_length};
  }
  if (grpc && !has_status) {
    int length = snprintf(number, sizeof number, "%lld", grpc_status);
    list[n++] = (envoy_dynamic_module_type_module_http_header){"grpc-status", strlen("grpc-status"), number, (size_t)length};
  }
  r->encoder.go.state = Done;
  ENVOY(http_send_response)(r->envoy, (uint32_t)code, list, n, body, details);
  free(list);
}

// as_envoy_makes_it completes the headers: Utility::prepareLocalReply
// (source/common/http/utility.cc), without local_reply_config and the route's
// response_headers_to_add, which come later here.
static void as_envoy_makes_it(reply *p, bool grpc) {
  char number[24];
  snprintf(number, sizeof number, "%d", grpc ? 200 : p->code);
  fields_add(p->headers, text(":status"), text(number));
  fields_remove(p->headers, "content-length");
  if (grpc) {
    fields_remove(p->headers, "content-type");
    fields_add(p->headers, text("content-type"), text("application/grpc"));
    snprintf(number, sizeof number, "%lld", p->grpc_status);
    if (!fields_get(p->headers, "grpc-status").ptr) fields_add(p->headers, text("grpc-status"), text(number));
    if (p->body.length) fields_add(p->headers, text("grpc-message"), p->body);
  } else if (p->body.length) {
    snprintf(number, sizeof number, "%zu", p->body.length);
    fields_add(p->headers, text("content-length"), text(number));
    if (!fields_get(p->headers, "content-type").ptr) fields_add(p->headers, text("content-type"), text("text/plain"));
  } else {
    fields_remove(p->headers, "content-type");
  }
}

// show runs the encoder over a reply, as encodeHeaders and encodeData would.
static bool show(direction *d, reply *p) {
  bool grpc = is_grpc(d->request), bodiless = grpc || !p->body.length || is_head(d->request);
  as_envoy_makes_it(p, grpc);
  d->reply = p;
  d->end_stream = bodiless;
  bool done = do_headers(d, bodiless);
  if (bodiless) return done;
  d->end_stream = true;
  bytes *body = bytes_new(p->body);
  if (d->go.state == WaitingData || d->go.state == WaitingAllData) return do_data(d, body, true);
  bytes_push(&d->unseen, body); // Go is at the headers still: continue_with brings it
  return false;
}

// Filter::sendLocalReplyInternal.
void send_reply(direction *d, reply *p) {
  request *r = d->request;
  drop_body(d);
  bool seen = r->encoder.reply || ENVOY(http_get_headers_size)(r->envoy, envoy_dynamic_module_type_http_header_type_ResponseHeader);
  if (!d->go.is_encoding) d->go.state = WaitingHeader;
  if (!d->go.is_encoding && !seen) {
    if (show(&r->encoder, p)) reply_done(r);
    return;
  }
  if (r->encoder.reply) reply_free(r->encoder.reply); // it replaces a reply of its own
  r->encoder.reply = NULL;
  transmit(r, p->code, p->headers, p->grpc_status, p->body, p->details);
  reply_free(p);
}

void reply_done(request *r) {
  reply *p = r->encoder.reply;
  slice status = fields_get(p->headers, ":status");
  int code = is_grpc(r) || !status.ptr ? p->code : atoi(status.ptr);
  if (r->encoder.released) { // what Go made of the body
    bytes *body = bytes_join(r->encoder.released);
    r->encoder.released = NULL;
    free((char *)p->body.ptr);
    p->body = copy_of((slice){body->data, body->length});
    bytes_free(body);
  }
  r->encoder.reply = NULL;
  transmit(r, code, p->headers, p->grpc_status, p->body, p->details);
  reply_free(p);
}
