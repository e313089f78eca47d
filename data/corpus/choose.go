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

// choose returns the files of a dataset, of all that it has, that make a split
// of a config, in the order of their names.
//
// The dataset's card decides where it lists configs. Otherwise names do: the
// config is a directory at the top or in data/, or begins the name of a file;
// the split is a word of the path. If no name holds any split, all files are
// "train".
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

// chooseByCard returns nil if the card leaves the choice to names.
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
			return nil, fmt.Errorf("it has several configs: name one of %s", list(configs))
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
				return nil, fmt.Errorf("the pattern %q of its card cannot be read: %w", pattern, err)
			}
			for _, n := range names {
				if match.MatchString(n) && isData(n) && !slices.Contains(found, n) {
					found = append(found, n)
				}
			}
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("no file that can be read matches %s, the patterns of its card for the split %q", list(f.Path), split)
		}
		return found, nil
	}
	return nil, fmt.Errorf("its config %q has no split %q; it has %s", chosen.Name, split, list(splits))
}

// glob translates a pattern of a card: * and ? stay within a directory, ** does
// not; [a-z] is one character of a class, [!a-z] one of none of it; {a,b} is
// either.
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
		return nil, errors.New("a { in it has no }")
	}
	return regexp.Compile(b.String() + "$")
}

// globClass translates the class of characters at the beginning of a pattern,
// and returns what comes after it.
func globClass(pattern string) (class, after string, err error) {
	inside, negated := strings.CutPrefix(pattern[1:], "!")
	if !negated {
		inside, negated = strings.CutPrefix(inside, "^")
	}
	end := strings.IndexByte(inside, ']')
	if end == 0 { // as the first character it stands for itself
		if end = strings.IndexByte(inside[1:], ']'); end >= 0 {
			end++
		}
	}
	if end < 0 {
		return "", "", fmt.Errorf("its %q has no ] that ends the class of characters", pattern)
	}
	inside, after = inside[:end], inside[end+1:]
	begin := "["
	if negated {
		begin = "[^/"
	}
	class = begin + strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, "^", `\^`, "&", `\&`, "~", `\~`).Replace(inside) + "]"
	if _, err := regexp.Compile(class); err != nil {
		return "", "", fmt.Errorf("its class of characters [%s] says nothing: a range goes from the lower to the higher character", inside)
	}
	return class, after, nil
}

// splitWords are the words by which the names of files tell a split, as in
// Hugging Face's datasets (data_files.py).
var splitWords = map[string][]string{
	"train":      {"train", "training"},
	"validation": {"validation", "valid", "dev", "val"},
	"test":       {"test", "testing", "eval", "evaluation"},
}

// ofSplit tells whether a path holds a word as a word of its own: between
// separators, or before a number.
func ofSplit(name, word string) bool {
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

// partialSplit matches directories of the Hub's automatic conversion that hold
// only the beginning of a split.
var partialSplit = regexp.MustCompile(`(^|/)partial-[^/]*/`)

func chooseByName(names []string, config, split string) ([]string, error) {
	var data []string
	for _, n := range names {
		if isData(n) && !partialSplit.MatchString(n) {
			data = append(data, n)
		}
	}
	if len(data) == 0 {
		return nil, errors.New("there is no file in it that can be read (.parquet, .jsonl, .json, .txt; these compressed as .gz or .zst); if it is on the Hub, its revision refs/convert/parquet may have one")
	}
	rest := make(map[string]string, len(data)) // what names say after the config
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
		return nil, fmt.Errorf("no file of it is in a directory %q or has a name that begins so; there are the directories %s", config, list(all))
	}
	var chosen []string
	told := false // whether any name tells a split
	for _, n := range data {
		r, ok := rest[n]
		if !ok {
			continue
		}
		told = told || namesSplit(r, split)
		words := splitWords[split]
		if words == nil {
			words = []string{split}
		}
		if slices.ContainsFunc(words, func(w string) bool { return ofSplit(r, w) }) {
			chosen = append(chosen, n)
		}
	}
	if !told && split == "train" {
		chosen = slices.Sorted(maps.Keys(rest))
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no name of its files tells that one is of the split %q; there are %s", split, list(data))
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
			return nil, fmt.Errorf("it has several configs: name one of %s", list(slices.Sorted(maps.Keys(tops))))
		}
	}
	return chosen, nil
}

// namesSplit tells whether a path holds a word of any known split, or the name
// of the given one.
func namesSplit(name, split string) bool {
	if ofSplit(name, split) {
		return true
	}
	for _, words := range splitWords {
		if slices.ContainsFunc(words, func(w string) bool { return ofSplit(name, w) }) {
			return true
		}
	}
	return false
}

// isData tells whether a file of a dataset holds documents.
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

// oneFormat leaves the files of one format: some datasets hold the same in
// several. Parquet comes before JSON lines and these before text.
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

// numbered matches the customary number of a file among several.
var numbered = regexp.MustCompile(`^(.*)(\d{5})-of-(\d{5})(.*)$`)

// complete reports an error if files that say how many they are, as in
// train-00003-of-00010.parquet, are not all there.
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
				return fmt.Errorf("it is not complete: %s says that there are %d files, but there is no %s", n, total, want)
			}
		}
	}
	return nil
}
