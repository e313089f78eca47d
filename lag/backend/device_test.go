//go:build cgo && ((linux && (amd64 || arm64)) || (darwin && arm64))

package backend

import (
	"strings"
	"testing"
)

// TestWithoutDevice: where there is no device the error says so in one line, with
// what to use.
func TestWithoutDevice(t *testing.T) {
	for kind, want := range map[string]string{"cuda": "programs see no NVIDIA GPU on this machine", "tpu": "programs see no TPU on this machine"} {
		if withoutDevice(kind) == "" {
			t.Logf("this machine may have a device for %s", kind)
			continue
		}
		b, err := Open("xla:" + kind)
		if err == nil {
			b.Finalize()
			t.Errorf("xla:%s opens", kind)
			continue
		}
		if text := err.Error(); !strings.Contains(text, want) || !strings.Contains(text, `the kernel for the CPU`) || strings.Contains(text, "\n") {
			t.Errorf("xla:%s: %q", kind, text)
		}
	}
	if text := withoutDevice("cpu"); text != "" {
		t.Errorf("a CPU: %q", text)
	}
}
