package dfa

// Single is one pattern, for use in an @rx operator of its own. It is safe for
// concurrent use.
type Single struct{ set *Set }

// CompileSingle builds a Single of the pattern as written after @rx.
func CompileSingle(pattern string, b *Budget) (*Single, error) {
	set, err := Compile([]string{pattern}, b)
	if err != nil {
		return nil, err
	}
	return &Single{set}, nil
}

// Match says whether the pattern matches somewhere in v. Where it is not
// certain, ask the regular expression itself.
func (s *Single) Match(v string) (matched, certain bool) {
	var hits [1]uint64
	certain = s.set.Scan(v, hits[:])
	return hits[0] != 0, certain
}

// Stats and Close are the Set's.
func (s *Single) Stats() Stats { return s.set.Stats() }

// Close gives the memory back to the Budget.
func (s *Single) Close() { s.set.Close() }
