// The bytes of one direction: from Envoy to Go, and on.
//
// Contrib passes bytes on by inject*DataToFilterChain, with the end it chooses.
// This ABI has no such call: continue_* passes on what Envoy's buffer holds, and
// ends the stream if Envoy has seen its end. So nothing is left in that buffer
// that Go has not released: unseen is what Go has yet to be given, out is what
// it was given, released is what may be passed on.
#include "host.h"

#include <stdlib.h>

static envoy_dynamic_module_type_http_body_type type_of(const direction *d, enum body body) {
  if (d->go.is_encoding)
    return body == Received ? envoy_dynamic_module_type_http_body_type_ReceivedResponseBody
                            : envoy_dynamic_module_type_http_body_type_BufferedResponseBody;
  return body == Received ? envoy_dynamic_module_type_http_body_type_ReceivedRequestBody
                          : envoy_dynamic_module_type_http_body_type_BufferedRequestBody;
}

// take moves a body of Envoy's to the end of unseen, as
// DecodingProcessorState::addBufferData to data_buffer_ (processor_state.cc).
void take(direction *d, enum body body) {
  if (d->reply) return; // Envoy has no body of a reply that is not sent yet
  void *envoy = d->request->envoy;
  envoy_dynamic_module_type_http_body_type type = type_of(d, body);
  size_t length = ENVOY(http_get_body_size)(envoy, type), n = ENVOY(http_get_body_chunks_size)(envoy, type);
  if (!length) return;
  envoy_dynamic_module_type_envoy_buffer *chunks = allocate(n * sizeof *chunks);
  ENVOY(http_get_body_chunks)(envoy, type, chunks);
  for (size_t i = 0; i < n; i++) bytes_push(&d->unseen, bytes_new((slice){chunks[i].ptr, chunks[i].length}));
  ENVOY(http_drain_body)(envoy, type, length);
  free(chunks);
}

// unseen gives Go what data_buffer_ is in Filter::continueStatusInternal.
bytes *unseen(direction *d) {
  bytes *all = bytes_join(d->unseen);
  d->unseen = NULL;
  return all;
}

static bytes *take_out(direction *d) {
  pthread_mutex_lock(&d->request->mutex);
  bytes *all = d->out;
  d->out = NULL;
  pthread_mutex_unlock(&d->request->mutex);
  return all;
}

// release and pass_on are BufferList::moveOut in two steps: contrib's second is
// immediate (Filter::decodeData, ProcessorState::continueDoData).
void release(direction *d) {
  d->passing = true;
  bytes_push(&d->released, take_out(d));
}

void pass_on(direction *d, enum body body) {
  d->passing = false;
  for (bytes *b = d->released; b; b = b->next)
    if (b->length) ENVOY(http_append_body)(d->request->envoy, type_of(d, body), (slice){b->data, b->length});
  bytes_free(d->released);
  d->released = NULL;
}

// forget_latest is BufferList::clearLatest.
void forget_latest(direction *d) {
  pthread_mutex_lock(&d->request->mutex);
  bytes **last = &d->out;
  while (*last && (*last)->next) last = &(*last)->next;
  bytes_free(*last);
  *last = NULL;
  pthread_mutex_unlock(&d->request->mutex);
}

// drop_body is BufferList::clearAll and ProcessorState::drainBufferData.
void drop_body(direction *d) {
  bytes_free(take_out(d));
  bytes_free(d->unseen);
  bytes_free(d->released);
  d->unseen = d->released = NULL;
}

// resume is ProcessorState::continueDoData and continueProcessing in one. The stream
// may be over when it returns.
void resume(direction *d) {
  if (d->reply) {
    reply_done(d->request);
    return;
  }
  pass_on(d, Buffered);
  d->stopped = false;
  if (d->go.is_encoding)
    ENVOY(http_filter_continue_encoding)(d->request->envoy);
  else
    ENVOY(http_filter_continue_decoding)(d->request->envoy);
}

typedef struct {
  event event;
  direction *direction;
} resumption;

static void run_resumption(event *e, request *r) {
  (void)r;
  resume(((resumption *)e)->direction);
}
static void drop_resumption(event *e) { free(e); }

void post_resume(direction *d) {
  resumption *r = allocate(sizeof *r);
  *r = (resumption){{NULL, run_resumption, drop_resumption}, d};
  post(d->request, &r->event);
}
