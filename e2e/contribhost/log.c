// Envoy's log, for Go and for ourselves.
#include "host.h"

#include <stdarg.h>
#include <stdio.h>

void logf_at(envoy_dynamic_module_type_log_level level, const char *format, ...) {
  if (!ENVOY(log_enabled)(level)) return;
  char line[2048]; // longer lines are cut
  va_list args;
  va_start(args, format);
  int n = vsnprintf(line, sizeof line, format, args);
  va_end(args);
  if (n < 0) return;
  ENVOY(log)(level, (slice){line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1});
}

// FilterLogger::log (contrib/golang/common/log/cgo.cc). The levels are the same numbers.
void envoyGoFilterLog(uint32_t level, void *message, int length) {
  if (level == envoy_dynamic_module_type_log_level_Off) return;
  if (level > envoy_dynamic_module_type_log_level_Off) {
    LOG_ERROR("undefined log level %u: %.*s", level, length, (char *)message);
    return;
  }
  ENVOY(log)((envoy_dynamic_module_type_log_level)level, (slice){message, (size_t)length});
}

// FilterLogger::level; the ABI tells of one level at a time.
uint32_t envoyGoFilterLogLevel(void) {
  for (int level = 0; level < envoy_dynamic_module_type_log_level_Off; level++)
    if (ENVOY(log_enabled)((envoy_dynamic_module_type_log_level)level)) return (uint32_t)level;
  return envoy_dynamic_module_type_log_level_Off;
}

CAPIStatus unsupported(const char *function) {
  LOG_ERROR("%s is unsupported: see e2e/contribhost/README.md", function);
  return CAPIInvalidScene;
}
