package filter

import (
	"errors"
	"math/rand/v2"

	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/corazawaf/coraza/v3/types"

	"github.com/seawall-waf/seawall/filter/screen"
)

// screened is an engine's transaction in three steps. The front parses; the screen
// says at the end of each phase which rules could match; and once one of them would
// be seen, the engine gets the exchange so far, without the rules that cannot match,
// and its verdict counts. To the Transaction it is one types.Transaction.
type screened struct {
	types.Transaction // the front, and the engine once it has the exchange

	set    *ruleSet
	id     string
	front  types.Transaction
	parsed plugintypes.TransactionState // the front's collections
	engine types.Transaction            // nil while the exchange is innocent
	state  *screen.State
	// phase is the last that was judged; judged are all, for not every exchange has a
	// phase 2. matches is how many of the front's were looked at.
	phase, matches int
	judged         [6]bool
	// blind: the front was interrupted and parses no more, or parses as the engine does
	// not. The engine runs all rules.
	blind bool
	// checks: the engine runs all rules from the start, and what it finds is compared.
	checks     bool
	suspicious bool
	distrust   func(why string)
	exchange   recorded
}

// recorded is what the engine is given if the exchange turns suspicious; bodies are
// the front's.
type recorded struct {
	client, server         string
	clientPort, serverPort int
	uri, method, protocol  string
	serverName             string
	headers, trailers      [][2]string
	response, later        [][2]string // headers, trailers
	status                 int
	responseProtocol       string
}

// newInspection begins an exchange with the rule set. sample is the share of them
// that check the screen; distrust is told why it is not used any more.
func (s *ruleSet) newInspection(id string, sample float64, distrust func(why string)) types.Transaction {
	if s.screen == nil || s.distrusted.Load() {
		return s.waf.NewTransactionWithID(id)
	}
	front := s.front.NewTransactionWithID(id)
	t := &screened{Transaction: front, set: s, id: id, front: front, state: s.screen.NewState(),
		checks: sample > 0 && rand.Float64() < sample, distrust: distrust}
	t.parsed = front.(plugintypes.TransactionState)
	return t
}

// engineOf is the transaction of Coraza's own type that speaks for tx.
func engineOf(tx types.Transaction) types.Transaction {
	if s, ok := tx.(*screened); ok {
		return s.Transaction
	}
	return tx
}

func (s *screened) ProcessConnection(client string, clientPort int, server string, serverPort int) {
	s.exchange.client, s.exchange.clientPort = client, clientPort
	s.exchange.server, s.exchange.serverPort = server, serverPort
	s.front.ProcessConnection(client, clientPort, server, serverPort)
}

func (s *screened) ProcessURI(uri, method, protocol string) {
	s.exchange.uri, s.exchange.method, s.exchange.protocol = uri, method, protocol
	s.front.ProcessURI(uri, method, protocol)
}

func (s *screened) SetServerName(name string) {
	s.exchange.serverName = name
	s.front.SetServerName(name)
}

// AddRequestHeader adds a trailer once phase 1 is over: that phase never sees it.
func (s *screened) AddRequestHeader(name, value string) {
	s.front.AddRequestHeader(name, value)
	if s.phase == 0 {
		s.exchange.headers = append(s.exchange.headers, [2]string{name, value})
		return
	}
	if s.blind {
		s.engine.AddRequestHeader(name, value)
		return
	}
	s.exchange.trailers = append(s.exchange.trailers, [2]string{name, value})
	s.state.HeadChanged()
}

func (s *screened) AddResponseHeader(name, value string) {
	s.front.AddResponseHeader(name, value)
	switch {
	case s.blind:
		s.engine.AddResponseHeader(name, value)
	case s.phase < 3:
		s.exchange.response = append(s.exchange.response, [2]string{name, value})
	default:
		s.exchange.later = append(s.exchange.later, [2]string{name, value})
	}
}

func (s *screened) ProcessRequestHeaders() *types.Interruption {
	if s.front.IsRuleEngineOff() {
		return nil
	}
	it, _ := s.judge(1, s.front.ProcessRequestHeaders())
	return it
}

// WriteRequestBody may run phase 2 itself, as Coraza does at a body's limit.
func (s *screened) WriteRequestBody(b []byte) (*types.Interruption, int, error) {
	if s.blind {
		return s.engine.WriteRequestBody(b)
	}
	it, n, err := s.front.WriteRequestBody(b)
	switch {
	case err != nil:
		return nil, n, err
	case s.phase < 2 && s.parsed.LastPhase() == types.PhaseRequestBody:
		it, err = s.judge(2, it)
	case it != nil: // over the limit: the engine is to say so
		if it, err := s.handOver(); it != nil || err != nil {
			return it, n, err
		}
		return s.engine.WriteRequestBody(b)
	}
	return it, n, err
}

func (s *screened) ProcessRequestBody() (*types.Interruption, error) {
	if s.blind {
		return s.engine.ProcessRequestBody()
	}
	if s.phase != 1 || s.IsRuleEngineOff() {
		return nil, nil
	}
	it, err := s.front.ProcessRequestBody()
	if err != nil {
		return nil, err
	}
	return s.judge(2, it)
}

func (s *screened) ProcessResponseHeaders(status int, protocol string) *types.Interruption {
	s.exchange.status, s.exchange.responseProtocol = status, protocol
	if s.blind {
		return s.engine.ProcessResponseHeaders(status, protocol)
	}
	if s.phase >= 3 || s.IsRuleEngineOff() {
		return nil
	}
	it, _ := s.judge(3, s.front.ProcessResponseHeaders(status, protocol))
	return it
}

func (s *screened) WriteResponseBody(b []byte) (*types.Interruption, int, error) {
	if s.blind {
		return s.engine.WriteResponseBody(b)
	}
	it, n, err := s.front.WriteResponseBody(b)
	switch {
	case err != nil:
		return nil, n, err
	case s.phase < 4 && s.parsed.LastPhase() == types.PhaseResponseBody:
		it, err = s.judge(4, it)
	case it != nil:
		if it, err := s.handOver(); it != nil || err != nil {
			return it, n, err
		}
		return s.engine.WriteResponseBody(b)
	}
	return it, n, err
}

func (s *screened) ProcessResponseBody() (*types.Interruption, error) {
	if s.blind {
		return s.engine.ProcessResponseBody()
	}
	if s.phase != 3 || s.IsRuleEngineOff() {
		return nil, nil
	}
	it, err := s.front.ProcessResponseBody()
	if err != nil {
		return nil, err
	}
	return s.judge(4, it)
}

// ProcessLogging runs phase 5. The front writes an innocent exchange's audit record,
// where one is due: no rule has anything to add to it.
func (s *screened) ProcessLogging() {
	possible := !s.blind && !s.IsRuleEngineOff() && s.state.Phase(5, s.parsed)
	s.suspicious = s.suspicious || possible
	if s.engine == nil && possible {
		if it, err := s.startEngine(); it != nil || err != nil {
			s.mistaken("the engine denied what the screen had passed")
		}
	}
	s.Transaction.ProcessLogging()
	s.check()
}

// Close gives both transactions back.
func (s *screened) Close() error {
	s.state.Release()
	err := s.front.Close()
	if s.engine != nil {
		err = errors.Join(err, s.engine.Close())
	}
	return err
}
