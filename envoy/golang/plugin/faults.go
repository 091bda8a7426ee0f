//go:build cgo && seawall_faults

package main

import _ "github.com/seawall-waf/seawall/filter/filtertest/faults"
