// Package seclang models a rule set as Coraza 3.8.1 will evaluate it: from the
// directives that Coraza has accepted, every rule with its effective variables,
// operator, transformations and actions, in evaluation order, after all removals
// and updates.
//
//	directives, err := rules.Walk(fsys, text)   // what rules.Compile accepted
//	set := seclang.Parse(directives)
//
// It judges nothing: Coraza has. It follows Coraza's parser to the letter, oddities
// included, each named where it is followed; and what it does not know it marks, on
// the Rule or on the whole RuleSet (Unknown), so that a reader who may only draw
// sound conclusions can leave the marked rule to Coraza.
//
// The tests compare each model, field by field, with what Coraza compiled.
package seclang
