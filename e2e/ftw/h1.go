package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// answerWithin bounds one exchange; only a broken one takes that long.
const answerWithin = 30 * time.Second

// An answer is what the client got for one stage.
type answer struct {
	status int    // 0: no answer
	reason string // where there is no status: how the exchange ended
}

// sendH1 writes the bytes and reads the answer. A request that its own bytes
// leave unfinished (complete is false) is ended by closing the sending side,
// for nothing else ever would.
func sendH1(conn net.Conn, request []byte, method string, complete bool) (a answer, err error) {
	if _, err := conn.Write(request); err != nil {
		return a, err
	}
	if half, ok := conn.(*net.TCPConn); ok && !complete {
		if err := half.CloseWrite(); err != nil {
			return a, err
		}
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if timedOut(err) {
		return a, err
	}
	if err != nil {
		a.reason = "closed without an answer"
		return a, nil
	}
	defer response.Body.Close()
	a.status = response.StatusCode
	if method == http.MethodConnect && a.status == http.StatusOK {
		return a, nil // a tunnel: its end is ours to choose
	}
	if _, err := io.Copy(io.Discard, response.Body); timedOut(err) {
		return a, err
	}
	return a, nil
}

func timedOut(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}
