// Memory, and bodies as lists of pieces.
#include "host.h"

#include <stdlib.h>
#include <string.h>

void *allocate(size_t size) {
  void *p = calloc(1, size ? size : 1);
  if (!p) abort();
  return p;
}

slice copy_of(slice s) {
  char *copy = allocate(s.length + 1); // a NUL ends it, for C's sake
  if (s.length) memcpy(copy, s.ptr, s.length);
  return (slice){copy, s.length};
}

bool same(slice s, const char *text) { return s.length == strlen(text) && memcmp(s.ptr, text, s.length) == 0; }

bytes *bytes_new(slice s) {
  bytes *b = allocate(sizeof *b);
  slice copy = copy_of(s);
  b->data = (char *)copy.ptr;
  b->length = copy.length;
  return b;
}

void bytes_push(bytes **list, bytes *b) {
  while (*list) list = &(*list)->next;
  *list = b;
}

// bytes_splice inserts s before b's byte at.
void bytes_splice(bytes *b, size_t at, slice s) {
  char *data = allocate(b->length + s.length + 1);
  if (at) memcpy(data, b->data, at);
  if (s.length) memcpy(data + at, s.ptr, s.length);
  if (b->length > at) memcpy(data + at + s.length, b->data + at, b->length - at);
  free(b->data);
  b->data = data;
  b->length += s.length;
}

size_t bytes_length(const bytes *list) {
  size_t length = 0;
  for (; list; list = list->next) length += list->length;
  return length;
}

bytes *bytes_join(bytes *list) {
  if (list && !list->next) return list;
  bytes *whole = allocate(sizeof *whole);
  whole->data = allocate(bytes_length(list) + 1);
  for (const bytes *b = list; b; b = b->next) {
    memcpy(whole->data + whole->length, b->data, b->length);
    whole->length += b->length;
  }
  bytes_free(list);
  return whole;
}

void bytes_free(bytes *list) {
  while (list) {
    bytes *next = list->next;
    free(list->data);
    free(list);
    list = next;
  }
}
