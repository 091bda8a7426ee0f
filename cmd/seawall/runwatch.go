package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/experimental"
	"github.com/fsnotify/fsnotify"

	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter"
	"github.com/seawall-waf/seawall/rules"
)

// A watch gives Envoy its listener through a file, and a new one when the document,
// or a file that its directives read, has changed.
type watch struct {
	config   string
	boot     *launch.Bootstrap // keeps the listener where SetSeawall finds it
	dir      string            // of the listener's file
	changes  *fsnotify.Watcher
	document []byte          // in force, or last refused
	read     *rules.Recorder // by its directives
	updates  int
	lost     bool // the document could not be read when last looked at
}

// settle is how long a file must be left alone: editors write in several steps.
const settle = 200 * time.Millisecond

// draining: Envoy lets connections of the listener before go within seconds; its
// default is ten minutes.
var draining = []string{"--drain-time-s", "5", "--drain-strategy", "immediate"}

// newWatch takes the listener out of boot into a file.
func newWatch(config string, boot *launch.Bootstrap) (*watch, error) {
	w := &watch{config: config}
	var err error
	if w.document, err = rules.ReadRegular(config, maxConfigBytes); err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	if w.changes, err = fsnotify.NewWatcher(); err != nil {
		return nil, fmt.Errorf("--watch: %w", err)
	}
	if w.dir, err = os.MkdirTemp("", "seawall-listener-"); err != nil {
		w.close()
		return nil, fmt.Errorf("--watch: %w", err)
	}
	if err := w.takeOver(boot); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *watch) takeOver(boot *launch.Bootstrap) error {
	static, ok := boot.Tree["static_resources"].(map[string]any)
	if !ok {
		return errors.New("--watch: the bootstrap has no static_resources")
	}
	w.boot = &launch.Bootstrap{Tree: map[string]any{"static_resources": map[string]any{"listeners": static["listeners"]}}}
	delete(static, "listeners")
	boot.Tree["dynamic_resources"] = map[string]any{"lds_config": map[string]any{
		"resource_api_version": "V3",
		"path_config_source":   map[string]any{"path": w.file(), "watched_directory": map[string]any{"path": w.dir}},
	}}
	boot.Tree["node"] = map[string]any{"id": "seawall", "cluster": "seawall"}
	w.follow()
	return w.write()
}

func (w *watch) file() string { return filepath.Join(w.dir, "lds.json") }

// write replaces the listener's file by a rename, which is what Envoy watches for.
func (w *watch) write() error {
	w.updates++
	listener := w.boot.Tree["static_resources"].(map[string]any)["listeners"].([]any)[0].(map[string]any) //nolint:forcetypeassert // our own bootstrap
	resource := maps.Clone(listener)
	resource["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener"
	// Envoy keeps a filter chain that is the same as before, although a file that its
	// document includes is another.
	chain := listener["filter_chains"].([]any)[0].(map[string]any) //nolint:forcetypeassert // our own bootstrap
	chain["name"] = "update-" + strconv.Itoa(w.updates)
	text, err := json.Marshal(map[string]any{"version_info": strconv.Itoa(w.updates), "resources": []any{resource}})
	if err != nil {
		return fmt.Errorf("--watch: %w", err)
	}
	next := w.file() + ".next"
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return fmt.Errorf("--watch: %w", err)
	}
	if err := os.Rename(next, w.file()); err != nil {
		return fmt.Errorf("--watch: %w", err)
	}
	return nil
}

// follow watches the folders of the document and of every file that it reads: an
// editor replaces a file, and a pattern may match a new one.
func (w *watch) follow() {
	w.read = rules.Recording(rules.FS())
	if config, err := filter.ParseConfig(w.document); err == nil {
		for _, policy := range config.Policies {
			text := ""
			for _, snippet := range policy.Snippets {
				text += snippet.Text + "\n"
			}
			// For what it reads alone; what is wrong the engine says.
			if waf, err := rules.Compile(w.read, text, coraza.NewWAFConfig()); err == nil {
				if closer, ok := waf.(experimental.WAFCloser); ok {
					_ = closer.Close()
				}
			}
		}
	}
	_ = w.changes.Add(filepath.Dir(w.config)) // it was just read
	for name := range w.read.Files() {
		_ = w.changes.Add(filepath.Dir(name))
	}
}

// changed says whether the document, or what it reads, is another than before. That
// it cannot be read is an error once, until it can be: a file was left alone for
// settle, so that no editor is about to put it back.
func (w *watch) changed() (bool, error) {
	document, err := rules.ReadRegular(w.config, maxConfigBytes)
	told := w.lost
	w.lost = err != nil
	if err != nil && told {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if bytes.Equal(document, w.document) && rules.Unchanged(rules.FS(), w.read) {
		return false, nil
	}
	w.document = document
	return true, nil
}

// serve reloads until ctx ends. say tells people.
func (w *watch) serve(ctx context.Context, envoy *launch.Envoy, say func(format string, args ...any)) {
	quiet := time.NewTimer(0)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-envoy.Exited():
			return
		case _, open := <-w.changes.Events:
			if !open {
				return
			}
			quiet.Reset(settle)
		case err := <-w.changes.Errors:
			if err != nil {
				say("--watch: %v", err)
			}
			quiet.Reset(settle) // some change may have been lost
		case <-quiet.C:
			changed, err := w.changed()
			if changed {
				err = w.reload(ctx, envoy)
			}
			switch {
			case err != nil:
				say("not reloaded, the old config stays: %v", err)
			case changed:
				say("reloaded %s", w.config)
			}
		}
	}
}

// reload gives Envoy the new document, if it is one.
func (w *watch) reload(ctx context.Context, envoy *launch.Envoy) error {
	w.follow()
	if _, err := checkConfig(w.config, w.document); err != nil {
		return err
	}
	before, err := w.outcomes(ctx, envoy)
	if err != nil {
		return err
	}
	if err := w.boot.SetSeawall(string(w.document)); err != nil {
		return err
	}
	if err := w.write(); err != nil {
		return err
	}
	return w.await(ctx, envoy, before)
}

// The counters of what became of updates.
const (
	taken   = "listener_manager.lds.update_success"
	refused = "listener_manager.lds.update_rejected"
)

func (w *watch) outcomes(ctx context.Context, envoy *launch.Envoy) (map[string]uint64, error) {
	return envoy.Stats(ctx, `^listener_manager\.lds\.update_(success|rejected)$`)
}

// reloadWithin bounds one reload; compiling the rules is most of it.
const reloadWithin = 60 * time.Second

func (w *watch) await(ctx context.Context, envoy *launch.Envoy, before map[string]uint64) error {
	ctx, cancel := context.WithTimeout(ctx, reloadWithin)
	defer cancel()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("envoy did not take the new listener: %w", ctx.Err())
		case <-poll.C:
		}
		now, err := w.outcomes(ctx, envoy)
		switch {
		case err != nil:
			return err
		case now[refused] > before[refused]:
			return errors.New("envoy refused the new listener; its log says why")
		case now[taken] > before[taken]:
			return nil
		}
	}
}

func (w *watch) close() {
	if w == nil {
		return
	}
	_ = w.changes.Close()
	if w.dir != "" {
		_ = os.RemoveAll(w.dir)
	}
}
