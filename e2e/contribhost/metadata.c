// Dynamic metadata: Filter::setDynamicMetadata (golang_filter.cc).
#include "host.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
  event event;
  slice name, key, value; // value is an encoded google.protobuf.Value
} metadata;

// set follows Filter::setDynamicMetadataInternal for the kinds that the ABI has.
static void set(request *r, slice name, slice key, slice encoded) {
  enum { number_value = 2, string_value = 3, bool_value = 4 }; // google/protobuf/struct.proto
  wire w = wire_of(encoded);
  field f;
  next_field(&w, &f);
  double number;
  switch (f.number) {
  case number_value:
    memcpy(&number, &f.value, sizeof number);
    ENVOY(http_set_dynamic_metadata_number)(r->envoy, name, key, number);
    break;
  case string_value:
    ENVOY(http_set_dynamic_metadata_string)(r->envoy, name, key, f.bytes);
    break;
  case bool_value:
    ENVOY(http_set_dynamic_metadata_bool)(r->envoy, name, key, f.value);
    break;
  default:
    LOG_ERROR("metadata %s: a null, list or struct is unsupported", key.ptr);
  }
}

static void run_metadata(event *e, request *r) {
  metadata *m = (metadata *)e;
  set(r, m->name, m->key, m->value);
}
static void drop_metadata(event *e) {
  metadata *m = (metadata *)e;
  free((char *)m->name.ptr);
  free((char *)m->key.ptr);
  free((char *)m->value.ptr);
  free(m);
}

CAPIStatus envoyGoFilterHttpSetDynamicMetadata(void *p, void *name, int name_length, void *key, int key_length, void *value, int length) {
  request *r = p;
  CAPIStatus status = check_request(r);
  if (status != CAPIOK) return status;
  metadata *m = allocate(sizeof *m);
  *m = (metadata){{NULL, run_metadata, drop_metadata},
                  copy_of((slice){name, (size_t)name_length}),
                  copy_of((slice){key, (size_t)key_length}),
                  copy_of((slice){value, (size_t)length})};
  if (!on_worker(r)) return post(r, &m->event);
  run_metadata(&m->event, r);
  drop_metadata(&m->event);
  return CAPIOK;
}
