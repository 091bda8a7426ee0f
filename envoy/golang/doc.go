// Package golang is the door for Envoy's contrib golang HTTP filter
// (envoy.filters.http.golang): contrib builds of Envoy and Istio's proxy.
//
// It turns contrib's stream callbacks into calls on a filter.Transaction and
// applies the verdicts. It decides nothing about a request and never imports
// the rule engine. envoy/golang/plugin makes the shared object of it.
//
// # Verdicts as contrib's statuses
//
// Read from contrib/golang/filters/http/source of Envoy 1.39.1. Hold gives back
// the bytes: the core has copied them.
//
//	           headers                 data                     trailers
//	Continue   Continue                Release into the buffer, Release by AddData,
//	                                   Continue                 Continue
//	Hold       StopAndBufferWatermark  StopNoBuffer             (only after a reply)
//	Wait       Running                 Release into the buffer, Release by AddData,
//	                                   Running                  Running
//	Deny       SendLocalReply, LocalReply in all three
//
// StopAndBuffer is never used: past Envoy's buffer limit it answers 413 or 500
// by itself. While a callback is Running, contrib keeps the direction's later
// data and trailers to itself and hands them over after Continue. One gap there
// is contrib's: a request of headers and trailers without a DATA frame between
// them, whose large head is evaluated in the background, is never resumed and
// ends with the stream's idle timeout.
//
// # Metrics
//
// The golang API has counters without tags and no histogram. Each name of
// filter.Counters is defined as seawall.<counter>, over all policies, and as
// seawall.<counter>.policy.<policy> for each policy of the filter's own config;
// a policy that only a per-route config names is in the total alone. Durations
// are two more counters of each kind: seawall.duration_us_sum (microseconds of
// engine time) and seawall.duration_us_count (transactions measured). A config's
// labels do not apply here; stats_config.stats_tags of the bootstrap can turn
// the policy into a tag.
package golang
