// Package aggregate averages results over their seeds: strategies, rules, early
// signals and controls of a study, and arms and growths of a stacking. Tables,
// figures, CSV and HTML all take their numbers from here.
//
// Losses are in nats per predicted token. A mean over seeds is NaN if the
// training did not reach the end with one of them.
package aggregate
