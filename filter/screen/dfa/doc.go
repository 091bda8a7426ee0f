// Package dfa finds which of many regular expressions, or lists of words,
// match somewhere in a string, in one pass or a few, and agrees with what
// Coraza's @rx, @pm and @pmFromFile say of each.
//
// Three types do it: Set for many patterns, Single for one, Words for lists.
// A Set is a few automata that build their states while they scan:
//
//   - Scans take no lock and allocate nothing. A state is a row of a table of
//     32-bit transitions, over the classes of runes that the automaton's
//     patterns tell apart. A missing transition is built under a lock.
//   - Memory is bounded over all Sets by a Budget: a cache that may not grow is
//     started again.
//   - Building is bounded by credit: 256 scanned bytes pay for a transition.
//     An automaton without credit divides its patterns among smaller ones with
//     credit of their own, down to single patterns, and one that has none
//     either counts as a match: Scan then says that it is not exact.
//
// What was learnt from CRS 4.25's patterns:
//
//   - One union of all explodes. Not for its keywords, and seldom for counted
//     repetitions: for patterns like select.*from, of which each waits for its
//     second half through the rest of the text. So the patterns are cut at
//     such waits (cut.go), and what matches the first half is decided by the
//     pattern's own automaton, which is small. Short values of JSON documents
//     then need 3,500 states for 105 patterns, and seldom a second look.
//   - Patterns whose first half is common, like \.([^.]+)$, are not cut, but
//     scanned for eight or nine at a time: with 20 together, ten times the
//     states. A sample of innocent text, scanned when a Set is compiled, tells
//     which they are (divide.go): 13 of 128 at paranoia level 1.
//   - "." must not be among the others: every state would have a hit.
//   - A pattern over bytes (\xac\xed) sees the same in ASCII as one over runes,
//     so it stands among those, and bytes are scanned in other text only.
//   - A byte costs 1.6 ns where rows are in the first cache, twice that for all
//     of level 1 at once: half of the rows of innocent text are seen only once.
package dfa
