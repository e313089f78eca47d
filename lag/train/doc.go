// Package train runs training. It has optimizers, learning-rate schedules, the
// compiled training step, checkpoints, and directories of runs that can be
// interrupted and continued.
//
// The [State] of training (parameters, moments, step) is a value outside the
// compiled [Program]. So all candidates of a study, which have the same shape,
// share one compiled program, and growth is a function from state to state.
package train
