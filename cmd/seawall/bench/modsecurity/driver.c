// libmodsecurity as one more subject of `seawall bench`: bench/peer.go starts
// this program, sends batches of exchanges and reads what they took.
//
//   modsecurity-bench RULES
//
// It answers "ready VERSION\n" once RULES is loaded. A batch is netstrings
// ("5:hello"): the number of exchanges, and for each its method, path, host,
// headers, body, status, response headers and response body; headers are their
// number, then names and values. The answer is one line: the CPU time of the
// batch in ns, and for each exchange 1 (denied) or 0.

#include <modsecurity/modsecurity.h>
#include <modsecurity/rules_set.h>
#include <modsecurity/transaction.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BODY_CHUNK (16 << 10) // as Envoy hands bodies over

typedef struct {
  unsigned char *bytes;
  size_t length;
} text;

typedef struct {
  text name, value;
} header;

typedef struct {
  size_t count;
  header *all;
} headers;

typedef struct {
  text method, path, host, body, response_body;
  headers request, response;
  int status;
} exchange;

static void fail(const char *what) {
  fprintf(stderr, "modsecurity-bench: %s\n", what);
  exit(2);
}

// Every text ends in a NUL beyond its length.
static int read_text(text *t) {
  size_t length;
  if (scanf("%zu", &length) != 1) return 0;
  if (getchar() != ':') fail("a netstring has no colon");
  t->length = length;
  t->bytes = malloc(length + 1);
  if (t->bytes == NULL) fail("out of memory");
  if (fread(t->bytes, 1, length, stdin) != length) fail("a netstring is cut off");
  t->bytes[length] = 0;
  return 1;
}

static text need_text(void) {
  text t;
  if (!read_text(&t)) fail("a batch is cut off");
  return t;
}

static long number_of(text t) {
  long n = strtol((char *)t.bytes, NULL, 10);
  free(t.bytes);
  return n;
}

static headers need_headers(void) {
  headers h;
  h.count = (size_t)number_of(need_text());
  h.all = calloc(h.count + 1, sizeof *h.all);
  if (h.all == NULL) fail("out of memory");
  for (size_t i = 0; i < h.count; i++) {
    h.all[i].name = need_text();
    h.all[i].value = need_text();
  }
  return h;
}

static void free_headers(headers h) {
  for (size_t i = 0; i < h.count; i++) {
    free(h.all[i].name.bytes);
    free(h.all[i].value.bytes);
  }
  free(h.all);
}

static int denies(Transaction *tx) {
  ModSecurityIntervention it = {.status = 200};
  if (msc_intervention(tx, &it) == 0) return 0;
  free(it.url);
  free(it.log);
  return it.disruptive != 0;
}

static void append(Transaction *tx, text body, int (*to)(Transaction *, const unsigned char *, size_t)) {
  for (size_t at = 0; at < body.length; at += BODY_CHUNK) {
    size_t rest = body.length - at;
    to(tx, body.bytes + at, rest < BODY_CHUNK ? rest : BODY_CHUNK);
  }
}

static int inspect(Transaction *tx, const exchange *x) {
  msc_process_connection(tx, "192.0.2.1", 40000, "192.0.2.2", 443);
  msc_process_uri(tx, (char *)x->path.bytes, (char *)x->method.bytes, "1.1");
  msc_add_n_request_header(tx, (unsigned char *)"host", 4, x->host.bytes, x->host.length);
  for (size_t i = 0; i < x->request.count; i++) {
    header h = x->request.all[i];
    msc_add_n_request_header(tx, h.name.bytes, h.name.length, h.value.bytes, h.value.length);
  }
  msc_process_request_headers(tx);
  if (denies(tx)) return 1;
  append(tx, x->body, msc_append_request_body);
  msc_process_request_body(tx);
  if (denies(tx)) return 1;
  for (size_t i = 0; i < x->response.count; i++) {
    header h = x->response.all[i];
    msc_add_n_response_header(tx, h.name.bytes, h.name.length, h.value.bytes, h.value.length);
  }
  msc_process_response_headers(tx, x->status, "HTTP 1.1");
  if (denies(tx)) return 1;
  append(tx, x->response_body, msc_append_response_body);
  msc_process_response_body(tx);
  return denies(tx);
}

static long long cpu_time(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void run_batch(ModSecurity *engine, RulesSet *rules, size_t count) {
  exchange *batch = calloc(count + 1, sizeof *batch);
  char *denied = calloc(count + 1, 1);
  if (batch == NULL || denied == NULL) fail("out of memory");
  for (size_t i = 0; i < count; i++) {
    exchange *x = &batch[i];
    x->method = need_text();
    x->path = need_text();
    x->host = need_text();
    x->request = need_headers();
    x->body = need_text();
    x->status = (int)number_of(need_text());
    x->response = need_headers();
    x->response_body = need_text();
  }
  long long start = cpu_time();
  for (size_t i = 0; i < count; i++) {
    Transaction *tx = msc_new_transaction(engine, rules, NULL);
    denied[i] = inspect(tx, &batch[i]) ? '1' : '0';
    msc_process_logging(tx);
    msc_transaction_cleanup(tx);
  }
  printf("%lld %s\n", cpu_time() - start, denied);
  fflush(stdout);
  for (size_t i = 0; i < count; i++) {
    exchange *x = &batch[i];
    free(x->method.bytes);
    free(x->path.bytes);
    free(x->host.bytes);
    free(x->body.bytes);
    free(x->response_body.bytes);
    free_headers(x->request);
    free_headers(x->response);
  }
  free(batch);
  free(denied);
}

static void drop_log(void *data, const void *message) {
  (void)data;
  (void)message;
}

int main(int argc, char **argv) {
  if (argc != 2) fail("usage: modsecurity-bench RULES");
  ModSecurity *engine = msc_init();
  msc_set_connector_info(engine, "seawall bench");
  msc_set_log_cb(engine, drop_log);
  RulesSet *rules = msc_create_rules_set();
  const char *error = NULL;
  if (msc_rules_add_file(rules, argv[1], &error) < 0) fail(error == NULL ? "the rules do not load" : error);
  printf("ready %s\n", msc_who_am_i(engine));
  fflush(stdout);
  for (text count; read_text(&count);) run_batch(engine, rules, (size_t)number_of(count));
  msc_rules_cleanup(rules);
  msc_cleanup(engine);
  return 0;
}
