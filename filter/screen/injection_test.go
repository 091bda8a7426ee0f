package screen

import (
	"strings"
	"testing"

	"github.com/corazawaf/libinjection-go"
	"github.com/stretchr/testify/assert"
)

// sqlWords are words of every kind that libinjection tells apart, and none.
var sqlWords = strings.Fields(`select insert union intersect and or xor not null true current_user current_date user database password
 having where from into between like rlike in is int varchar binary collate group order by limit if else begin case shutdown waitfor
 execute declare goto print sleep benchmark md5 char dec date own3d sounds mod div latin1 _utf8 abort all distinct natural join table
 foo x e b n q u a1b2 0x1f 0b12 1e 42 1e5 3d 7f 0x 0b 1_0 T09 Z T`)

func agreesWithLibinjection(t testing.TB, v string) {
	if sqli, _ := libinjection.IsSQLi(v); sqli != isSQLi(v) {
		t.Errorf("%q: libinjection says SQL: %v", v, sqli)
	}
	if xss := libinjection.IsXSS(v); xss != isXSS(v) {
		t.Errorf("%q: libinjection says XSS: %v", v, xss)
	}
}

func TestPlainValuesAreNoSQLOfAnyWords(t *testing.T) {
	for _, a := range sqlWords {
		for _, b := range sqlWords {
			for _, join := range strings.Split(". ,:+-=/", "") {
				agreesWithLibinjection(t, a+join+b)
				agreesWithLibinjection(t, strings.ToUpper(join+a+b))
				agreesWithLibinjection(t, a+b+join)
				for _, c := range []string{"select", "union", "1", "and", "x", "current_user", "dec"} {
					agreesWithLibinjection(t, a+"."+c+join+b)
					agreesWithLibinjection(t, "1"+join+a+"0"+c+b)
				}
			}
		}
	}
}

func TestOrdinaryValuesAreNotGivenToLibinjection(t *testing.T) {
	for _, v := range []string{"", "a", "true", "status", "42", "49.90", "-1", "2026-03-14", "2026-03-14T09:26:53.589Z", "192.0.2.1", "2001:db8::1",
		"4a1c7e52-93bd-4f0e-8d26-7be105c9a3f8", "8c1f0e5a2b7d4963", "GA1.2.1094837261.1763900000", "shop.example.com", "www.example.com",
		"en-US", "text/html", "Garden chair", "user_id", "eyJhbGciOiJIUzI1NiJ9", "12, 34, 56", "#"} {
		assert.Equal(t, v != "#" && v != "GA1.2.1094837261.1763900000", plainSQL(v), "%q", v)
		agreesWithLibinjection(t, v)
	}
}

func FuzzInjectionAgainstLibinjection(f *testing.F) {
	for _, v := range []string{"1-current_user", "select.1current_user", "1 union select", "a--", "onload=x", "onload==", "x onerror=", "<!doctype", "<svg",
		"0x1.dec", "T09-dec", "1;select", "a.b.c", "2026-03-14T09:26:53Z", "\" onload=a", "`", "style =x"} {
		f.Add(v, "union", "-")
	}
	for _, v := range []string{"amber and bamboo for the coast", "copper password, x (1", "a in boolean mode (select 1)", "light-blue, large union select",
		"x and like and 1 union select 1", "1 from x and 1=1", "copper at time zone", "text copper } { b", "copper velvet -- \n group by x"} {
		f.Add(v, "\x00\x04\x08", "\x00\x50\x70\xa0\xc8")
	}
	pieces, between := sqlPieces()
	f.Fuzz(func(t *testing.T, a, b, c string) {
		// Words and joints are picked by the fuzzer's bytes too: it hits few words itself.
		var words strings.Builder
		for i := range min(len(a), 12) {
			if words.WriteString(sqlWords[int(a[i])%len(sqlWords)]); i < len(c) {
				words.WriteByte(" .,:+-=/_0"[c[i]%10])
			}
		}
		var phrases strings.Builder
		for i := range min(len(a), len(b), len(c), 12) {
			phrases.WriteString(pieces[(int(a[i])<<8|int(b[i]))%len(pieces)])
			phrases.WriteString(between[int(c[i])%len(between)])
		}
		for _, v := range []string{a, a + c + b, words.String(), words.String() + b, phrases.String(), phrases.String() + b} {
			agreesWithLibinjection(t, v)
		}
	})
}
