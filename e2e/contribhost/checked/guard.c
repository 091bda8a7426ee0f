// An allocator that turns a use after free, a double free, and a read or write
// past the end into a crash where it happens. AddressSanitizer would say more,
// but cannot live in Envoy: Envoy brings its own malloc, and with libasan
// preloaded it crashes before main.
//
// An allocation ends where an unreadable page begins, but for what alignment
// takes, which is checked when it is freed. Addresses are never used twice.
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { page = 4096, alignment = 16, padding = 0xA5 };
static const size_t arena_size = (size_t)1 << 38; // of addresses: 256 GiB, enough for 30 million allocations
static const uint64_t magic = 0x5ea3a11c0de5ea11;

typedef struct {
  uint64_t magic;
  size_t length;
} header; // right before what is handed out; as long as the alignment
_Static_assert(sizeof(header) == alignment, "the header keeps the alignment");

static char *arena;
static _Atomic size_t used;

__attribute__((constructor)) static void reserve(void) {
  arena = mmap(NULL, arena_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (arena == MAP_FAILED) abort();
}

static size_t aligned(size_t n) { return (n + alignment - 1) / alignment * alignment; }
static size_t pages(size_t length) { return (sizeof(header) + aligned(length) + page - 1) / page * page; }

void *guard_calloc(size_t n, size_t size) {
  size_t length = n * size, mapped = pages(length);
  char *start = arena + atomic_fetch_add(&used, mapped + page);
  if (start + mapped + page > arena + arena_size || mprotect(start, mapped, PROT_READ | PROT_WRITE)) abort();
  char *object = start + mapped - aligned(length);
  *(header *)(object - sizeof(header)) = (header){magic, length};
  memset(object + length, padding, aligned(length) - length);
  return object;
}

void guard_free(void *p) {
  if (!p) return;
  char *object = p;
  header *h = (header *)(object - sizeof(header)); // unreadable after the first free
  size_t length = h->length;
  for (size_t i = length; i < aligned(length); i++)
    if (h->magic != magic || (unsigned char)object[i] != padding) {
      fprintf(stderr, "contribhost: written outside of an allocation of %zu bytes\n", length);
      abort();
    }
  char *start = object + aligned(length) - pages(length);
  madvise(start, pages(length), MADV_DONTNEED);
  mprotect(start, pages(length), PROT_NONE);
}

void *guard_realloc(void *p, size_t size) {
  void *q = guard_calloc(1, size);
  if (p) {
    size_t length = ((header *)((char *)p - sizeof(header)))->length;
    memcpy(q, p, length < size ? length : size);
    guard_free(p);
  }
  return q;
}
