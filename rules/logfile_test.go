package rules

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/experimental"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whoever opens a FIFO to write waits for a reader: Envoy's main thread would, while
// it takes a config.
func TestALogThatWouldBlockOrCannotBeWrittenIsRefusedAtItsLine(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, syscall.Mkfifo("fifo", 0o600))
	require.NoError(t, os.Mkdir("logs", 0o700))
	require.NoError(t, os.Symlink("../fifo", "logs/link"))
	require.NoError(t, os.Symlink("logs/link", "links"))
	require.NoError(t, os.Symlink("loop", "loop"))
	require.NoError(t, os.WriteFile("own.conf", []byte("SecMarker a\nSecAuditLog fifo"), 0o600))
	listener, err := net.Listen("unix", "socket")
	require.NoError(t, err)
	defer listener.Close()
	fifo, err := filepath.Abs("fifo")
	require.NoError(t, err)
	const regular = " (give the name of a regular file, one that does not exist yet, or /dev/stdout)"
	for text, want := range map[string]string{
		"SecAuditLog fifo":                             "line 2: SecAuditLog fifo: it is a FIFO, and to open it waits for a reader" + regular,
		"secauditlog \"" + fifo + "\"":                 "line 2: secauditlog " + fifo + ": it is a FIFO, and to open it waits for a reader" + regular,
		"SecAuditLog ./logs/../fifo":                   "it is a FIFO",
		"SecAuditLog links":                            "line 2: SecAuditLog links: it is a FIFO",
		"SecDebugLog fifo":                             "line 2: SecDebugLog fifo: it is a FIFO",
		"Include own.conf":                             "own.conf:2: SecAuditLog fifo: it is a FIFO",
		"SecAuditLog fifo\nSecAuditLogType Concurrent": "line 2: SecAuditLog fifo: it is a FIFO",
		"SecAuditLog logs":                             "line 2: SecAuditLog logs: it is a directory" + regular,
		"SecDebugLog socket":                           "line 2: SecDebugLog socket: it is a socket" + regular,
		"SecAuditLog /proc/self/cwd/fifo":              "it is a FIFO",
		"SecDebugLog /proc/self/root" + fifo:           "it is a FIFO",
		"SecAuditLog loop":                             "line 2: SecAuditLog loop: too many levels of symbolic links" + regular,
	} {
		t.Run(text, func(t *testing.T) {
			_, err := Compile(FS(), "SecMarker a\n"+text, coraza.NewWAFConfig())
			var at *DirectiveError
			require.ErrorAs(t, err, &at)
			assert.ErrorContains(t, err, want)
		})
	}
}

func TestALogCanBeWrittenWhereContainersWriteIt(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("kept.log", nil, 0o600))
	require.NoError(t, os.Symlink("kept.log", "link"))
	require.NoError(t, os.Symlink("not-yet", "dangling"))
	require.NoError(t, os.Symlink("/dev/stdout", "stdout")) // as images of proxies have it
	require.NoError(t, os.Mkdir("logs", 0o700))
	// What a container's own output is: a pipe, which its runtime reads, or a FIFO.
	read, pipe, err := os.Pipe()
	require.NoError(t, err)
	defer read.Close()
	defer pipe.Close()
	require.NoError(t, syscall.Mkfifo("fifo", 0o600))
	fifo, err := os.OpenFile("fifo", os.O_RDWR, 0)
	require.NoError(t, err)
	defer fifo.Close()
	own := "/proc/self/fd/"
	for _, text := range []string{
		"SecAuditLog kept.log", "SecAuditLog link", "SecAuditLog new.log", "SecAuditLog \"new too.log\"", "SecAuditLog dangling",
		"SecAuditLog /dev/stdout", "SecAuditLog /dev/stderr", "SecAuditLog stdout", "SecAuditLog /dev/null",
		"SecAuditLog " + own + descriptor(pipe), "SecAuditLog /dev/fd/" + descriptor(pipe), "SecAuditLog " + own + descriptor(fifo),
		"SecDebugLog /dev/stderr", "SecDebugLog new.log", "SecDebugLog " + own + descriptor(pipe),
		"SecAuditLogStorageDir fifo", // nothing is opened before there is a record
		"SecAuditLogType HTTPS\nSecAuditLog https://127.0.0.1:1/log",
	} {
		t.Run(text, func(t *testing.T) {
			waf, err := Compile(FS(), text, coraza.NewWAFConfig())
			require.NoError(t, err)
			closer, ok := waf.(experimental.WAFCloser)
			require.True(t, ok)
			assert.NoError(t, closer.Close())
		})
	}
}

func descriptor(file *os.File) string { return strconv.Itoa(int(file.Fd())) }
