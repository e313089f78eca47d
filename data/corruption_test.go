package data

import (
	"bytes"
	"crypto/sha1"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/corpus"
	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/data/tokenstore"
	"github.com/landscape-aware/growing/data/verified"
)

// corruptionsVariable is the environment variable with the number of trials of
// the tests below. Without it they do a few.
const corruptionsVariable = "LAG_CORRUPTIONS"

func trials(t *testing.T, few int) int {
	t.Helper()
	text := os.Getenv(corruptionsVariable)
	switch {
	case text == "" && testing.Short():
		return few / 5
	case text == "":
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q; give the number of trials", corruptionsVariable, text)
	}
	return n
}

// goWords are words of Go that say nothing to people who have a damaged file.
var goWords = regexp.MustCompile(`(^|[ (])json: |RawMessage|Go (struct|value)|float64|unmarshal|panic|runtime error`)

// corrupt damages the file at path in a way that r chooses, and returns what it
// did. It may exchange contents with one of the others. The times of the file
// stay what they were.
func corrupt(t *testing.T, r *rand.Rand, path string, others []string) string {
	t.Helper()
	info, err := os.Stat(path)
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	what := "emptied"
	var err2 error
	switch kind := r.IntN(9); {
	case kind == 0 || len(text) == 0:
		text = nil
	case kind == 1:
		n := r.IntN(len(text))
		what, text = fmt.Sprintf("cut at %d of %d", n, len(text)), text[:n]
	case kind == 2:
		what, text = "with a byte more", append(text, byte(r.IntN(256)))
	case kind == 3:
		other := others[r.IntN(len(others))]
		contents, err := os.ReadFile(other)
		if err != nil {
			t.Fatal(err)
		}
		what, err2, text = "exchanged with "+other, os.WriteFile(other, text, 0o666), contents
	case kind == 4:
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		return "removed"
	case kind == 5: // another digit, which may leave the syntax intact
		if at := digits.FindAllIndex(text, -1); len(at) > 0 {
			i := at[r.IntN(len(at))][0]
			what = fmt.Sprintf("with another digit at %d", i)
			text[i] = '0' + (text[i]-'0'+1+byte(r.IntN(9)))%10
			break
		}
		fallthrough
	default:
		i, bit := r.IntN(len(text)), r.IntN(8)
		what = fmt.Sprintf("with bit %d of byte %d flipped", bit, i)
		text[i] ^= 1 << bit
	}
	if err := errors.Join(err2, os.WriteFile(path, text, 0o666), os.Chtimes(path, info.ModTime(), info.ModTime())); err != nil {
		t.Fatal(err)
	}
	return what
}

var digits = regexp.MustCompile(`[0-9]`)

// regular returns the paths of the files below a directory. It leaves out links.
func regular(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !strings.HasSuffix(d.Name(), ".lock") {
			found = append(found, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// fresh returns a new copy of a directory in the place of the last one, which
// had the same path.
func fresh(t *testing.T, from, to string) {
	t.Helper()
	if err := errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(from))); err != nil {
		t.Fatal(err)
	}
}

// seen is all that training can see of a dataset, and what reports say of it.
func seen(t *testing.T, d *Dataset) string {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintln(&b, d.Fingerprint, d.Tokenizer.Fingerprint(), d.UnigramEntropy, d.ValidationEntropy, d.UnknownRate, d.Documents, d.Bytes, d.Info)
	for _, s := range []*tokenstore.Store{d.Train, d.Validation} {
		tokens := make([]int32, s.Len())
		if err := s.Read(tokens, 0); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, tokens, s.Meta().Source, s.Meta().License)
		for i := range s.Documents() {
			lo, hi := s.Document(i)
			fmt.Fprintln(&b, lo, hi)
		}
	}
	return b.String()
}

// tally counts what became of the damage.
type tally struct{ noticed, healed, harmless int }

func (n tally) String() string {
	return fmt.Sprintf("%d noticed, %d made again, %d harmless", n.noticed, n.healed, n.harmless)
}

