package transform

// Traits tells what one pass over a value's bytes saw of that which some
// transformation acts on: a class of bytes, a pair of neighbours, an edge.
type Traits uint64

// Classes of bytes: one such byte is somewhere in the value.
const (
	Upper     Traits = 1 << iota // A to Z
	Lower                        // a to z
	High                         // 0x80 to 0xff
	NUL                          // 0x00
	Plus                         // +
	Backslash                    // \
	Space                        // a space (0x20)
	Break                        // tab, line feed, carriage return
	Feed                         // vertical tab, form feed
	ShellMark                    // " ' ^ , ;
	Hash                         // #
	Colon                        // :
	NotHex                       // anything but a hexadecimal digit
	NotAlnum                     // anything but an ASCII letter, a digit, '*' (what urlEncode leaves)
)

// What the ends and the length of the value tell.
const (
	Any        Traits = 1 << (iota + 16) // every value, the empty one as well
	NonEmpty                             // at least one byte
	HexPairs                             // hexadecimal digits only, an even number of them, not none
	SpaceFirst                           // begins with ASCII white space
	SpaceLast                            // ends with ASCII white space
	HereFirst                            // "." or "/" alone, or begins with "./"
	LooseEnd                             // ends with '.' or a space
)

// Pairs: the two bytes are neighbours somewhere in the value.
const (
	SpaceRun     Traits = 1 << (iota + pairShift) // two spaces
	SpaceSlash                                    // a space, '/'
	SpaceParen                                    // a space, '('
	SlashSlash                                    // "//" or "/."
	DotSlash                                      // "./"
	CommentOpen                                   // "/*"
	CommentClose                                  // "*/"
	DashDash                                      // "--"
	Entity                                        // '&', then '#' or an ASCII letter or digit
	Percent                                       // '%', then a hexadecimal digit or u or U

	pairs = SpaceRun | SpaceSlash | SpaceParen | SlashSlash | DotSlash | CommentOpen | CommentClose | DashDash | Entity | Percent
)

// What the functions for paths act on.
const (
	onPath    = SlashSlash | HereFirst
	onPathWin = onPath | Backslash | Colon | SpaceSlash | DotSlash | LooseEnd
)

// A byte's entry in seen has its classes in the low bits, the pairs that it may end
// at their own places, and the pairs that it may begin leadShift bits further up.
// A pair has been seen where the entry before, shifted down, and the entry agree.
const (
	pairShift = 32
	leadShift = 16
	classes   = 1<<16 - 1
)

var seen = entries()

func entries() (e [256]uint64) {
	mark := func(t Traits, bytes string) {
		for _, b := range []byte(bytes) {
			e[b] |= uint64(t)
		}
	}
	pair := func(t Traits, lead, end string) {
		mark(t<<leadShift, lead)
		mark(t, end)
	}
	const (
		upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		lower  = "abcdefghijklmnopqrstuvwxyz"
		digits = "0123456789"
		hex    = digits + "abcdefABCDEF"
	)
	mark(Upper, upper)
	mark(Lower, lower)
	mark(NUL, "\x00")
	mark(Plus, "+")
	mark(Backslash, `\`)
	mark(Space, " ")
	mark(Break, "\t\n\r")
	mark(Feed, "\v\f")
	mark(ShellMark, `"'^,;`)
	mark(Hash, "#")
	mark(Colon, ":")

	pair(SpaceRun, " ", " ")
	pair(SpaceSlash, " ", "/")
	pair(SpaceParen, " ", "(")
	pair(SlashSlash, "/", "/.")
	pair(DotSlash, ".", "/")
	pair(CommentOpen, "/", "*")
	pair(CommentClose, "*", "/")
	pair(DashDash, "-", "-")
	pair(Entity, "&", "#"+upper+lower+digits)
	pair(Percent, "%", hex+"uU")

	for b := range e {
		if b >= 0x80 {
			e[b] |= uint64(High)
		}
		if hexValue[b] < 0 {
			e[b] |= uint64(NotHex)
		}
		if !alnumOrStar(byte(b)) {
			e[b] |= uint64(NotAlnum)
		}
	}
	return e
}

// TraitsOf looks once at every byte of v.
func TraitsOf(v string) Traits {
	if v == "" {
		return Any
	}
	var all, met, last uint64
	i := 0
	for ; i+4 <= len(v); i += 4 {
		// One bounds check for four bytes.
		four := v[i : i+4]
		a, b, c, d := seen[four[0]], seen[four[1]], seen[four[2]], seen[four[3]]
		all |= a | b | c | d
		met |= last>>leadShift&a | a>>leadShift&b | b>>leadShift&c | c>>leadShift&d
		last = d
	}
	for ; i < len(v); i++ {
		e := seen[v[i]]
		all |= e
		met |= last >> leadShift & e
		last = e
	}
	return Traits(all)&classes | Traits(met)&pairs | edges(v, Traits(all))
}

// edges returns the traits that v, which is not empty, has by its ends and length.
func edges(v string, all Traits) Traits {
	t := Any | NonEmpty
	if all&NotHex == 0 && len(v)%2 == 0 {
		t |= HexPairs
	}
	first, last := v[0], v[len(v)-1]
	if asciiSpace(first) {
		t |= SpaceFirst
	}
	if asciiSpace(last) {
		t |= SpaceLast
	}
	if last == '.' || last == ' ' {
		t |= LooseEnd
	}
	if first == '.' && (len(v) == 1 || v[1] == '/') || first == '/' && len(v) == 1 {
		t |= HereFirst
	}
	return t
}

// asciiSpace is C's isspace in the "C" locale.
func asciiSpace(b byte) bool { return b == ' ' || b >= '\t' && b <= '\r' }

// alnumOrStar reports whether urlEncode leaves b as it is.
func alnumOrStar(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '*'
}

// hexValue is a hexadecimal digit's value, and -1 for every other byte.
var hexValue = func() (h [256]int8) {
	for b := range h {
		h[b] = -1
	}
	for i, d := range []byte("0123456789abcdef") {
		h[d] = int8(i)
	}
	for i, d := range []byte("ABCDEF") {
		h[d] = int8(10 + i)
	}
	return h
}()

func isHex(b byte) bool { return hexValue[b] >= 0 }
