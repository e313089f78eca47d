package nbrun

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"
)

// drawing is a picture like a figure: mostly white, with lines whose edges have
// many shades.
func drawing() *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, 200, 100))
	for y := range 100 {
		for x := range 200 {
			c := color.NRGBA{255, 255, 255, 255}
			switch d := x - y; {
			case d == 0:
				c = color.NRGBA{30, 90, 160, 255}
			case d == 1 || d == -1:
				c = color.NRGBA{uint8(130 + x/4), uint8(150 + y/3), uint8(190 + (x*y)%20), 255}
			case x > 150 && y > 80:
				c = color.NRGBA{0, 0, 0, 0}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return img
}

func TestShrink(t *testing.T) {
	img := drawing()
	var before bytes.Buffer
	if err := png.Encode(&before, img); err != nil {
		t.Fatal(err)
	}
	after := fewColors(before.Bytes())
	got, err := png.Decode(bytes.NewReader(after))
	if err != nil {
		t.Fatal(err)
	}
	if len(after) >= before.Len() {
		t.Errorf("%d bytes, before %d", len(after), before.Len())
	}
	for y := range 100 {
		for x := range 200 {
			want, is := img.NRGBAAt(x, y), color.NRGBAModel.Convert(got.At(x, y)).(color.NRGBA)
			for _, d := range []int{int(want.R) - int(is.R), int(want.G) - int(is.G), int(want.B) - int(is.B), int(want.A) - int(is.A)} {
				if d > 24 || d < -24 {
					t.Fatalf("%v became %v", want, is)
				}
			}
		}
	}
	if again := fewColors(before.Bytes()); !bytes.Equal(again, after) {
		t.Error("the same picture became two")
	}

	stored := base64.StdEncoding.EncodeToString(before.Bytes())
	const frame = `{"cells":[{"source":["é <b>&\n"],"outputs":[{"data":{"image/png":%q,"text/plain":["A & B"]}},{"data":{"image/png":%q}}]}],"nbformat":4}`
	shrunk := shrink(fmt.Appendf(nil, frame, stored, "bm8gcGljdHVyZQ=="))
	if want := fmt.Sprintf(frame, base64.StdEncoding.EncodeToString(after), "bm8gcGljdHVyZQ=="); string(shrunk) != want {
		t.Errorf("the notebook became %s", shrunk)
	}
	if !json.Valid(shrunk) || !bytes.Equal(shrink(shrunk), shrunk) {
		t.Error("a notebook that was shrunk is shrunk again, or damaged")
	}
	if text := []byte("no notebook"); string(shrink(text)) != string(text) {
		t.Error("another text was changed")
	}
	if strings.Contains(string(shrunk), stored) {
		t.Error("the large picture is still there")
	}
}
