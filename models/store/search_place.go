package store

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
)

// The index of words has parts of 512 issues. In a part a text goes by a key: the number of the issue in the part and the
// last six bits of the id of the comment, 0 for the description. Two comments of an issue may share a key, so what the
// index finds is looked at before it is shown.
const (
	bucketBits = 9
	textBits   = 6
	placeBits  = 17
	mostPlaces = 1 << placeBits // Words of one text that count, and one more.

	// A word that stands in a text more often than this stands everywhere in it: nobody fills the index with one mail.
	mostTimes  = 64
	everywhere = place(mostPlaces - 1)
)

// place is where a word stands: the key of the text, and the how manieth word of it.
type place uint32

func bucketOf(issue int64) int64 { return issue >> bucketBits }

// firstPlace is the place of the first word of a text.
func firstPlace(issue, comment int64) place {
	key := issue&(1<<bucketBits-1)<<textBits | comment&(1<<textBits-1)
	return place(key << placeBits)
}

func (p place) key() uint32 { return uint32(p >> placeBits) }

// issue is the number of the issue within its part, text that of the text among those of the issue.
func (p place) issue() uint32 { return uint32(p >> (placeBits + textBits)) }
func (p place) text() uint32  { return p.key() & (1<<textBits - 1) }

// word tells the how manieth word of the text it is, from 0.
func (p place) word() place { return p & (mostPlaces - 1) }

// partWords are the words of one part, or of some of its texts.
type partWords map[string][]place

// add takes the words of one text, as [foldTexts] makes it.
func (w partWords) add(issue, comment int64, folded string) {
	at, n := firstPlace(issue, comment), 0
	times := map[string]int{}
	for word := range strings.FieldsSeq(folded) {
		if n == mostPlaces-1 {
			return
		}
		here := at + place(n)
		n++
		if word = indexWord(word); len(word) < minIndexWord {
			continue
		}
		switch k := times[word]; {
		case k == 0 && len(times) == maxWords || k > mostTimes:
			continue
		case k == mostTimes:
			w[word] = append(w[word][:len(w[word])-mostTimes], at|everywhere)
		default:
			w[word] = append(w[word], here)
		}
		times[word]++
	}
}

var errPlaces = errors.New("the places of a word are damaged")

// encodePlaces writes places as one block: how many texts, and for each the distance of its key to the one before and the
// distances of its words. Blocks may follow each other, in any order. It sorts places.
func encodePlaces(places []place) []byte {
	slices.Sort(places)
	places = slices.Compact(places)
	texts := uint64(0)
	for i, p := range places {
		if i == 0 || p.key() != places[i-1].key() {
			texts++
		}
	}
	out := binary.AppendUvarint(make([]byte, 0, 2*len(places)+2), texts)
	last := uint32(0)
	for len(places) > 0 {
		key, n := places[0].key(), 1
		for n < len(places) && places[n].key() == key {
			n++
		}
		distance := uint64(key-last) << 1
		if n == 1 {
			out = binary.AppendUvarint(out, distance)
		} else {
			out = binary.AppendUvarint(binary.AppendUvarint(out, distance|1), uint64(n)) //nolint:gosec // A length.
		}
		at := uint32(0)
		for _, p := range places[:n] {
			where := uint32(p.word())
			out = binary.AppendUvarint(out, uint64(where-at))
			at = where
		}
		last, places = key, places[n:]
	}
	return out
}

// decodePlaces adds the places of all blocks to to, without those that only does not let through. The result is in order
// when there was one block and to was empty.
func decodePlaces(to []place, blocks []byte, only *placeFilter) ([]place, error) {
	for i := 0; i < len(blocks); {
		texts, next := uvarint(blocks, i)
		i = next
		for key := uint64(0); texts > 0; texts-- {
			var distance uint64
			distance, i = uvarint(blocks, i)
			if key += distance >> 1; key >= 1<<(bucketBits+textBits) || i > len(blocks) {
				return nil, errPlaces
			}
			first, wanted, some := place(key<<placeBits), only.words(key), distance&1
			if few, n, end := fewPlaces(blocks, i, some); n <= 4 {
				if only == nil {
					a := first | place(few&0xff)
					b := a + place(few>>8&0xff)
					c := b + place(few>>16&0xff)
					to = append(to, a, b, c, c+place(few>>24))[:len(to)+n]
					i = end
					continue
				}
				if !anyOf(few, wanted) {
					i = end
					continue
				}
			}
			n := uint64(1)
			if some == 1 {
				n, i = uvarint(blocks, i)
			}
			for at, v := uint64(0), uint64(0); n > 0; n-- {
				v, i = uvarint(blocks, i)
				if at += v; v >= mostPlaces || at >= mostPlaces || i > len(blocks) {
					return nil, errPlaces
				}
				if wanted>>(at%64)&1 == 1 {
					to = append(to, first|place(at)) //nolint:gosec // Checked above.
				}
			}
			if i > len(blocks) {
				return nil, errPlaces
			}
		}
	}
	return to, nil
}

// fewPlaces reads the usual case, at most four numbers of one octet each, and tells where they end; n is 5 when it is
// another. some is 1 when there are several: how many stands before them. There are millions of these and no two texts
// are alike, so it has nothing that the processor would have to guess.
func fewPlaces(b []byte, i int, some uint64) (few uint32, n, end int) {
	if i+5 > len(b) {
		return 0, 5, i
	}
	count := uint64(b[i])*some + 1 - some
	i += int(some) //nolint:gosec // 0 or 1.
	few = binary.LittleEndian.Uint32(b[i:]) & (1<<(8*count) - 1)
	if count > 4 || few&0x80808080 != 0 {
		return 0, 5, i
	}
	return few, int(count), i + int(count)
}

// anyOf reports whether a place of fewPlaces may be among words: those that its octets add up to, each in its last six bits.
func anyOf(few uint32, words uint64) bool {
	sums := few & 0x3f3f3f3f * 0x01010101 // Six bits four times have room in an octet.
	return (words>>(sums&63)|words>>(sums>>8&63)|words>>(sums>>16&63)|words>>(sums>>24&63))&1 == 1
}

// uvarint reads the number that begins at i and tells where it ends: behind the end of b when there is none.
func uvarint(b []byte, i int) (v uint64, end int) {
	if i < len(b) {
		if b[i] < 0x80 {
			return uint64(b[i]), i + 1
		}
		if v, n := binary.Uvarint(b[i:]); n > 0 {
			return v, i + n
		}
	}
	return 0, len(b) + 1
}
