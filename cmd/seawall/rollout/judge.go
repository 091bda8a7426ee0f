package rollout

import (
	"fmt"
	"time"

	"github.com/seawall-waf/seawall/cmd/seawall/tuning"
)

// judge is the verdict. It is careful: what it cannot tell from an innocent request
// counts as one.
func (r *Report) judge(span time.Duration) {
	reason := func(format string, args ...any) { r.Reasons = append(r.Reasons, fmt.Sprintf(format, args...)) }
	denials := r.WouldDeny + r.Denied
	seen := max(r.Requests, r.Events)
	if r.Faults > 0 {
		reason("%s passed uninspected because of a fault: look for seawall_error in the log", counted(r.Faults, "request"))
	}
	innocent := 0
	for _, c := range r.Innocent {
		innocent = max(innocent, c.Denied)
	}
	if len(r.Innocent) > 0 {
		reason("what looks innocent: %s, a rule and a field each, where many clients match", counted(len(r.Innocent), "place"))
		c := r.Innocent[0]
		reason("the first: %d (%s) at %s of %s, %s of %s", c.Rule, c.Message, orUnknown(c.Target), orUnknown(c.Paths[0].Pattern),
			counted(c.Denied, "denial"), counted(c.Clients, "client"))
	}
	if r.OfScanners > 0 {
		reason("%s came from attacking clients (%s), once these were known as such", counted(r.OfScanners, "event"), tuning.Thousands(r.Scanners))
	}
	if r.Requests > 0 {
		reason("%s of %s (%.2f%%) would have been denied, or were", tuning.Thousands(denials), counted(r.Requests, "request"), 100*float64(denials)/float64(r.Requests))
	} else {
		reason("no line of Envoy's access log is there, so that requests without a match are not counted")
	}
	if r.Denied > 0 && r.WouldDeny == 0 {
		r.Verdict, r.Sentence = Enforces, r.enforcing(innocent)
		return
	}
	early := false
	if seen < enough {
		early = true
		reason("%s are few: %s at least tell something", counted(seen, "request"), tuning.Thousands(enough))
	}
	switch {
	case r.First == "":
		reason("the lines have no time, so that nothing is known of how long this took")
	case span < enoughTime:
		early = true
		reason("it is of %s only: a day has requests that an hour has not", span.Round(time.Minute))
	}
	switch {
	case len(r.Innocent) > 0:
		r.Verdict = NotSafe
		r.Sentence = fmt.Sprintf("Do not enforce yet: %s or more would be denied that look innocent. `seawall tune` proposes exclusions.", counted(innocent, "request"))
	case early:
		r.Verdict = TooEarly
		r.Sentence = "It is too early to say: there is nothing against enforcing, but there is little to judge by."
	case denials == 0:
		r.Verdict = Safe
		r.Sentence = "Enforcing would be safe: nothing of this traffic would have been denied."
	default:
		r.Verdict = Safe
		r.Sentence = fmt.Sprintf("Enforcing would be safe: what would be denied, %s, looks like attacks.", counted(denials, "request"))
	}
}

// enforcing is what there is to say of a policy that denies: no roll-out is to be
// judged, only what it denied.
func (r *Report) enforcing(innocent int) string {
	if len(r.Innocent) > 0 {
		return fmt.Sprintf("The policy already enforces: %s or more were denied that look innocent. `seawall tune` proposes exclusions.", counted(innocent, "request"))
	}
	return fmt.Sprintf("The policy already enforces: what it denied, %s, shows no place where many clients are denied.", counted(r.Denied, "request"))
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return tuning.Thousands(n) + " " + what + "s"
}

func orUnknown(text string) string {
	if text == "" {
		return "(not named)"
	}
	return text
}
