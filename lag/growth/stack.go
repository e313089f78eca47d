package growth

// Stacking repeats the whole source on top of itself.
//
//	Map[i] = i mod L        [0 1 2] -> [0 1 2 0 1 2]
//
// Gong et al. 2019, Efficient Training of BERT by Progressively Stacking
// (ICML), doubles the depth in this way. Du et al. 2024, Stacking Your
// Transformers (arXiv 2405.15319), calls it G_stack and uses other integer
// multiples. If the new depth is not a multiple of L the last copy is truncated
// at the top; that extension is ours.

const stackSource = "Gong et al. 2019 (progressive stacking); Du et al. 2024, arXiv 2405.15319 (G_stack)"

// GStack repeats the whole source of from layers until there are to layers:
// Map[i] = i mod from.
func GStack(from, to int) (Strategy, error) {
	if err := checkDepths(from, to); err != nil {
		return Strategy{}, err
	}
	m := make(Map, to)
	for i := range m {
		m[i] = i % from
	}
	return named("stack", m, stackSource), nil
}
