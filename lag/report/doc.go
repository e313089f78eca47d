// Package report renders the result of a study for readers: [Table], [Picks],
// [Signals] and [Curve] as text for a terminal, [CSV] as data for other programs,
// and [HTML] as one file that holds everything and needs no network. [Stacking],
// [StackingCSV] and [StackingHTML] do so for a stacking.
//
// What is averaged over seeds comes from package aggregate, as in the figures.
//
// Losses are in nats per predicted token, steps are training steps after
// growing, ranks start at 1 for the lowest loss. "At the lag" is the step after
// which LAG picked, [result.Study].Lag.
package report
