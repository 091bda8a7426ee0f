package filtertest

import (
	"strconv"
	"strings"
)

// The defaults that Message documents.

func method(m Message) string    { return or(m.Method, "GET") }
func path(m Message) string      { return or(m.Path, "/") }
func authority(m Message) string { return or(m.Authority, "app.example.com") }

func status(m Message) int {
	if m.Status == 0 {
		return 200
	}
	return m.Status
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func itoa(n int) string { return strconv.Itoa(n) }

// RuleOf reads the rule's ID out of response code details such as
// seawall_denied{942100}; -1 where they name none.
func RuleOf(details string) int {
	_, rest, ok := strings.Cut(details, "{")
	if !ok {
		return -1
	}
	id, err := strconv.Atoi(strings.TrimSuffix(rest, "}"))
	if err != nil {
		return -1
	}
	return id
}
