package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/landscape-aware/growing/data/preview"
	"github.com/landscape-aware/growing/data/statistics"
)

// Data returns the statistics of a dataset as text: numbers of both splits, the
// lengths of training documents as bars, and the most frequent tokens.
func Data(s *statistics.Dataset) string {
	splits := []struct {
		name string
		statistics.Split
	}{{"train", s.Train}, {"validation", s.Validation}}
	var cells [][]string
	for _, p := range splits {
		cells = append(cells, []string{p.name, strconv.FormatInt(p.Documents, 10), strconv.FormatInt(p.Tokens, 10), number(p.BytesPerToken, 2),
			fmt.Sprintf("%.3f%%", 100*p.UnknownRate), number(p.Entropy, 3),
			fmt.Sprintf("%d", p.MinLength), number(p.MeanLength, 0), fmt.Sprintf("%d", p.MaxLength)})
	}
	var b strings.Builder
	b.WriteString(plainTable([]string{"split", "documents", "tokens", "bytes/token", "unknown", "entropy", "shortest", "mean", "longest"}, cells, 1))
	fmt.Fprintf(&b, "\nVocabulary of %d tokens, %d of them unused. Unigram entropy %.3f nats per token (%.3f with the frequencies of the validation set).\n",
		s.Vocabulary, s.Unused, s.UnigramEntropy, s.ValidationEntropy)

	b.WriteString("\nLength of training documents, in tokens:\n")
	most := int64(1)
	for _, bin := range s.Train.Lengths {
		most = max(most, bin.Documents)
	}
	for _, bin := range s.Train.Lengths {
		const width = 50
		bar := strings.Repeat("█", int((bin.Documents*width+most-1)/most))
		fmt.Fprintf(&b, "%9d to %-9d %8d %s\n", bin.Low, bin.High-1, bin.Documents, bar)
	}

	b.WriteString("\nMost frequent tokens of training:\n")
	var words []string
	for _, t := range s.Train.Frequent {
		words = append(words, fmt.Sprintf("%s %.2f%%", preview.Visible(t.Token), 100*t.Share))
	}
	b.WriteString(wrapWords(words, 96))
	return b.String()
}

// wrapWords joins words with commas into lines of about the given width.
func wrapWords(words []string, width int) string {
	var b strings.Builder
	column := 0
	for i, w := range words {
		if i < len(words)-1 {
			w += ","
		}
		length := lipgloss.Width(w)
		if column > 0 && column+1+length > width {
			b.WriteString("\n")
			column = 0
		}
		if column == 0 {
			b.WriteString("  ")
		} else {
			b.WriteString(" ")
		}
		b.WriteString(w)
		column += 1 + length
	}
	return b.String() + "\n"
}
