// Package figure draws the results of studies and stackings. Each figure has a
// function that takes a [result.Study] or a [result.Stacking]. [All] and
// [AllStacking] return them in reading order.
//
// Each function describes its figure once, for package chart. That package
// draws it as a PNG with twice the usual resolution, as an SVG, and as a
// Vega-Lite specification with its data, which a notebook shows with tooltips.
// The numbers come from package aggregate. [Figure.WriteFiles] writes the
// drawings to a directory, [Show] displays them in a GoNB notebook, and [Live]
// draws the curves while a study runs.
//
// The same result gives the same bytes. Losses are in nats per predicted token;
// steps are training steps after growing. With several seeds, a strategy's
// curve is their mean, with their range or a mark for each if there is room. A
// strategy that diverged or failed with one seed counts as diverged or failed.
//
// A strategy has one color, dash and shape in all figures of a result and while
// it trains: those of its position in the pool. At most four are highlighted:
// LAG's pick, the pick of the loss at initialization, the best and the worst.
// The others are grey. All have their names at the pointer. A caption says what
// to look at. Vermillion stands for LAG.
//
// People with a color vision deficiency can distinguish the colors, and dashes
// and shapes do without color. In notebooks and pages, figures have no background
// and take the page's color for text, so that they suit dark pages. PNG and SVG
// files are on white, because they are put into papers and slides, and viewers of
// saved notebooks show a PNG on any background. Text uses the Liberation fonts of
// gonum/plot, not the system's fonts.
//
// Importing the package has no side effects, in a notebook or outside.
package figure
