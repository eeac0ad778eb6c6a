package picture_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"testing"

	"letterbox/internal/picture"
)

func sample(w, h int) *image.Paletted {
	img := image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{color.White, color.Black})
	for x := range w {
		img.SetColorIndex(x, x%h, 1)
	}
	return img
}

func asPNG(t *testing.T, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestPicturesAreMadeAnewInsideTheBox(t *testing.T) {
	var asJPEG, asGIF bytes.Buffer
	if err := errors.Join(jpeg.Encode(&asJPEG, sample(300, 100), nil), gif.Encode(&asGIF, sample(300, 100), nil)); err != nil {
		t.Fatal(err)
	}
	clear := image.NewNRGBA(image.Rect(0, 0, 30, 300))
	for _, test := range []struct {
		name   string
		raw    []byte
		box    int
		kind   string
		width  int
		height int
	}{
		{"PNG", asPNG(t, sample(300, 100)), 150, "image/jpeg", 150, 50},
		{"JPEG", asJPEG.Bytes(), 150, "image/jpeg", 150, 50},
		{"GIF", asGIF.Bytes(), 150, "image/jpeg", 150, 50},
		{"small ones keep their size", asPNG(t, sample(20, 10)), 150, "image/png", 20, 10},
		{"what can be seen through stays so", asPNG(t, clear), 100, "image/png", 10, 100},
		{"what follows the picture is left out", append(asPNG(t, sample(20, 10)), "<script>alert(1)</script>"...), 150, "image/png", 20, 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := picture.NewDecoder().Anew(t.Context(), bytes.NewReader(test.raw), test.box)
			if err != nil {
				t.Fatal(err)
			}
			c, _, err := image.DecodeConfig(bytes.NewReader(got.Data))
			if err != nil {
				t.Fatal(err)
			}
			if got.ContentType != test.kind || c.Width != test.width || c.Height != test.height {
				t.Errorf("got %s of %d by %d, want %s of %d by %d", got.ContentType, c.Width, c.Height, test.kind, test.width, test.height)
			}
			if bytes.Contains(got.Data, []byte("script")) {
				t.Error("what followed the picture is still there")
			}
		})
	}
}

// flood is a PNG of a few octets that says it has w by h pixels.
func flood(w, h uint32) []byte {
	head := binary.BigEndian.AppendUint32([]byte("IHDR"), w)
	head = append(binary.BigEndian.AppendUint32(head, h), 8, 6, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
}

func TestWhatIsNoHarmlessPictureIsNotShown(t *testing.T) {
	whole := asPNG(t, sample(40, 40))
	for name, raw := range map[string][]byte{
		"flood of pixels": flood(60000, 60000), "more pixels than an int has": flood(1<<31-1, 1<<31-1), "none": flood(0, 10),
		"PostScript": []byte("%!PS-Adobe-3.0\nshowpage"), "SVG": []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), "HTML": []byte("<html>"),
		"cut off": whole[:len(whole)-20], "nothing": nil, "RIFF of another kind": []byte("RIFF\x04\x00\x00\x00WAVE"),
		"too many octets": append(whole, make([]byte, picture.MaxOctets)...),
	} {
		if got, err := picture.NewDecoder().Anew(t.Context(), bytes.NewReader(raw), 100); !errors.Is(err, picture.ErrNotShown) {
			t.Errorf("%s: got %s and %v, want ErrNotShown", name, got.ContentType, err)
		}
	}
}

func TestWaitingForTheDecoderEndsWithTheRequest(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	d := picture.NewDecoder()
	reached, release := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		_, err := d.Anew(t.Context(), slow{reached, release}, 10)
		done <- err
	}()
	<-reached
	if _, err := d.Anew(ctx, bytes.NewReader(nil), 10); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that the request has ended", err)
	}
	close(release)
	if err := <-done; !errors.Is(err, picture.ErrNotShown) {
		t.Errorf("got %v, want ErrNotShown", err)
	}
}

// slow tells when it is read, and ends when it is let go.
type slow struct{ reached, release chan struct{} }

func (s slow) Read([]byte) (int, error) {
	close(s.reached)
	<-s.release
	return 0, io.EOF
}
