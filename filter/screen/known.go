package screen

import (
	"hash/maphash"
	"math/bits"
	"sync/atomic"
)

// known remembers which conditions texts fulfil that come again and again: names of
// headers, cookies and arguments, and what clients say of themselves in headers. It
// keeps no text, for a name may be somebody's secret as well: two hashes stand for it,
// which nobody can aim at without their seeds. The zero known is empty and ready.
type known struct{ table atomic.Pointer[knownTable] }

// knownTable has two slots for every text, and keeps the two that came last: what a
// client makes up costs others little.
type knownTable [knownTexts / 2][2]atomic.Pointer[remembered]

type remembered struct {
	text       [2]uint64
	conditions []int32
}

const (
	// knownTexts holds the names of a JSON document of some hundred records, which
	// differ by the record's number. A full table takes 300 KiB.
	knownTexts  = 4096
	knownLength = 256 // bytes
)

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

func hashes(text string) [2]uint64 {
	return [2]uint64{maphash.String(seeds[0], text), maphash.String(seeds[1], text)}
}

func (k *known) find(text [2]uint64) (conditions []int32, ok bool) {
	table := k.table.Load()
	if table == nil {
		return nil, false
	}
	slots := &table[text[0]%(knownTexts/2)]
	for i := range slots {
		if r := slots[i].Load(); r != nil && r.text == text {
			return r.conditions, true
		}
	}
	return nil, false
}

func (k *known) add(text [2]uint64, conditions []int32) {
	if k.table.Load() == nil {
		k.table.CompareAndSwap(nil, new(knownTable))
	}
	slots := &k.table.Load()[text[0]%(knownTexts/2)]
	slots[1].Store(slots[0].Load())
	slots[0].Store(&remembered{text, conditions})
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
	key := hashes(text)
	conditions, ok := p.known.find(key)
	if !ok {
		if conditions, ok = s.alone(p, text); ok {
			p.known.add(key, conditions)
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
	for i, word := range s.conditions {
		for ; word != 0; word &= word - 1 {
			conditions = append(conditions, int32(i*64+bits.TrailingZeros64(word)))
		}
	}
	clear(s.conditions)
	s.conditions, s.spare = s.spare, s.conditions
	return conditions, !s.inexact
}
