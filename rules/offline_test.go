package rules

import (
	"net"
	"os"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/experimental"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOfflineNoLogIsMadeWrittenOrConnectedTo(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("kept.log", []byte("kept\n"), 0o600))
	require.NoError(t, os.WriteFile("own.conf", []byte("SecDebugLog \\\n # inside\nnew.log\nSecDebugLogLevel 9\nSecAuditLog new.log\n"), 0o600))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := listener.Addr().String()
	require.NoError(t, listener.Close()) // who connects is refused
	for _, logs := range []string{
		"SecDebugLog kept.log\nSecDebugLogLevel 9\nSecAuditEngine On\nSecAuditLog kept.log",
		"secdebuglog \\\n\"kept.log\"\nSecDebugLogLevel 9",
		"SecDebugLog new.log", "Include own.conf", "SecDebugLog missing/debug.log", "SecAuditLog missing/audit.log",
		"SecAuditLogType Syslog\nSecAuditLog tcp://" + server, "SecAuditLogType HTTPS\nSecAuditLog http://" + server,
	} {
		t.Run(logs, func(t *testing.T) {
			waf, err := CompileOffline(FS(), logs+"\nSecAction \"id:1,phase:1,log,auditlog,deny\"\n", coraza.NewWAFConfig())
			require.NoError(t, err)
			defer func() { assert.NoError(t, waf.(experimental.WAFCloser).Close()) }()
			tx := waf.NewTransaction()
			require.NotNil(t, tx.ProcessRequestHeaders(), "the rules are those of the text")
			tx.ProcessLogging()
			require.NoError(t, tx.Close())

			kept, err := os.ReadFile("kept.log")
			require.NoError(t, err)
			assert.Equal(t, "kept\n", string(kept))
			assert.NoFileExists(t, "new.log")
		})
	}
}

func TestOfflineAFaultIsAtItsOwnLine(t *testing.T) {
	for text, want := range map[string]string{
		"SecDebugLog \\\n /dev/null\nSecMarker a\nSecRul x": "line 4: unknown directive",
		"SecDebugLog": "line 1: ",
	} {
		_, err := CompileOffline(FS(), text, coraza.NewWAFConfig())
		assert.ErrorContains(t, err, want)
	}
}
