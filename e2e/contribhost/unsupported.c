// What a WAF does not use, or the dynamic-modules ABI cannot do: Filter::injectData,
// setUpstreamOverrideHost, clearRouteCache, getDynamicMetadata,
// setStringFilterState, getStringFilterState, getStringProperty and getSecret
// (golang_filter.cc).
#include "host.h"

#define UNSUPPORTED(name, ...)                                                                                               \
  CAPIStatus name(__VA_ARGS__) { return unsupported(#name); }
#pragma GCC diagnostic ignored "-Wunused-parameter"

UNSUPPORTED(envoyGoFilterHttpInjectData, void *s, void *data, int length)
UNSUPPORTED(envoyGoFilterHttpSetUpstreamOverrideHost, void *s, void *host, int length, bool strict)
UNSUPPORTED(envoyGoFilterHttpClearRouteCache, void *r, bool refresh)
UNSUPPORTED(envoyGoFilterHttpGetDynamicMetadata, void *r, void *name, int length, uint64_t *value, int *value_length)
UNSUPPORTED(envoyGoFilterHttpSetStringFilterState, void *r, void *key, int length, void *value, int value_length, int state_type,
            int life_span, int stream_sharing)
UNSUPPORTED(envoyGoFilterHttpGetStringFilterState, void *r, void *key, int length, uint64_t *value, int *value_length)
UNSUPPORTED(envoyGoFilterHttpGetStringProperty, void *r, void *key, int length, uint64_t *value, int *value_length, int *status)
UNSUPPORTED(envoyGoFilterHttpGetStringSecret, void *r, void *key, int length, uint64_t *value, int *value_length)