// TestCorruptedDataset damages every kind of file of prepared data. Opening says
// so, or nobody sees a difference; preparing gives the dataset as it was. The
// stores are so large that opening them samples only a part.
func TestCorruptedDataset(t *testing.T) {
	ownCache(t)
	source := corpusFile(t, 10000)
	cfg, second := config(source), config(source)
	second.SplitSeed = 5
	pristine, dir := t.TempDir(), filepath.Join(t.TempDir(), "data")
	d := prepare(t, cfg, pristine)
	want, name := seen(t, d), filepath.Base(d.Dir)
	if d.Train.Size() < 64*4096*3/2 {
		t.Fatalf("the store has %d bytes, too few for a part that is not sampled", d.Train.Size())
	}
	prepare(t, second, pristine)
	files := regular(t, pristine)
	var count tally
	for trial := range trials(t, 40) {
		fresh(t, pristine, dir)
		r := rand.New(rand.NewPCG(15, uint64(trial)))
		var paths []string
		for _, f := range files {
			paths = append(paths, filepath.Join(dir, strings.TrimPrefix(f, pristine)))
		}
		path := paths[trial%len(paths)]
		what := fmt.Sprintf("trial %d: %s %s", trial, strings.TrimPrefix(path, dir), corrupt(t, r, path, slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return p == path })))

		opened, err := Open(filepath.Join(dir, name))
		if err == nil {
			if got := seen(t, opened); got != want {
				t.Errorf("%s: what is opened differs, without an error", what)
			}
			opened.Close()
		} else if goWords.MatchString(err.Error()) {
			t.Errorf("%s: %v", what, err)
		}
		if _, verr := Verify(t.Context(), filepath.Join(dir, name), nil); (verr == nil) != (err == nil) {
			t.Errorf("%s: opening gives %v, and verifying %v", what, err, verr)
		}
		made := false
		prepared, perr := Prepare(t.Context(), cfg, dir, func(stage string, _, _ int64) { made = made || stage != StageVerify })
		if perr != nil {
			t.Errorf("%s: preparing gives %v", what, perr)
			continue
		}
		if got := seen(t, prepared); got != want || filepath.Base(prepared.Dir) != name {
			t.Errorf("%s: what is prepared differs", what)
		}
		prepared.Close()
		aside, aerr := filepath.Glob(filepath.Join(dir, "*"+sealed.DamagedExt))
		if aerr != nil || len(aside) > 0 != (err != nil) {
			t.Errorf("%s: opening gives %v, and %v was set aside, %v", what, err, aside, aerr)
		}
		switch {
		case err != nil:
			count.noticed++
		case made:
			count.healed++
		default:
			count.harmless++
		}
	}
	t.Logf("files %d: %s", len(files), count)
}

