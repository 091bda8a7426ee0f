// Callbacks of Envoy 1.39 and 1.40 (their abi_impl.cc) that the SDK's abi.h, which
// is older, does not declare. host.h includes it after that.
#pragma once

uint32_t envoy_dynamic_module_callback_get_concurrency(void);
uint32_t envoy_dynamic_module_callback_http_filter_get_worker_index(void *filter);
void envoy_dynamic_module_callback_http_filter_send_go_away_and_close(void *filter, bool graceful);
void envoy_dynamic_module_callback_http_set_dynamic_metadata_bool(void *filter, envoy_dynamic_module_type_module_buffer ns,
                                                                 envoy_dynamic_module_type_module_buffer key, bool value);
typedef envoy_dynamic_module_type_metrics_result
change_metric(void *config, size_t id, envoy_dynamic_module_type_module_buffer *labels, size_t n, uint64_t value);
change_metric envoy_dynamic_module_callback_http_filter_config_increment_counter,
    envoy_dynamic_module_callback_http_filter_config_increment_gauge, envoy_dynamic_module_callback_http_filter_config_decrement_gauge,
    envoy_dynamic_module_callback_http_filter_config_set_gauge,
    envoy_dynamic_module_callback_http_filter_config_record_histogram_value;
