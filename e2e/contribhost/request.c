// The life of a request, and how other threads hand it work.
#include "host.h"

#include <stdlib.h>

// Filter::Filter, and the worker's number as config.cc finds it: the SDK keeps a
// map for each worker, without a lock.
request *request_new(config *c, void *envoy) {
  request *r = allocate(sizeof *r);
  atomic_init(&r->owners, 1);
  pthread_mutex_init(&r->mutex, NULL);
  r->config = c;
  config_own(c);
  r->envoy = envoy;
  r->scheduler = ENVOY(http_filter_scheduler_new)(envoy);
  r->worker = pthread_self();
  r->last_event = &r->events;
  r->go.plugin_name = (Cstring){c->plugin_name.ptr, c->plugin_name.length};
  r->go.worker_id = ENVOY(http_filter_get_worker_index)(envoy);
  r->decoder.go = (processState){&r->go, 0, WaitingHeader};
  r->encoder.go = (processState){&r->go, 1, WaitingHeader};
  r->decoder.request = r->encoder.request = r;
  return r;
}

// Contrib's HttpRequestInternal is deleted by Filter::deferredDeleteRequest, on
// the worker; here whoever is last frees it.
void request_own(request *r) { atomic_fetch_add(&r->owners, 1); }

void request_disown(request *r) {
  if (atomic_fetch_sub(&r->owners, 1) != 1) return;
  drop_body(&r->decoder);
  drop_body(&r->encoder);
  if (r->encoder.reply) reply_free(r->encoder.reply);
  pthread_mutex_destroy(&r->mutex);
  config_disown(r->config);
  free(r->scratch);
  free(r);
}

// Filter::initRequest.
bool init_request(request *r) {
  if (r->go.configId) return false;
  request_own(r); // for Go: envoyGoFilterHttpFinalize
  struct route *route = (struct route *)ENVOY(get_most_specific_route_config)(r->envoy);
  r->go.configId = route_config_id(route, r->config);
  return true;
}

// cgo.cc: envoyGoFilterHttpFinalize, called by Go's collector.
void envoyGoFilterHttpFinalize(void *p, int reason) {
  (void)reason;
  request_disown(p);
}

bool on_worker(const request *r) { return pthread_equal(r->worker, pthread_self()); }

// Filter::onStreamComplete and Filter::log. The ABI has no hook for the latter;
// this one comes before Envoy writes its access logs, contrib's after.
void request_complete(request *r) {
  enum { DownstreamEnd = 6 }; // envoy.data.accesslog.v3.AccessLogType
  library *go = r->config->go;
  r->go.is_golang_processing_log = 1;
  go->envoyGoFilterOnHttpStreamComplete(&r->go);
  r->go.is_golang_processing_log = 0;

  init_request(r); // a stream that ended before its headers got here is logged too
  uint64_t n[8];
  direction *both[] = {&r->decoder, &r->encoder};
  for (int i = 0; i < 2; i++) {
    measure(both[i], false, &n[4 * i], &n[4 * i + 1]);
    measure(both[i], true, &n[4 * i + 2], &n[4 * i + 3]);
    both[i]->has_headers = n[4 * i] > 0;
    both[i]->has_trailers = n[4 * i + 2] > 0;
  }
  r->go.is_golang_processing_log = 1;
  go->envoyGoFilterOnHttpLog(&r->go, DownstreamEnd, &r->decoder.go, &r->encoder.go, n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]);
  r->go.is_golang_processing_log = 0;
}

// Filter::onDestroy. Taking the mutex waits for threads that read Envoy's memory.
void request_destroy(request *r) {
  enum { Normal, Terminate }; // contrib's DestroyReason
  pthread_mutex_lock(&r->mutex);
  r->destroyed = true;
  event *left = r->events;
  r->events = NULL;
  r->last_event = &r->events;
  ENVOY(http_filter_scheduler_delete)(r->scheduler);
  pthread_mutex_unlock(&r->mutex);
  while (left) {
    event *next = left->next;
    left->drop(left);
    left = next;
  }
  if (r->go.configId)
    r->config->go->envoyGoFilterOnHttpDestroy(&r->go, in_go(&r->decoder) || in_go(&r->encoder) ? Terminate : Normal);
  request_disown(r);
}

// cgo.cc: envoyGoFilterHandlerWrapper, and the hasDestroyed() of each method.
CAPIStatus check_request(request *r) {
  if (!in_go(&r->decoder) && !in_go(&r->encoder)) return CAPINotInGo;
  return r->destroyed ? CAPIFilterIsDestroy : CAPIOK;
}

// cgo.cc: envoyGoFilterProcessStateHandlerWrapper.
CAPIStatus check_direction(direction *d) {
  if (!in_go(d)) return CAPINotInGo;
  return d->request->destroyed ? CAPIFilterIsDestroy : CAPIOK;
}

// post queues work for the worker: contrib's getDispatcher().post. Never run at
// once, even on the worker: it would enter the state machine a second time.
// Committing under the mutex keeps the scheduler alive; it does not wait.
CAPIStatus post(request *r, event *e) {
  pthread_mutex_lock(&r->mutex);
  bool gone = r->destroyed;
  if (!gone) {
    *r->last_event = e;
    r->last_event = &e->next;
    ENVOY(http_filter_scheduler_commit)(r->scheduler, 0);
  }
  pthread_mutex_unlock(&r->mutex);
  if (gone) e->drop(e);
  return gone ? CAPIFilterIsDestroy : CAPIOK;
}

// run_event is the scheduler's call: one for each commit, in their order.
void run_event(request *r) {
  pthread_mutex_lock(&r->mutex);
  event *e = r->events;
  if (e && !(r->events = e->next)) r->last_event = &r->events;
  pthread_mutex_unlock(&r->mutex);
  if (!e) return;
  request_own(r); // the work may end the stream
  e->run(e, r);
  e->drop(e);
  request_disown(r);
}
