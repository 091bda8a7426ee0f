package replay

import (
	"strconv"
	"strings"

	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/corazawaf/coraza/v3/types"

	"github.com/seawall-waf/seawall/cmd/seawall/exchange"
	"github.com/seawall-waf/seawall/filter"
)

// A Scoring is how a policy's Core Rule Set counts.
type Scoring struct {
	Inbound, Outbound int            // the thresholds
	Points            map[string]int // of a match, by its rule's severity
	Paranoia          int            // the blocking paranoia level
}

// CRSScoring is how CRS counts unless its user says otherwise.
func CRSScoring() Scoring {
	return Scoring{Inbound: 5, Outbound: 4, Paranoia: 1,
		Points: map[string]int{"critical": 5, "error": 4, "warning": 3, "notice": 2}}
}

// ScoringOf asks an engine, by one request, how it counts. What its policy does not
// set is as CRS has it.
func ScoringOf(engine *filter.Engine) Scoring {
	s := CRSScoring()
	// The screen clears a request that is not suspicious, and knows no scores.
	suspicious := &exchange.Exchange{Method: "GET", Path: "/?q=1%27%20or%201=1--%20", Host: "localhost", Protocol: "HTTP/1.1",
		Headers: [][2]string{{"user-agent", "seawall"}, {"accept", "*/*"}}}
	send(engine, suspicious, func(tx types.Transaction) {
		state, ok := tx.(plugintypes.TransactionState)
		if !ok {
			return
		}
		for _, v := range state.Variables().TX().FindAll() {
			n, err := strconv.Atoi(v.Value())
			if err != nil {
				continue
			}
			switch key := strings.ToLower(v.Key()); key {
			case "inbound_anomaly_score_threshold":
				s.Inbound = n
			case "outbound_anomaly_score_threshold":
				s.Outbound = n
			case "blocking_paranoia_level":
				s.Paranoia = n
			case "critical_anomaly_score", "error_anomaly_score", "warning_anomaly_score", "notice_anomaly_score":
				s.Points[strings.TrimSuffix(key, "_anomaly_score")] = n
			}
		}
	})
	return s
}
