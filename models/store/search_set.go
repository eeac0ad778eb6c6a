package store

import (
	"maps"
	"math/bits"
	"slices"
)

// textSet is a set of texts: for each part of the index and each of its issues the keys of the texts, as bits. Keys of
// several texts may be the same, see [place].
type textSet map[int64]*[1 << bucketBits]uint64

const allTexts = ^uint64(0)

func (s textSet) part(bucket int64) *[1 << bucketBits]uint64 {
	p := s[bucket]
	if p == nil {
		p = new([1 << bucketBits]uint64)
		s[bucket] = p
	}
	return p
}

func (s textSet) addPlaces(bucket int64, places []place) {
	if len(places) == 0 {
		return
	}
	p := s.part(bucket)
	for _, at := range places {
		p[at.issue()] |= 1 << at.text()
	}
}

func (s textSet) add(issue int64, texts uint64) {
	s.part(bucketOf(issue))[issue&(1<<bucketBits-1)] |= texts
}

// texts are the texts of an issue; 0 when it is not in the set.
func (s textSet) texts(issue int64) uint64 {
	p := s[bucketOf(issue)]
	if p == nil {
		return 0
	}
	return p[issue&(1<<bucketBits-1)]
}

// keep removes the issues that other does not have, and adds its texts of those that stay.
func (s textSet) keep(other textSet) {
	for bucket, p := range s {
		o, left := other[bucket], false
		if o != nil {
			for i := range p {
				if p[i] == 0 || o[i] == 0 {
					p[i] = 0
				} else {
					p[i] |= o[i]
					left = true
				}
			}
		}
		if !left {
			delete(s, bucket)
		}
	}
}

// wholeIssues adds all other texts of the issues.
func (s textSet) wholeIssues() {
	for _, p := range s {
		for i := range p {
			if p[i] != 0 {
				p[i] = allTexts
			}
		}
	}
}

func (s textSet) buckets() []int64 { return slices.Sorted(maps.Keys(s)) }

// issues are the numbers of the issues in ascending order.
func (s textSet) issues() []int64 {
	var out []int64
	for _, bucket := range s.buckets() {
		for i, texts := range s[bucket] {
			if texts != 0 {
				out = append(out, bucket<<bucketBits+int64(i))
			}
		}
	}
	return out
}

// hasText reports whether the text of a comment, or of the description when it is 0, is one of texts.
func hasText(texts uint64, comment int64) bool { return texts&textBit(comment) != 0 }

func textBit(comment int64) uint64 { return bits.RotateLeft64(1, int(comment&(1<<textBits-1))) }
