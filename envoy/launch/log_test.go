package launch

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheTailKeepsTheLastLinesThatTellOfTrouble(t *testing.T) {
	var all []string
	l := &logLines{each: func(line string) { all = append(all, line) }}
	for i := range 100 {
		fmt.Fprintf(l, "[2026-11-23 06:09:25.085][1][info][main] chatter\ntrouble ")
		fmt.Fprintf(l, "%d\n", i)
	}
	fmt.Fprint(l, "no newline")
	l.flush()

	assert.Len(t, all, 201, "every line is handed on")
	tail := strings.Split(l.tail(), "\n")
	assert.Len(t, tail, tailLines)
	assert.Equal(t, "trouble 61", tail[0])
	assert.Equal(t, "no newline", tail[tailLines-1])
}

func TestTwoStreamsKeepTheirLinesWhole(t *testing.T) {
	var all []string
	out := &logLines{each: func(line string) { all = append(all, line) }}
	errors := out.beside()
	fmt.Fprint(out, "one ")
	fmt.Fprint(errors, "trouble ")
	fmt.Fprint(out, "two\n")
	fmt.Fprint(errors, "here\n")
	assert.Equal(t, []string{"one two", "trouble here"}, all)
	assert.Equal(t, "one two\ntrouble here", out.tail())
}
