package transformer_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// T5's buckets: one for each small distance, then ever wider ones; keys after
// the query have the upper half to themselves.
func ExampleRelativeBias_Bucket() {
	r := transformer.RelativeBias{Buckets: 32, MaxDistance: 128, Bidirectional: true}
	var buckets []int
	for _, distance := range []int{0, -1, -7, -8, -16, -127, -1000, 1, 8, 127} {
		buckets = append(buckets, r.Bucket(distance))
	}
	fmt.Println(buckets)

	r.Bidirectional, buckets = false, nil
	for _, distance := range []int{5, 0, -1, -15, -16, -32, -127, -1000} {
		buckets = append(buckets, r.Bucket(distance))
	}
	fmt.Println(buckets)
	// Output:
	// [0 1 7 8 10 15 15 17 24 31]
	// [0 0 1 15 16 21 31 31]
}

// TestGate: the ends of a gate are exact, bit for bit.
func TestGate(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		x, y := []float32{0.1, -3e7, 5}, []float32{7e-9, 0.3, -0.2}
		for g, want := range map[float32][]float32{0: x, 1: y} {
			out, err := CallOnce(b.Backend, transformer.Gate, g, x, y)
			if err != nil {
				t.Fatal(err)
			}
			if got := tensors.MustCopyFlatData[float32](out); !slices.Equal(got, want) {
				t.Errorf("gate %v: got %v, want %v", g, got, want)
			}
		}
	})
}

// TestCrossEntropy: uniform logits over V cost ln V a token; a weight of 0 does not count.
func TestCrossEntropy(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		out, err := CallOnceN(b.Backend, func(logits, labels, weights *Node) []*Node {
			loss, total := transformer.CrossEntropy(logits, labels, weights)
			return []*Node{loss, total}
		}, [][]float32{{2, 2, 2, 2}, {-1, -1, -1, -1}, {9, 0, 0, 0}}, []int32{0, 3, 1}, []float32{1, 1, 0})
		if err != nil {
			t.Fatal(err)
		}
		loss, total := tensors.ToScalar[float32](out[0]), tensors.ToScalar[float32](out[1])
		if math.Abs(float64(loss)-2*math.Log(4)) > 1e-6 || total != 2 {
			t.Errorf("got a loss of %v over %v tokens, want %v over 2", loss, total, 2*math.Log(4))
		}
	})
}

func TestInitialize(t *testing.T) {
	p := transformer.Param{Name: "w", Shape: []int{100, 100}, Init: transformer.TruncatedNormal(0.02)}
	values := p.Initialize(1)
	if !slices.Equal(values, p.Initialize(1)) {
		t.Error("the same seed gives other values")
	}
	other := p
	other.Name = "v"
	if slices.Equal(values, p.Initialize(2)) || slices.Equal(values, other.Initialize(1)) {
		t.Error("another seed or name gives the same values")
	}
	var sum, squares float64
	for _, v := range values {
		if math.Abs(float64(v)) > 0.04 {
			t.Fatalf("%v lies beyond two standard deviations", v)
		}
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	// A normal distribution cut at two standard deviations has 0.8796 of its standard
	// deviation left; the tolerances are five standard errors of 10,000 draws.
	if mean, sd := sum/1e4, math.Sqrt(squares/1e4); math.Abs(mean) > 0.0009 || math.Abs(sd-0.01759) > 0.0006 {
		t.Errorf("mean %v and standard deviation %v, want 0 and 0.0176", mean, sd)
	}
}
