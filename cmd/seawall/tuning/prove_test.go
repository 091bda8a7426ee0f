package tuning

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/cmd/seawall/exchange"
	"github.com/seawall-waf/seawall/cmd/seawall/replay"
	"github.com/seawall-waf/seawall/filter"
)

func policy(t *testing.T, document string) *Policy {
	t.Helper()
	config, err := filter.ParseConfig([]byte(document))
	require.NoError(t, err)
	p, err := NewPolicy(config, "")
	require.NoError(t, err)
	return p
}

func request(path string, headers ...[2]string) *exchange.Exchange {
	return &exchange.Exchange{Method: "GET", Path: path, Host: "localhost", Protocol: "HTTP/1.1",
		Headers: append([][2]string{{"user-agent", "test"}, {"accept", "*/*"}}, headers...)}
}

func TestNoExclusionThatOpensAnAttackIsLeft(t *testing.T) {
	p := policy(t, "")
	proposal := func(rule int, target string, paths ...string) *Exclusion {
		return &Exclusion{Rule: rule, Phase: 2, Target: target, Paths: paths, Message: "m", from: &Cluster{Events: 10, Paths: []Path{{Pattern: "/mine", Events: 5}}}}
	}
	// CRS's tests put attacks of 942100 into var at /post.
	narrowed, dropped := proposal(942100, "ARGS:var"), proposal(942100, "ARGS:var", "/post")
	harmless := []*Exclusion{proposal(942100, "ARGS:q", "/search"), proposal(942100, "REQUEST_COOKIES:theme"),
		proposal(942190, `ARGS:/^json\.items\.\d+\.note$/`), proposal(932235, "REQUEST_HEADERS:x-note")}
	header := proposal(920420, "REQUEST_HEADERS:content-type", "/hook")
	header.Phase = 1

	left, proof, err := p.Prove(t.Context(), append([]*Exclusion{narrowed, dropped, header}, harmless...))
	require.NoError(t, err)

	assert.Empty(t, proof.Opened)
	assert.Greater(t, proof.Blocked, 2000)
	assert.Greater(t, proof.Replayed, 100)
	require.Len(t, proof.Dropped, 1)
	assert.Equal(t, dropped, proof.Dropped[0].Exclusion)
	assert.NotEmpty(t, proof.Dropped[0].Opened)
	var kept []string
	for _, e := range left {
		kept = append(kept, strings.Join(append([]string{e.Target}, e.Paths...), " "))
		if e.Target == "ARGS:q" || e.Target == "REQUEST_COOKIES:theme" || e.Rule == 942190 || e.Phase == 1 {
			assert.Positive(t, e.Own, "%s: it is tried out where it holds", e.Target)
			assert.Positive(t, e.OwnBlocked, "%s: other rules look there", e.Target)
		}
	}
	assert.Equal(t, []string{"ARGS:var /mine", "REQUEST_HEADERS:content-type /hook", "ARGS:q /search", "REQUEST_COOKIES:theme",
		`ARGS:/^json\.items\.\d+\.note$/`, "REQUEST_HEADERS:x-note"}, kept)
	assert.Contains(t, left[0].Narrowed, "everywhere it opened")

	engine, err := p.With(NewConf(left, p.Catalogue))
	require.NoError(t, err)
	const innocent = "it%20is%201%27%20or%201=1" // 942100 alone
	for path, denied := range map[string]bool{
		"/search?q=" + innocent:                       false,
		"/search?r=" + innocent:                       true,
		"/search/?q=" + innocent:                      true,
		"/elsewhere?q=" + innocent:                    true,
		"/mine?var=" + innocent:                       false,
		"/search?q=%3Cscript%3Ealert(1)%3C/script%3E": true,
	} {
		assert.Equal(t, denied, replay.Send(engine, request(path)).Denied(), path)
		if !denied {
			assert.True(t, p.Judge(request(path)).Denied(), "%s was denied without the exclusions", path)
		}
	}
}

