// What Go does with the bytes it was given: Filter::copyBuffer, drainBuffer,
// setBufferHelper and addData (golang_filter.cc).
#include "host.h"

#include <string.h>

// locked returns the piece that Go names, with the mutex held; contrib's
// BufferList::checkExisting.
static CAPIStatus locked(direction *d, uint64_t buffer, bytes **b) {
  CAPIStatus status = check_direction(d);
  if (status != CAPIOK) return status;
  pthread_mutex_lock(&d->request->mutex);
  for (*b = d->out; *b; *b = (*b)->next)
    if ((uintptr_t)*b == buffer) return CAPIOK;
  pthread_mutex_unlock(&d->request->mutex);
  return CAPIInvalidPhase;
}

static CAPIStatus unlock(direction *d) {
  pthread_mutex_unlock(&d->request->mutex);
  return CAPIOK;
}

// Filter::copyBuffer.
CAPIStatus envoyGoFilterHttpGetBuffer(void *s, uint64_t buffer, void *value) {
  bytes *b;
  CAPIStatus status = locked(s, buffer, &b);
  if (status != CAPIOK) return status;
  if (b->length) memcpy(value, b->data, b->length); // Go's slice is as long as the piece was
  return unlock(s);
}

// Filter::drainBuffer.
CAPIStatus envoyGoFilterHttpDrainBuffer(void *s, uint64_t buffer, uint64_t length) {
  bytes *b;
  CAPIStatus status = locked(s, buffer, &b);
  if (status != CAPIOK) return status;
  if (length > b->length) length = b->length;
  b->length -= length;
  memmove(b->data, b->data + length, b->length);
  return unlock(s);
}

// Filter::setBufferHelper.
CAPIStatus envoyGoFilterHttpSetBufferHelper(void *s, uint64_t buffer, void *data, int length, bufferAction action) {
  bytes *b;
  CAPIStatus status = locked(s, buffer, &b);
  if (status != CAPIOK) return status;
  if (action == Set) b->length = 0;
  bytes_splice(b, action == Append ? b->length : 0, (slice){data, (size_t)length});
  return unlock(s);
}

// Filter::addData gives the bytes to Envoy's buffer; here they wait behind what else has
// not been passed on. Envoy then always streams: is_streaming cannot be false.
CAPIStatus envoyGoFilterHttpAddData(void *s, void *data, int length, bool is_streaming) {
  direction *d = s;
  CAPIStatus status = check_direction(d);
  if (status != CAPIOK) return status;
  if (d->go.state == ProcessingData) {
    LOG_ERROR("AddData when processing data is not supported, use BufferInstance.Append instead");
    return CAPIInvalidPhase;
  }
  if (!is_streaming) return unsupported("envoyGoFilterHttpAddData without streaming");
  pthread_mutex_lock(&d->request->mutex);
  bytes_push(&d->out, bytes_new((slice){data, (size_t)length}));
  return unlock(d);
}
