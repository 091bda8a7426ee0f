// Metrics: contrib's MetricStore and FilterConfig (golang_filter.cc).
#include "host.h"

#include <stdlib.h>

// contrib's MetricType.
enum { Counter, Gauge, Histogram, Max = Histogram };

// The ABI gives no way to read a metric: value shadows what was added.
typedef struct metric {
  uint32_t type;
  size_t envoy;
  uint64_t value;
} metric;

static envoy_dynamic_module_type_metrics_result define(config *c, uint32_t type, slice name, size_t *id) {
  switch (type) {
  case Counter:
    return ENVOY(http_filter_config_define_counter)(c->envoy, name, NULL, 0, id);
  case Gauge:
    return ENVOY(http_filter_config_define_gauge)(c->envoy, name, NULL, 0, id);
  default:
    return ENVOY(http_filter_config_define_histogram)(c->envoy, name, NULL, 0, id);
  }
}

// FilterConfig::defineMetric. Envoy refuses new metrics once the config is made.
CAPIStatus envoyGoFilterHttpDefineMetric(void *p, uint32_t type, void *name, int length, uint32_t *id) {
  config *c = config_of_go(p);
  if (type > Max) return CAPIValueNotFound;
  CAPIStatus status = CAPIOK;
  pthread_mutex_lock(&c->mutex);
  metric m = {.type = type};
  if (!c->envoy) {
    status = CAPIFilterIsGone;
  } else if (define(c, type, (slice){name, (size_t)length}, &m.envoy)) {
    LOG_ERROR("Envoy refuses the metric %.*s", length, (char *)name);
    status = CAPIInvalidPhase;
  } else {
    c->metrics = realloc(c->metrics, (c->metric_count + 1) * sizeof m);
    if (!c->metrics) abort();
    c->metrics[*id = c->metric_count++] = m;
  }
  pthread_mutex_unlock(&c->mutex);
  return status;
}

static void change(config *c, metric *m, change_metric *f, uint64_t amount) { f(c->envoy, m->envoy, NULL, 0, amount); }

// FilterConfig::incrementMetric: a counter only grows, a gauge goes both ways.
static void increment(config *c, metric *m, int64_t by) {
  if (m->type == Counter && by > 0) {
    m->value += (uint64_t)by;
    change(c, m, ENVOY(http_filter_config_increment_counter), (uint64_t)by);
  } else if (m->type == Gauge) {
    m->value += (uint64_t)by;
    if (by > 0)
      change(c, m, ENVOY(http_filter_config_increment_gauge), (uint64_t)by);
    else
      change(c, m, ENVOY(http_filter_config_decrement_gauge), -(uint64_t)by);
  }
}

// FilterConfig::recordMetric adds to a counter, sets a gauge.
static void record(config *c, metric *m, uint64_t value) {
  switch (m->type) {
  case Counter:
    m->value += value;
    change(c, m, ENVOY(http_filter_config_increment_counter), value);
    break;
  case Gauge:
    m->value = value;
    change(c, m, ENVOY(http_filter_config_set_gauge), value);
    break;
  default:
    change(c, m, ENVOY(http_filter_config_record_histogram_value), value);
  }
}

// locked returns with the mutex held, and the metric, NULL for an unknown one
// (contrib ignores those); or says that the filter config is gone.
static CAPIStatus locked(config *c, uint32_t id, metric **m) {
  pthread_mutex_lock(&c->mutex);
  if (!c->envoy) {
    pthread_mutex_unlock(&c->mutex);
    return CAPIFilterIsGone;
  }
  *m = id < c->metric_count ? &c->metrics[id] : NULL;
  return CAPIOK;
}

CAPIStatus envoyGoFilterHttpIncrementMetric(void *p, uint32_t id, int64_t by) {
  config *c = config_of_go(p);
  metric *m;
  CAPIStatus status = locked(c, id, &m);
  if (status != CAPIOK) return status;
  if (m) increment(c, m, by);
  pthread_mutex_unlock(&c->mutex);
  return CAPIOK;
}

CAPIStatus envoyGoFilterHttpRecordMetric(void *p, uint32_t id, uint64_t value) {
  config *c = config_of_go(p);
  metric *m;
  CAPIStatus status = locked(c, id, &m);
  if (status != CAPIOK) return status;
  if (m) record(c, m, value);
  pthread_mutex_unlock(&c->mutex);
  return CAPIOK;
}

// FilterConfig::getMetric.
CAPIStatus envoyGoFilterHttpGetMetric(void *p, uint32_t id, uint64_t *value) {
  config *c = config_of_go(p);
  metric *m;
  CAPIStatus status = locked(c, id, &m);
  if (status != CAPIOK) return status;
  if (m) *value = m->value;
  pthread_mutex_unlock(&c->mutex);
  return CAPIOK;
}

// What GolangFilterStats (stats.h) counts itself: Filter::sendPanicReply.
void count(config *c, uint32_t id) {
  metric *m;
  if (locked(c, id, &m) != CAPIOK) return;
  if (m) increment(c, m, 1);
  pthread_mutex_unlock(&c->mutex);
}
