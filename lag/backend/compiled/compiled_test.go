package compiled_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/charmbracelet/log"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/backend/programs"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
)

// process is an environment variable. If it is set, this test is a process that
// computes what compute does and prints it after the lines of the log.
const process = "LAG_TEST_COMPUTE"

func TestMain(m *testing.M) {
	if os.Getenv(process) == "" {
		os.Exit(m.Run())
	}
	log.SetLevel(log.DebugLevel)
	log.SetOutput(os.Stdout)
	b, err := backend.Open(backend.CPU)
	if err == nil {
		var out []float32
		if out, err = compute(b); err == nil {
			os.Stdout.WriteString(bits(out))
		}
	}
	if err != nil {
		log.Fatal("failed", "error", err)
	}
	os.Exit(0)
}

// compute runs a program whose text is long enough to be kept.
func compute(b *backend.Backend) ([]float32, error) {
	out, err := CallOnce(b.Backend, func(x *Node) *Node {
		for i := range 120 {
			x = Tanh(AddScalar(MulScalar(x, 1+0.01*float64(i)), 0.1))
		}
		return ReduceSum(x, 0)
	}, [][]float32{{1, -2, 0.5}, {0.25, 3, -0.125}})
	if err != nil {
		return nil, err
	}
	return tensors.CopyFlatData[float32](out)
}

// bits returns the bits of numbers as text.
func bits(numbers []float32) string {
	var text strings.Builder
	for _, number := range numbers {
		fmt.Fprintf(&text, " %08x", math.Float32bits(number))
	}
	return text.String()
}

// What the log says.
const (
	loaded   = "a program was loaded, not compiled"
	compiled = "a program was compiled, and is kept"
)

// logged returns what a function logs.
func logged(t *testing.T, f func()) string {
	t.Helper()
	level := log.GetLevel()
	var text bytes.Buffer
	log.SetLevel(log.DebugLevel)
	log.SetOutput(&text)
	defer func() { log.SetLevel(level); log.SetOutput(os.Stderr) }()
	f()
	return text.String()
}

// run opens a backend with a directory of programs, computes, and returns the
// result and the log.
func run(t *testing.T, dir string) (result, lines string) {
	t.Helper()
	testbackend.XLA(t) // or skip
	t.Setenv(programs.Env, dir)
	lines = logged(t, func() {
		b, err := backend.Open(backend.CPU)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Finalize()
		out, err := compute(b)
		if err != nil {
			t.Fatal(err)
		}
		result = bits(out)
	})
	return result, lines
}

// expect runs and expects lines in the log, and the same result.
func expect(t *testing.T, dir, result string, want ...string) {
	t.Helper()
	got, lines := run(t, dir)
	if result != "" && got != result {
		t.Errorf("the result is %s, want %s", got, result)
	}
	for _, line := range []string{loaded, compiled, "WARN"} {
		if wanted := slices.Contains(want, line); strings.Contains(lines, line) != wanted {
			t.Errorf("the log says %q: %t, want %t:\n%s", line, !wanted, wanted, lines)
		}
	}
}

// kept returns the path of the only program in a directory.
func kept(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("the directory has %v, %v; want one program", entries, err)
	}
	return filepath.Join(dir, entries[0].Name())
}

// TestRoundTrip: a program is compiled once, and a loaded one computes the same
// bits, in this process and in another.
func TestRoundTrip(t *testing.T) {
	off, lines := run(t, programs.Off)
	if strings.Contains(lines, loaded) || strings.Contains(lines, compiled) {
		t.Errorf("switched off, the log says\n%s", lines)
	}
	dir := filepath.Join(t.TempDir(), "programs")
	expect(t, dir, off, compiled)
	kept(t, dir)
	expect(t, dir, off, loaded)
	if out := start(t, dir, 1)[0]; !strings.Contains(out, loaded) || strings.Contains(out, compiled) || !strings.HasSuffix(out, off) {
		t.Errorf("another process says\n%s\nwant that it loads the program and computes %s", out, off)
	}
	expect(t, filepath.Join(t.TempDir(), "other"), off, compiled) // found at the next Open
}

// TestShort: a short program is compiled each time.
func TestShort(t *testing.T) {
	testbackend.XLA(t)
	dir := t.TempDir()
	t.Setenv(programs.Env, dir)
	b, err := backend.Open(backend.CPU)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	if _, err := CallOnce(b.Backend, func(x *Node) *Node { return ReduceAllSum(x) }, []float32{1, 2}); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("the directory has %v, %v", entries, err)
	}
}

