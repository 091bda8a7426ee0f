package filter

import (
	"fmt"
	"io"
	"reflect"

	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/corazawaf/coraza/v3/types"
)

// judge ends a phase that the front has run: the screen looks, and the engine runs
// the phase if it has the exchange or is to get it now. it is the front's own
// interruption, which only the engine may confirm.
func (s *screened) judge(phase int, it *types.Interruption) (*types.Interruption, error) {
	possible := s.state.Phase(phase, s.parsed) || it != nil || s.frontFound()
	s.suspicious = s.suspicious || possible
	s.phase, s.judged[phase] = phase, true
	if it != nil || s.state.Shaped() {
		s.blind = true
	}
	if s.engine == nil && !possible && !s.checks {
		return nil, nil
	}
	if s.engine == nil {
		return s.startEngine()
	}
	return s.run(phase)
}

// frontFound reports whether a rule of the front's matched that is to be seen.
func (s *screened) frontFound() bool {
	matched := s.front.MatchedRules()
	found := false
	for _, m := range matched[s.matches:] {
		found = found || s.set.screen.Visible(m)
	}
	s.matches = len(matched)
	return found
}

// startEngine gives the engine the exchange up to the phase that was judged last.
func (s *screened) startEngine() (*types.Interruption, error) {
	if s.engine != nil {
		return nil, nil
	}
	x := &s.exchange
	tx := s.set.waf.NewTransactionWithID(s.id)
	s.engine, s.Transaction = tx, tx
	tx.ProcessConnection(x.client, x.clientPort, x.server, x.serverPort)
	tx.ProcessURI(x.uri, x.method, x.protocol)
	tx.SetServerName(x.serverName)
	for _, h := range x.headers {
		tx.AddRequestHeader(h[0], h[1])
	}
	for phase := 1; phase <= s.phase; phase++ {
		if !s.judged[phase] {
			continue
		}
		if it, err := s.run(phase); it != nil || err != nil {
			return it, err
		}
	}
	return nil, nil
}

// run has the engine run one phase, without what cannot match in it.
func (s *screened) run(phase int) (*types.Interruption, error) {
	if !s.blind && !s.checks {
		s.state.Spare(phase, s.engine.(interface{ RemoveRuleByID(id int) }).RemoveRuleByID)
	}
	it, err := s.runPhase(phase)
	s.check()
	s.blind = s.blind || it == nil && err == nil && !s.parsesAlike()
	return it, err
}

// shaping are the fields of Coraza's transaction that ctl actions change and that
// decide how the rest is parsed.
var shaping = []string{"RuleEngine", "RequestBodyAccess", "RequestBodyLimit", "ForceRequestBodyVariable",
	"ResponseBodyAccess", "ResponseBodyLimit", "ForceResponseBodyVariable"}

// parsesAlike reports whether the engine will parse what is to come as the front
// does. A rule that shapes parsing may hang on what other rules do: a variable that
// they set, a jump. Those make an exchange suspicious, and the front has none of them.
func (s *screened) parsesAlike() bool {
	front, engine := reflect.Indirect(reflect.ValueOf(s.front)), reflect.Indirect(reflect.ValueOf(s.engine))
	for _, name := range shaping {
		if !front.FieldByName(name).Equal(engine.FieldByName(name)) {
			return false
		}
	}
	ours, its := s.parsed.Variables(), s.engine.(plugintypes.TransactionState).Variables()
	return ours.RequestBodyProcessor().Get() == its.RequestBodyProcessor().Get() &&
		ours.ResponseBodyProcessor().Get() == its.ResponseBodyProcessor().Get()
}

func (s *screened) runPhase(phase int) (*types.Interruption, error) {
	x, tx := &s.exchange, s.engine
	switch phase {
	case 1:
		return tx.ProcessRequestHeaders(), nil
	case 2:
		if it, err := s.giveRequestBody(); it != nil || err != nil {
			return it, err
		}
		return tx.ProcessRequestBody()
	case 3:
		addAll(tx.AddResponseHeader, x.response)
		return tx.ProcessResponseHeaders(x.status, x.responseProtocol), nil
	}
	if it, err := s.giveResponseBody(); it != nil || err != nil {
		return it, err
	}
	return tx.ProcessResponseBody()
}

// handOver gives the engine everything in the middle of a body that the front will
// take no more of.
func (s *screened) handOver() (it *types.Interruption, err error) {
	it, err = s.startEngine()
	if it == nil && err == nil {
		if s.phase < 3 {
			it, err = s.giveRequestBody()
		} else {
			it, err = s.giveResponseBody()
		}
	}
	s.blind = true
	return it, err
}

func (s *screened) giveRequestBody() (*types.Interruption, error) {
	addAll(s.engine.AddRequestHeader, s.exchange.trailers)
	return copyBody(s.front.RequestBodyReader, s.engine.WriteRequestBody)
}

func (s *screened) giveResponseBody() (*types.Interruption, error) {
	addAll(s.engine.AddResponseHeader, s.exchange.later)
	return copyBody(s.front.ResponseBodyReader, s.engine.WriteResponseBody)
}

func addAll(add func(name, value string), headers [][2]string) {
	for _, h := range headers {
		add(h[0], h[1])
	}
}

// copyBody gives the engine a body that the front holds.
func copyBody(open func() (io.Reader, error),
	write func([]byte) (*types.Interruption, int, error)) (it *types.Interruption, err error) {
	body, err := open()
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(writerFunc(func(b []byte) (int, error) {
		var err error
		if it == nil {
			it, _, err = write(b)
		}
		return len(b), err
	}), body)
	return it, err
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// check compares what the engine found with what the screen had said, where the
// engine runs all rules for that.
func (s *screened) check() {
	if !s.checks || s.blind || s.engine == nil {
		return
	}
	matched := s.engine.MatchedRules()
	if id := s.state.Missed(matched); id != 0 {
		s.mistaken(fmt.Sprintf("rule %d matched, which the screen had found impossible", id))
		return
	}
	if s.suspicious {
		return
	}
	for _, m := range matched {
		if m.(interface{ Log() bool }).Log() || m.(interface{ Audit() bool }).Audit() {
			s.mistaken(fmt.Sprintf("rule %d matched in an exchange that the screen had found innocent", m.Rule().ID()))
			return
		}
	}
	if s.engine.IsInterrupted() {
		s.mistaken("the engine denied an exchange that the screen had found innocent")
	}
}

// mistaken ends the screen's use for the rule set at its first mistake: the rules are
// the same for every exchange to come.
func (s *screened) mistaken(why string) {
	if !s.set.distrusted.Swap(true) {
		s.distrust(why)
	}
}
