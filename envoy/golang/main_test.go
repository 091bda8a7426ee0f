package golang

import (
	"testing"

	"github.com/envoyproxy/envoy/contrib/golang/common/go/api"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	api.SetCommonCAPI(logged)
	goleak.VerifyTestMain(m)
}
