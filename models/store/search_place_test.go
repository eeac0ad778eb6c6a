package store

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlacesComeBackFromTheirBlocks(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	for range 300 {
		var blocks []byte
		var want []place
		for range 1 + r.IntN(3) {
			var part []place
			for range r.IntN(40) {
				part = append(part, firstPlace(r.Int64N(600), r.Int64N(90))+place(r.IntN(1+r.IntN(mostPlaces-1))))
			}
			blocks = append(blocks, encodePlaces(slices.Clone(part))...)
			want = append(want, part...)
		}
		got, err := decodePlaces(nil, blocks, nil)
		if err != nil {
			t.Fatalf("%x: %v", blocks, err)
		}
		slices.Sort(got)
		slices.Sort(want)
		if d := cmp.Diff(slices.Compact(got), slices.Compact(want)); d != "" {
			t.Fatalf("%x (-got +want):\n%s", blocks, d)
		}
	}
}

func TestWordsHaveTheirPlaces(t *testing.T) {
	words := partWords{}
	words.add(3, 0, foldTexts([]string{"Der Drucker brennt", "Drucker, Raum 7"}))
	words.add(1<<bucketBits+3, 64+5, foldTexts([]string{"drucker"}))
	want := partWords{
		"der":     {firstPlace(3, 0)},
		"drucker": {firstPlace(3, 0) + 1, firstPlace(3, 0) + 4, firstPlace(3, 5)}, // Between two texts is a gap.
		"brennt":  {firstPlace(3, 0) + 2},
		"raum":    {firstPlace(3, 0) + 5},
	}
	words.add(4, 0, foldTexts([]string{strings.Repeat("viel ", mostTimes), "mehr"}))
	words.add(5, 0, foldTexts([]string{strings.Repeat("mehr ", mostTimes+9)}))
	for n := range mostTimes {
		want["viel"] = append(want["viel"], firstPlace(4, 0)+place(n))
	}
	want["mehr"] = []place{firstPlace(4, 0) + mostTimes + 1, firstPlace(5, 0) | everywhere}
	if d := cmp.Diff(words, want); d != "" {
		t.Errorf("-got +want:\n%s", d)
	}
}

// What stands in the database may be damaged; reading it ends, with few places or an error.
func FuzzDecodePlaces(f *testing.F) {
	f.Add(encodePlaces([]place{1, 5, 1 << 20, 1<<20 + 3}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Add([]byte{1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, blocks []byte) {
		if places, err := decodePlaces(nil, blocks, nil); err == nil && len(places) > len(blocks) {
			t.Errorf("%d octets give %d places", len(blocks), len(places))
		}
	})
}
