// Per-route configs: contrib's FilterConfigPerRoute and RoutePluginConfig
// (golang_filter.cc).
#include "host.h"

#include <stdlib.h>

// plugin is one entry of ConfigsPerRoute.plugins_config: a RoutePluginConfig.
typedef struct plugin {
  struct plugin *next;
  slice name, document; // document is an encoded Any
  uint64_t id, merged, parent;
  library *go;
} plugin;

// route is shared by the workers; mutex guards the plugins' IDs.
typedef struct route {
  pthread_mutex_t mutex;
  plugin *plugins;
} route;

// one_of reads a map's entry: a name, and a RouterPlugin with its config
// (FilterConfigPerRoute::FilterConfigPerRoute).
static void one_of(route *r, slice entry) {
  enum { entry_key = 1, entry_value = 2, plugin_config = 2 };
  plugin *p = allocate(sizeof *p);
  slice name = {"", 0}, document = {"", 0};
  wire w = wire_of(entry);
  for (field f; next_field(&w, &f);) {
    if (f.number == entry_key) name = f.bytes;
    if (f.number != entry_value) continue;
    wire value = wire_of(f.bytes);
    for (field g; next_field(&value, &g);)
      if (g.number == plugin_config) document = g.bytes;
  }
  p->name = copy_of(name);
  p->document = copy_of(document);
  p->next = r->plugins;
  r->plugins = p;
}

static void destroy(route *r) {
  while (r->plugins) {
    plugin *gone = r->plugins;
    r->plugins = gone->next;
    if (gone->id) gone->go->envoyGoFilterDestroyHttpPluginConfig(gone->id, 0);
    if (gone->merged) gone->go->envoyGoFilterDestroyHttpPluginConfig(gone->merged, 0);
    free((char *)gone->name.ptr);
    free((char *)gone->document.ptr);
    free(gone);
  }
  pthread_mutex_destroy(&r->mutex);
  free(r);
}

// RoutePluginConfig::getConfigId. Go keeps no address of a route's config.
static uint64_t parse(plugin *p) {
  httpConfig c = {.plugin_name_ptr = (uintptr_t)p->name.ptr,
                  .plugin_name_len = p->name.length,
                  .config_ptr = (uintptr_t)p->document.ptr,
                  .config_len = p->document.length,
                  .is_route_config = 1};
  return p->go->envoyGoFilterNewHttpPluginConfig(&c);
}

// FilterConfigPerRoute's and RoutePluginConfig's constructors. Envoy reads a
// listener's routes before its filters: the first time no library is loaded yet,
// and the route's config is parsed by the first request that needs it.
const void *HOOK(http_filter_per_route_config_new)(envoy_dynamic_module_type_envoy_buffer name,
                                                   envoy_dynamic_module_type_envoy_buffer document) {
  (void)name;
  enum { plugins_config = 1 };
  route *r = allocate(sizeof *r);
  pthread_mutex_init(&r->mutex, NULL);
  wire w = wire_of((slice){document.ptr, document.length});
  for (field f; next_field(&w, &f);)
    if (f.number == plugins_config) one_of(r, f.bytes);
  for (plugin *p = r->plugins; p; p = p->next) {
    if (!(p->go = library_of_plugin(p->name)) || (p->id = parse(p))) continue;
    LOG_ERROR("golang filter failed to parse plugin config: %s", p->name.ptr);
    destroy(r);
    return NULL; // Envoy refuses the config
  }
  return r;
}

// RoutePluginConfig::~RoutePluginConfig.
void HOOK(http_filter_per_route_config_destroy)(const void *p) { destroy((route *)p); }

// RoutePluginConfig::getMergedConfigId: parsed and merged once for each parent,
// and deleted with a delay, for another worker may be about to use the old one.
static uint64_t merged(plugin *p, config *parent) {
  if (p->merged && p->parent == parent->id) return p->merged;
  if (!p->go) p->go = parent->go;
  if (p->merged) p->go->envoyGoFilterDestroyHttpPluginConfig(p->merged, 1);
  if (!p->id && !(p->id = parse(p))) {
    LOG_ERROR("a per-route config cannot be parsed; contrib ends Envoy here (RELEASE_ASSERT), and so do we");
    abort();
  }
  p->merged = p->go->envoyGoFilterMergeHttpPluginConfig((uintptr_t)p->name.ptr, p->name.length, parent->id, p->id);
  p->parent = parent->id;
  return p->merged;
}

// FilterConfigPerRoute::getPluginConfigId.
uint64_t route_config_id(route *r, config *c) {
  uint64_t id = c->id;
  if (!r) return id;
  pthread_mutex_lock(&r->mutex);
  for (plugin *p = r->plugins; p; p = p->next)
    if (p->name.length == c->plugin_name.length && same(p->name, c->plugin_name.ptr)) id = merged(p, c);
  pthread_mutex_unlock(&r->mutex);
  return id;
}
