package transform

import "bytes"

// normalizePath resolves ".", ".." and empty elements lexically, and keeps a slash
// at the end, so that "/" becomes "//". What resolves to "." becomes empty.
func normalizePath(v string) string {
	if TraitsOf(v)&onPath == 0 {
		return v
	}
	return changed(v, cleanPath(v, false))
}

// normalizePathWin takes '\' for '/', and then drops what Windows does not look at:
// the stream behind ':' in the last element (not a drive's colon), and the dots and
// spaces at the end of an element.
func normalizePathWin(v string) string {
	if TraitsOf(v)&onPathWin == 0 {
		return v
	}
	return changed(v, dropLooseEnds(dropStream(cleanPath(v, true))))
}

// cleanPath is filepath.Clean for Unix, but for the end: see normalizePath.
func cleanPath(v string, backslash bool) []byte {
	// "/" grows by one byte, and no other value does.
	out := make([]byte, 0, len(v)+1)
	rooted := isSlash(v[0], backslash)
	if rooted {
		out = append(out, '/')
	}
	floor := len(out) // ".." takes nothing away before it
	for start := 0; start < len(v); start++ {
		end := start
		for end < len(v) && !isSlash(v[end], backslash) {
			end++
		}
		element := v[start:end]
		start = end
		switch {
		case element == "" || element == ".":
			continue
		case element == ".." && len(out) > floor:
			out = out[:max(floor, bytes.LastIndexByte(out, '/'))]
			continue
		case element == ".." && rooted:
			continue
		}
		if len(out) > 1 || len(out) == 1 && !rooted {
			out = append(out, '/')
		}
		out = append(out, element...)
		if element == ".." {
			floor = len(out)
		}
	}
	if len(out) > 0 && isSlash(v[len(v)-1], backslash) {
		out = append(out, '/')
	}
	return out
}

func isSlash(b byte, backslash bool) bool { return b == '/' || backslash && b == '\\' }

// dropStream cuts p, in place, at the first colon of its last element; one slash at
// the end is not an element.
func dropStream(p []byte) []byte {
	end := len(p)
	from := 0
	if end >= 2 && p[1] == ':' && (p[0]|0x20 >= 'a' && p[0]|0x20 <= 'z') {
		from = 2
	}
	closed := end > from && p[end-1] == '/'
	if closed {
		end--
	}
	last := p[from:end]
	last = last[bytes.LastIndexByte(last, '/')+1:]
	colon := bytes.IndexByte(last, ':')
	if colon < 0 {
		return p
	}
	p = p[:end-len(last)+colon]
	if closed {
		p = append(p, '/')
	}
	return p
}

// dropLooseEnds drops, in place, the dots and spaces at the end of each element of p,
// and an element that consists of them. One of dots alone stays.
func dropLooseEnds(p []byte) []byte {
	out := p[:0]
	first := true
	for start := 0; start <= len(p); start++ {
		end := start
		dots := true
		for end < len(p) && p[end] != '/' {
			dots = dots && p[end] == '.'
			end++
		}
		element := p[start:end]
		start = end
		if !dots {
			for len(element) > 0 && (element[len(element)-1] == '.' || element[len(element)-1] == ' ') {
				element = element[:len(element)-1]
			}
			if len(element) == 0 {
				continue
			}
		}
		if !first {
			out = append(out, '/')
		}
		first = false
		out = append(out, element...)
	}
	return out
}
