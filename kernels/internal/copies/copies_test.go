package copies

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
)

// notebook returns the text of a notebook with one cell.
func notebook(source, output string) string {
	return fmt.Sprintf(`{"cells":[{"cell_type":"code","source":[%q],"outputs":[{"output_type":"stream","text":[%q]}]}],"nbformat":4}`, source, output)
}

// desk is a checkout with notebooks.
type desk struct {
	t *testing.T
	checkout.Checkout
}

func newDesk(t *testing.T) desk {
	d := desk{t, checkout.Checkout{Root: filepath.Join(t.TempDir(), "a [b] *")}} // characters of patterns
	if err := os.MkdirAll(d.Notebooks(), 0o755); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d desk) write(dir, name, text string) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		d.t.Fatal(err)
	}
}

func (d desk) refresh(want Refreshed) {
	d.t.Helper()
	got, err := Refresh(d.Checkout)
	if err != nil || !reflect.DeepEqual(got, want) {
		d.t.Errorf("Refresh = %+v, %v; want %+v", got, err, want)
	}
}

func (d desk) copyIs(name, want string) {
	d.t.Helper()
	if got, err := os.ReadFile(filepath.Join(Dir(d.Checkout), name)); err != nil || string(got) != want {
		d.t.Errorf("the copy is %s, %v; want %s", got, err, want)
	}
}

func TestRefresh(t *testing.T) {
	d := newDesk(t)
	d.write(d.Notebooks(), "01.ipynb", notebook("one", ""))
	d.write(d.Notebooks(), "README.md", "no notebook")
	d.refresh(Refreshed{New: []string{"01.ipynb"}})
	d.copyIs("01.ipynb", notebook("one", ""))
	d.refresh(Refreshed{})

	// A person runs it. The outputs stay while the original is the same.
	d.write(Dir(d.Checkout), "01.ipynb", notebook("one", "ran"))
	d.refresh(Refreshed{})
	d.copyIs("01.ipynb", notebook("one", "ran"))
	// The original is executed too.
	d.write(d.Notebooks(), "01.ipynb", notebook("one", "by the maintainer"))
	d.refresh(Refreshed{})
	d.copyIs("01.ipynb", notebook("one", "ran"))
	// The original changes.
	d.write(d.Notebooks(), "01.ipynb", notebook("two", ""))
	d.refresh(Refreshed{Updated: []string{"01.ipynb"}})
	d.copyIs("01.ipynb", notebook("two", ""))

	// A person edits the copy, and the original changes again and again.
	d.write(Dir(d.Checkout), "01.ipynb", notebook("mine", ""))
	d.refresh(Refreshed{})
	for _, text := range []string{"three", "four"} {
		d.write(d.Notebooks(), "01.ipynb", notebook(text, ""))
		d.refresh(Refreshed{Edited: []string{"01.ipynb"}})
		d.copyIs("01.ipynb", notebook("mine", ""))
	}
	// They give it another name, and get the new one.
	if err := os.Rename(filepath.Join(Dir(d.Checkout), "01.ipynb"), filepath.Join(Dir(d.Checkout), "own.ipynb")); err != nil {
		t.Fatal(err)
	}
	d.refresh(Refreshed{New: []string{"01.ipynb"}})
	d.copyIs("01.ipynb", notebook("four", ""))
	d.copyIs("own.ipynb", notebook("mine", ""))
	if entries, err := os.ReadDir(Dir(d.Checkout)); err != nil || len(entries) != 3 {
		t.Errorf("%d files, %v; want 2 and the record", len(entries), err)
	}
}

// TestLostRecord: without the record, such as after it was removed, every copy
// that differs counts as edited.
func TestLostRecord(t *testing.T) {
	d := newDesk(t)
	for name, text := range map[string]string{"same.ipynb": "one", "other.ipynb": "one"} {
		d.write(d.Notebooks(), name, notebook(text, ""))
	}
	d.refresh(Refreshed{New: []string{"other.ipynb", "same.ipynb"}})
	d.write(Dir(d.Checkout), "other.ipynb", notebook("mine", ""))
	d.write(Dir(d.Checkout), "same.ipynb", notebook("one", "ran"))
	for _, damage := range []func() error{
		func() error { return os.Remove(record(d.Checkout)) },
		func() error { return os.WriteFile(record(d.Checkout), []byte("{"), 0o644) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		d.refresh(Refreshed{Edited: []string{"other.ipynb"}})
		d.copyIs("other.ipynb", notebook("mine", ""))
	}
	d.write(d.Notebooks(), "same.ipynb", notebook("two", ""))
	d.refresh(Refreshed{Updated: []string{"same.ipynb"}, Edited: []string{"other.ipynb"}})
}

// TestDamagedCopy: what is not a notebook any more is a person's, too.
func TestDamagedCopy(t *testing.T) {
	d := newDesk(t)
	d.write(d.Notebooks(), "01.ipynb", notebook("one", ""))
	d.refresh(Refreshed{New: []string{"01.ipynb"}})
	d.write(Dir(d.Checkout), "01.ipynb", "<<<<<<< mine")
	d.write(d.Notebooks(), "01.ipynb", notebook("two", ""))
	d.refresh(Refreshed{Edited: []string{"01.ipynb"}})
	d.copyIs("01.ipynb", "<<<<<<< mine")

	d.write(d.Notebooks(), "02.ipynb", "{}")
	if _, err := Refresh(d.Checkout); err == nil || !strings.Contains(err.Error(), "02.ipynb") {
		t.Errorf("error %v, want one that names the original", err)
	}
}

func TestDigestOfBothForms(t *testing.T) {
	lines, err1 := digest([]byte(`{"cells":[{"cell_type":"code","source":["a\n","b"]}]}`))
	whole, err2 := digest([]byte(`{"cells":[{"cell_type":"code","source":"a\nb","outputs":[]}]}`))
	text, err3 := digest([]byte(`{"cells":[{"cell_type":"markdown","source":"a\nb"}]}`))
	if err1 != nil || err2 != nil || err3 != nil || lines != whole || whole == text {
		t.Errorf("%s, %s and %s; %v, %v, %v", lines, whole, text, err1, err2, err3)
	}
}
