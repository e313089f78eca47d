// Package figure draws the results of studies and of stackings: one function a
// figure, each from a [result.Study] or a [result.Stacking]. [All] and
// [AllStacking] return them in the order in which they are read.
//
// Each function describes its figure once, for package chart, which draws it as a
// PNG at twice the screen's usual resolution, as an SVG, and as a Vega-Lite
// specification with its data inside, which a notebook shows with tooltips. The
// numbers come from package aggregate. [Figure.WriteFiles] writes them to a
// directory, [Show] displays them in a GoNB notebook, and [Live] draws the
// curves while a study runs.
//
// The same result gives the same bytes. Losses are in nats per predicted token,
// steps are training steps after growing. Where a study has several seeds, a
// strategy's curve is the mean over them, with their range or a mark for each where
// there is room, and a strategy that diverged or failed under one seed counts as that.
//
// Colours come from viridis and from the palette of Okabe and Ito, which people
// with a colour vision deficiency can tell apart; lines differ in dashes too.
// The text is set in the Liberation fonts that come with gonum/plot: no font of
// the system is used.
//
// Importing the package has no effect of its own, in a notebook or outside.
package figure
