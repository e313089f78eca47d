package report

import (
	"strings"

	"github.com/landscape-aware/growing/lag/aggregate"
)

// Checklist returns a checklist as text, for a terminal or a notebook.
func Checklist(groups []aggregate.CheckGroup) string {
	var out strings.Builder
	for i, g := range groups {
		if i > 0 {
			out.WriteByte('\n')
		}
		out.WriteString(g.Title + "\n")
		var cells [][]string
		for _, item := range g.Items {
			cells = append(cells, []string{string(item.Mark), item.What, item.Text})
		}
		_, body, _ := strings.Cut(plainTable([]string{"", "", ""}, cells, 3), "\n")
		_, body, _ = strings.Cut(body, "\n") // without the line below the empty headers
		out.WriteString(body)
	}
	return out.String()
}
