// Included before everything else in `make contribhost-checked`: our allocations
// get pages of their own (guard.c).
#pragma once
#define calloc guard_calloc
#define realloc guard_realloc
#define free guard_free
