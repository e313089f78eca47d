package corpus

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// choose returns the files of one split of a config, sorted by name. Names
// holds all files of the dataset.
//
// If the dataset's card lists configs, it decides. Otherwise file names do: the
// config is a directory at the top or in data/, or a prefix of the file's name;
// the split is a word in the path. If no path contains a split, all files
// belong to "train".
func choose(names []string, c card, config, split string) ([]string, error) {
	if split == "" {
		split = "train"
	}
	chosen, err := chooseByCard(names, c, config, split)
	if chosen == nil && err == nil {
		chosen, err = chooseByName(names, config, split)
	}
	if err != nil {
		return nil, err
	}
	chosen = oneFormat(chosen)
	slices.Sort(chosen)
	return chosen, complete(chosen)
}

// chooseByCard returns nil if the card does not list files.
func chooseByCard(names []string, c card, config, split string) ([]string, error) {
	if len(c.Configs) == 0 {
		return nil, nil
	}
	var configs []string
	var chosen *cardConfig
	for i, k := range c.Configs {
		configs = append(configs, k.Name)
		if k.Name == config || config == "" && (len(c.Configs) == 1 || k.Default || k.Name == "default") {
			chosen = &c.Configs[i]
		}
	}
	if chosen == nil {
		slices.Sort(configs)
		if config == "" {
			return nil, fmt.Errorf("it has several configs: choose one of %s", list(configs))
		}
		return nil, fmt.Errorf("it has no config %q; it has %s", config, list(configs))
	}
	if len(chosen.Files) == 0 {
		if chosen.Directory == "" {
			return nil, nil
		}
		within := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !strings.HasPrefix(n, chosen.Directory+"/") })
		return chooseByName(within, "", split)
	}
	var splits []string
	for _, f := range chosen.Files {
		if splits = append(splits, f.Split); f.Split != split {
			continue
		}
		var found []string
		for _, pattern := range f.Path {
			match, err := glob(path.Join(chosen.Directory, pattern))
			if err != nil {
				return nil, fmt.Errorf("the pattern %q of its card is invalid: %w", pattern, err)
			}
			for _, n := range names {
				if match.MatchString(n) && isData(n) && !slices.Contains(found, n) {
					found = append(found, n)
				}
			}
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("no readable file matches %s, the patterns of its card for the split %q", list(f.Path), split)
		}
		return found, nil
	}
	return nil, fmt.Errorf("its config %q has no split %q; it has %s", chosen.Name, split, list(splits))
}

// glob translates a pattern of a card to a regular expression. * and ? match
// within a directory, ** across directories. [a-z] matches a character of a
// class, [!a-z] any other. {a,b} matches either.
func glob(pattern string) (*regexp.Regexp, error) {
	var b strings.Builder
	b.WriteString("^")
	depth := 0 // of braces
	for rest := pattern; rest != ""; {
		switch c := rest[0]; {
		case strings.HasPrefix(rest, "**/"):
			b.WriteString("(.*/)?")
			rest = rest[3:]
			continue
		case strings.HasPrefix(rest, "**"):
			b.WriteString(".*")
			rest = rest[2:]
			continue
		case c == '*':
			b.WriteString("[^/]*")
		case c == '?':
			b.WriteString("[^/]")
		case c == '[':
			class, after, err := globClass(rest)
			if err != nil {
				return nil, err
			}
			b.WriteString(class)
			rest = after
			continue
		case c == '{':
			b.WriteString("(?:")
			depth++
		case c == ',' && depth > 0:
			b.WriteString("|")
		case c == '}' && depth > 0:
			b.WriteString(")")
			depth--
		default:
			_, size := utf8.DecodeRuneInString(rest)
			b.WriteString(regexp.QuoteMeta(rest[:size]))
			rest = rest[size:]
			continue
		}
		rest = rest[1:]
	}
	if depth > 0 {
		return nil, errors.New("it has a { without }")
	}
	return regexp.Compile(b.String() + "$")
}

// globClass translates the character class at the beginning of a pattern, and
// returns the rest of the pattern.
func globClass(pattern string) (class, after string, err error) {
	inside, negated := strings.CutPrefix(pattern[1:], "!")
	if !negated {
		inside, negated = strings.CutPrefix(inside, "^")
	}
	end := strings.IndexByte(inside, ']')
	if end == 0 { // a ] at the beginning belongs to the class
		if end = strings.IndexByte(inside[1:], ']'); end >= 0 {
			end++
		}
	}
	if end < 0 {
		return "", "", fmt.Errorf("its %q has no ] to end the class of characters", pattern)
	}
	inside, after = inside[:end], inside[end+1:]
	begin := "["
	if negated {
		begin = "[^/"
	}
	class = begin + strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, "^", `\^`, "&", `\&`, "~", `\~`).Replace(inside) + "]"
	if _, err := regexp.Compile(class); err != nil {
		return "", "", fmt.Errorf("its class of characters [%s] is invalid: write a range from the lower to the higher character", inside)
	}
	return class, after, nil
}

// splitWords maps each split to the words that stand for it in file names, as
// in Hugging Face's datasets (data_files.py).
var splitWords = map[string][]string{
	"train":      {"train", "training"},
	"validation": {"validation", "valid", "dev", "val"},
	"test":       {"test", "testing", "eval", "evaluation"},
}

