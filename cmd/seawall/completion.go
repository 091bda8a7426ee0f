package main

import (
	"fmt"
	"slices"
	"strings"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell to complete in: bash, zsh or fish."`
}

// Run prints a script that completes commands and their flags, and file names where
// neither fits. It is made from the commands themselves.
func (c *completionCommand) Run(s *session) error {
	words, names, err := completions()
	if err != nil {
		return err
	}
	var b strings.Builder
	if c.Shell == "fish" {
		fmt.Fprintf(&b, "complete -c seawall -n __fish_use_subcommand -f -a '%s'\n", strings.Join(names, " "))
		for _, name := range names {
			for _, flag := range words[name] {
				fmt.Fprintf(&b, "complete -c seawall -n '__fish_seen_subcommand_from %s' -l %s\n", name, strings.TrimPrefix(flag, "--"))
			}
		}
	} else {
		if c.Shell == "zsh" {
			b.WriteString("autoload -U +X bashcompinit && bashcompinit\n")
		}
		b.WriteString("_seawall() {\n  local words='" + strings.Join(names, " ") + "'\n  [ \"$COMP_CWORD\" -eq 1 ] || case \"${COMP_WORDS[1]}\" in\n")
		for _, name := range names {
			fmt.Fprintf(&b, "  %s) words='%s' ;;\n", name, strings.Join(words[name], " "))
		}
		b.WriteString("  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\ncomplete -o default -F _seawall seawall\n")
	}
	_, err = fmt.Fprint(s.stdout, b.String())
	return err
}

// completions are the commands, sorted, and the flags of each.
func completions() (flags map[string][]string, names []string, err error) {
	parser, err := newParser(&commandLine{}, nil, nil, nil)
	if err != nil {
		return nil, nil, err
	}
	flags = make(map[string][]string)
	for _, command := range parser.Model.Children {
		names = append(names, command.Name)
		for _, group := range command.AllFlags(true) {
			for _, flag := range group {
				flags[command.Name] = append(flags[command.Name], "--"+flag.Name)
			}
		}
		slices.Sort(flags[command.Name])
	}
	slices.Sort(names)
	return flags, names, nil
}
