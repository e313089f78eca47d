package engine

import (
	"os"
	"testing"

	"github.com/landscape-aware/growing/data/verified"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
)

// TestEnvironment checks that a run on XLA records which plugin computed it, and
// with which flags, and that one on the pure-Go engine records neither.
func TestEnvironment(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		const flags = "--xla_cpu_enable_fast_math=false"
		t.Setenv("XLA_FLAGS", flags)
		e, err := environmentOf(b)
		if err != nil {
			t.Fatal(err)
		}
		if e.now().CPUs < 1 {
			t.Errorf("it has %d cores", e.now().CPUs)
		}
		if b.Kind == backend.Go {
			if e.XLAFlags != "" || e.Plugin != "" {
				t.Errorf("the pure-Go engine has flags %q and the plugin %q", e.XLAFlags, e.Plugin)
			}
			return
		}
		path, err := b.PluginPath()
		if err != nil {
			t.Fatal(err)
		}
		contents, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if e.XLAFlags != flags || verified.SHA256(e.Plugin) != verified.Of(contents) {
			t.Errorf("flags %q and plugin %q, want %q and %s", e.XLAFlags, e.Plugin, flags, verified.Of(contents))
		}
	})
}
