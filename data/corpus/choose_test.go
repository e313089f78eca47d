package corpus

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChoose(t *testing.T) {
	wiki := []string{"README.md", ".gitattributes", "20231101.de/train-00000-of-00001.parquet", "20231101.en/train-00000-of-00002.parquet", "20231101.en/train-00001-of-00002.parquet"}
	converted := []string{"en/train/0000.parquet", "en/test/0000.parquet", "en/partial-validation/0000.parquet"}
	flat := []string{"data/train.jsonl", "data/test.jsonl", "dataset_infos.json"}
	c4 := []string{"en/c4-train.00000-of-00002.json.gz", "en/c4-train.00001-of-00002.json.gz", "en/c4-validation.00000-of-00001.json.gz"}
	several := []string{"a.parquet", "b.parquet", "a.jsonl", "notes.txt"}
	const configs = `---
license: [cc-by-sa-3.0, gfdl]
configs:
- config_name: en
  default: true
  data_files:
  - split: train
    path: "20231101.en/train-*"
- config_name: de
  data_files: 20231101.de/*.parquet
- config_name: all
  data_files:
  - split: train
    path: ["**/train-*.parquet"]
- config_name: dir
  data_dir: 20231101.de
---
# Text`
	for name, c := range map[string]struct {
		names         []string
		readme        string
		config, split string
		want          []string
		err           string
	}{
		"directory":        {names: wiki, config: "20231101.en", want: wiki[3:]},
		"no config":        {names: wiki, err: `several configs: choose one of "20231101.de", "20231101.en"`},
		"unknown config":   {names: wiki, config: "fr", err: `its directories are "20231101.de", "20231101.en"`},
		"unknown split":    {names: wiki, config: "20231101.en", split: "test", err: `split "test"`},
		"incomplete":       {names: wiki[:4], config: "20231101.en", err: "there is no 20231101.en/train-00001-of-00002.parquet"},
		"converted":        {names: converted, config: "en", want: converted[:1]},
		"converted test":   {names: converted, config: "en", split: "test", want: converted[1:2]},
		"part of a split":  {names: converted, config: "en", split: "validation", err: `split "validation"`},
		"one config":       {names: converted, want: converted[:1]},
		"flat":             {names: flat, split: "test", want: flat[1:2]},
		"config in name":   {names: []string{"en-train.parquet", "de-train.parquet"}, config: "en", want: []string{"en-train.parquet"}},
		"C4":               {names: c4, config: "en", want: c4[:2]},
		"C4 validation":    {names: c4, config: "en", split: "validation", want: c4[2:]},
		"all are training": {names: several, want: several[:2]},
		"no test":          {names: several, split: "test", err: `split "test"`},
		"nothing":          {names: []string{"README.md", "data.zip", "code.py"}, err: "it has no readable file"},
		"card default":     {names: wiki, readme: configs, want: wiki[3:]},
		"card string":      {names: wiki, readme: configs, config: "de", want: wiki[2:3]},
		"card two stars":   {names: wiki, readme: configs, config: "all", want: wiki[2:]},
		"card directory":   {names: wiki, readme: configs, config: "dir", want: wiki[2:3]},
		"card config":      {names: wiki, readme: configs, config: "fr", err: `no config "fr"; it has "all", "de", "dir", "en"`},
		"card split":       {names: wiki, readme: configs, split: "test", err: `has no split "test"; it has "train"`},
		"card no match":    {names: wiki[:2], readme: configs, err: "20231101.en/train-*"},
	} {
		k, err := parseCard([]byte(c.readme))
		if err != nil {
			t.Fatal(err)
		}
		got, err := choose(c.names, k, c.config, c.split)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, %v, want %q", name, got, err, c.err)
			}
			continue
		}
		if d := cmp.Diff(c.want, got); d != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, d)
		}
	}
}

func TestGlob(t *testing.T) {
	for pattern, c := range map[string]struct{ match, not string }{
		"a/*.txt":          {"a/b.txt", "a/b/c.txt"},
		"**/b.txt":         {"a/c/b.txt", "a/cb.txt"},
		"a/**":             {"a/b/c", "b/c"},
		"?.txt":            {"ä.txt", "aa.txt"},
		"données/a+b.*":    {"données/a+b.txt", "donn\u00c3\u00a9es/aab.txt"},
		"[a-c].txt":        {"b.txt", "d.txt"},
		"[!a-c].txt":       {"d.txt", "b.txt"},
		"x[!a]y":           {"xby", "x/y"},
		"[^a].txt":         {"b.txt", "a.txt"},
		"[]x].txt":         {"].txt", "y.txt"},
		"[!]x].txt":        {"y.txt", "].txt"},
		`[[\].txt`:         {`\.txt`, "a.txt"},
		"{train,dev}-*.gz": {"dev-1.gz", "test-1.gz"},
		"{a,b{c,d}}.txt":   {"bd.txt", "b.txt"},
		"a,b}.txt":         {"a,b}.txt", "a"},
	} {
		r, err := glob(pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
		} else if !r.MatchString(c.match) || r.MatchString(c.not) {
			t.Errorf("%s: %s matches %s, or not %s", pattern, r, c.not, c.match)
		}
	}
	for pattern, want := range map[string]string{"a[b": "no ]", "[": "no ]", "[!]": "no ]", "[z-a]": "[z-a] is invalid", "{a,b": "{ without }"} {
		k := card{Configs: []cardConfig{{Files: dataFiles{{"train", stringList{pattern}}}}}}
		_, err := choose([]string{"a.txt"}, k, "", "")
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "of its card") || strings.Contains(err.Error(), "regexp") {
			t.Errorf("%s: %v, want %q", pattern, err, want)
		}
	}
}

func TestCard(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "",
		"# No head\n---\n":                     "",
		"---\nlicense: mit\n---\n# A":          "mit",
		"---\r\nlicense:\r\n- a\r\n- b\r\n---": "a, b",
		"---\nlicense:\n---":                   "",
		"---\nlicense: mit\n":                  "", // it does not end
	} {
		if c, err := parseCard([]byte(text)); err != nil || c.license() != want {
			t.Errorf("%q: licence %q, %v, want %q", text, c.license(), err, want)
		}
	}
	for _, text := range []string{"---\nlicense: {a: b}\n---", "---\nconfigs: 3\n---", "---\n\t- : [\n---"} {
		if c, err := parseCard([]byte(text)); err == nil {
			t.Errorf("%q: %+v", text, c)
		}
	}
}

func FuzzCard(f *testing.F) {
	f.Add("---\nlicense: [a, b]\nconfigs:\n- config_name: x\n  data_files:\n  - split: train\n    path: \"a/[b-c]*.parquet\"\n---\n")
	f.Add("---\nconfigs:\n- data_files: '**'\n- data_dir: a\n---\n")
	f.Add("---\nconfigs:\n- data_files: '{a,[!b-z]*}/**.parquet'\n---\n")
	names := []string{"README.md", "a/b.parquet", "a/train-00000-of-00002.jsonl", "test.txt"}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCard([]byte(text))
		if err != nil {
			return
		}
		if chosen, err := choose(names, c, "", ""); err == nil && len(chosen) == 0 {
			t.Error("no file, and no error")
		}
	})
}
