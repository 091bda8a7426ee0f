// One direction of a stream: contrib's ProcessorState (processor_state.cc) and
// Filter::doHeaders, doData, doTrailer and continueStatusInternal
// (golang_filter.cc), on the worker thread.
#include "host.h"

enum { EnvoyContinue = 0, EnvoyStopIteration = 1, EnvoyStopAndBuffer = 1, EnvoyStopAndWatermark = 2, EnvoyStopNoBuffer = 3 };

// ProcessorState::isProcessingInGo and isStreamEnd.
static bool busy(const direction *d) {
  int s = d->go.state;
  return s == ProcessingHeader || s == ProcessingData || s == ProcessingTrailer;
}
bool in_go(const direction *d) { return busy(d) || d->request->go.is_golang_processing_log; }
static bool stream_ended(const direction *d) { return d->end_stream || d->has_trailers; }

// ProcessorState::handleHeaderGolangStatus, handleDataGolangStatus and
// handleTrailerGolangStatus. It returns whether Go lets the event pass.
static bool handle_status(direction *d, int status) {
  int at = d->go.state;
  bool done = status == Continue;
  switch (status) {
  case Running:
  case LocalReply:
    return false;
  case Continue:
    d->go.state = d->do_end_stream ? Done : WaitingData;
    release(d);
    break;
  case StopAndBuffer:
  case StopAndBufferWatermark:
    if (at == ProcessingTrailer || (at == ProcessingData && d->do_end_stream)) LOG_ERROR("want more data while stream is end");
    if (at != ProcessingTrailer) d->go.state = status == StopAndBuffer ? WaitingAllData : WaitingData;
    break;
  case StopNoBuffer:
    if (at == ProcessingData) {
      forget_latest(d);
      d->go.state = WaitingData;
      break;
    }
    __attribute__((fallthrough));
  default:
    LOG_ERROR("unexpected status: %d", status);
  }
  if (at == ProcessingData && d->has_trailers && !d->unseen) d->go.state = WaitingTrailer;
  return done;
}

// Filter::doHeaders.
bool do_headers(direction *d, bool end_stream) {
  d->has_headers = true;
  d->go.state = ProcessingHeader;
  d->do_end_stream = end_stream;
  init_request(d->request);
  uint64_t count, total;
  measure(d, false, &count, &total);
  bool done = handle_status(d, (int)d->request->config->go->envoyGoFilterOnHttpHeader(&d->go, end_stream, count, total));
  if (done) d->has_headers = false;
  return done;
}

// Filter::doDataGo. It takes data.
bool do_data(direction *d, bytes *data, bool end_stream) {
  d->go.state = ProcessingData;
  d->do_end_stream = end_stream;
  pthread_mutex_lock(&d->request->mutex);
  bytes_push(&d->out, data);
  pthread_mutex_unlock(&d->request->mutex);
  return handle_status(d, (int)d->request->config->go->envoyGoFilterOnHttpData(&d->go, end_stream, (uintptr_t)data, data->length));
}

// Filter::doTrailerGo.
static bool do_trailers(direction *d) {
  d->go.state = ProcessingTrailer;
  d->do_end_stream = true;
  uint64_t count, total;
  measure(d, true, &count, &total);
  return handle_status(d, (int)d->request->config->go->envoyGoFilterOnHttpHeader(&d->go, 1, count, total));
}

// Filter::decodeHeaders and encodeHeaders.
int on_headers(direction *d, bool end_stream) {
  d->end_stream = end_stream;
  bool done = do_headers(d, end_stream);
  if (done) pass_on(d, Buffered); // from AddData
  d->stopped = !done;
  return done ? EnvoyContinue : EnvoyStopIteration;
}

// Filter::decodeData, encodeData and doData. What is held is drained here; to
// Envoy that is a stream that buffers with a watermark, which is what keeps it
// from answering 413 when the bytes come back past the limit.
int on_body(direction *d, bool end_stream) {
  d->end_stream = end_stream;
  switch (d->go.state) {
  case WaitingAllData:
    if (!end_stream) {
      d->stopped = true;
      return EnvoyStopAndBuffer; // and Envoy answers 413 or 500 past its limit, as contrib does by itself
    }
    take(d, Buffered);
    __attribute__((fallthrough));
  case WaitingData:
    take(d, Received);
    if (!do_data(d, unseen(d), end_stream)) break;
    pass_on(d, Received);
    d->stopped = false;
    return EnvoyContinue;
  case ProcessingHeader:
  case ProcessingData:
    break; // Envoy keeps it, and stops reading past its watermark: addBufferData
  default:
    LOG_ERROR("unexpected state: %d", d->go.state);
    return EnvoyStopNoBuffer;
  }
  d->stopped = true;
  return EnvoyStopAndWatermark;
}

// Filter::decodeTrailers, encodeTrailers and doTrailer.
int on_trailers(direction *d) {
  d->has_trailers = true;
  bool done = false;
  switch (d->go.state) {
  case WaitingTrailer:
  case WaitingData:
    done = do_trailers(d);
    break;
  case WaitingAllData:
    take(d, Buffered);
    if (d->unseen) do_data(d, unseen(d), false);
    if (d->go.state == WaitingTrailer || d->go.state == WaitingAllData) done = do_trailers(d);
    break;
  case ProcessingHeader:
  case ProcessingData:
    break; // continue_with comes back to them
  default:
    LOG_ERROR("unexpected state: %d", d->go.state);
  }
  // Envoy looks at its buffer after trailers only where something had stopped.
  if (done && d->released && !d->stopped) {
    post_resume(d);
    done = false;
  }
  if (done) pass_on(d, Buffered);
  d->stopped = !done;
  return done ? EnvoyContinue : EnvoyStopIteration;
}

// settle passes on what Go has released. Not while Go is busy with more, for
// Envoy lets a module continue only once after it has stopped; and not while
// Envoy has seen an end that Go has not, for that end would go along.
static void settle(direction *d) {
  if (d->passing && !busy(d) && (d->go.state == Done || !stream_ended(d))) resume(d);
}

// Filter::continueStatusInternal: Go's answer, from wherever it came.
void continue_with(direction *d, int status) {
  if (!busy(d)) return;
  take(d, Buffered);
  handle_status(d, status);
  // Contrib's gap is kept: where trailers came while Go had the headers, and no
  // data between them, nothing here matches, and the stream hangs.
  if ((d->go.state == WaitingData && (d->unseen || d->end_stream)) || (d->go.state == WaitingAllData && stream_ended(d)))
    if (!do_data(d, unseen(d), d->end_stream)) goto settled; // nor, in contrib, are trailers looked at
  if (d->go.state == WaitingTrailer && d->has_trailers) do_trailers(d);
settled:
  settle(d);
}
