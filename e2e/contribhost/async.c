// What Go asks for and the worker does later: Filter::continueStatus,
// sendLocalReply and sendPanicReply (golang_filter.cc), wrapped as in cgo.cc.
#include "host.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
  event event;
  direction *direction;
  int status;
} continuation;

static void run_continuation(event *e, request *r) {
  (void)r;
  continuation *c = (continuation *)e;
  continue_with(c->direction, c->status);
}
static void drop_continuation(event *e) { free(e); }

// Filter::continueStatus.
CAPIStatus envoyGoFilterHttpContinue(void *s, int status) {
  CAPIStatus wrong = check_direction(s);
  if (wrong != CAPIOK) return wrong;
  continuation *c = allocate(sizeof *c);
  *c = (continuation){{NULL, run_continuation, drop_continuation}, s, status};
  return post(((direction *)s)->request, &c->event);
}

typedef struct {
  event event;
  direction *direction;
  reply *reply; // NULL once send_reply has it
} replying;

static void run_replying(event *e, request *r) {
  (void)r;
  replying *p = (replying *)e;
  reply *taken = p->reply;
  p->reply = NULL;
  send_reply(p->direction, taken);
}
static void drop_replying(event *e) {
  replying *p = (replying *)e;
  if (p->reply) reply_free(p->reply);
  free(p);
}

static CAPIStatus answer(direction *d, reply *p) {
  replying *e = allocate(sizeof *e);
  *e = (replying){{NULL, run_replying, drop_replying}, d, p};
  return post(d->request, &e->event);
}

// Filter::sendLocalReply, and the headers' loop of cgo.cc's function of this name.
CAPIStatus envoyGoFilterHttpSendLocalReply(void *s, int code, void *body, int body_length, void *headers, int strings,
                                           long long int grpc_status, void *details, int details_length) {
  CAPIStatus wrong = check_direction(s);
  if (wrong != CAPIOK) return wrong;
  reply *p = allocate(sizeof *p);
  *p = (reply){code, grpc_status, copy_of((slice){body, (size_t)body_length}), copy_of((slice){details, (size_t)details_length}),
               allocate(sizeof *p->headers)};
  const GoString *list = headers; // names and values in turn
  for (int i = 0; i + 1 < strings; i += 2)
    if (list[i + 1].n) // contrib leaves empty values out
      fields_add(p->headers, (slice){list[i].p, (size_t)list[i].n}, (slice){list[i + 1].p, (size_t)list[i + 1].n});
  return answer(s, p);
}

// Filter::sendPanicReply.
CAPIStatus envoyGoFilterHttpSendPanicReply(void *s, void *details, int length) {
  static const char body[] = "error happened in filter\r\n";
  CAPIStatus wrong = check_direction(s);
  if (wrong != CAPIOK) return wrong;
  direction *d = s;
  config *c = d->request->config;
  count(c, c->panic_counter);
  logf_at(envoy_dynamic_module_type_log_level_Error, "[go_plugin_http][%s] filter paniced with error details: %.*s", c->plugin_name.ptr,
          length, (char *)details);
  reply *p = allocate(sizeof *p);
  *p = (reply){500, 0, copy_of((slice){body, sizeof body - 1}), copy_of((slice){NULL, 0}), allocate(sizeof *p->headers)};
  return answer(d, p);
}
