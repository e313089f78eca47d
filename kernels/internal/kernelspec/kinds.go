package kernelspec

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"strings"
	"text/template"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/plugin"
)

// A kind is what a kernel computes on.
type kind struct {
	Kind        string // in the name of the kernel, lag-<kind>
	DisplayName string
	Fill        string // background of the icon: dark enough for white lines
	Letters     string // path of the icon's letters, see letters
}

// kinds are the kinds of kernels, the usual first.
var kinds = []kind{
	{"cpu", "LAG (Go, CPU)", "#0b7285", letters("CPU")},
	{"go", "LAG (pure Go)", "#1864ab", letters("Go")},
	{"cuda", "LAG (Go, CUDA)", "#2b6a1f", letters("CUDA")},
	{"tpu", "LAG (Go, TPU)", "#8a3ffc", letters("TPU")},
}

// Kinds are the names of the kinds: "cpu" for XLA on the CPU, or the pure-Go
// backend where there is no plugin for it; "go" for the pure-Go backend always;
// "cuda" and "tpu" for these devices.
func Kinds() (names []string) {
	for _, k := range kinds {
		names = append(names, k.Kind)
	}
	return names
}

// Name returns the name of the kernel of a kind.
func Name(kind string) string { return "lag-" + kind }

// Offered returns the kinds to install kernels for, given the plugins: those for
// the CPU, and others that have a plugin.
func Offered(plugins []plugin.Plugin) []string {
	offered := []string{"cpu", "go"}
	for _, device := range plugin.Devices {
		if _, ok := plugin.OfKind(plugins, device); ok {
			offered = append(offered, device)
		}
	}
	return offered
}

var (
	//go:embed kernel.json.tmpl
	kernelJSON string
	//go:embed logo.svg.tmpl
	logoSVG string

	templates = template.Must(template.Must(template.New("kernel.json").Parse(kernelJSON)).New("logo-svg.svg").Parse(logoSVG))
)

// files returns the files of a kernel by name. It escapes strings for JSON,
// because a path may contain any character.
func (k kind) files(c checkout.Checkout, goProgram string) (map[string][]byte, error) {
	inner := func(s string) string {
		quoted, _ := json.Marshal(s) // cannot fail for a string
		return strings.TrimSuffix(strings.TrimPrefix(string(quoted), `"`), `"`)
	}
	out := make(map[string][]byte)
	for _, name := range []string{"kernel.json", "logo-svg.svg"} {
		var text bytes.Buffer
		if err := templates.ExecuteTemplate(&text, name, struct {
			kind
			Launcher, Go string
		}{k, inner(Launcher(c)), inner(goProgram)}); err != nil {
			return nil, err
		}
		out[name] = text.Bytes()
	}
	return out, nil
}
