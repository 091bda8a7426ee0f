package transform

import (
	"crypto/fips140"
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"unsafe"
)

func length(v string) string {
	if v == "1" {
		return v
	}
	return strconv.Itoa(len(v))
}

// md5Sum returns the digest's 16 bytes. In FIPS 140-3 mode Coraza's function fails.
func md5Sum(v string) string {
	if fips140.Enabled() {
		return v
	}
	sum := md5.Sum(bytesOf(v))
	return string(sum[:])
}

// sha1Sum returns the digest's 20 bytes. In FIPS 140-3 mode Coraza's function fails.
func sha1Sum(v string) string {
	if fips140.Enabled() {
		return v
	}
	sum := sha1.Sum(bytesOf(v))
	return string(sum[:])
}

func hexEncode(v string) string {
	if v == "" {
		return v
	}
	out := make([]byte, hex.EncodedLen(len(v)))
	hex.Encode(out, bytesOf(v))
	return text(out)
}

// hexDecode leaves what is not hexadecimal throughout.
func hexDecode(v string) string {
	if len(v)%2 != 0 || v == "" {
		return v
	}
	for i := 0; i < len(v); i++ {
		if !isHex(v[i]) {
			return v
		}
	}
	out := make([]byte, len(v)/2)
	for i := range out {
		out[i] = hexByte(v[2*i], v[2*i+1])
	}
	return text(out)
}

func base64Encode(v string) string {
	if v == "" {
		return v
	}
	out := make([]byte, base64.StdEncoding.EncodedLen(len(v)))
	base64.StdEncoding.Encode(out, bytesOf(v))
	return text(out)
}

// base64Decode skips line breaks and ends at the first byte that is not of the
// alphabet; padding is one. Bits that make no whole byte are dropped.
func base64Decode(v string) string { return decode64(v, &strict64) }

// base64DecodeExt also knows the URL alphabet, and skips every byte of neither but
// the padding.
func base64DecodeExt(v string) string { return decode64(v, &lenient64) }

func decode64(v string, alphabet *[256]uint8) string {
	if v == "" {
		return v
	}
	out := make([]byte, 0, len(v)/4*3+3)
	var bits uint32
	count := 0
scan:
	for i := 0; i < len(v); i++ {
		switch six := alphabet[v[i]]; six {
		case skip64:
		case end64:
			break scan
		default:
			bits = bits<<6 | uint32(six)
			count++
			if count == 4 {
				out = append(out, byte(bits>>16), byte(bits>>8), byte(bits))
				bits, count = 0, 0
			}
		}
	}
	switch count {
	case 2:
		out = append(out, byte(bits>>4))
	case 3:
		out = append(out, byte(bits>>10), byte(bits>>2))
	}
	return text(out)
}

// A byte's value in base64's alphabet, or what it does to decoding.
const (
	skip64 = 64 + iota
	end64
)

var (
	strict64  = alphabet64(end64, "+/")
	lenient64 = alphabet64(skip64, "+/", "-_")
)

func alphabet64(other uint8, last ...string) (a [256]uint8) {
	for b := range a {
		a[b] = other
	}
	for i, b := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") {
		a[b] = uint8(i)
	}
	for _, two := range last {
		a[two[0]], a[two[1]] = 62, 63
	}
	a['\r'], a['\n'] = skip64, skip64
	a['='] = end64
	return a
}

// bytesOf gives v's bytes without a copy, to be read only.
func bytesOf(v string) []byte { return unsafe.Slice(unsafe.StringData(v), len(v)) }