// start runs processes at the same time and returns their output.
func start(t *testing.T, dir string, n int, env ...string) []string {
	t.Helper()
	outs := make([]string, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			c := exec.Command(os.Args[0])
			c.Env = append(append(os.Environ(), process+"=1", programs.Env+"="+dir), env...)
			out, err := c.CombinedOutput()
			if err != nil {
				t.Errorf("%v:\n%s", err, out)
			}
			outs[i] = string(out)
		})
	}
	group.Wait()
	return outs
}

// TestTogether: of processes that need a program at the same time, one compiles it.
func TestTogether(t *testing.T) {
	testbackend.XLA(t)
	dir := t.TempDir()
	outs := start(t, dir, 4)
	all := strings.Join(outs, "\n")
	if n := strings.Count(all, compiled); n != 1 {
		t.Errorf("%d processes compile the program, want 1:\n%s", n, all)
	}
	if n := strings.Count(all, loaded); n != 3 {
		t.Errorf("%d processes load the program, want 3:\n%s", n, all)
	}
	for _, out := range outs {
		if result := func(s string) string { return s[strings.LastIndex(s, "\n")+1:] }; result(out) != result(outs[0]) {
			t.Errorf("the results are %s and %s", result(out), result(outs[0]))
		}
	}
	kept(t, dir)
}

// TestOtherSettings: a program is not used with other settings of XLA.
func TestOtherSettings(t *testing.T) {
	testbackend.XLA(t)
	dir := t.TempDir()
	for _, flags := range []string{"--xla_backend_optimization_level=1", "--xla_backend_optimization_level=2"} {
		if out := start(t, dir, 1, "XLA_FLAGS="+flags)[0]; !strings.Contains(out, compiled) || strings.Contains(out, loaded) {
			t.Errorf("with %s:\n%s", flags, out)
		}
	}
	// XLA writes its dumps only when it compiles.
	dump := t.TempDir()
	out := start(t, dir, 1, "XLA_FLAGS=--xla_backend_optimization_level=1 --xla_dump_hlo_as_text --xla_dump_to="+dump)[0]
	if entries, err := os.ReadDir(dump); err != nil || len(entries) == 0 || strings.Contains(out, loaded) || strings.Contains(out, compiled) {
		t.Errorf("with a dump: %d files, %v, and\n%s", len(entries), err, out)
	}
}

// TestDamaged: a program that cannot be used is compiled again, with one warning.
func TestDamaged(t *testing.T) {
	dir := t.TempDir()
	result, _ := run(t, dir)
	path := kept(t, dir)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var key programs.Key
	if _, err := hex.Decode(key[:], []byte(strings.TrimSuffix(filepath.Base(path), ".program"))); err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func() error{
		"cut short": func() error { return os.Truncate(path, int64(len(whole)/2)) },
		"changed": func() error {
			data := bytes.Clone(whole)
			data[len(data)/2] ^= 0x10
			return os.WriteFile(path, data, 0o600)
		},
		"writable by others": func() error { return os.Chmod(path, 0o666) },
		// With the right checksum, as if XLA had changed what it reads.
		"not a program": func() error {
			s, err := programs.Open(dir, programs.Limit)
			return errors.Join(err, s.Save(key, []byte("this is not what XLA serializes")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := damage(); err != nil {
				t.Fatal(err)
			}
			expect(t, dir, result, compiled, "WARN")
			expect(t, dir, result, loaded)
		})
	}
	t.Run("removed", func(t *testing.T) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		expect(t, dir, result, compiled)
	})
	t.Run("cannot be kept", func(t *testing.T) { // what is saved for a plugin that does not serialize
		s, err := programs.Open(dir, programs.Limit)
		if err := errors.Join(err, s.Save(key, nil)); err != nil {
			t.Fatal(err)
		}
		expect(t, dir, result)
	})
}

// TestUnusable: with a directory that cannot be used, programs are compiled.
func TestUnusable(t *testing.T) {
	result, _ := run(t, programs.Off)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	got, lines := run(t, dir)
	if got != result || strings.Contains(lines, compiled) || strings.Contains(lines, loaded) {
		t.Errorf("the result is %s, want %s, and the log\n%s", got, result, lines)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("the directory has %v, %v", entries, err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, _ := run(t, file); got != result {
		t.Errorf("with a file as the directory: %s, want %s", got, result)
	}
}
