package screen

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"weak"

	"github.com/seawall-waf/seawall/filter/screen/dfa"
)

// Policies that differ in a few rules look for the same patterns and words: their
// Screens share the automata.
var (
	sharedSets  shared[dfa.Set]
	sharedWords shared[dfa.Words]
)

// shared finds what was built by the texts that it was built from. Pointers are
// weak: it shares what is in use and keeps nothing alive.
type shared[T any] struct {
	mu   sync.Mutex
	kept map[[sha256.Size]byte]weak.Pointer[T]
}

// get builds what nobody has built from the lists, or nobody uses any more. Two that
// ask at the same time may both build.
func (s *shared[T]) get(lists [][]string, build func() (*T, error)) (*T, error) {
	digest := digestOf(lists)
	s.mu.Lock()
	found := s.kept[digest].Value()
	s.mu.Unlock()
	if found != nil {
		return found, nil
	}
	built, err := build()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		s.kept = make(map[[sha256.Size]byte]weak.Pointer[T])
	}
	for d, p := range s.kept {
		if p.Value() == nil {
			delete(s.kept, d)
		}
	}
	s.kept[digest] = weak.Make(built)
	return built, nil
}

// digestOf tells lists apart, whatever their texts hold.
func digestOf(lists [][]string) (digest [sha256.Size]byte) {
	h := sha256.New()
	for _, list := range lists {
		fmt.Fprintf(h, "%d\n", len(list))
		for _, text := range list {
			fmt.Fprintf(h, "%d\n%s", len(text), text)
		}
	}
	h.Sum(digest[:0])
	return digest
}
