package figure

import (
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// This file and live.go's Live are all that knows of GoNB.

// ErrNoNotebook is what [Show] returns outside a GoNB notebook.
var ErrNoNotebook = errors.New("no GoNB notebook is listening: use WriteFiles, or run this in a notebook cell")

// Show displays figures as the output of the notebook cell that runs. Each is
// sent as a PNG, a Vega-Lite specification and a text, of which the notebook
// shows what it can: the Vega-Lite chart with tooltips in JupyterLab, the PNG
// where a saved notebook is only viewed. An SVG would be shown by neither, and
// double the size of the notebook's file.
//
// It returns the Err of a figure that could not be drawn, before showing any,
// and [ErrNoNotebook] outside a notebook, where it displays nothing.
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

// bundle returns the figure's representations by MIME type, as Jupyter's
// display_data message has them.
func (f Figure) bundle() (map[protocol.MIMEType]any, error) {
	data := map[protocol.MIMEType]any{
		protocol.MIMEImagePNG:  f.PNG,
		protocol.MIMETextPlain: f.Title + ". " + f.Alt,
	}
	if f.VegaLite != nil {
		// Jupyter wants the specification as JSON, not as a string that holds it.
		var spec map[string]any
		if err := json.Unmarshal(f.VegaLite, &spec); err != nil {
			return nil, fmt.Errorf("figure %s: %w", f.Name, err)
		}
		data["application/vnd.vegalite.v5+json"] = spec
	}
	return data, nil
}

// size returns the metadata that makes Jupyter show the PNG, which has twice as
// many pixels, at its intended size.
func (f Figure) size() map[string]any {
	return map[string]any{"image/png": map[string]any{"width": f.Width, "height": f.Height}}
}

// registerOnce prepares gob, by which gonbui talks to the kernel, for the types
// that a Vega-Lite specification is made of. It is not in an init function so
// that importing the package changes nothing.
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

// flushDisplay waits until the kernel has read all that was sent, since what is
// still under way when the cell's process ends is lost.
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
