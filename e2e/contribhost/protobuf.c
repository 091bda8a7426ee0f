// A reader of protobuf's wire format (protobuf.dev/programming-guides/encoding).
#include "host.h"

#include <string.h>

wire wire_of(slice s) { return (wire){(const unsigned char *)s.ptr, (const unsigned char *)s.ptr + s.length}; }

static bool varint(wire *w, uint64_t *value) {
  *value = 0;
  for (int shift = 0; w->at < w->end && shift < 64; shift += 7) {
    unsigned char byte = *w->at++;
    *value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

static bool fixed(wire *w, size_t size, uint64_t *value) {
  if ((size_t)(w->end - w->at) < size) return false;
  *value = 0;
  memcpy(value, w->at, size); // little-endian, as are the machines Envoy runs on
  w->at += size;
  return true;
}

bool next_field(wire *w, field *f) {
  uint64_t tag;
  *f = (field){0};
  if (!varint(w, &tag)) return false;
  f->number = (uint32_t)(tag >> 3);
  f->type = tag & 7;
  switch (f->type) {
  case 0:
    return varint(w, &f->value);
  case 1:
    return fixed(w, 8, &f->value);
  case 2:
    if (!varint(w, &f->value) || f->value > (uint64_t)(w->end - w->at)) return false;
    f->bytes = (slice){(const char *)w->at, f->value};
    w->at += f->value;
    return true;
  case 5:
    return fixed(w, 4, &f->value);
  }
  return false;
}
