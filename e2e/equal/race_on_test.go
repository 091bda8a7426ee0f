//go:build race

package main

// raced: the race detector makes everything ten times slower. One exchange at a
// time, for Coraza 3.8.1 races with itself where ctl:ruleRemoveTargetById meets a
// rule with three exclusions of its own (the append in rule.go's doEvaluate).
const raced = true
