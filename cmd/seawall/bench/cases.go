package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	files "github.com/seawall-waf/seawall/filter/testdata/bench"
)

// A Case is measured as one: a request, or a mix of several in fixed shares.
type Case struct {
	Name string
	// Group is the word under which the last line reports the case: its own name,
	// or what it shares with others, of which the worst then counts.
	Group string
	parts []part
	size  int // exchanges in one round of the parts
}

type part struct {
	share   int
	request *Request
}

// Names lists the cases in the order in which they are measured.
var Names = []string{
	"tiny", "browser", "browser+html", "form", "json2k", "json20k", "json100k", "multipart1m",
	"attack-sqli", "attack-xss", "attack-lfi", "attack-rce", "attack-log4j",
	"alerted", "malformed", "adversarial-form", "adversarial-json", "mixed",
}

// Cases opens the cases of these names; a group's name, "attacks", stands for
// all of its cases. The values in their requests follow from the seed.
func Cases(seed uint64, names []string) ([]*Case, error) {
	f, err := newFresh(seed)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !slices.ContainsFunc(Names, func(n string) bool { return n == name || group(n) == name }) {
			return nil, fmt.Errorf("no request is named %q; there are: %s", name, strings.Join(Names, ", "))
		}
	}
	var all []*Case
	for _, name := range Names {
		if !slices.Contains(names, name) && !slices.Contains(names, group(name)) {
			continue
		}
		c := &Case{Name: name, Group: group(name)}
		if err := c.open(f); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// CasesOf opens request files of the user's own, each as a case of its name.
func CasesOf(seed uint64, names []string) ([]*Case, error) {
	f, err := newFresh(seed)
	if err != nil {
		return nil, err
	}
	var all []*Case
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		short := strings.TrimSuffix(filepath.Base(name), ".http")
		r, err := newRequest(short, string(text), f)
		if err != nil {
			return nil, err
		}
		if _, err := r.Next(); err != nil {
			return nil, err
		}
		all = append(all, &Case{Name: short, Group: short, parts: []part{{1, r}}, size: 1})
	}
	return all, nil
}

// group of a case: attack-sqli is one of the attacks.
func group(name string) string {
	switch kind, _, several := strings.Cut(name, "-"); {
	case !several:
		return name
	case kind == "attack":
		return "attacks"
	default:
		return kind
	}
}

func (c *Case) open(f *fresh) error {
	list, err := files.Files.ReadFile(c.Name + ".set")
	if err != nil {
		list = []byte("1 " + c.Name)
	}
	for line := range strings.Lines(string(list)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		count, name, _ := strings.Cut(line, " ")
		share, err := strconv.Atoi(count)
		if err != nil {
			return fmt.Errorf("reading %s.set: %q: want how many, of which", c.Name, line)
		}
		request, err := open(name, f)
		if err != nil {
			return err
		}
		c.parts = append(c.parts, part{share, request})
		c.size += share
	}
	return nil
}

// Batch makes n rounds of new exchanges.
func (c *Case) Batch(n int) ([]*Exchange, error) {
	batch := make([]*Exchange, 0, n*c.size)
	for range n {
		for _, p := range c.parts {
			for range p.share {
				x, err := p.request.Next()
				if err != nil {
					return nil, err
				}
				batch = append(batch, x)
			}
		}
	}
	return batch, nil
}

func caseNames(cases []*Case) []string {
	names := make([]string, len(cases))
	for i, c := range cases {
		names[i] = c.Name
	}
	return names
}