func TestWhatPassesInsideIsCountedWithAllExclusionsTogether(t *testing.T) {
	p := policy(t, "")
	proposal := func(rule int) *Exclusion {
		return &Exclusion{Rule: rule, Phase: 2, Target: "ARGS:comment", Paths: []string{"/comments"}, Message: "m", from: &Cluster{Events: 10}}
	}
	_, one, err := p.Prove(t.Context(), []*Exclusion{proposal(942100)})
	require.NoError(t, err)
	left, all, err := p.Prove(t.Context(), []*Exclusion{proposal(942100), proposal(942190), proposal(942270),
		{Rule: 942100, Phase: 2, Paths: []string{"/old"}, Message: "m", from: &Cluster{Events: 10}}})
	require.NoError(t, err)
	require.Len(t, left, 4)

	assert.Greater(t, all.Inside.Pass, one.Inside.Pass, "what one rule lets pass another one no longer blocks")
	own, most := 0, 0
	for _, e := range left {
		own, most = own+e.Own, max(most, e.Own)
	}
	assert.Less(t, all.Inside.Sent, own, "an attack that two of the rules know is counted once")
	assert.GreaterOrEqual(t, all.Inside.Sent, most)
	assert.Equal(t, 1, all.Inside.Untried, "nothing is sent to a whole rule's place")

	conf := NewConf(left, p.Catalogue)
	engine, err := p.With(conf)
	require.NoError(t, err)
	attack := request("/comments?comment=1%27+or+1=1--+")
	assert.True(t, p.Judge(attack).Denied())
	assert.False(t, replay.Send(engine, attack).Denied(), "an attack of the kind that the claim counts")

	inside := fmt.Sprintf("inside the excluded targets %d of %d of the excluded rules' own attacks pass now", all.Inside.Pass, all.Inside.Sent)
	for _, claim := range []string{"elsewhere nothing opened: CRS has", inside, "inside the targets of 1 exclusion no attack could be tried"} {
		assert.Contains(t, strings.Join(all.Claims(), "\n"), claim)
		assert.Contains(t, conf.Head("behind", &Traffic{}, all), "# - "+claim)
	}
}

func TestAnExclusionWithoutEffectIsNotOffered(t *testing.T) {
	p := policy(t, "directives:\n- Include @seawall.conf\n- SecRuleUpdateTargetById 942100 \"ARGS:q\"\n")
	// A chain's later rule, say, or what a rule looks at twice. Phase 1 written as 2
	// puts the exclusion behind the rule.
	late := &Exclusion{Rule: 920420, Phase: 2, Target: "REQUEST_HEADERS:content-type", Paths: []string{"/hook"}, from: &Cluster{}}
	left, proof, err := p.Prove(t.Context(), []*Exclusion{late})
	require.NoError(t, err)
	assert.Empty(t, left)
	require.Len(t, proof.Dropped, 1)
	assert.Contains(t, proof.Dropped[0].Reason, "all the same")
}

func TestAPolicySaysHowItCounts(t *testing.T) {
	p := policy(t, `directives: |
  SecAction "id:900110,phase:1,pass,nolog,setvar:tx.inbound_anomaly_score_threshold=7,setvar:tx.critical_anomaly_score=6"
  SecAction "id:900000,phase:1,pass,nolog,setvar:tx.blocking_paranoia_level=2"
  Include @seawall.conf
`)
	assert.Equal(t, 7, p.Scoring.Inbound)
	assert.Equal(t, 6, p.Scoring.Points["critical"])
	assert.Equal(t, 4, p.Scoring.Outbound)
	assert.Equal(t, 2, p.Scoring.Paranoia)
	assert.Equal(t, entry{level: 1}, p.Catalogue[942100])
	assert.Equal(t, 2, p.Catalogue[942200].level)
	assert.Equal(t, []string{"REQUEST_PROTOCOL"}, p.Catalogue[920180].first)
	assert.True(t, p.Catalogue.outbound(951110))
	assert.Equal(t, []int{900109, 900111}, p.Catalogue.free(900109, 2), "IDs in use are left out")
}

func TestAPolicyThatBlocksNothingProvesNothing(t *testing.T) {
	p := policy(t, "directives: SecRuleEngine Off\n")
	_, _, err := p.Prove(t.Context(), []*Exclusion{{Rule: 1}})
	assert.ErrorContains(t, err, "blocks none of CRS's attacks")
}
