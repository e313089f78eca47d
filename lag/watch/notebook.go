package watch

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// Only this file depends on GoNB.

// ErrNoNotebook is the error of [Show] and [Live] outside a GoNB notebook.
var ErrNoNotebook = errors.New("no GoNB notebook is listening: use Text or Serve, or run this in a notebook cell")

// Look reads a directory once, to its end.
func Look(ctx context.Context, dir string) (State, error) {
	w := New(dir)
	for {
		if err := w.Refresh(ctx); err != nil {
			return State{}, err
		}
		if !w.reading() {
			return w.State(0), nil
		}
	}
}

// Show shows the present state of a directory as output of the current notebook
// cell, in the form of the page that [Serve] shows.
func Show(ctx context.Context, dir string) error {
	if !gonbui.IsNotebook {
		return ErrNoNotebook
	}
	state, err := Look(ctx, dir)
	if err != nil {
		return err
	}
	return display("", state)
}

// refreshEvery is the time between two pictures in a notebook.
const refreshEvery = 3 * time.Second

// Live shows the state of a directory in the current notebook cell, in place, until
// what is there is complete or the context is canceled, which is no error: the cell
// then shows the last state.
func Live(ctx context.Context, dir string) error {
	if !gonbui.IsNotebook {
		return ErrNoNotebook
	}
	w, id := New(dir), "lag-watch-"+gonbui.UniqueId()
	shown := int64(-1)
	for {
		if err := w.Refresh(ctx); err != nil {
			return nil
		}
		state := w.State(0)
		if state.Version != shown || len(state.Work) > 0 || state.Status == Complete {
			if err := display(id, state); err != nil {
				return err
			}
			shown = state.Version
		}
		if state.Status == Complete {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(refreshEvery):
		}
	}
}

// display shows a state as a frame with the page, and as text where no frame is
// shown. With an id, a later call with the same id replaces it.
func display(id string, state State) error {
	frame, err := frameOf(state)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := Text(&text, state); err != nil {
		return err
	}
	gonbui.SendData(&protocol.DisplayData{
		Data:      map[protocol.MIMEType]any{protocol.MIMETextHTML: frame, protocol.MIMETextPlain: text.String()},
		DisplayID: id,
	})
	gonbui.Sync()
	if err := gonbui.Error(); err != nil {
		return fmt.Errorf("sending a display to the notebook: %w", err)
	}
	return nil
}

// themed tells the page in a frame whether the notebook is light or dark, which the
// page cannot see: JupyterLab says so in an attribute, VS Code in a class.
const themed = `<script>
(() => {
  const frame = document.getElementById("%s");
  if (!frame) return;
  const body = document.body;
  const dark = body.dataset.jpThemeLight === "false" || body.classList.contains("vscode-dark");
  const known = dark || body.dataset.jpThemeLight === "true" || body.classList.contains("vscode-light");
  const tell = () => { if (known) frame.contentWindow.postMessage(dark ? "dark" : "light", "*"); };
  frame.addEventListener("load", tell);
  tell();
})();
</script>`

// frameOf returns a frame with the page and a state. The page's scripts run apart
// from the notebook and load nothing.
func frameOf(state State) (string, error) {
	text, err := standalone(state)
	if err != nil {
		return "", err
	}
	height := 560
	if len(state.Ranks) > 0 {
		height = 980
	}
	id := "lag-watch-" + rand.Text()
	return fmt.Sprintf(`<iframe id="%s" sandbox="allow-scripts" title="lag watch" style="width:100%%;height:%dpx;border:0" srcdoc="%s"></iframe>`+themed, id, height, html.EscapeString(text), id), nil
}

// standalone returns the page as one text, with a state in it.
func standalone(state State) (string, error) {
	data, err := json.Marshal(state) // with < and & escaped, so that it cannot end its element
	if err != nil {
		return "", err
	}
	parts := make(map[string]string)
	for name := range pageFiles {
		text, err := pageFile(name)
		if err != nil {
			return "", err
		}
		parts[name] = string(text)
	}
	return strings.NewReplacer(
		`<link rel="stylesheet" href="style.css">`,
		`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"><style>`+parts["style.css"]+`</style>`,
		`<script src="plot.js"></script>`, `<script type="application/json" id="state">`+string(data)+`</script><script>`+parts["plot.js"]+`</script>`,
		`<script src="watch.js"></script>`, `<script>`+parts["watch.js"]+`</script>`,
	).Replace(parts[""]), nil
}
