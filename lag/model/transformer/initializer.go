package transformer

import "math/rand/v2"

// Normal returns an initializer that draws from N(0, stddev), as T5's reference
// implementation does (mesh_tensorflow, layers.py: random_normal_initializer,
// not truncated).
func Normal(stddev float64) Initializer {
	return func(rng *rand.Rand, _ []int, values []float32) {
		for i := range values {
			values[i] = float32(rng.NormFloat64() * stddev)
		}
	}
}

// Constant returns an initializer that sets all elements to value.
func Constant(value float64) Initializer {
	return func(_ *rand.Rand, _ []int, values []float32) {
		for i := range values {
			values[i] = float32(value)
		}
	}
}
