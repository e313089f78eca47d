package growth

// Factors of [NewPool]'s third list. They are this project's choice.
const (
	attenuation  = 0.5  // of attention scores
	shrinking    = 0.6  // of matrices
	perturbation = 0.01 // standard deviation relative to the root mean square
)

// rest returns the strategies of [NewPool]'s third list.
func rest(from, to int, ordered Pool) (Pool, error) {
	var c collector
	if from >= 3 {
		c.one(Interpose(from, to))
	}
	if block := largestBlock(from-1, to-from); block > 0 {
		for b := block; b > 0; b-- {
			if (to-from)%b == 0 {
				c.one(LIDAS(from, to, b))
			}
		}
	}
	c.one(OneToAll(from, to, from/2))
	for _, init := range []Init{{Kind: Attenuated, Factor: attenuation}, {Kind: ShrinkPerturb, Factor: shrinking, Noise: perturbation}} {
		c.all(ordered.WithInit(init), nil)
	}
	return c.pool, c.err
}
