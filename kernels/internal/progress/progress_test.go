package progress

import (
	"bytes"
	"strings"
	"testing"

	"github.com/charmbracelet/log"
)

// logged runs do and returns its log. Tests have no terminal.
func logged(t *testing.T, do func()) string {
	t.Helper()
	var out bytes.Buffer
	before := log.Default()
	log.SetDefault(log.New(&out))
	defer log.SetDefault(before)
	do()
	return out.String()
}

func TestState(t *testing.T) {
	for _, c := range []struct {
		total  int64
		unit   string
		done   int64
		detail string
		want   string
	}{
		{0, "", 0, "", "under way"},
		{0, "bytes", 2_500_000, "", "2.5 MB"},
		{10_000_000, "bytes", 2_600_000, "plugin", "2.6 MB of 10 MB, plugin"},
		{4, "packages", 3, "gonb", "3 of 4 packages, gonb"},
		{0, "packages", 3, "", "3 packages"},
	} {
		text := logged(t, func() {
			task := Start("installing", c.total, c.unit)
			defer task.End()
			task.Set(c.done, c.detail)
			if got := task.state(); got != c.want {
				t.Errorf("%d of %d %s, %s: %q, want %q", c.done, c.total, c.unit, c.detail, got, c.want)
			}
		})
		if !strings.Contains(text, "installing ...") {
			t.Errorf("without a terminal nothing says what begins: %q", text)
		}
	}
}

// TestAdd checks that units add up, that the total can be set later, and that a task can
// be ended twice.
func TestAdd(t *testing.T) {
	logged(t, func() {
		task := Start("building", 0, "packages")
		task.Add(2, "a")
		task.SetTotal(5)
		task.Add(1, "b")
		if got, want := task.state(), "3 of 5 packages, b"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		task.End()
		task.End()
	})
}

// TestDescribe checks that descriptions have a fixed width and keep the end of a long
// detail.
func TestDescribe(t *testing.T) {
	short, long := describe("building", "a"), describe("building", strings.Repeat("x", 60)+"/end")
	if len(short) != len(long) || !strings.HasSuffix(long, "/end") || !strings.Contains(long, "...") || describe("building", "") != "building" {
		t.Errorf("%q and %q", short, long)
	}
}
