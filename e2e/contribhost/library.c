// Loading the golang filter's library, as contrib's dso.cc does.
#include "host.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

// promote_own_symbols makes our envoyGo* functions visible to libraries loaded
// later: Envoy loads modules with RTLD_LOCAL, and in contrib they are Envoy's.
bool promote_own_symbols(void) {
  Dl_info self;
  return dladdr((void *)promote_own_symbols, &self) && dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_GLOBAL);
}

static library *libraries;
static pthread_mutex_t libraries_mutex = PTHREAD_MUTEX_INITIALIZER;

// open_library follows Dso::Dso and HttpFilterDsoImpl: the flags, the names. A Go
// library cannot be unloaded, so it is never closed.
static library *open_library(const char *path) {
  void *handle = dlopen(path, RTLD_LAZY);
  if (!handle) {
    LOG_ERROR("cannot load the library: %s", dlerror());
    return NULL;
  }
  library *l = allocate(sizeof *l);
#define FIND(name)                                                                                                           \
  if (!(l->name = (__typeof__(&name))dlsym(handle, #name))) {                                                                \
    LOG_ERROR("%s has no " #name, path);                                                                                     \
    free(l);                                                                                                                 \
    return NULL;                                                                                                             \
  }
  GO_EXPORTS(FIND)
  l->path = (char *)copy_of((slice){path, strlen(path)}).ptr;
  l->next = libraries;
  return libraries = l;
}

library *library_load(const char *path) {
  pthread_mutex_lock(&libraries_mutex);
  library *l = libraries;
  while (l && strcmp(l->path, path)) l = l->next;
  if (!l) l = open_library(path);
  pthread_mutex_unlock(&libraries_mutex);
  return l;
}
