// Command ftw sends every regression test of the Core Rule Set that Seawall
// embeds through a real Envoy, over HTTP/1.1 and over HTTP/2 (h2c), through either
// door, and accounts for each. It ends with 1 if any failed.
//
// Every test ends in exactly one class, and each class is shown in the run, not
// read from a list. The worst of a test's stages counts. Whatever the class, where
// a request reached the upstream, its body must have arrived as it was sent, and
// the filter must log the very rules that stock Coraza, in process, logs of what
// arrived.
//
//   - matched: all that CRS expects holds: the rules logged, those not logged, the
//     log's text, and the status where CRS names one.
//   - refused: Envoy answered by itself. The status and its reason are asserted;
//     Envoy chose no upstream, and the upstream saw no byte of it.
//   - inexpressible: CRS's bytes cannot be put to a filter of Envoy. Either the
//     protocol has no form for them (what rule of its RFC, or what has to be left
//     out to say the rest), or Envoy strips or replaces them before any filter (what
//     it made of them). For the latter two stock Coraza proves it: given the bytes as
//     CRS wrote them it meets the expectation, given what is left of them it does
//     not, and the reason names a smallest set of differences that makes it so. Where
//     CRS expects nothing but the status of its own web server, what must not be
//     lost is every rule that stock Coraza logs of the bytes as CRS wrote them.
//   - engine: the engine's own. CRS expects what another parser does, ModSecurity's
//     of a body or Apache's of a request line, and stock Coraza, given the same
//     bytes in process, does as the filter did. Each is named with its cause, at
//     most ten (causes.go).
//   - failed: none of these could be shown; or it is not what testdata has.
//
// testdata pins every test that is not simply matched, with the status and the
// details of Envoy's answer or what Envoy changed: what CRS expects and Envoy changes is
// asserted as what Envoy does. The pins hold for both doors and for every Envoy.
package main
