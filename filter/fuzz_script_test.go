package filter_test

import (
	"bytes"
	"strings"

	"github.com/seawall-waf/seawall/filter"
)

// script is a fuzzer's bytes read as one exchange on an odd proxy. Any bytes
// are a script: what they lack is zero, and choices are taken modulo.
//
//	byte 0  the config
//	byte 1  content type (bits 0-2), Upgrade (3), Connection: upgrade (4), HTTP/2 (5), CONNECT (6), GET (7)
//	byte 2  host (bits 0-1), x-do (2-4), a long cookie (5), an attack in the query (6), x-late in the head (7)
//	byte 3  end of the stream with the head (bit 0), evaluate at once (1), phase that panics (2-4)
//	then    two bytes for each event: what, and its argument
type script struct {
	config   *fuzzConfig
	request  filter.Request
	headers  []string
	ends     bool // with the head
	upgrade  bool
	connect  bool
	grpc     bool // HTTP/2, POST, and the type
	grpcType bool
	eager    bool // run an evaluation as soon as it is handed out
	tape     tape
	answer   filter.Response // the upstream's, once it has been played
}

// accepts reports whether a response's status accepts the request's tunnel.
func (s *script) accepts(status int) bool {
	return s.upgrade && status == 101 || s.connect && status/100 == 2
}

// maxEvents bounds a script; no invariant needs more to break.
const maxEvents = 48

// tape is bytes with as many zeros behind them as are asked for.
type tape struct{ left []byte }

func (t *tape) next() byte {
	if len(t.left) == 0 {
		return 0
	}
	b := t.left[0]
	t.left = t.left[1:]
	return b
}

func (t *tape) take(n int) []byte {
	n = min(n, len(t.left))
	b := t.left[:n]
	t.left = t.left[n:]
	return b
}

var (
	scriptTypes = []string{"", formType, "application/json", "text/plain", "application/grpc", "application/grpc+proto",
		"multipart/form-data; boundary=b", "application/grpc-web"}
	scriptHosts = []string{"app.example.com", "Strict.Example.com.:80", "a,b", ""}
	scriptDo    = []string{"", "deny", "allow", "engine-off", "redirect", "drop", "small-limit", "detect"}
	// scriptPieces are cut so that an attack, a limit and a message's frame can
	// each fall between two of them.
	scriptPieces = []string{"", "evil", "ev", "il", "a=1&", `{"q":"ev`, `il"}`, "\x00\x00\x00\x00\x02hi", "\x00\x00\x00\x00\x09", "\x01", "--b\r\ncontent-disposition: form-data; name=q\r\n\r\nevil\r\n--b--\r\n",
		strings.Repeat("x", 19), strings.Repeat("y", 63), strings.Repeat("z", 64), strings.Repeat("w", 700), "\x00\xff%zz&=&"}
	scriptTrailers = [][]string{{}, {"x-sum", "1"}, {"x-late", "evil"}, {"content-type", "application/json"},
		{"x-do", "allow"}, {"x-do", "engine-off"}, {"x-do", "deny"}, {"x-phase-1", "evil"}}
	scriptResponses = []filter.Response{
		{Status: 200, Headers: headers("content-type", "text/plain")},
		{Status: 200, Headers: headers("content-type", "text/plain; charset=utf-8", "x-late", "evil")},
		{Status: 200, Headers: headers("content-type", "image/png")},
		{Status: 200, Headers: headers("content-type", "text/event-stream")},
		{Status: 101, Headers: headers("content-type", "text/plain")},
		{Status: 403, Headers: headers("x-do", "deny")},
		{Status: 200, Headers: headers("content-type", "application/grpc")},
		{Status: 408, Headers: headers()},
	}
)

func piece(arg byte) []byte { return []byte(scriptPieces[int(arg)%len(scriptPieces)]) }

func readScript(configs []*fuzzConfig, data []byte) *script {
	s := &script{tape: tape{data}}
	s.config = configs[int(s.tape.next())%len(configs)]
	kind, extra, flags := s.tape.next(), s.tape.next(), s.tape.next()
	bit := func(b byte, n int) bool { return b>>n&1 == 1 }

	s.ends, s.eager = bit(flags, 0), bit(flags, 1)
	s.request = filter.Request{Method: "POST", Path: "/", Protocol: "HTTP/1.1", Authority: scriptHosts[extra&3]}
	contentType := scriptTypes[kind&7]
	add := func(name, value string) {
		if value != "" {
			s.headers = append(s.headers, name, value)
		}
	}
	add("content-type", contentType)
	s.upgrade = bit(kind, 3) && bit(kind, 4)
	if bit(kind, 3) {
		add("upgrade", "websocket")
	}
	if bit(kind, 4) {
		add("connection", "keep-alive, Upgrade")
	}
	if bit(kind, 5) {
		s.request.Protocol = "HTTP/2"
	}
	switch {
	case bit(kind, 6):
		s.request.Method, s.request.Path, s.connect = "CONNECT", "", true
	case bit(kind, 7):
		s.request.Method = "GET"
	}
	s.grpcType = contentType == "application/grpc" || contentType == "application/grpc+proto"
	s.grpc = s.grpcType && bit(kind, 5) && s.request.Method == "POST"
	add("x-do", scriptDo[extra>>2&7])
	if bit(extra, 5) || s.config.heavy {
		add("cookie", "c="+strings.Repeat("k", 40))
	}
	if bit(extra, 6) {
		s.request.Path += "?q=evil"
	}
	if bit(extra, 7) {
		add("x-late", "late")
	}
	if phase := flags >> 2 & 7; phase >= 1 && phase <= 5 {
		add("x-panic", string('0'+phase))
	}
	s.request.Headers = headers(s.headers...)
	return s
}

// play gives the script's events to a proxy.
func (s *script) play(p *oddProxy) {
	p.requestHead()
	for range maxEvents {
		if len(s.tape.left) == 0 {
			break
		}
		what, arg := s.tape.next(), s.tape.next()
		switch what % 14 {
		case 0:
			p.requestBody(false, piece(arg))
		case 1:
			p.requestBody(true, piece(arg))
		case 2:
			p.requestBody(arg&1 == 1, bytes.Clone(s.tape.take(int(arg>>1))))
		case 3:
			p.requestBody(arg>>7 == 1, piece(arg), nil, piece(arg+1))
		case 4:
			p.requestTrailers(scriptTrailers[int(arg)%len(scriptTrailers)])
		case 5:
			p.responseHead(scriptResponses[arg&7], arg>>7 == 1)
		case 6:
			p.responseBody(false, piece(arg))
		case 7:
			p.responseBody(true, piece(arg))
		case 8:
			p.responseBody(arg>>7 == 1, piece(arg), nil, piece(arg+1))
		case 9:
			p.responseTrailers(scriptTrailers[int(arg)%len(scriptTrailers)])
		case 10:
			p.evaluate(arg&1 == 1)
		case 11:
			p.apply()
		case 12:
			p.close()
		case 13:
			p.evaluate(true)
			p.close()
		}
	}
}
