//go:build cgo && ((linux && (amd64 || arm64)) || (darwin && arm64))

package compiled_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gomlx/go-xla/pjrt"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/backend/programs"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
)

// TestDonated: a loaded program writes a result into the argument that was
// donated for it, as the compiled one does, and reports the same memory.
func TestDonated(t *testing.T) {
	testbackend.XLA(t)
	t.Setenv(programs.Env, t.TempDir())
	b, err := backend.Open(backend.CPU)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	p, err := pjrt.GetPlugin(b.Backend.(interface{ PluginName() string }).PluginName())
	if err != nil {
		t.Fatal(err)
	}
	client, err := p.NewClient(pjrt.NamedValuesMap{"cpu_device_count": int64(1)})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Destroy()
	lines := logged(t, func() { testDonated(t, client) })
	if strings.Count(lines, compiled) != 1 || strings.Count(lines, loaded) != 1 {
		t.Errorf("want a compiled program, and then a loaded one:\n%s", lines)
	}
}

func testDonated(t *testing.T, client *pjrt.Client) {
	t.Helper()
	const size = 1024
	var body strings.Builder
	body.WriteString("%0 = stablehlo.add %a, %b : tensor<1024xf32>\n")
	for i := 1; i <= 200; i++ {
		fmt.Fprintf(&body, "%%%d = stablehlo.multiply %%%d, %%b : tensor<1024xf32>\n", i, i-1)
	}
	text := fmt.Sprintf(`module @m {
func.func @main(%%a: tensor<1024xf32> {tf.aliasing_output = 0 : i32}, %%b: tensor<1024xf32>) -> (tensor<1024xf32>, tensor<1024xf32>) {
%sreturn %%0, %%200 : tensor<1024xf32>, tensor<1024xf32>
}
}`, &body)
	var memory [2]pjrt.ExecutableMemoryUsageStats
	for i := range memory { // compiled, then loaded
		e, err := client.Compile().WithStableHLO([]byte(text)).Done()
		if err != nil {
			t.Fatal(err)
		}
		memory[i] = e.OnDeviceMemoryUsageStats
		numbers := make([]float32, size)
		numbers[3] = 3
		var inputs [2]*pjrt.Buffer
		for j := range inputs {
			if inputs[j], err = pjrt.ArrayToBuffer(client, numbers, size); err != nil {
				t.Fatal(err)
			}
		}
		before := pointer(t, inputs[0])
		outputs, err := e.Execute(inputs[:]...).SetDonate([]bool{true, false}).Done()
		if err != nil {
			t.Fatal(err)
		}
		if after := pointer(t, outputs[0]); after != before {
			t.Errorf("execution %d: the result is at %p, its argument was at %p", i, after, before)
		}
		if got, _, err := pjrt.BufferToArray[float32](outputs[0]); err != nil || got[3] != 6 || got[4] != 0 {
			t.Errorf("execution %d: got %v, %v; want 6 and 0", i, got[3:5], err)
		}
		if err := e.Destroy(); err != nil {
			t.Fatal(err)
		}
	}
	if memory[0].Aliases != 4*size || memory[0] != memory[1] {
		t.Errorf("memory of the compiled program %+v, of the loaded one %+v; want the same, with %d bytes of aliases", memory[0], memory[1], 4*size)
	}
}

// pointer returns where a buffer's numbers are.
func pointer(t *testing.T, b *pjrt.Buffer) *float32 {
	t.Helper()
	data, err := b.Data()
	if err != nil {
		t.Fatal(err)
	}
	return &data.([]float32)[0]
}
