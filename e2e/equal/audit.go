package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/corazawaf/coraza/v3/experimental/plugins"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
)

// auditType is the SecAuditLogType that keeps records for comparison instead of
// writing them.
const auditType = "seawallEqual"

// records holds the audit records that nobody has taken yet, by transaction ID.
var records sync.Map

type auditKeeper struct{}

func init() {
	plugins.RegisterAuditLogWriter(auditType, func() plugintypes.AuditLogWriter { return auditKeeper{} })
}

func (auditKeeper) Init(plugintypes.AuditLogConfig) error { return nil }
func (auditKeeper) Close() error                          { return nil }

// Write stores the record without what no two runs share: the time, the ID, how
// long it took, where an upload lay; and its messages in an order of our own, for
// Coraza's is that of maps.
func (auditKeeper) Write(al plugintypes.AuditLog) error {
	text, err := json.Marshal(al)
	if err != nil {
		return err
	}
	id := al.Transaction().ID()
	var record map[string]any
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(text), id, "<id>")), &record); err != nil {
		return err
	}
	if tx, ok := record["transaction"].(map[string]any); ok {
		delete(tx, "timestamp")
		delete(tx, "unix_timestamp")
		if producer, ok := tx["producer"].(map[string]any); ok {
			delete(producer, "stopwatch")
		}
	}
	if messages, ok := record["messages"].([]any); ok {
		slices.SortFunc(messages, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	}
	record["parts"] = fmt.Sprintf("%s", al.Parts())
	text, err = json.Marshal(record)
	if err != nil {
		return err
	}
	written := 1
	if before, again := records.Load(id); again {
		written = before.(auditRecord).written + 1 // twice would be a difference
	}
	records.Store(id, auditRecord{written, string(text)})
	return nil
}

type auditRecord struct {
	written int
	text    string
}

// takeAudit adds the transaction's audit record, if it has one.
func (o outcome) takeAudit(id string) {
	if r, ok := records.LoadAndDelete(id); ok {
		o["audit"] = fmt.Sprintf("%d record: %s", r.(auditRecord).written, r.(auditRecord).text)
	}
}
