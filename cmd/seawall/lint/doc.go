// Package lint says what is wrong with a Seawall config before an Envoy loads it:
// every fault that the filter would refuse, and what it would accept although it
// guards less than it seems to.
//
//	Document  checks one config document: the faults of filter.ParseConfig and
//	          filter.NewEngine, then the lints of its rule sets
//	Envoy     finds the documents inside an Envoy configuration and checks each
//	SecLang   checks a file of directives alone
//	Text, JSON, SARIF print the findings
//
// It judges by what the core says: it parses and compiles with filter, and models
// the rules with filter/screen/seclang. It changes nothing and starts nothing.
package lint
