package train

// OnReached sets what is told of moments in the life of a run.
func OnReached(f func(moment string, step int)) { reached = f }
