// Package chart describes a chart once, as data, and draws it two ways:
// [Chart.PNG] and [Chart.SVG] with gonum/plot, [Chart.VegaLite] as a Vega-Lite v5
// specification. Both show the same panels, axes, ticks, marks, texts and legend.
//
// A [Chart] is a grid of [Panel] values. A panel is an area with two [Axis] values
// and a list of [Mark] values: lines, areas, points, segments, bars, ticks and
// texts. Positions are values on the axes; lengths, such as the width of a line or
// the size of a text, are in CSS pixels, of which 96 make an inch.
//
// A legend is a panel too, made by [Legend], so that it looks the same in both
// drawings. The margins follow from the texts: no label leaves the picture.
//
// Vega-Lite adds what a picture can't have: names and numbers of each point as
// tooltips, and where [Chart.Choose] is set a click on the legend that makes the
// other series pale.
//
// The text is set in the Liberation fonts of gonum/plot. The same chart gives the
// same bytes.
package chart
