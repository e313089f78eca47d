package chart

import (
	"math"
	"strconv"
	"strings"
)

// An Axis places values along a side of a panel: numbers from Min to Max, or
// named bands. [Values], [Steps], [Names] and [Hidden] create axes.
type Axis struct {
	Name  string // name of the value in the data: "step"
	Title string

	Min, Max float64
	Log1p    bool // positions are log(1 + value), starting at 0
	Ticks    []Tick

	Bands  []string // from left or top; nil for numbers
	Marked []bool   // bands with highlighted names; may be nil
	Slant  bool     // names of bands are drawn at an angle

	Hidden bool // without line, ticks and names
}

// A Tick is a labeled value of an axis.
type Tick struct {
	At    float64
	Label string
}

// Values returns an axis of numbers with at most n ticks.
func Values(name, title string, lo, hi float64, n int) Axis {
	return Axis{Name: name, Title: title, Min: lo, Max: hi, Ticks: DecimalTicks(lo, hi, n)}
}

// Steps returns an axis of counts, such as training steps, from 0 to last. Its
// scale is logarithmic, so that early steps get as much room as late ones.
func Steps(name, title string, last int) Axis {
	a := Axis{Name: name, Title: title, Max: float64(max(last, 1)), Log1p: true}
	for _, v := range StepTicks(last) {
		a.Ticks = append(a.Ticks, Tick{float64(v), formatStep(v)})
	}
	return a
}

// Names returns an axis of bands.
func Names(name string, bands []string) Axis {
	if bands == nil {
		bands = []string{}
	}
	return Axis{Name: name, Bands: bands}
}

// Hidden returns an axis of numbers that is not drawn.
func Hidden(name string, lo, hi float64) Axis {
	return Axis{Name: name, Min: lo, Max: hi, Hidden: true}
}

// Place returns the position of a value, from 0 at the start of the axis to 1
// at its end. For a band it is the band's middle.
func (a Axis) Place(v float64) float64 {
	if a.Bands != nil {
		return (v + 0.5) / float64(max(len(a.Bands), 1))
	}
	lo, hi := a.Min, a.Max
	if a.Log1p {
		lo, hi, v = math.Log1p(lo), math.Log1p(hi), math.Log1p(max(v, 0))
	}
	return (v - lo) / (hi - lo)
}

// Value is the inverse of [Axis.Place] for numbers.
func (a Axis) Value(place float64) float64 {
	if a.Log1p {
		lo, hi := math.Log1p(a.Min), math.Log1p(a.Max)
		return math.Expm1(lo + place*(hi-lo))
	}
	return a.Min + place*(a.Max-a.Min)
}

// holds reports whether a value is on the axis.
func (a Axis) holds(v float64) bool {
	place := a.Place(v)
	return place >= -1e-9 && place <= 1+1e-9
}

func (a Axis) marked(i int) bool { return i < len(a.Marked) && a.Marked[i] }

// ticks returns the ticks. On an axis of bands, each band has a tick with its
// name.
func (a Axis) ticks() []Tick {
	if a.Hidden {
		return nil
	}
	if a.Bands == nil {
		return a.Ticks
	}
	ticks := make([]Tick, len(a.Bands))
	for i, name := range a.Bands {
		ticks[i] = Tick{float64(i), name}
	}
	return ticks
}

// roomy returns the ticks of a horizontal axis of some length whose labels do
// not overlap: the last tick, and as many others as fit.
func (a Axis) roomy(length float64) []Tick {
	if len(a.Ticks) < 2 || length <= 0 {
		return a.Ticks
	}
	side := func(t Tick, sign float64) float64 {
		return length*a.Place(t.At) + sign*(TextWidth(t.Label, SizeNote, false)/2+3)
	}
	last := a.Ticks[len(a.Ticks)-1]
	var kept []Tick
	for _, t := range a.Ticks[:len(a.Ticks)-1] {
		if n := len(kept); (n == 0 || side(kept[n-1], 1) <= side(t, -1)) && side(t, 1) <= side(last, -1) {
			kept = append(kept, t)
		}
	}
	return append(kept, last)
}

// StepTicks returns 0, 1, 2, 5, 10, ... and last, without ticks that would
// overlap with their neighbor.
func StepTicks(last int) []int {
	values := []int{0}
	factors := []int{1, 2, 5}
	if last > 20000 {
		factors = []int{1} // five decades or more leave no room for others
	}
	for decade := 1; decade <= last && decade <= math.MaxInt/10; decade *= 10 {
		for _, f := range factors {
			if v := f * decade; float64(v) <= 0.7*float64(last) {
				values = append(values, v)
			}
		}
	}
	if last == 0 {
		return values
	}
	return append(values, last)
}

func formatStep(v int) string {
	if v >= 10000 && v%1000 == 0 {
		return strconv.Itoa(v/1000) + "k"
	}
	return strconv.Itoa(v)
}

// DecimalTicks returns at most n ticks at multiples of 1, 2 or 5 times a power
// of ten, all with the same number of decimals.
func DecimalTicks(lo, hi float64, n int) []Tick {
	if !(hi > lo) {
		return []Tick{{lo, strconv.FormatFloat(lo, 'g', 4, 64)}}
	}
	exponent := math.Floor(math.Log10((hi - lo) / float64(n)))
	step := math.Pow(10, exponent)
	for _, f := range []float64{1, 2, 5, 10} {
		if step = f * math.Pow(10, exponent); math.Floor(hi/step)-math.Ceil(lo/step)+1 <= float64(n) {
			break
		}
	}
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	var ticks []Tick
	// Above 2^53 a float does not change if 1 is added: count in i.
	first := math.Ceil(lo/step - 1e-9)
	for i := 0; i <= n && (first+float64(i))*step <= hi+1e-9*step; i++ {
		value := (first + float64(i)) * step
		if len(ticks) > 0 && value <= ticks[len(ticks)-1].At {
			break
		}
		ticks = append(ticks, Tick{value, FormatFixed(value, decimals)})
	}
	return ticks
}

// FormatFixed formats a number with a fixed number of decimals and a proper
// minus sign, as Vega does. It returns "0.0", not "−0.0". Numbers with more than
// 15 digits before the point get an exponent, because they would fill the chart.
func FormatFixed(v float64, decimals int) string {
	text := strconv.FormatFloat(v, 'f', decimals, 64)
	if math.Abs(v) >= 1e15 {
		text = strconv.FormatFloat(v, 'g', 4, 64)
	}
	digits, negative := strings.CutPrefix(text, "-")
	if !negative || strings.Trim(digits, "0.") == "" {
		return digits
	}
	return "−" + digits
}

// Extent returns the range of the finite values, extended on both sides by
// margin, a fraction of the range. A range of one value is widened.
func Extent(values []float64, margin float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if finite(v) {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	switch {
	case lo > hi:
		return 0, 1
	case lo == hi:
		d := max(math.Abs(lo)*0.01, 1e-3)
		return lo - d, hi + d
	}
	m := margin * (hi - lo)
	return lo - m, hi + m
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
