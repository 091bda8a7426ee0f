// Package bench measures what Seawall costs beside stock Coraza.
//
//	policy, err := bench.CoreRuleSet(1)                  // or PolicyOf(document, "")
//	cases, err := bench.Cases(seed, bench.Names)         // filter/testdata/bench
//	subjects, err := bench.Subjects(policy)              // stock, screen off, on, parse only
//	results, err := bench.Measure(ctx, cases, subjects, bench.Plan{Time: 2 * time.Minute, Progress: os.Stderr})
//
// MeasureRules times each rule, MeasureEnvoy real Envoys, MeasureBuild compiling.
//
// Every number is a ratio first: times on a shared machine say little, the same
// requests at the same minute through two engines say much.
package bench
