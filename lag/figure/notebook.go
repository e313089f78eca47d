package figure

import (
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// Only this file and Live in live.go depend on GoNB.

// ErrNoNotebook is the error of [Show] outside a GoNB notebook.
var ErrNoNotebook = errors.New("no GoNB notebook is listening: use WriteFiles, or run this in a notebook cell")

// Show displays figures as output of the current notebook cell. Each is sent as
// a PNG, a Vega-Lite specification and a text. JupyterLab shows the Vega-Lite
// chart with tooltips; viewers of saved notebooks show the PNG. Neither would
// show an SVG, which would double the size of the notebook's file.
//
// If a figure could not be drawn, Show returns its Err without showing any
// figure. Outside a notebook it shows nothing and returns [ErrNoNotebook].
func Show(figures ...Figure) error {
	for _, f := range figures {
		if f.Err != nil {
			return f.Err
		}
	}
	if !gonbui.IsNotebook {
		return ErrNoNotebook
	}
	for _, f := range figures {
		data, err := f.bundle()
		if err != nil {
			return err
		}
		if err := sendDisplay("", data, f.size()); err != nil {
			return fmt.Errorf("figure %s: %w", f.Name, err)
		}
	}
	return flushDisplay()
}

// bundle returns the figure's representations by MIME type, as in Jupyter's
// display_data message.
func (f Figure) bundle() (map[protocol.MIMEType]any, error) {
	data := map[protocol.MIMEType]any{
		protocol.MIMEImagePNG:  f.PNG,
		protocol.MIMETextPlain: strings.Join(strings.Fields(f.Title+". "+f.Caption+" "+f.Alt), " "),
	}
	if f.VegaLite != nil {
		// Jupyter expects the specification as JSON, not as a string.
		var spec map[string]any
		if err := json.Unmarshal(f.VegaLite, &spec); err != nil {
			return nil, fmt.Errorf("figure %s: %w", f.Name, err)
		}
		data["application/vnd.vegalite.v5+json"] = spec
	}
	return data, nil
}

// size returns metadata so that Jupyter shows the PNG, which has twice as many
// pixels, at its intended size.
func (f Figure) size() map[string]any {
	return map[string]any{"image/png": map[string]any{"width": f.Width, "height": f.Height}}
}

// registerOnce registers the types of a Vega-Lite specification with gob, which
// gonbui uses to talk to the kernel. It is not in an init function, so that
// importing the package has no side effects.
var registerOnce sync.Once

// sendDisplay sends one output to the notebook. With an id, a later call with
// the same id replaces it.
func sendDisplay(id string, data map[protocol.MIMEType]any, metadata map[string]any) error {
	registerOnce.Do(func() {
		gob.Register(map[string]any{})
		gob.Register([]any{})
	})
	gonbui.SendData(&protocol.DisplayData{Data: data, Metadata: metadata, DisplayID: id})
	// SendData returns nothing; after a failure gonbui sends no more.
	if err := gonbui.Error(); err != nil {
		return fmt.Errorf("sending a display to the notebook: %w", err)
	}
	return nil
}

// flushDisplay waits until the kernel has read everything. Data that is still
// in transit when the cell's process ends is lost.
func flushDisplay() error {
	done := make(chan struct{})
	go func() {
		gonbui.Sync()
		close(done)
	}()
	select {
	case <-done:
		return gonbui.Error()
	case <-time.After(5 * time.Second):
		return errors.New("the notebook's kernel did not confirm within 5 s that it received the figures")
	}
}
