// Package transform computes what SecLang's `t:` functions make of a value, byte
// for byte as Coraza 3.8.1 does, and tells cheaply which of them leave it alone.
//
// Coraza keeps its transformations internal and runs every one of them on every
// value. Most values are words, numbers and sentences that most transformations
// do not touch, and [TraitsOf] finds that out for all of them in one pass. Where
// nothing changes, a function returns the string it was given, so that whoever
// scans the results scans a value once for all the chains that left it as it was. A
// [Memo] does the same for chains that have steps in common.
//
// The package knows the functions that Coraza itself registers. It does not know
// about plugins, which may replace one of them for the whole process. The oracle
// of its tests is a Coraza WAF with one rule for each function.
package transform
