package lag_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// damage is a way to damage a file. other is another file of the directory.
type damage struct {
	name string
	do   func(random *rand.Rand, path, other string) error
}

// rewritten returns a damage that changes the contents of a file.
func rewritten(name string, change func(random *rand.Rand, text []byte) []byte) damage {
	return damage{name, func(random *rand.Rand, path, _ string) error {
		text, err := os.ReadFile(path)
		if err != nil || len(text) == 0 {
			return err
		}
		return os.WriteFile(path, change(random, text), 0o666)
	}}
}

var allDamages = []damage{
	rewritten("a bit flipped", func(random *rand.Rand, text []byte) []byte {
		text[random.IntN(len(text))] ^= 1 << random.IntN(8)
		return text
	}),
	rewritten("a digit changed", func(random *rand.Rand, text []byte) []byte {
		var at []int
		for i, b := range text {
			if b >= '0' && b <= '9' {
				at = append(at, i)
			}
		}
		if len(at) > 0 {
			i := at[random.IntN(len(at))]
			text[i] = '0' + (text[i]-'0'+byte(1+random.IntN(9)))%10
		}
		return text
	}),
	rewritten("truncated", func(random *rand.Rand, text []byte) []byte { return text[:random.IntN(len(text))] }),
	rewritten("truncated after a line", func(random *rand.Rand, text []byte) []byte {
		lines := bytes.SplitAfter(text, []byte("\n"))
		return bytes.Join(lines[:random.IntN(len(lines))], nil)
	}),
	rewritten("a block of zeros", func(random *rand.Rand, text []byte) []byte {
		begin := random.IntN(len(text))
		clear(text[begin:min(len(text), begin+512)])
		return text
	}),
	rewritten("empty", func(*rand.Rand, []byte) []byte { return nil }),
	rewritten("doubled", func(_ *rand.Rand, text []byte) []byte { return append(text, text...) }),
	{"removed", func(_ *rand.Rand, path, _ string) error { return os.Remove(path) }},
	{"replaced by another", func(_ *rand.Rand, path, other string) error {
		text, err := os.ReadFile(other)
		if err != nil {
			return err
		}
		return os.WriteFile(path, text, 0o666)
	}},
	{"swapped", func(_ *rand.Rand, path, other string) error {
		a, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(other)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, b, 0o666); err != nil {
			return err
		}
		return os.WriteFile(other, a, 0o666)
	}},
}

// kindOfFile returns the kind of a file that a command or a reader uses, or "".
func kindOfFile(path string) string {
	switch name := filepath.Base(path); filepath.Ext(name) {
	case ".safetensors":
		return "a state"
	case ".lock", ".log", ".png", ".svg":
		return "" // nobody reads them
	default:
		if filepath.Base(filepath.Dir(path)) == "selected" {
			return "a selection"
		}
		if name == "result.json" && len(filepath.Base(filepath.Dir(path))) == 16 {
			return "result.json of a run"
		}
		return name
	}
}
