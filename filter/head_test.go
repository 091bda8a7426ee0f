package filter_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seawall-waf/seawall/filter"
)

// CRS 920280 matches a request without Host, 920290 one with an empty Host.
func TestAnEmptyHostIsAHostHeader(t *testing.T) {
	e := engine(t, `directives: |
  SecRuleEngine On
  SecRule &REQUEST_HEADERS:Host "@eq 0" "id:1,phase:1,deny,status:401"
  SecRule REQUEST_HEADERS:Host "@rx ^$" "id:2,phase:1,deny,status:402"`)
	tx := e.NewTransaction(newRecorder())
	defer tx.Close()
	v := tx.RequestHeaders(filter.Request{Method: "GET", Path: "/", Protocol: "HTTP/1.1", Headers: headers()}, true)
	if assert.NotNil(t, v.Reply) {
		assert.Equal(t, 402, v.Reply.Status)
	}
}
