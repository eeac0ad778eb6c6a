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

// named tells of which of the issues the description is in the set, of which all comments, and of which some. A set that
// is nil has all texts.
func (s textSet) named(numbers []int64) (described, commented, partly []int64) {
	if s == nil {
		return numbers, numbers, nil
	}
	for _, n := range numbers {
		texts := s.texts(n)
		if hasText(texts, 0) {
			described = append(described, n)
		}
		switch texts {
		case allTexts:
			commented = append(commented, n)
		case 0:
		default: // Also where it is the key of the description alone: a comment may share that.
			partly = append(partly, n)
		}
	}
	return described, commented, partly
}

// keys are the texts of some issues as one number each: the issue and the key of the text.
func (s textSet) keys(numbers []int64) []int64 {
	var out []int64
	for _, n := range numbers {
		for texts := s.texts(n); texts != 0; texts &= texts - 1 {
			out = append(out, n<<textBits+int64(bits.TrailingZeros64(texts)))
		}
	}
	return out
}

// hasText reports whether the text of a comment, or of the description when it is 0, is one of texts.
func hasText(texts uint64, comment int64) bool { return texts&textBit(comment) != 0 }

func textBit(comment int64) uint64 { return bits.RotateLeft64(1, int(comment&(1<<textBits-1))) }
