package seclang

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// change applies a SecRuleRemove... or SecRuleUpdate... directive to the rules
// above it, links left alone, as Coraza's internal/seclang/directives.go does.
// Markers have the ID 0 there, so a range that begins with 0 is one of markers too.
func (p *parser) change(name, argument string) error {
	switch name {
	case "secruleremovebyid":
		return p.removeByID(argument)
	case "secruleremovebytag":
		p.remove(func(r *Rule) bool { return slices.Contains(r.Tags, argument) })
	case "secruleremovebymsg":
		p.remove(func(r *Rule) bool { return r.Msg == argument })
	case "secruleupdatetargetbytag":
		words := strings.Fields(argument)
		if len(words) != 2 {
			return errors.New("it needs a tag and variables")
		}
		tag, variables := strings.Trim(words[0], `"`), strings.Trim(words[1], `"`)
		return p.update(
			func(r *Rule) bool { return slices.Contains(r.Tags, tag) },
			func(r *Rule) error { return r.updateTarget(variables) })
	case "secruleupdatetargetbyid":
		return p.updateByID(argument, (*Rule).updateTarget)
	case "secruleupdateactionbyid":
		return p.updateByID(argument, (*Rule).updateActions)
	}
	return nil
}

func (p *parser) remove(match func(*Rule) bool) {
	p.set.Rules = slices.DeleteFunc(p.set.Rules, match)
}

// removeByID removes the first rule of each ID, and all of each range.
func (p *parser) removeByID(argument string) error {
	for word := range strings.FieldsSeq(argument) {
		ids, err := parseIDs(word)
		if err != nil {
			return err
		}
		if ids.single {
			if i := slices.IndexFunc(p.set.Rules, ids.contain); i >= 0 {
				p.set.Rules = slices.Delete(p.set.Rules, i, i+1)
			}
			continue
		}
		p.remove(ids.contain)
	}
	return nil
}

// updateByID updates by the last word of argument the rules that the words before
// it name. Coraza stops behind the first word that names a single rule, so that of
// "1 2 ..." only 1 is updated; and an action list with spaces loses what is before
// the last of them.
func (p *parser) updateByID(argument string, with func(*Rule, string) error) error {
	words := strings.Fields(argument)
	if len(words) < 2 {
		return errors.New("it needs an ID and what to change")
	}
	text := strings.Trim(words[len(words)-1], `"`)
	for _, word := range words[:len(words)-1] {
		ids, err := parseIDs(word)
		if err != nil {
			return err
		}
		done := false
		err = p.update(
			func(r *Rule) bool { return !done && ids.contain(r) },
			func(r *Rule) error {
				done = ids.from == ids.to
				return with(r, text)
			})
		if err != nil || ids.from == ids.to {
			return err
		}
	}
	return nil
}

func (p *parser) update(match func(*Rule) bool, with func(*Rule) error) error {
	for _, r := range p.set.Rules {
		if !match(r) {
			continue
		}
		if err := with(r); err != nil {
			return err
		}
	}
	return nil
}

// updateTarget adds variables and exclusions. A marker is given some too, which it
// never looks at.
func (r *Rule) updateTarget(text string) error {
	if r.Marker != "" {
		return nil
	}
	return r.addVariables(text)
}

// updateActions adds actions to the rule's. A disruptive one replaces the rule's
// own, and a block, for which no default is looked up here, ends up doing nothing.
// The ID and the phase change too, whatever Coraza's manual says.
func (r *Rule) updateActions(list string) error {
	if r.Marker != "" {
		return errors.New("it gives actions to a SecMarker, which runs in every phase")
	}
	if err := r.apply(parseActions(list), nil); err != nil {
		r.doubt(err.Error())
	}
	return nil
}

// ids are the IDs from..to; single as written, not as it turns out.
type ids struct {
	from, to int
	single   bool
}

func (i ids) contain(r *Rule) bool { return r.ID >= i.from && r.ID <= i.to }

func parseIDs(word string) (ids, error) {
	from, to, isRange := strings.Cut(word, "-")
	if !isRange {
		to = from
	}
	first, err := strconv.Atoi(from)
	if err != nil {
		return ids{}, fmt.Errorf("%q is no ID", word)
	}
	last, err := strconv.Atoi(to)
	if err != nil || first > last {
		return ids{}, fmt.Errorf("%q is no range of IDs", word)
	}
	return ids{from: first, to: last, single: !isRange}, nil
}
