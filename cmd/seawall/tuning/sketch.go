package tuning

import (
	"hash/fnv"
	"math"
	"slices"
)

// sketchSize bounds a sketch's memory; counts up to it are exact, beyond they err
// by some 9%.
const sketchSize = 128

// A sketch counts distinct clients: it keeps the smallest of their hashes, whose
// density tells how many there are (k minimum values, Bar-Yossef et al., 2002).
type sketch []uint64 // sorted

func (s sketch) with(hash uint64) sketch {
	at, found := slices.BinarySearch(s, hash)
	if found || at >= sketchSize {
		return s
	}
	if len(s) == sketchSize {
		s = s[:sketchSize-1]
	}
	return slices.Insert(s, at, hash)
}

func (s sketch) and(other sketch) sketch {
	for _, hash := range other {
		s = s.with(hash)
	}
	return s
}

func (s sketch) count() int {
	if len(s) < sketchSize {
		return len(s)
	}
	return int(math.Round((sketchSize - 1) / (float64(s[sketchSize-1]) / math.MaxUint64)))
}

// hashOf spreads FNV-1a's bits (SplitMix64's last steps): a sketch needs them even.
func hashOf(text string) uint64 {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(text))
	h := sum.Sum64()
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
