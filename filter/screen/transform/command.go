package transform

// cmdLine takes away what shells ignore: quotes, backslashes, carets, and the space
// before '/' and '('. It makes one space of each run of spaces, tabs, line breaks,
// commas and semicolons, and ASCII capitals small.
func cmdLine(v string) string {
	at, inRun := firstShellChange(v)
	if at == len(v) {
		return v
	}
	out := make([]byte, len(v))
	n := copy(out, v[:at])
	for ; at < len(v); at++ {
		b := v[at]
		switch shellByte[b] {
		case ignored:
			continue
		case separator:
			if inRun {
				continue
			}
			inRun = true
			b = ' '
		case opener:
			if inRun {
				n--
			}
			inRun = false
		case capital:
			b |= 0x20
			inRun = false
		default:
			inRun = false
		}
		out[n] = b
		n++
	}
	return text(out[:n])
}

// firstShellChange returns the index of the first byte that cmdLine does not simply
// keep, and whether a space, which it keeps so far, stands before it.
func firstShellChange(v string) (at int, inRun bool) {
	for ; at < len(v); at++ {
		switch shellByte[v[at]] {
		case plain:
			inRun = false
		case opener:
			if inRun {
				return at, inRun
			}
		case separator:
			if inRun || v[at] != ' ' {
				return at, inRun
			}
			inRun = true
		default:
			return at, inRun
		}
	}
	return at, inRun
}

const (
	plain = iota
	ignored
	separator
	opener
	capital
)

var shellByte = func() (class [256]uint8) {
	for kind, bytes := range map[uint8]string{
		ignored:   `"'\^`,
		separator: " ,;\t\r\n",
		opener:    "/(",
		capital:   "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
	} {
		for _, b := range []byte(bytes) {
			class[b] = kind
		}
	}
	return class
}()
