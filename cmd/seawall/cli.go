package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"regexp"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/seawall-waf/seawall/cmd/seawall/terminal"
	"github.com/seawall-waf/seawall/envoy/launch"
)

// The exit codes, the same for every command.
const (
	exitOK          = 0
	exitFinding     = 1 // the command did its work and found what it looks for
	exitUsage       = 2 // wrong usage, config or set-up
	exitUnreachable = 3 // what the command speaks to does not answer

	exitInterrupted = 130 // by Ctrl-C before there was a result; 128+SIGINT, as shells have it
)

const description = `A web application firewall for Envoy: Coraza and the OWASP Core Rule Set.

Exit codes: 0 fine, 1 finding, 2 usage or config, 3 unreachable, 130 interrupted without a result.`

type commandLine struct {
	Run      runCommand      `cmd:"" help:"Start Envoy with Seawall in it, before a demo upstream or your own."`
	Attack   attackCommand   `cmd:"" help:"Send attacks and innocent requests; fail if an attack passes or an innocent one does not."`
	Explain  explainCommand  `cmd:"" help:"Say why a request is blocked, and what would let it pass; prove it."`
	Validate validateCommand `cmd:"" help:"Check configs, Envoy configurations and directives before an Envoy loads them."`
	Tune     tuneCommand     `cmd:"" help:"Propose rule exclusions for what innocent requests were denied for; prove that they open nothing elsewhere, and count what passes inside."`
	Report   reportCommand   `cmd:"" help:"Say whether a policy that only detects could be enforced, from its logs."`
	Upstream upstreamCommand `cmd:"" help:"Start only the demo upstream."`
	Bench    benchCommand    `cmd:"" help:"Measure what Seawall costs beside stock Coraza, and what each rule costs."`
	Version  versionCommand  `cmd:"" help:"Print the version."`

	Completion completionCommand `cmd:"" help:"Print a script that completes commands and flags in a shell."`

	PrintVersion kong.VersionFlag `name:"version" help:"Print the version."`
}

// A session is what a command may touch of the outside.
type session struct {
	ctx            context.Context // ends with SIGINT or SIGTERM
	stdout, stderr io.Writer
	env            func(string) string
}

// exitError ends the program with a code. A nil cause prints nothing.
type exitError struct {
	code  int
	cause error
}

func (e *exitError) Error() string {
	if e.cause == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.cause.Error()
}

func (e *exitError) Unwrap() error { return e.cause }

// run does what args say and returns the exit code.
func run(args []string, stdout, stderr io.Writer, env func(string) string) int {
	code, ended := exitOK, false
	out := &output{to: stdout}
	// --help and --version ask to exit; we return instead.
	parser, err := newParser(&commandLine{}, out, stderr, func(c int) { code, ended = c, true })
	if err != nil {
		fmt.Fprintln(stderr, "seawall:", err)
		return exitUsage
	}
	parsed, err := parser.Parse(withNegatives(withHelp(args)))
	if lost := out.orElse(nil); lost != nil { // the help, or the version
		fmt.Fprintln(stderr, "seawall:", lost)
		return exitUsage
	}
	if ended {
		if len(args) == 0 {
			return exitUsage // a script that lost its arguments must not go on
		}
		return code
	}
	if err != nil {
		text := noValue.ReplaceAllString(err.Error(), "it needs a value ($1)")
		fmt.Fprintf(stderr, "seawall: %s; see seawall %s--help\n", terminal.PrintableLines(text), commandOf(err))
		return exitUsage
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C ends the program at once.
	context.AfterFunc(ctx, stop)
	err = out.orElse(parsed.Run(&session{ctx: ctx, stdout: out, stderr: stderr, env: env}))
	if err == nil {
		return exitOK
	}
	var exit *exitError
	if !errors.As(err, &exit) {
		exit = &exitError{code: exitUsage, cause: err}
	}
	if exit.cause != nil { // it may quote a file, a name, a log
		fmt.Fprintln(stderr, "seawall:", terminal.PrintableLines(err.Error()))
	}
	return exit.code
}

// withHelp turns "seawall" and "seawall help attack" into what kong understands.
func withHelp(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "help":
		return append(slices.Clone(args[1:]), "--help")
	}
	return args
}

// noValue is what kong says of a flag at the end of the line.
var noValue = regexp.MustCompile(`expected (\w+) value but got "EOL" \(<EOL>\)`)

// withNegatives joins a flag and a negative number behind it, which kong takes for a
// flag: none of ours is a digit. Whether a flag may be negative its command says.
func withNegatives(args []string) []string {
	var joined []string
	for i, arg := range args {
		if arg == "--" {
			return append(joined, args[i:]...)
		}
		if last := len(joined) - 1; last >= 0 && negative.MatchString(arg) && bareFlag.MatchString(joined[last]) {
			joined[last] += "=" + arg
			continue
		}
		joined = append(joined, arg)
	}
	return joined
}

var (
	negative = regexp.MustCompile(`^-\d`)
	bareFlag = regexp.MustCompile(`^--[a-z][a-z-]*$`)
)

func newParser(commands *commandLine, stdout, stderr io.Writer, exit func(int)) (*kong.Kong, error) {
	return kong.New(commands,
		kong.Name("seawall"),
		kong.Description(description),
		kong.Vars{"envoy_version": launch.DefaultVersion, "module": moduleName, "version": version()},
		kong.Writers(stdout, stderr),
		kong.Exit(exit),
	)
}

// commandOf is the command whose line could not be read, and a space; "" if it is
// none that there is.
func commandOf(err error) string {
	var parsing *kong.ParseError
	if !errors.As(err, &parsing) || parsing.Context == nil || parsing.Context.Selected() == nil {
		return ""
	}
	return parsing.Context.Selected().Name + " "
}
