// Package chart describes a chart as data and draws it in two ways: [Chart.PNG]
// and [Chart.SVG] with gonum/plot, and [Chart.VegaLite] as a Vega-Lite v5
// specification. Both show the same panels, axes, ticks, marks, texts and
// legend.
//
// A [Chart] is a grid of [Panel] values. A panel is an area with two [Axis]
// values and a list of [Mark] values: lines, areas, points, segments, bars,
// ticks and texts. Positions are values on the axes. Lengths, such as the width
// of a line or the size of a text, are in CSS pixels (96 per inch).
//
// A legend is also a panel, made from a [Legend], so that it looks the same in
// both drawings. Margins are computed from the texts, so that no label leaves
// the picture.
//
// Vega-Lite adds interaction: tooltips with the names and numbers of each point
// and, if [Chart.Choose] is set, a click on the legend makes the other series
// pale.
//
// Text uses the Liberation fonts of gonum/plot. The same chart gives the same
// bytes.
package chart
