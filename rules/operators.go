package rules

import (
	"sync"

	"github.com/corazawaf/coraza/v3/experimental/plugins"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
)

// registerOperators puts our operators, and our reader of forms, in the place of
// Coraza's. That holds for
// the whole process and cannot be undone, so the first Compile does it, not an
// init: a program that compares us with stock Coraza builds its stock WAFs first.
var registerOperators = sync.OnceFunc(func() {
	plugins.RegisterOperator("rx", newExpression)
	plugins.RegisterOperator("pmFromFile", newPhraseFile)
	plugins.RegisterOperator("pmf", newPhraseFile)
	plugins.RegisterOperator("pm", newPhraseList)
	plugins.RegisterOperator("pmFromDataset", newPhraseDataset)
	plugins.RegisterOperator("ipMatch", newAddresses)
	plugins.RegisterOperator("ipMatchFromFile", newAddressFile)
	plugins.RegisterOperator("ipMatchF", newAddressFile)
	plugins.RegisterBodyProcessor("urlencoded", func() plugintypes.BodyProcessor { return urlencoded{} })
})
