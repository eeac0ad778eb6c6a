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

// decodePlaces adds the places of all blocks to to. The result is in order when there was one block and to was empty.
func decodePlaces(to []place, blocks []byte) ([]place, error) {
	ok := true
	next := func() uint64 {
		if len(blocks) > 0 && blocks[0] < 0x80 {
			v := uint64(blocks[0])
			blocks = blocks[1:]
			return v
		}
		v, n := binary.Uvarint(blocks)
		if n <= 0 {
			ok, blocks = false, nil
			return 0
		}
		blocks = blocks[n:]
		return v
	}
	for len(blocks) > 0 {
		key := uint64(0)
		for texts := next(); texts > 0 && ok; texts-- {
			distance := next()
			n := uint64(1)
			if distance&1 == 1 {
				n = next()
			}
			key += distance >> 1
			at := uint64(0)
			for ; n > 0 && ok; n-- {
				at += next()
				to = append(to, place(key<<placeBits|at)) //nolint:gosec // Checked below.
			}
			ok = ok && key < 1<<(bucketBits+textBits) && at < mostPlaces
		}
	}
	if !ok {
		return nil, errPlaces
	}
	return to, nil
}
