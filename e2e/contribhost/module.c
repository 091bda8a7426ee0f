// The dynamic module: Envoy's hooks, and which function each of them is.
#include "host.h"

#ifndef ABI_VERSION
#error "ABI_VERSION is the SHA-256 of the SDK's abi.h; the Makefile passes it"
#endif

const char *HOOK(program_init)(void) { return promote_own_symbols() ? ABI_VERSION : NULL; }

const void *HOOK(http_filter_new)(const void *c, void *envoy) { return request_new((config *)c, envoy); }

#define DIRECTION(side) (&((request *)r)->side)
#define UNUSED(x) (void)(x)

envoy_dynamic_module_type_on_http_filter_request_headers_status HOOK(http_filter_request_headers)(void *e, const void *r, bool end) {
  UNUSED(e);
  return on_headers(DIRECTION(decoder), end);
}

envoy_dynamic_module_type_on_http_filter_request_body_status HOOK(http_filter_request_body)(void *e, const void *r, bool end) {
  UNUSED(e);
  return on_body(DIRECTION(decoder), end);
}

envoy_dynamic_module_type_on_http_filter_request_trailers_status HOOK(http_filter_request_trailers)(void *e, const void *r) {
  UNUSED(e);
  return on_trailers(DIRECTION(decoder));
}

envoy_dynamic_module_type_on_http_filter_response_headers_status HOOK(http_filter_response_headers)(void *e, const void *r, bool end) {
  UNUSED(e);
  return on_headers(DIRECTION(encoder), end);
}

envoy_dynamic_module_type_on_http_filter_response_body_status HOOK(http_filter_response_body)(void *e, const void *r, bool end) {
  UNUSED(e);
  return on_body(DIRECTION(encoder), end);
}

envoy_dynamic_module_type_on_http_filter_response_trailers_status HOOK(http_filter_response_trailers)(void *e, const void *r) {
  UNUSED(e);
  return on_trailers(DIRECTION(encoder));
}

void HOOK(http_filter_scheduled)(void *e, const void *r, uint64_t id) {
  UNUSED(e);
  UNUSED(id);
  run_event((request *)r);
}

void HOOK(http_filter_stream_complete)(void *e, const void *r) {
  UNUSED(e);
  request_complete((request *)r);
}

void HOOK(http_filter_destroy)(const void *r) { request_destroy((request *)r); }

// Hooks that Envoy looks up and that contrib's filter has no use for.
#pragma GCC diagnostic ignored "-Wunused-parameter"
void HOOK(http_filter_http_callout_done)(void *e, const void *r, uint64_t id, envoy_dynamic_module_type_http_callout_result result,
                                         envoy_dynamic_module_type_envoy_http_header *headers, size_t headers_size,
                                         envoy_dynamic_module_type_envoy_buffer *body, size_t body_size) {}
void HOOK(http_filter_http_stream_headers)(void *e, const void *r, uint64_t id, envoy_dynamic_module_type_envoy_http_header *headers,
                                           size_t size, bool end) {}
void HOOK(http_filter_http_stream_data)(void *e, const void *r, uint64_t id, const envoy_dynamic_module_type_envoy_buffer *data,
                                        size_t size, bool end) {}
void HOOK(http_filter_http_stream_trailers)(void *e, const void *r, uint64_t id,
                                            envoy_dynamic_module_type_envoy_http_header *trailers, size_t size) {}
void HOOK(http_filter_http_stream_complete)(void *e, const void *r, uint64_t id) {}
void HOOK(http_filter_http_stream_reset)(void *e, const void *r, uint64_t id, envoy_dynamic_module_type_http_stream_reset_reason why) {}
void HOOK(http_filter_config_scheduled)(void *e, const void *c, uint64_t id) {}
void HOOK(http_filter_downstream_above_write_buffer_high_watermark)(void *e, const void *r) {}
void HOOK(http_filter_downstream_below_write_buffer_low_watermark)(void *e, const void *r) {}
