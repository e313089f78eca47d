// Package train turns a model into training runs: optimizer, schedule, the
// compiled training step, checkpoints, and run directories that survive
// interruption.
//
// The [State] of training (parameters, moments, step) is one value outside the
// compiled [Program]. So all candidates of a study, which have one shape, share
// one compiled program, and growth is a function from state to state.
package train
