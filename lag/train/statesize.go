package train

import (
	"slices"

	"github.com/landscape-aware/growing/lag/model/transformer"
)

// StateSize returns an upper bound of the size of a saved state in bytes: the
// parameters of a model and the moments of its optimizer, in float32, and what the
// file says of each.
func StateSize(parameters []transformer.Param, optimizer Optimizer) int64 {
	const (
		aTensor = 120 // bytes of JSON beside a tensor's name
		aFile   = 512
	)
	use := Memory(parameters, optimizer, 0)
	size := use.Parameters + use.Moments + aFile
	for _, p := range parameters {
		size += int64(2*len(p.Name) + aTensor) // once more among the counts of updates
		for _, m := range optimizer.moments(p) {
			size += int64(len(momentPrefix) + len(m.Name) + len(p.Name) + aTensor)
		}
	}
	return size
}

// LogSize returns about how many bytes the log of a run has at most, with so many
// steps, evaluations and batches in the validation set.
func LogSize(steps, evaluations, batches int) int64 {
	const aLine, aLoss = 420, 20
	return int64(steps)*aLine + int64(evaluations)*int64(aLine+2*aLoss*batches) // its losses are in the outcome, too
}

// States returns how many states a run of so many steps has at its end, and the most
// that it has at once. One more is there while it is written, before an older one is
// removed.
func (c Checkpoints) States(steps int) (end, most int) {
	var saves []int
	for step := c.Every; c.Every > 0 && step < steps; step += c.Every {
		saves = append(saves, step)
	}
	for _, step := range c.KeepAt {
		if step < steps {
			saves = append(saves, step)
		}
	}
	slices.Sort(saves)
	saves = append(slices.Compact(saves), steps)
	var kept []int
	for _, step := range saves {
		kept = append(kept, step)
		most = max(most, len(kept))
		for _, gone := range c.surplus(kept) {
			kept = slices.DeleteFunc(kept, func(s int) bool { return s == gone })
		}
	}
	return len(kept), most
}
