// Package report renders results for readers. [Table], [Picks], [Signals] and
// [Curve] return text for a terminal, [CSV] writes data for other programs, and
// [HTML] writes one file that needs no network. [Stacking], [StackingCSV] and
// [StackingHTML] do the same for a stacking.
//
// Means over seeds come from package aggregate, as in the figures.
//
// Losses are in nats per predicted token, steps are training steps after
// growing, ranks start at 1 for the lowest loss. "At the lag" is the step after
// which LAG picked, [result.Study].Lag.
package report
