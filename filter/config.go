package filter

// Config is what the user wrote, strictly parsed by ParseConfig. It is
// immutable. Everything that SecLang can say is said in the directives of a
// Policy; the other fields hold only what SecLang cannot say.
type Config struct {
	// Disabled is for a per-route config: the route is not inspected at all.
	Disabled bool
	// Policies by name; at least one unless Disabled.
	Policies map[string]*Policy
	// DefaultPolicy serves every host that Hosts does not name.
	DefaultPolicy string
	// Hosts maps a host pattern, normalised by NormalizeHost, to a policy's name.
	// A pattern is a host ("api.example.com"), or a wildcard ("*.example.com",
	// any depth below, not example.com itself).
	// PolicyFor looks a request's host up.
	Hosts map[string]string
	// RequestOnly leaves responses uninspected (phases 3 and 4 do not run, nothing
	// of a response is held). ResponseOnly leaves requests uninspected (phase 2
	// does not run, nothing of a request is held), but phase 1 runs: rule sets
	// initialise themselves in it. At most one is set; phase 5 runs in any case.
	RequestOnly, ResponseOnly bool
	// OnError is what a fault of ours does to the exchange.
	OnError FailurePolicy
	// RequestBody and ResponseBody bound what is held and where it is inspected.
	RequestBody, ResponseBody BodyOptions
	// HeldBytesBudget caps what the whole process holds for bodies, those under
	// evaluation included. A request that would go past it gets 503.
	HeldBytesBudget int
	// ScreenOff has the engine run every rule for every exchange. Otherwise an
	// exchange goes to it only if some rule could match (filter/screen).
	ScreenOff bool
	// VerifySample is the share of exchanges, 0 to 1, for which the engine runs every
	// rule all the same, and the screen is not trusted again if it was wrong.
	VerifySample float64
	// Block is what a denied client sees.
	Block BlockResponse
	// LogMatchedData adds to each event what matched, cut short, never that of a
	// cookie or of a credential.
	LogMatchedData bool
	// Labels are constant tags for every metric, written by the user: at most
	// MaxLabels, names of [a-z_][a-z0-9_]*, values of at most 128 bytes.
	Labels map[string]string
}

// Policy is one named rule set.
type Policy struct {
	Name string
	// Snippets are the pieces of SecLang, in order.
	Snippets []Snippet
}

// Snippet is one piece of SecLang with the place in the config document where
// it was written.
type Snippet struct {
	Text string
	Key  string // "policies.strict.directives[2]"
	Line int    // line in the config document where Text begins, 1-based; 0: unknown
	// OneLine says that all of Text stands on that one line, its line breaks
	// written as escapes (as JSON has it). Otherwise line n of Text is line
	// Line+n-1 of the document.
	OneLine bool
}

// FailurePolicy is what a fault (a panic, an engine error, a full disk) does.
type FailurePolicy uint8

const (
	// FailClosed answers 500.
	FailClosed FailurePolicy = iota
	// FailOpen lets the exchange pass uninspected.
	FailOpen
)

// BodyOptions bound what the core does with one direction's bodies.
type BodyOptions struct {
	// MaxHeldBytes caps what is held in memory for one body, whatever SecLang's
	// limit and Envoy's buffer limit say. Past it a request gets 413, a response
	// becomes 500.
	MaxHeldBytes int
	// OffloadBytes is the size from which a body is inspected outside the host's
	// event thread; 0 inspects every body there. A request's query and cookies
	// count too: with CRS, 1 KiB of arguments takes the engine some 15 ms.
	OffloadBytes int
}

// BlockResponse holds the bodies of a denial by media type. {{id}} stands for
// the block ID, {{status}} for the status, {{rule_id}} for the rule (0 where no
// rule denied). JSON is valid JSON once these are replaced.
type BlockResponse struct {
	Text, HTML, JSON string
}

// Defaults for what a Config leaves out.
const (
	DefaultPolicyName   = "default"
	DefaultDirectives   = "Include @seawall.conf"
	DefaultMaxHeldBytes = 16 << 20
	DefaultOffloadBytes = 1 << 10

	DefaultHeldBytesBudget = 1 << 30
)

// Bounds on what a Config may say.
const (
	MaxDocumentBytes = 4 << 20 // the config document as a whole
	MinHeldBytes     = 1 << 10 // MaxHeldBytes and HeldBytesBudget at least
	MaxBudget        = 1 << 40 // HeldBytesBudget at most
	MaxHeldBytes     = 1 << 30 // MaxHeldBytes and OffloadBytes at most: Coraza's own limit for a body
	MaxLabels        = 8
	MaxBlockBytes    = 64 << 10 // each template of BlockResponse
)

// DefaultBlockResponse is what a denied client sees unless the Config says
// otherwise. It names no rule: that would help the attacker to tune a payload.
var DefaultBlockResponse = BlockResponse{
	Text: "Request blocked.\nID: {{id}}\n",
	HTML: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Request blocked</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto; padding: 0 1rem; color: #222; background: #fff }
code { font-size: 1.1rem }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #1b1b1b } }
</style>
</head>
<body>
<h1>Request blocked</h1>
<p>The request looked harmful and was not let through. If it was not, give this ID to those who run the site:</p>
<p><code>{{id}}</code></p>
</body>
</html>
`,
	JSON: `{"status":{{status}},"message":"blocked","id":"{{id}}"}` + "\n",
}
