// contribhost: the host side of Envoy's contrib golang HTTP filter, as an Envoy
// dynamic module. It lets an unmodified golang-filter library run in a stock
// Envoy, which has no contrib filters. It is for tests only.
//
// # The golang ABI in one table
//
// Go imports (contrib/golang/common/go/api/api.h)       offered by      on a goroutine's thread
//   Continue, SendLocalReply, SendPanicReply             async.c         posted to the worker
//   AddData                                              body.c          yes
//   GetBuffer, DrainBuffer, SetBufferHelper              body.c          yes
//   GetHeader, CopyHeaders, CopyTrailers                 headers.c       yes
//   SetHeaderHelper, RemoveHeader, SetTrailer,
//   RemoveTrailer                                        headers.c       no (unsupported)
//   GetStringValue, GetIntegerValue                      attributes.c    yes
//   SetDynamicMetadata                                   metadata.c      posted to the worker
//   SetDrainConnectionUponCompletion                     attributes.c    posted to the worker
//   Finalize                                             request.c       from Go's collector
//   ConfigHttpFinalize                                   config.c        from Go's collector
//   DefineMetric, IncrementMetric, RecordMetric,
//   GetMetric                                            metrics.c       yes
//   FilterLog, FilterLogLevel                            log.c           yes
//   InjectData, ClearRouteCache, SetUpstreamOverrideHost,
//   Get/SetStringFilterState, GetDynamicMetadata,
//   GetStringProperty, GetStringSecret                   unsupported.c   logged, and an error
//
// Go exports (contrib/golang/common/dso/libgolang.h): see struct library.
//
// Everything Go does not answer at once goes through direction.c, which is
// contrib's processor_state.cc and the do* functions of golang_filter.cc.
//
// # Threads and lifetimes
//
// A stream lives on one worker thread: every hook of Envoy's, every call into
// Go's OnHttp* and every call to Envoy that changes the stream happen there. Go
// calls back on that thread from inside a callback, or on any other thread from
// a goroutine. What such a thread wants done, it posts (request.c): the event
// waits in the request's queue, and Envoy's scheduler runs it on the worker. A
// thread that only reads takes the request's mutex, which the end of the stream
// takes too: Envoy's memory stays valid that long. The mutex is never held
// while Go or a continue_* of Envoy runs.
//
// A request has two owners, Envoy's filter and Go's object, and is freed when
// both have let go: Go's collector may come minutes after the stream's end, and
// a stream may end before Go has heard of it. A config has the filter config,
// Go's object and each of its requests as owners.
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(default)
#include "libgolang.h" // contrib/golang/common/dso; includes contrib/golang/common/go/api/api.h
#include "abi.h"       // Envoy's dynamic modules
#include "newer_abi.h"
#pragma GCC visibility pop

#define ENVOY(name) envoy_dynamic_module_callback_##name
#define HOOK(name) envoy_dynamic_module_on_##name

typedef envoy_dynamic_module_type_module_buffer slice; // bytes of anyone's: pointer and length

// ---- bytes.c: memory, and bodies in pieces

void *allocate(size_t size); // zeroed; ends the process where there is none
slice copy_of(slice s);      // freed with free((char *)s.ptr)
bool same(slice s, const char *text);

typedef struct bytes {
  struct bytes *next;
  char *data;
  size_t length;
} bytes;
bytes *bytes_new(slice s);
void bytes_push(bytes **list, bytes *b);
void bytes_splice(bytes *b, size_t at, slice s);
size_t bytes_length(const bytes *list);
bytes *bytes_join(bytes *list); // one piece, empty where list is NULL; frees list
void bytes_free(bytes *list);

// ---- library.c: the golang filter's library

typedef struct library {
  struct library *next;
  char *id; // library_id
#define GO_EXPORTS(X)                                                                                                        \
  X(envoyGoFilterNewHttpPluginConfig)                                                                                        \
  X(envoyGoFilterDestroyHttpPluginConfig) X(envoyGoFilterMergeHttpPluginConfig) X(envoyGoFilterOnHttpHeader)                 \
  X(envoyGoFilterOnHttpData) X(envoyGoFilterOnHttpLog) X(envoyGoFilterOnHttpStreamComplete) X(envoyGoFilterOnHttpDestroy)    \
  X(envoyGoRequestSemaDec) X(envoyGoFilterCleanUp)
#define GO_FIELD(name) __typeof__(&name) name;
  GO_EXPORTS(GO_FIELD)
} library;
bool promote_own_symbols(void);
// NULL, and logged, where it cannot be loaded.
library *library_load(slice id, slice path, slice plugin_name);
library *library_of_plugin(slice plugin_name); // NULL where none has been loaded for it

// ---- protobuf.c: as much of it as three config messages and a Value need

typedef struct {
  const unsigned char *at, *end;
} wire;
typedef struct {
  uint32_t number, type; // wire type: 0 varint, 1 fixed 64, 2 bytes, 5 fixed 32
  uint64_t value;
  slice bytes; // of type 2
} field;
wire wire_of(slice s);
bool next_field(wire *w, field *f); // false at the end, and at what is no protobuf

