package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/doctor/report"
	"github.com/landscape-aware/growing/kernels/internal/plugin"
	"github.com/landscape-aware/growing/kernels/internal/proc"
)

// backends tries the pure-Go backend and every plugin. Either engine is enough
// to run notebooks on the CPU.
func backends(ctx context.Context, c checkout.Checkout, buildProbe func(context.Context, checkout.Checkout) (string, error)) []Finding {
	probe, err := buildProbe(ctx, c)
	if err != nil {
		return []Finding{{"backends", Missing, reason(err), "go build ./kernels/probe"}}
	}
	found := []Finding{backend("pure-Go backend", try(ctx, probe, "go"), version{})}
	header, err := headerVersion(ctx, c)
	if err != nil {
		found = append(found, Finding{"go-xla", Absent, reason(err), "go mod download"})
	}
	list := plugin.Find(plugin.SearchPath())
	for _, p := range list {
		found = append(found, examinePlugin(ctx, probe, p, header))
	}
	if _, ok := plugin.OfKind(list, "cpu"); !ok {
		f := Finding{Name: "XLA plugin for CPU", Status: Absent,
			Text: "none in " + strings.Join(plugin.SearchPath(), ", ") + "; the pure-Go backend is an order of magnitude slower"}
		if os.Getenv(plugin.PathEnv) != "" {
			f.Text += "; " + plugin.PathEnv + " replaces the usual places"
		}
		if runtime.GOOS == "linux" || runtime.GOOS == "darwin" && runtime.GOARCH == "arm64" {
			f.Fix = setup
		}
		found = append(found, f)
	}
	for _, kind := range plugin.Devices {
		if _, ok := plugin.OfKind(list, kind); !ok {
			found = append(found, Finding{"XLA plugin for " + strings.ToUpper(kind), Absent,
				"none, so its kernel is not offered; install it if you have such a device", setup + " -device " + kind})
		}
	}
	return found
}

// examinePlugin checks a plugin's file, and tries it unless that shows damage:
// then loading it may crash in any way.
func examinePlugin(ctx context.Context, probe string, p plugin.Plugin, header version) Finding {
	f := Finding{Name: "XLA plugin " + p.Name, Status: Missing}
	if err := p.Check(); err != nil {
		f.Text = err.Error()
	} else {
		f = backend(f.Name, try(ctx, probe, p.Backend()), header)
	}
	f.Text = p.Path + ": " + f.Text
	switch {
	case f.Status == Works:
	case p.Kind() != "cpu": // it does not prevent notebooks on the CPU
		f.Status, f.Fix = Absent, "rm "+plain.Quoted(p.Path)+" && "+setup+" -device "+p.Kind()
	case p.Ours():
		f.Fix = setup // which installs it again
	default:
		f.Fix = "rm " + plain.Quoted(p.Path) + " && " + setup
	}
	return f
}

// limit is the time limit for a backend to run a small graph.
const limit = 2 * time.Minute

// crash begins the line in which a Go program says why it crashes. Stacks and
// registers of the processor follow, which say nothing to most readers.
var crash = regexp.MustCompile(`^(SIG[A-Z]+: |panic: |fatal error: |unexpected fault address)`)

// try runs the probe in a separate process, because a plugin may crash or hang.
func try(ctx context.Context, probe, backend string) report.Probe {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var why string
	out, err := proc.Output(ctx, proc.Command{Args: []string{probe, backend}, Env: []string{"GOMLX_NO_AUTO_INSTALL=1"}, Line: func(line string) {
		if why == "" && crash.MatchString(line) {
			why = line
		}
	}})
	var r report.Probe
	if jsonErr := json.Unmarshal([]byte(out), &r); jsonErr != nil && err == nil {
		err = fmt.Errorf("the probe printed %q", out)
	}
	_, failed := errors.AsType[*proc.Error](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		r.Error = fmt.Sprintf("no answer within %s", limit)
	case failed && stoppedBy(err) != "":
		r.Error = "it was stopped from outside (" + stoppedBy(err) + ")"
	case failed && why != "":
		r.Error = "it crashes: " + why
	case failed:
		r.Error = "it crashes: " + reason(err)
	case err != nil:
		r.Error = err.Error()
	}
	return r
}

// backend converts the result of a probe to a finding.
func backend(name string, r report.Probe, header version) Finding {
	f := Finding{Name: name}
	loaded := version{r.Major, r.Minor}
	var parts []string
	if loaded != (version{}) {
		parts = append(parts, "PJRT "+loaded.String()+header.compare(loaded))
	}
	if len(r.Devices) > 0 {
		parts = append(parts, "devices "+strings.Join(r.Devices, ", "))
	}
	switch {
	case r.Ran && len(parts) == 0:
		parts = append(parts, r.Description, "runs")
	case r.Ran:
		parts = append(parts, "runs")
	default:
		f.Status = Missing
		parts = append(parts, "does not run: "+r.Error)
	}
	if r.Checked != "" {
		parts = append(parts, r.Checked)
	}
	f.Text = strings.Join(parts, ", ")
	return f
}

// A version is a version of the PJRT interface.
type version struct{ major, minor int }

func (v version) String() string { return fmt.Sprintf("%d.%d", v.major, v.minor) }

// compare describes how a plugin's version differs from go-xla's. Versions with
// the same major number should be compatible. Only running a graph shows
// whether they are.
func (v version) compare(plugin version) string {
	switch {
	case v == (version{}) || v == plugin:
		return ""
	case v.major != plugin.major:
		return fmt.Sprintf(" (INCOMPATIBLE with go-xla's %s: another major version; install a plugin of PJRT %d.x)", v, v.major)
	case plugin.minor > v.minor:
		return fmt.Sprintf(" (newer than go-xla's %s)", v)
	default:
		return fmt.Sprintf(" (older than go-xla's %s)", v)
	}
}

var define = regexp.MustCompile(`(?m)^#define PJRT_API_(MAJOR|MINOR) (\d+)`)

// headerVersion returns the PJRT version of go-xla's header file.
func headerVersion(ctx context.Context, c checkout.Checkout) (version, error) {
	dir, err := proc.Output(ctx, proc.Command{Args: []string{"go", "list", "-m", "-f", "{{.Dir}}", "github.com/gomlx/go-xla"}, Dir: c.Root})
	if err != nil {
		return version{}, fmt.Errorf("finding go-xla's PJRT version: %w", err)
	}
	header, err := os.ReadFile(filepath.Join(dir, "pjrt", "pjrt_c_api.h"))
	if err != nil {
		return version{}, fmt.Errorf("finding go-xla's PJRT version: %w", err)
	}
	var v version
	for _, m := range define.FindAllStringSubmatch(string(header), -1) {
		n, _ := strconv.Atoi(m[2]) // digits
		if m[1] == "MAJOR" {
			v.major = n
		} else {
			v.minor = n
		}
	}
	return v, nil
}
