package filter

import _ "embed"

// Schema is the JSON Schema (draft 2020-12) of the native config document, with
// a description and the default of every key. It is for editors and for the
// reference; ParseConfig checks more than it says.
//
//go:embed schema.json
var Schema []byte
