package store

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// A filter leaves out no place that stands behind one of the list, and hardly any other comes through.
func TestPlacesBehindOthersComeThroughTheFilter(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 4))
	some := func() (out []place) {
		for range 500 {
			at := r.IntN(1 + r.IntN(200))
			if r.IntN(50) == 0 {
				at = r.IntN(mostPlaces - 1)
			}
			for range 1 + r.IntN(1+r.IntN(8)) {
				out = append(out, firstPlace(r.Int64N(40), r.Int64N(11))+place(min(at, mostPlaces-2)))
				at += r.IntN(70)
			}
		}
		return append(out, firstPlace(3, 3)|everywhere, firstPlace(77, 1)|everywhere)
	}
	let, left := 0, 0
	for range 50 {
		lists := map[int64][]place{1: some(), 2: some()}
		f := &behind{lists: lists, by: place(r.IntN(70))}
		for _, bucket := range []int64{1, 2, 1, 3} {
			var blocks []byte
			for range 1 + r.IntN(2) {
				blocks = append(blocks, encodePlaces(some())...)
			}
			all, err := decodePlaces(nil, blocks, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := decodePlaces(nil, blocks, f.in(bucket))
			if err != nil {
				t.Fatal(err)
			}
			let, left = let+len(got), left+len(all)-len(got)
			for _, p := range got {
				if !slices.Contains(all, p) {
					t.Fatalf("place %x came through and is none", p)
				}
			}
			for _, p := range all {
				wanted := p.word() == everywhere || p.word() >= f.by && slices.Contains(lists[bucket], p-f.by)
				if wanted && !slices.Contains(got, p) {
					t.Fatalf("place %x of part %d was left out, %d behind", p, bucket, f.by)
				}
			}
		}
	}
	if let == 0 || left < 3*let {
		t.Errorf("%d came through and %d were left out, want at most a quarter", let, let+left)
	}
}
