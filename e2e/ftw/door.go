package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/seawall-waf/seawall/envoy/launch"
)

// endRule is logged by every transaction that reaches phase 5, so that each has
// exactly one event and the absence of another rule in it means something.
const endRule = 9990001

// directives are CRS's own test setup (tests/regression/README.md there): it
// detects, at paranoia level 4.
var directives = []string{
	"Include @coraza-ftw",
	"Include @crs-ftw",
	"Include @owasp_crs/*.conf",
	fmt.Sprintf("SecAction \"id:%d,phase:5,pass,log,msg:'The transaction has ended'\"", endRule),
}

// The doors, as -door and make's DOOR name them.
const doorDynamicModule, doorGolang = "dynamicmodule", "golang"

// A door is a running Envoy with the filter, and the backend behind it. It has
// two listeners: plain, and audited, whose audit log has each rule's full text,
// which a few tests match with a regular expression.
type door struct {
	*launch.Envoy
	*journal
	backend *backend
	dir     string
	access  *os.File
	ports   map[string]int // by listener
}

func openDoor(ctx context.Context, o options, path string) (_ *door, err error) {
	module, err := filepath.Abs(o.module) // the golang door's library is named in the bootstrap
	if err != nil {
		return nil, err
	}
	d := &door{journal: newJournal()}
	defer func() {
		if err != nil {
			_ = d.close()
		}
	}()
	if d.dir, err = os.MkdirTemp("", "seawall-ftw-"); err != nil {
		return nil, err
	}
	if err = d.readAccessLog(); err != nil {
		return nil, err
	}
	if d.backend, err = startBackend(); err != nil {
		return nil, err
	}
	boot, err := bootstrap(o.door, module, d.backend.address, d.dir, o.extra)
	if err != nil {
		return nil, err
	}
	d.Envoy, err = launch.Start(ctx, launch.Options{Path: path, Bootstrap: boot, ModuleDir: module,
		Concurrency: 2, LogLevel: "warning", Log: d.line})
	if err != nil {
		return nil, err
	}
	d.ports, err = d.Ports(ctx)
	return d, err
}

func auditLog(dir string) string  { return filepath.Join(dir, "audit.json") }
func accessLog(dir string) string { return filepath.Join(dir, "access") }

// readAccessLog makes the pipe that Envoy writes its access log to, and reads it
// until close. It is not Envoy's standard output, for that is the same pipe as its
// standard error: a long write to one can be cut by the other.
func (d *door) readAccessLog() (err error) {
	path := accessLog(d.dir)
	if err = syscall.Mkfifo(path, 0o600); err != nil {
		return fmt.Errorf("making the pipe %s: %w", path, err)
	}
	// For writing too, so that opening does not wait for Envoy.
	if d.access, err = os.OpenFile(path, os.O_RDWR, 0); err != nil {
		return err
	}
	go func() {
		for lines := bufio.NewReader(d.access); ; {
			line, err := lines.ReadString('\n')
			if err != nil {
				return // closed
			}
			d.line(strings.TrimSuffix(line, "\n"))
		}
	}()
	return nil
}

// dial connects from a port that no other exchange in the journal has.
func (d *door) dial(audited bool) (conn net.Conn, port string, err error) {
	name := "plain"
	if audited {
		name = "audited"
	}
	for {
		conn, err = net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(d.ports[name])))
		if err != nil {
			return nil, "", err
		}
		if _, port, err = net.SplitHostPort(conn.LocalAddr().String()); err == nil && d.begin(port) {
			return conn, port, conn.SetDeadline(time.Now().Add(answerWithin))
		}
		conn.Close()
	}
}

func (d *door) close() error {
	var errs []error
	if d.Envoy != nil {
		errs = append(errs, d.Stop())
	}
	if d.backend != nil {
		d.backend.stop()
	}
	if d.access != nil {
		errs = append(errs, d.access.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(d.dir))...)
}
