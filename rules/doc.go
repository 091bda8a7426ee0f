// Package rules holds the rule sets that Seawall carries and turns SecLang text
// into a compiled WAF without losing a directive on the way.
//
//	FS        the embedded files by their @names, laid over the file system
//	Walk      the directives of a text, includes expanded, each with its place
//	Compile   Walk, then Coraza; an error names file, line and a way out
//	Recording what a compilation read, so that a reload knows whether to repeat it
//
// Coraza's parser drops the rest of a file behind a line of 64 KiB, drops a
// directive that a backslash leaves open, only warns when an Include pattern
// matches nothing, and names no line. Each of these leaves a firewall with
// fewer rules than its owner wrote, so Walk refuses them.
//
// Importing the package replaces Coraza's @pmFromFile and @ipMatch operators for the
// whole process (see pmfromfile.go, addresses.go). README.md lists the names and
// their sources.
package rules
