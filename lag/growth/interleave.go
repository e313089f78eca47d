package growth

// Interleaving puts the duplicates of each layer after it.
//
//	Map[i] = floor(i L / D)        [0 1 2] -> [0 0 1 1 2 2]
//
// with L layers before and D after. Chang et al. 2018, Multi-level Residual
// Networks from Dynamical Systems View (arXiv 1710.10348), doubles residual
// networks in this way. Shen et al. 2022, Staged Training for Transformer
// Language Models (arXiv 2203.06211), describes it for Transformers besides
// appending. If D is not a multiple of L the formula is the same: some layers
// then have one duplicate fewer than others.

const interleaveSource = "Chang et al. 2018, arXiv 1710.10348; Shen et al. 2022, arXiv 2203.06211"

// Interleave repeats each layer in place, as evenly as the depths allow: Map[i]
// = floor(i from / to).
func Interleave(from, to int) (Strategy, error) {
	if err := checkDepths(from, to); err != nil {
		return Strategy{}, err
	}
	m := make(Map, to)
	for i := range m {
		m[i] = i * from / to
	}
	return named("interleave", m, interleaveSource), nil
}
