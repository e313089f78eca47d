package backend_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/landscape-aware/growing/lag/backend"
)

// TestCUDADevices checks what the environment and nvidia-smi tell of GPUs, on a
// machine that may have none.
func TestCUDADevices(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the pretended nvidia-smi is a shell script")
	}
	t.Setenv(backend.Env, "")
	t.Setenv("GOMLX_BACKEND", "")
	for list, want := range map[string][]string{"3,5": {"3", "5"}, " 1 , GPU-8f2a ": {"1", "GPU-8f2a"}, "2,-1,3": {"2"}, "": nil, "-1": nil} {
		t.Setenv(backend.CUDAVisible, list)
		if got := backend.CUDADevices(t.Context(), backend.CUDA); !slices.Equal(got, want) {
			t.Errorf("of %q: %q, want %q", list, got, want)
		}
	}
	os.Unsetenv(backend.CUDAVisible) // t.Setenv restores it
	dir := t.TempDir()
	smi := func(text string) {
		script := "#!/bin/sh\n[ \"$*\" = -L ] || exit 2\n" + text
		if err := os.WriteFile(filepath.Join(dir, "nvidia-smi"), []byte(script), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	const two = "echo 'GPU 0: NVIDIA H200 (UUID: GPU-1)'\necho 'GPU 1: NVIDIA H200 (UUID: GPU-2)'\n"
	t.Setenv("PATH", dir)
	for _, test := range []struct {
		name, backend, script string
		want                  []string
	}{
		{"two", backend.Auto, two, []string{"0", "1"}},
		{"by a plugin's path", "xla:/lib/pjrt_plugin_xla_cuda.so", two, []string{"0", "1"}},
		{"another backend", backend.CPU, two, nil},
		{"divided", backend.CUDA, two + "echo '  MIG 1g.18gb     Device  0: (UUID: MIG-3)'\n", nil},
		{"no driver", backend.CUDA, "exit 9\n", nil},
	} {
		smi(test.script)
		if got := backend.CUDADevices(t.Context(), test.backend); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	t.Setenv(backend.Env, backend.Go)
	smi(two)
	if got := backend.CUDADevices(t.Context(), backend.Auto); got != nil {
		t.Errorf("where the environment asks for %s: %q", backend.Go, got)
	}
	t.Setenv(backend.Env, "")
	t.Setenv("PATH", t.TempDir())
	if got := backend.CUDADevices(t.Context(), backend.CUDA); got != nil {
		t.Errorf("without nvidia-smi: %q", got)
	}
}
