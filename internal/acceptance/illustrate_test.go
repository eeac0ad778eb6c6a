package acceptance_test

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
)

var pictureLink = regexp.MustCompile(`\]\(pictures/([^)]+)\)`)

// mostPicture is how large a picture of the documentation may be, in octets.
const mostPicture = 150 << 10

// tallest is how much of a long page is shown, in pixels.
const tallest = 1300

// illustrate takes the picture of a page for the documentation, when LETTERBOX_TEST_PICTURES names its folder.
func (b *browser) illustrate(language, name string) {
	b.t.Helper()
	b.picture(name)
	dir := os.Getenv("LETTERBOX_TEST_PICTURES")
	if dir == "" {
		return
	}
	var shot []byte
	b.do("take a picture", chromedp.Evaluate("scrollTo(0, 0)", nil), chromedp.FullScreenshot(&shot, 100))
	small, err := reduced(shot)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, language+"-"+name+".png"), small, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// reduced writes a picture with the 256 colours that it has most of: pages have few.
func reduced(shot []byte) ([]byte, error) {
	full, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		return nil, err
	}
	area := full.Bounds()
	area.Max.Y = min(area.Max.Y, area.Min.Y+tallest)
	counts := map[color.RGBA]int{}
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(full.At(x, y)).(color.RGBA) }
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			counts[at(x, y)]++
		}
	}
	colours := make([]color.RGBA, 0, len(counts))
	for c := range counts {
		colours = append(colours, c)
	}
	slices.SortFunc(colours, func(a, b color.RGBA) int {
		return cmp.Or(counts[b]-counts[a], int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B))
	})
	palette := color.Palette{}
	for _, c := range colours[:min(256, len(colours))] {
		palette = append(palette, c)
	}
	index := map[color.RGBA]uint8{}
	small := image.NewPaletted(area, palette)
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			c := at(x, y)
			i, ok := index[c]
			if !ok {
				i = uint8(palette.Index(c))
				index[c] = i
			}
			small.SetColorIndex(x, y, i)
		}
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	err = encoder.Encode(&out, small)
	return out.Bytes(), err
}

// The documentation shows each of its pictures in both languages, and none is too large for a page.
func TestPicturesOfTheDocumentationAreThere(t *testing.T) {
	dir := "../../docs/admin/pictures"
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	held := map[string]bool{}
	for _, f := range files {
		held[f.Name()] = true
		if info, err := f.Info(); err != nil || info.Size() > mostPicture {
			t.Errorf("%s has %d octets (%v), want %d at most", f.Name(), info.Size(), err, mostPicture)
		}
	}
	shown := map[string][]string{}
	for _, language := range []string{"de", "en"} {
		text, err := os.ReadFile("../../docs/admin/" + language + ".md")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range pictureLink.FindAllSubmatch(text, -1) {
			if name := string(m[1]); !held[name] {
				t.Errorf("%s.md shows %s, and there is no such picture", language, name)
			} else {
				shown[language] = append(shown[language], name[3:])
				delete(held, name)
			}
		}
	}
	if !slices.Equal(shown["de"], shown["en"]) || len(shown["de"]) == 0 {
		t.Errorf("pictures in German %q, in English %q, want the same", shown["de"], shown["en"])
	}
	for name := range held {
		t.Errorf("nothing shows %s", name)
	}
}