// hasWord reports whether a path contains word between separators, or before a
// number.
func hasWord(name, word string) bool {
	const separators = " ._/-"
	for from := 0; ; {
		i := strings.Index(name[from:], word)
		if i < 0 {
			return false
		}
		begin, end := from+i, from+i+len(word)
		if (begin == 0 || strings.ContainsRune(separators, rune(name[begin-1]))) &&
			(end == len(name) || strings.ContainsRune(separators+"0123456789", rune(name[end]))) {
			return true
		}
		from = begin + 1
	}
}

// partialSplit matches the directories that hold only the beginning of a split,
// in the Hub's automatic conversion to Parquet.
var partialSplit = regexp.MustCompile(`(^|/)partial-[^/]*/`)

func chooseByName(names []string, config, split string) ([]string, error) {
	var data []string
	for _, n := range names {
		if isData(n) && !partialSplit.MatchString(n) {
			data = append(data, n)
		}
	}
	if len(data) == 0 {
		return nil, errors.New("it has no readable file (.parquet, or .jsonl, .json or .txt, also compressed as .gz or .zst); if it is on the Hub, its revision refs/convert/parquet may have one")
	}
	rest := make(map[string]string, len(data)) // the part of each name after the config
	configs := make(map[string]bool)
	for _, n := range data {
		r := strings.TrimPrefix(n, "data/")
		top, below, nested := strings.Cut(r, "/")
		if config == "" {
			rest[n] = r
			if nested && !namesSplit(top, split) {
				configs[top] = true
			}
			continue
		}
		if nested {
			configs[top] = true
		}
		if after, ok := strings.CutPrefix(r, config); ok && after != "" && strings.ContainsRune("/._-", rune(after[0])) {
			rest[n] = after[1:]
		} else if nested && top == config {
			rest[n] = below
		}
	}
	all := slices.Sorted(maps.Keys(configs))
	if len(rest) == 0 {
		return nil, fmt.Errorf("it has no directory %q and no file whose name begins so; its directories are %s", config, list(all))
	}
	var chosen []string
	anySplit := false // whether any name contains a split
	for _, n := range data {
		r, ok := rest[n]
		if !ok {
			continue
		}
		anySplit = anySplit || namesSplit(r, split)
		words := splitWords[split]
		if words == nil {
			words = []string{split}
		}
		if slices.ContainsFunc(words, func(w string) bool { return hasWord(r, w) }) {
			chosen = append(chosen, n)
		}
	}
	if !anySplit && split == "train" {
		chosen = slices.Sorted(maps.Keys(rest))
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("none of its file names contains the split %q; its files are %s", split, list(data))
	}
	if config == "" {
		tops := make(map[string]bool)
		for _, n := range chosen {
			top, _, nested := strings.Cut(rest[n], "/")
			if nested && !namesSplit(top, split) {
				tops[top] = true
			}
		}
		if len(tops) > 1 {
			return nil, fmt.Errorf("it has several configs: choose one of %s", list(slices.Sorted(maps.Keys(tops))))
		}
	}
	return chosen, nil
}

// namesSplit reports whether a path contains a word of a known split, or the
// given split.
func namesSplit(name, split string) bool {
	if hasWord(name, split) {
		return true
	}
	for _, words := range splitWords {
		if slices.ContainsFunc(words, func(w string) bool { return hasWord(name, w) }) {
			return true
		}
	}
	return false
}

// isData reports whether a file of a dataset holds documents, judged by its name.
func isData(name string) bool {
	base := path.Base(name)
	switch base {
	case "dataset_infos.json", "dataset_info.json", "dataset_dict.json", "state.json", "config.json", "requirements.txt", "LICENSE.txt":
		return false
	}
	if strings.HasPrefix(base, ".") || strings.HasPrefix(name, ".") {
		return false
	}
	f, compression, err := formatOf(name)
	if f == textFormat {
		return err == nil && strings.HasSuffix(strings.ToLower(base), ".txt"+compression)
	}
	return err == nil
}

// oneFormat keeps the files of one format, because some datasets have the same
// documents in several formats. It prefers Parquet, then JSON lines.
func oneFormat(names []string) []string {
	best := textFormat
	for _, n := range names {
		if f, _, err := formatOf(n); err == nil {
			best = max(best, f)
		}
	}
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		f, _, err := formatOf(n)
		return err != nil || f != best
	})
}

// numbered matches the usual numbering of files, as in train-00003-of-00010.
var numbered = regexp.MustCompile(`^(.*)(\d{5})-of-(\d{5})(.*)$`)

// complete returns an error if some of a set of numbered files are missing.
func complete(names []string) error {
	have := make(map[string]bool)
	for _, n := range names {
		have[n] = true
	}
	seen := make(map[[3]string]bool)
	for _, n := range names {
		m := numbered.FindStringSubmatch(n)
		if m == nil {
			continue
		}
		group := [3]string{m[1], m[3], m[4]}
		if seen[group] {
			continue
		}
		seen[group] = true
		total, err := strconv.Atoi(m[3])
		if err != nil {
			return err
		}
		for i := range total {
			if want := fmt.Sprintf("%s%05d-of-%s%s", m[1], i, m[3], m[4]); !have[want] {
				return fmt.Errorf("it is incomplete: by its name, %s is one of %d files, but there is no %s", n, total, want)
			}
		}
	}
	return nil
}
