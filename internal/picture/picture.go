// Package picture makes pictures that strangers sent harmless to show: it decodes them with Go's own decoders and
// encodes the pixels anew, so nothing else that was in the file reaches a browser: no metadata, no place where it was
// taken, no second format in the same octets.
//
// It guarantees to hold no more than [MaxPixels] of one picture, and to decode one at a time for each [Decoder].
package picture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

const (
	// MaxPixels is how many pixels a picture may have, width by height.
	MaxPixels = 40_000_000
	// MaxOctets is how large the file of a picture may be.
	MaxOctets = 24 << 20
	// A picture that is not JPEG takes four octets a pixel; this bounds what is held for it.
	maxFlat = 16_000_000
)

// ErrNotShown is a file that is no picture, or one that is not shown: too large, cut off, or of another type.
var ErrNotShown = errors.New("no picture that can be shown")

// Picture is a picture made anew.
type Picture struct {
	ContentType string // image/png or image/jpeg.
	Data        []byte
}

// Decoder makes pictures anew, one at a time. It is safe for concurrent use.
type Decoder struct {
	turn chan struct{}
}

// NewDecoder returns a decoder.
func NewDecoder() *Decoder { return &Decoder{turn: make(chan struct{}, 1)} }

// Shown reports whether files of this type are pictures that are shown. SVG is none: it is a program.
func Shown(contentType string) bool {
	switch contentType {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return true
	}
	return false
}

// Anew reads a picture and returns it with at most box pixels in each direction; a smaller one keeps its size, and a
// moving one is its first frame. The error is [ErrNotShown] for what is no such picture. When ctx ends while others are
// decoded, its error is returned.
func (d *Decoder) Anew(ctx context.Context, r io.Reader, box int) (Picture, error) {
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return Picture{}, fmt.Errorf("wait for the decoder: %w", ctx.Err())
	}
	defer func() { <-d.turn }()
	raw, err := io.ReadAll(io.LimitReader(r, MaxOctets+1))
	if err != nil {
		return Picture{}, fmt.Errorf("read picture: %w", err)
	}
	if len(raw) > MaxOctets {
		return Picture{}, fmt.Errorf("%w: more than %d octets", ErrNotShown, MaxOctets)
	}
	img, err := decode(raw)
	if err != nil {
		return Picture{}, err
	}
	return encode(fit(img, box))
}

// format is one kind of file that is understood.
type format struct {
	magic  string
	size   func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
	most   int // Pixels.
}

// decode reads a file by its first octets; the type that somebody gave it does not count.
func decode(raw []byte) (image.Image, error) {
	for _, f := range []format{
		{"\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode, maxFlat},
		{"\xff\xd8", jpeg.DecodeConfig, jpeg.Decode, MaxPixels},
		{"GIF8", gif.DecodeConfig, gif.Decode, maxFlat},
		{"RIFF", webp.DecodeConfig, webp.Decode, maxFlat},
	} {
		if !bytes.HasPrefix(raw, []byte(f.magic)) {
			continue
		}
		c, err := f.size(bytes.NewReader(raw))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotShown, err)
		}
		if c.Width <= 0 || c.Height <= 0 || c.Width > f.most/c.Height {
			return nil, fmt.Errorf("%w: %d by %d pixels", ErrNotShown, c.Width, c.Height)
		}
		img, err := f.decode(bytes.NewReader(raw))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotShown, err)
		}
		return img, nil
	}
	return nil, ErrNotShown
}

// fit makes a picture smaller when it is larger than box.
func fit(img image.Image, box int) image.Image {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if w <= box && h <= box {
		return img
	}
	if w >= h {
		w, h = box, max(1, h*box/w)
	} else {
		w, h = max(1, w*box/h), box
	}
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.ApproxBiLinear.Scale(small, small.Bounds(), img, img.Bounds(), draw.Src, nil)
	return small
}

// encode writes a picture as JPEG, or as PNG when something shines through it or it has few colours.
func encode(img image.Image) (Picture, error) {
	var out bytes.Buffer
	_, drawn := img.(*image.Paletted)
	if o, ok := img.(interface{ Opaque() bool }); ok && o.Opaque() && !drawn {
		if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 85}); err != nil {
			return Picture{}, fmt.Errorf("encode picture: %w", err)
		}
		return Picture{"image/jpeg", out.Bytes()}, nil
	}
	if err := png.Encode(&out, img); err != nil {
		return Picture{}, fmt.Errorf("encode picture: %w", err)
	}
	return Picture{"image/png", out.Bytes()}, nil
}
