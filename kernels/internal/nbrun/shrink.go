package nbrun

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
)

// shrink returns the text of a notebook with its pictures in 256 colors each,
// where that makes them smaller. A figure has a dozen colors and some hundred
// shades of them at the edges of letters and lines, so that the eye sees no
// difference, and the file, which git keeps for ever, is less than half as large.
func shrink(notebook []byte) []byte {
	var nb struct {
		Cells []struct {
			Outputs []output `json:"outputs"`
		} `json:"cells"`
	}
	if json.Unmarshal(notebook, &nb) != nil {
		return notebook
	}
	for _, c := range nb.Cells {
		for _, o := range c.Outputs {
			var stored string // nbformat writes a picture as one text
			if json.Unmarshal(o.Data["image/png"], &stored) != nil {
				continue
			}
			before, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(stored), ""))
			if err != nil {
				continue
			}
			if after := fewColors(before); len(after) < len(before) {
				quoted, _ := json.Marshal(base64.StdEncoding.EncodeToString(after)) // cannot fail for a string
				notebook = bytes.ReplaceAll(notebook, o.Data["image/png"], quoted)
			}
		}
	}
	return notebook
}

// fewColors returns a picture with a palette of its 256 most frequent colors, in
// which every other color is the nearest of them. What cannot be read is returned
// as it is.
func fewColors(data []byte) []byte {
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return data
	}
	counts := make(map[color.NRGBA]int)
	bounds := img.Bounds()
	at := func(x, y int) color.NRGBA { return color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA) }
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[at(x, y)]++
		}
	}
	var colors []color.NRGBA
	for c := range counts {
		colors = append(colors, c)
	}
	slices.SortFunc(colors, func(a, b color.NRGBA) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(number(a), number(b)))
	})
	var palette color.Palette
	for _, c := range colors[:min(256, len(colors))] {
		palette = append(palette, c)
	}
	index := make(map[color.NRGBA]uint8, len(colors))
	for _, c := range colors {
		index[c] = uint8(palette.Index(c))
	}
	out := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			out.SetColorIndex(x, y, index[at(x, y)])
		}
	}
	var buf bytes.Buffer
	if (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&buf, out) != nil {
		return data
	}
	return buf.Bytes()
}

// number orders colors that are as frequent as each other.
func number(c color.NRGBA) uint32 {
	return uint32(c.R)<<24 | uint32(c.G)<<16 | uint32(c.B)<<8 | uint32(c.A)
}
