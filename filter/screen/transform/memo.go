package transform

// A Memo applies many chains to one value, and computes what they have in common once:
// 30 of CRS's 41 chains decode a URL, most of them as their first step. Equal results are
// one string, so that whoever scans them need not compare their bytes.
//
// The zero Memo is ready. It is not safe for concurrent use, and keeps the strings it has
// seen until Reset.
type Memo struct{ done []done }

// done is one step that was taken.
type done struct {
	step    *Transformation
	in, out string
	traits  Traits // of out
}

// Reset makes m ready for the next value.
func (m *Memo) Reset() {
	clear(m.done)
	m.done = m.done[:0]
}

// Apply returns what c.Apply(v, t) does, and its traits.
func (m *Memo) Apply(c Chain, v string, t Traits) (string, Traits) {
	for _, step := range c {
		if t&step.On != 0 {
			v, t = m.apply(step, v, t)
		}
	}
	return v, t
}

func (m *Memo) apply(step *Transformation, v string, t Traits) (string, Traits) {
	for i := range m.done {
		if d := &m.done[i]; d.step == step && same(d.in, v) {
			return d.out, d.traits
		}
	}
	d := done{step: step, in: v, out: step.Apply(v), traits: t}
	if !same(d.out, v) {
		d.out, d.traits = m.known(d.out)
	}
	m.done = append(m.done, d)
	return d.out, d.traits
}

// known returns the string equal to v that an earlier step made, or v, and its traits.
func (m *Memo) known(v string) (string, Traits) {
	for i := range m.done {
		if d := &m.done[i]; d.out == v {
			return d.out, d.traits
		}
	}
	return v, TraitsOf(v)
}