// corruptionHub serves a dataset of some files.
func corruptionHub(t *testing.T) {
	t.Helper()
	files := map[string]string{"README.md": "---\nlicense: cc0-1.0\n---\nA dataset.\n"}
	for part := range 2 {
		var b strings.Builder
		for i := range 100 {
			fmt.Fprintf(&b, "{\"text\": \"Document %d of part %d grows %d times as large.\"}\n", i, part, i*i)
		}
		files[fmt.Sprintf("data/train-%05d-of-00002.jsonl", part)] = b.String()
	}
	const commit = "0123456789abcdef0123456789abcdef01234567"
	var list []map[string]any
	for name, text := range files {
		list = append(list, map[string]any{"rfilename": name, "size": len(text), "blobId": fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(text), text)))})
	}
	slices.SortFunc(list, func(a, b map[string]any) int {
		return strings.Compare(a["rfilename"].(string), b["rfilename"].(string))
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/datasets/owner/name/revision/") {
			json.NewEncoder(w).Encode(map[string]any{"sha": commit, "siblings": list})
		} else if text, ok := files[strings.TrimPrefix(r.URL.Path, "/datasets/owner/name/resolve/"+commit+"/")]; ok {
			io.WriteString(w, text)
		} else {
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("HF_ENDPOINT", server.URL)
	t.Setenv("HF_TOKEN", "")
	log.SetOutput(io.Discard)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
}

// TestCorruptedHub damages every kind of file of the hub's cache. Online it is
// downloaded again; offline it is an error, or changes nothing.
func TestCorruptedHub(t *testing.T) {
	ownCache(t)
	corruptionHub(t)
	cfg := Config{Corpus: corpus.Spec{Source: "hf:owner/name"}, VocabSize: 100, ValidationFraction: 0.2}
	pristine, cache := t.TempDir(), filepath.Join(t.TempDir(), "cache")
	t.Setenv("HF_HUB_CACHE", pristine)
	t.Setenv("HF_HUB_OFFLINE", "")
	d := prepare(t, cfg, t.TempDir())
	want := d.Fingerprint
	files := regular(t, pristine)
	var online, offline tally
	for trial := range trials(t, 25) {
		r := rand.New(rand.NewPCG(16, uint64(trial)))
		for _, mode := range []struct {
			offline string
			*tally
		}{{"1", &offline}, {"", &online}} {
			// The cache has the same path each time, so the list in it is known.
			copyCache(t, pristine, cache)
			t.Setenv("HF_HUB_CACHE", cache)
			t.Setenv("HF_HUB_OFFLINE", mode.offline)
			if trial%2 == 0 {
				cfg.Corpus.Revision = ""
			} else {
				cfg.Corpus.Revision = "0123456789abcdef0123456789abcdef01234567"
			}
			var paths []string
			for _, f := range files {
				paths = append(paths, filepath.Join(cache, strings.TrimPrefix(f, pristine)))
			}
			path := paths[trial%len(paths)]
			what := fmt.Sprintf("trial %d, offline %q: %s %s", trial, mode.offline, strings.TrimPrefix(path, cache), corrupt(t, r, path, slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return p == path })))
			downloaded := false
			got, err := Prepare(t.Context(), cfg, t.TempDir(), func(stage string, _, _ int64) { downloaded = downloaded || stage == StageDownload })
			switch {
			case err != nil && mode.offline == "":
				t.Errorf("%s: %v", what, err)
			case err != nil:
				mode.noticed++
				if goWords.MatchString(err.Error()) {
					t.Errorf("%s: %v", what, err)
				}
			case downloaded:
				mode.healed++
			default:
				mode.harmless++
			}
			if err != nil {
				continue
			}
			if got.Fingerprint != want {
				t.Errorf("%s: another dataset, without an error", what)
			}
			got.Close()
		}
	}
	t.Logf("files %d: online %s; offline %s", len(files), online, offline)
}

// copyCache copies the hub's cache with its links.
func copyCache(t *testing.T, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(p, from))
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o777)
		case d.Type()&fs.ModeSymlink != 0:
			link, err := os.Readlink(p)
			return errors.Join(err, os.Symlink(link, target))
		}
		text, err := os.ReadFile(p)
		return errors.Join(err, os.WriteFile(target, text, 0o666))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestCorruptedKnown damages the files of a dataset that this machine knows. It
// is not parallel: it changes how old files must be to be remembered.
func TestCorruptedKnown(t *testing.T) {
	defer func(before time.Duration) { verified.Settle = before }(verified.Settle)
	verified.Settle = 0
	ownCache(t)
	d := prepare(t, config(corpusFile(t, 32000)), t.TempDir())
	path := filepath.Join(d.Dir, "train.bin")
	right, err := os.ReadFile(path)
	if err != nil || len(right) < verified.Small {
		t.Fatalf("the store has %d bytes, too few to be remembered: %v", len(right), err)
	}
	const tick = 20 * time.Millisecond // the kernel counts time in steps of up to 10 ms
	for trial := range 3 {
		time.Sleep(tick)
		for range 2 {
			known, err := Open(d.Dir)
			if err != nil {
				t.Fatal(err)
			}
			known.Close()
		}
		left, err := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "lag", "verified", "*"))
		if err != nil || len(left) <= trial {
			t.Fatalf("%d files are remembered: %v", len(left), err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(tick)
		damaged := bytes.Clone(right)
		damaged[rand.New(rand.NewPCG(17, uint64(trial))).IntN(len(right))] ^= 1
		if err := errors.Join(os.WriteFile(path, damaged, 0o666), os.Chtimes(path, info.ModTime(), info.ModTime())); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(d.Dir); err == nil {
			t.Error("a byte was changed and the time restored, and it is opened without an error")
		}
		if err := os.WriteFile(path, right, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
