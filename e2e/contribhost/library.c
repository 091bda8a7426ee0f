// Loading the golang filter's library: contrib/golang/common/dso/dso.cc and dso.h.
#include "host.h"

#include <dlfcn.h>
#include <stdlib.h>

// promote_own_symbols makes our envoyGo* functions visible to libraries loaded
// later: Envoy loads modules with RTLD_LOCAL, and in contrib they are Envoy's.
bool promote_own_symbols(void) {
  Dl_info self;
  return dladdr((void *)promote_own_symbols, &self) && dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_GLOBAL);
}

// plugin is an entry of dso.h's plugin_name_to_dso_.
typedef struct plugin {
  struct plugin *next;
  slice name;
  library *library;
} plugin;

static library *libraries;
static plugin *plugins;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; // guards both

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
  return l;
}

static plugin *find(slice name) {
  plugin *p = plugins;
  while (p && !same(name, p->name.ptr)) p = p->next;
  return p;
}

// DsoManager::load (dso.h): a library is known by its ID, whatever its path.
library *library_load(slice id, slice path, slice plugin_name) {
  slice file = copy_of(path);
  pthread_mutex_lock(&mutex);
  library *l = libraries;
  while (l && !same(id, l->id)) l = l->next;
  if (!l && (l = open_library(file.ptr))) {
    l->id = (char *)copy_of(id).ptr;
    l->next = libraries;
    libraries = l;
  }
  if (l) {
    plugin *p = find(plugin_name);
    if (!p) {
      p = allocate(sizeof *p);
      *p = (plugin){plugins, copy_of(plugin_name), NULL};
      plugins = p;
    }
    p->library = l;
  }
  pthread_mutex_unlock(&mutex);
  free((char *)file.ptr);
  return l;
}

// DsoManager::getDsoByPluginName.
library *library_of_plugin(slice plugin_name) {
  pthread_mutex_lock(&mutex);
  plugin *p = find(plugin_name);
  library *l = p ? p->library : NULL;
  pthread_mutex_unlock(&mutex);
  return l;
}
