// Package aggregate averages results over their seeds: of a study, its strategies,
// rules, early signals and controls; of a stacking, its arms and what they grew by.
// Tables, figures, CSV and HTML all take their numbers from here.
//
// Losses are in nats per predicted token. A mean over seeds is NaN where a training
// did not get to the end under one of them.
package aggregate
