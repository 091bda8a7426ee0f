package screen

import (
	"strings"
	"sync"
	"sync/atomic"
)

// known remembers which conditions texts fulfil that come again and again: names of
// headers, cookies and arguments, and what clients say of themselves in headers. A
// value that may be a secret is never kept. The zero known is empty and ready.
type known struct {
	texts sync.Map // string to []int32, conditions
	size  atomic.Int32
}

// The bounds of a known: when it is full it starts again, so that what a client
// makes up costs others little.
const (
	knownTexts  = 512
	knownLength = 256 // bytes
)

func (k *known) find(text string) (conditions []int32, ok bool) {
	found, ok := k.texts.Load(text)
	if !ok {
		return nil, false
	}
	return found.([]int32), true
}

func (k *known) add(text string, conditions []int32) {
	if k.size.Add(1) > knownTexts {
		k.texts.Clear()
		k.size.Store(1)
	}
	k.texts.Store(strings.Clone(text), conditions)
}

// public are headers whose values say what a client is and speaks, not who.
var public = map[string]bool{"accept": true, "accept-charset": true, "accept-encoding": true, "accept-language": true,
	"cache-control": true, "connection": true, "content-type": true, "dnt": true, "host": true, "pragma": true,
	"sec-ch-ua": true, "sec-ch-ua-mobile": true, "sec-ch-ua-platform": true, "sec-fetch-dest": true,
	"sec-fetch-mode": true, "sec-fetch-site": true, "sec-fetch-user": true, "sec-gpc": true, "te": true,
	"transfer-encoding": true, "upgrade-insecure-requests": true, "user-agent": true}

// repeated is value for a text that is worth remembering.
func (s *State) repeated(p *place, text string) {
	if len(text) > knownLength {
		s.value(p, text)
		return
	}
	conditions, ok := p.known.find(text)
	if !ok {
		if conditions, ok = s.alone(p, text); ok {
			p.known.add(text, conditions)
		}
	}
	for _, c := range conditions {
		s.fulfil(int(c))
	}
}

// alone finds what one text fulfils, whatever was fulfilled before; exact is false
// where a scan gave up.
func (s *State) alone(p *place, text string) (conditions []int32, exact bool) {
	s.conditions, s.spare = s.spare, s.conditions
	s.inexact = false
	s.value(p, text)
	for c := range s.screen.conditions {
		if s.has(c) {
			conditions = append(conditions, int32(c))
		}
	}
	clear(s.conditions)
	s.conditions, s.spare = s.spare, s.conditions
	return conditions, !s.inexact
}
