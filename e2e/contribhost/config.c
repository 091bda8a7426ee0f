// The filter config: contrib's FilterConfig (golang_filter.cc) and its factory.
#include "host.h"

#include <stdlib.h>

// go_config is contrib's httpConfigInternal: Go keeps its address until its own
// object is collected, which may be after the filter config is gone.
typedef struct {
  httpConfig go; // first
  config *owner;
} go_config;

// Contrib has a shared_ptr, and Go's weak one: FilterConfig::newGoPluginConfig.
void config_own(config *c) { atomic_fetch_add(&c->owners, 1); }

void config_disown(config *c) {
  if (atomic_fetch_sub(&c->owners, 1) != 1) return;
  pthread_mutex_destroy(&c->mutex);
  free((char *)c->plugin_name.ptr);
  free((char *)c->plugin_config.ptr);
  free(c->metrics);
  free(c);
}

// GolangFilterConfig::createFilterFactoryFromProtoTyped loads the library,
// FilterConfig::newGoPluginConfig makes Go parse. The document is what contrib
// gets: an encoded envoy.extensions.filters.http.golang.v3alpha.Config.
const void *HOOK(http_filter_config_new)(void *envoy, envoy_dynamic_module_type_envoy_buffer name,
                                         envoy_dynamic_module_type_envoy_buffer document) {
  (void)name;
  enum { library_id = 1, library_path = 2, plugin_name = 3, plugin_config = 4 };
  config *c = allocate(sizeof *c);
  atomic_init(&c->owners, 1);
  pthread_mutex_init(&c->mutex, NULL);
  c->envoy = envoy;
  slice id = {"", 0}, path = {"", 0}, plugin = {"", 0}, any = {"", 0};
  wire w = wire_of((slice){document.ptr, document.length});
  for (field f; next_field(&w, &f);) {
    if (f.number == library_id) id = f.bytes;
    if (f.number == library_path) path = f.bytes;
    if (f.number == plugin_name) plugin = f.bytes;
    if (f.number == plugin_config) any = f.bytes;
  }
  c->plugin_name = copy_of(plugin);
  c->plugin_config = copy_of(any);
  c->go = library_load(id, path, plugin);
  if (c->go) {
    // GolangFilterStats has one counter.
    static const char panics[] = "golang.panic_error";
    go_config *g = allocate(sizeof *g);
    *g = (go_config){{.plugin_name_ptr = (uintptr_t)c->plugin_name.ptr,
                      .plugin_name_len = c->plugin_name.length,
                      .config_ptr = (uintptr_t)c->plugin_config.ptr,
                      .config_len = c->plugin_config.length,
                      .concurrency = ENVOY(get_concurrency)()},
                     c};
    config_own(c); // for Go: envoyGoConfigHttpFinalize
    if (envoyGoFilterHttpDefineMetric(g, 0, (void *)panics, sizeof panics - 1, &c->panic_counter) == CAPIOK)
      c->id = c->go->envoyGoFilterNewHttpPluginConfig(&g->go);
    else
      envoyGoConfigHttpFinalize(g); // Go has not heard of it
  }
  if (c->id) return c;
  LOG_ERROR("golang filter failed to parse plugin config");
  c->envoy = NULL;
  config_disown(c);
  return NULL; // Envoy refuses the config
}

// FilterConfig::~FilterConfig.
void HOOK(http_filter_config_destroy)(const void *p) {
  config *c = (config *)p;
  pthread_mutex_lock(&c->mutex);
  c->envoy = NULL;
  pthread_mutex_unlock(&c->mutex);
  c->go->envoyGoFilterDestroyHttpPluginConfig(c->id, 0);
  config_disown(c);
}

// cgo.cc: envoyGoConfigHttpFinalize.
void envoyGoConfigHttpFinalize(void *p) {
  config_disown(((go_config *)p)->owner);
  free(p);
}

config *config_of_go(void *p) { return ((go_config *)p)->owner; }
