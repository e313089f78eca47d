package readme

import (
	"regexp"
	"strings"
	"time"
)

var (
	comment     = regexp.MustCompile(`(?s)<!--\s*ci:(.*?)-->`)
	directive   = regexp.MustCompile("(?s)^([a-z]+)(?: `([^`]+)`)?:(.*)$")
	placeholder = regexp.MustCompile(`^(<[^<>]+>|\[[A-Z. ]+\]|\.\.\.|[A-Z][A-Z0-9]*)$`)
)

// comments takes the directives of an HTML block.
func (p *reader) comments(line int, html string) {
	for _, found := range comment.FindAllStringSubmatch(html, -1) {
		for _, one := range directives(found[1]) {
			p.directive(line, one)
		}
	}
}

// directives returns the directives of a comment, one a line. An indented line
// belongs to the one before.
func directives(text string) (list []string) {
	for line := range strings.Lines(text) {
		indented := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
		line = strings.TrimRight(line, " \n")
		switch {
		case strings.TrimSpace(line) == "":
		case indented && len(list) > 0:
			list[len(list)-1] += "\n" + strings.TrimSpace(line)
		default:
			list = append(list, strings.TrimSpace(line))
		}
	}
	return list
}

func (p *reader) directive(line int, whole string) {
	parts := directive.FindStringSubmatch(whole)
	if parts == nil {
		p.fault(line, "%q is no directive, such as `skip: REASON`", whole)
		return
	}
	name, of, value := parts[1], parts[2], strings.TrimSpace(parts[3])
	if value == "" {
		p.fault(line, "the directive %q says nothing after its colon", name)
		return
	}
	switch name {
	case "do":
		p.steps = append(p.steps, step{line: line, source: value})
		return
	case "place":
		if value != "checkout" {
			p.fault(line, "the only place that can be named is the checkout, not %q", value)
		}
		p.inCheckout = true
		return
	}
	p.marked, p.pendingLine = true, line
	m := &p.pending
	lists := map[string]*[]pair{"skip": &m.skips, "small": &m.small, "until": &m.until, "put": &m.put}
	if list, ok := lists[name]; ok && of != "" {
		if name == "put" && !placeholder.MatchString(of) {
			p.fault(line, "%q does not look like a placeholder: <name>, [NAME], NAME or ...", of)
		}
		if _, err := regexp.Compile(value); name == "until" && err != nil {
			p.fault(line, "%v", err)
		}
		*list = append(*list, pair{of, value})
		return
	}
	if of != "" {
		p.fault(line, "the directive %q is for whole blocks, not for `%s`", name, of)
		return
	}
	switch name {
	case "skip":
		m.skip = value
	case "file":
		m.file = value
	case "main":
		m.main = strings.Fields(value)
	case "limit":
		limit, err := time.ParseDuration(value)
		if err != nil || limit <= 0 {
			p.fault(line, "%q is not a positive time, such as 5m", value)
		}
		m.limit = limit
	case "small", "until", "put":
		p.fault(line, "the directive %q needs to know what it is for, as in: %s `lag study`: ...", name, name)
	default:
		p.fault(line, "there is no directive %q", name)
	}
}