// ---- config.c, route.c, metrics.c

typedef struct config {
  atomic_int owners;
  pthread_mutex_t mutex; // guards envoy and the metrics
  void *envoy;           // NULL once the filter config is gone
  library *go;
  slice plugin_name, plugin_config; // plugin_config is an encoded Any
  uint64_t id;
  struct metric *metrics;
  uint32_t metric_count, panic_counter;
} config;
void config_own(config *c);
void config_disown(config *c);
config *config_of_go(void *p); // from the pointer that Go passes
struct route;
uint64_t route_config_id(struct route *r, config *c);
void count(config *c, uint32_t metric);

// ---- request.c, direction.c

// contrib's FilterState and GolangStatus (processor_state.h).
enum state { WaitingHeader, ProcessingHeader, WaitingData, WaitingAllData, ProcessingData, WaitingTrailer, ProcessingTrailer, Done };
enum status { Running, LocalReply, Continue, StopAndBuffer, StopAndBufferWatermark, StopNoBuffer };

struct request;
struct reply;

// direction is contrib's ProcessorState. What Go may ask for from another thread
// (out, has_headers, has_trailers) is guarded by the request's mutex.
typedef struct direction {
  processState go; // first: Go is given its address
  struct request *request;
  bool has_headers, has_trailers; // contrib's headers and trailers are not null
  bool end_stream;                // Envoy has seen the end in headers or data
  bool do_end_stream;             // the event Go has is the end
  bool stopped;                   // Envoy waits for a continue_*
  bytes *out;                     // contrib's doDataList: given to Go, not passed on
  bytes *unseen;                  // contrib's data_buffer_: Go has yet to see it
  bytes *released;                // Go let it pass, and Envoy does not have it yet
  bool passing;                   // Go let something pass, the headers at least
  struct reply *reply;            // the encoder runs over this reply, not over Envoy's response
} direction;

typedef struct request {
  httpRequest go; // first: Go is given its address
  atomic_int owners;
  pthread_mutex_t mutex;
  atomic_bool destroyed;
  config *config;
  void *envoy, *scheduler; // valid until destroyed
  pthread_t worker;
  direction decoder, encoder;
  struct event *events, **last_event;
  char *scratch; // contrib's strValue: what Go was last lent
} request;

request *request_new(config *c, void *envoy);
void request_complete(request *r);
void request_destroy(request *r);
void request_own(request *r);
void request_disown(request *r);
bool init_request(request *r); // makes Go know it; true the first time
bool on_worker(const request *r);
CAPIStatus check_request(request *r);
CAPIStatus check_direction(direction *d);

// An event is work for the worker. run is not called where the stream has ended;
// drop frees the event's own memory in either case.
typedef struct event {
  struct event *next;
  void (*run)(struct event *e, request *r);
  void (*drop)(struct event *e);
} event;
CAPIStatus post(request *r, event *e);
void run_event(request *r);

bool do_headers(direction *d, bool end_stream);
bool do_data(direction *d, bytes *data, bool end_stream);
bool in_go(const direction *d);
int on_headers(direction *d, bool end_stream); // these three return Envoy's statuses
int on_body(direction *d, bool end_stream);
int on_trailers(direction *d);
void continue_with(direction *d, int status);

// ---- flow.c

enum body { Received, Buffered }; // the event's own, and what Envoy keeps
void take(direction *d, enum body body);
bytes *unseen(direction *d);      // all of it, as one piece
void release(direction *d);       // all that Go was given
void pass_on(direction *d, enum body body);
void forget_latest(direction *d); // of what Go was given
void drop_body(direction *d);
void resume(direction *d);
void post_resume(direction *d);

// ---- reply.c

typedef struct reply {
  int code;
  long long grpc_status;
  slice body, details;
  struct fields *headers; // as Envoy's filter chain would see them
} reply;
void send_reply(direction *d, reply *p); // takes p
void reply_done(request *r);             // Go let its own reply pass
void reply_free(reply *p);

// ---- headers.c

typedef struct fields {
  size_t count;
  envoy_dynamic_module_type_envoy_http_header *list; // both strings are ours
} fields;
void fields_add(fields *f, slice key, slice value);
size_t fields_remove(fields *f, const char *key);
slice fields_get(const fields *f, const char *key);
void fields_free(fields *f);
// measure gives what contrib passes along with a map: its size() and byteSize().
void measure(direction *d, bool trailers, uint64_t *count, uint64_t *total);
bool is_grpc(request *r);
bool is_head(request *r);

// ---- log.c

void logf_at(envoy_dynamic_module_type_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define LOG_ERROR(...) logf_at(envoy_dynamic_module_type_log_level_Error, "contribhost: " __VA_ARGS__)
// unsupported says so in the log. CAPIInvalidScene makes the SDK panic, and its
// own recovery then answers 500: nothing goes on as if it had worked.
CAPIStatus unsupported(const char *function);
