package store

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// textRef is a text of an issue: its description (comment 0) or a comment.
type textRef struct{ issue, comment int64 }

// candidates are the texts that may have the terms, of issues that may have all of them, by the index of words and the texts
// that are not in it yet. The words of one term stand in one text; those of several may stand in different texts of an issue.
// seen says how often each term was found in so many issues of the list. nil: the index cannot say. It is not filled yet,
// has none of the words, or each is in too many texts.
func (s *Store) candidates(ctx context.Context, terms searchTerms, seen []int, issues int) (textSet, error) {
	at, err := s.Setting(ctx, indexSetting)
	if err != nil || at != filled {
		return nil, err
	}
	// What is not in the index yet is read first: if it moves there meanwhile, it is seen twice and not missed.
	fresh, all, err := s.freshWith(ctx, terms)
	if err != nil || !all {
		return nil, err
	}
	buckets, err := s.int64s(ctx, "SELECT bucket FROM search_buckets")
	if err != nil {
		return nil, err
	}
	order := make([]int, len(terms))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(seen[a]-seen[b], len(terms[b])-len(terms[a])) })
	var have textSet
	share, asked := 1.0, 0 // How many of the issues have the terms that the index was not asked for.
	for _, i := range order {
		if have != nil {
			if share *= float64(seen[i]) / float64(max(1, issues)); share >= s.limits.mostShare {
				continue
			}
			if buckets = have.buckets(); len(have.issues()) <= s.limits.fewIssues {
				break
			}
			share = 1
		}
		with, ok, err := s.termTexts(ctx, terms[i], buckets)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		for _, t := range fresh[i] {
			with.add(t.issue, textBit(t.comment))
		}
		asked++
		if have == nil {
			have = with
		} else {
			have.keep(with)
		}
	}
	if have == nil {
		return nil, nil
	}
	if asked < len(terms) {
		have.wholeIssues()
	}
	if len(terms) == 1 { // A number alone is also the issue of that number.
		if n, err := strconv.ParseInt(terms[0][1:], 10, 64); err == nil {
			have.add(n, textBit(0))
		}
	}
	return have, nil
}

// freshWith returns for each term the texts with it that are not in the index yet; all is false when there are too many
// that are not.
func (s *Store) freshWith(ctx context.Context, terms searchTerms) (texts [][]textRef, all bool, err error) {
	texts = make([][]textRef, len(terms))
	n, octets := 0, 0
	err = s.each(ctx, "SELECT octets FROM search_fresh LIMIT "+strconv.Itoa(s.limits.mostFresh+1), nil, func(r *sql.Rows) error {
		var size int
		err := r.Scan(&size)
		n, octets = n+1, octets+size
		return err
	})
	if err != nil || n > s.limits.mostFresh || octets > s.limits.mostOctets {
		return nil, false, err
	}
	err = s.each(ctx, "SELECT issue_number, comment_id, words FROM search_fresh", nil, func(r *sql.Rows) error {
		var t textRef
		var folded string
		if err := r.Scan(&t.issue, &t.comment, &folded); err != nil {
			return err
		}
		for i, term := range terms {
			if strings.Contains(folded, term) {
				texts[i] = append(texts[i], t)
			}
		}
		return nil
	})
	return texts, true, err
}

// wanted is a word that a term has at some place; star: words that begin like it will do.
type wanted struct {
	word  string
	place place
	star  bool
}

// wantedWords are the words of a term that are in the index, the longest first: it tells most.
func wantedWords(term string) []wanted {
	var out []wanted
	all := strings.Fields(term)
	for i, w := range all {
		if len(w) >= minIndexWord {
			out = append(out, wanted{indexWord(w), place(i), i == len(all)-1})
		}
	}
	slices.SortStableFunc(out, func(a, b wanted) int { return len(b.word) - len(a.word) })
	return out
}

// termTexts asks the index in which texts of some parts a term stands. ok is false when it cannot say.
func (s *Store) termTexts(ctx context.Context, term string, buckets []int64) (set textSet, ok bool, err error) {
	words := wantedWords(term)
	set = textSet{}
	if len(words) == 1 {
		ok, err := s.eachPlaces(ctx, words[0], buckets, nil, set.addPlaces)
		return set, ok, err
	}
	var have map[int64][]place // Where the term begins, going by the words that were asked for.
	for _, w := range words {
		var filter *behind
		if have != nil {
			buckets = slices.Sorted(maps.Keys(have))
			filter = &behind{lists: have, by: w.place}
		}
		here := map[int64][]place{}
		ok, err := s.eachPlaces(ctx, w, buckets, filter, func(bucket int64, places []place) {
			list := slices.Grow(here[bucket], len(places))
			for _, p := range places {
				switch at := p.word(); {
				case at == everywhere: // Whether in this place, its text tells.
					set.addPlaces(bucket, []place{p})
				case at >= w.place:
					list = append(list, p-w.place)
				}
			}
			here[bucket] = list
		})
		if err != nil {
			return nil, false, err
		}
		if !ok {
			continue
		}
		for bucket, places := range here {
			if !slices.IsSorted(places) {
				slices.Sort(places)
			}
			if have != nil {
				here[bucket] = both(have[bucket], places)
			}
			if len(here[bucket]) == 0 {
				delete(here, bucket)
			}
		}
		have = here
	}
	for bucket, places := range have {
		set.addPlaces(bucket, places)
	}
	return set, have != nil, nil
}

// both is what two lists in ascending order have in common; it overwrites the first.
func both(a, b []place) []place {
	out, j := a[:0], 0
	for _, p := range a {
		for j < len(b) && b[j] < p {
			j++
		}
		if j < len(b) && b[j] == p {
			out = append(out, p)
		}
	}
	return out
}

// lastWord is behind all that a word can go on with: the last letter of Unicode.
const lastWord = "\U0010ffff"

// eachPlaces calls f with the places of a word in some parts of the index that the filter lets through. ok is false when
// they are too many; f may have been called for some of them then. places is only good during the call.
func (s *Store) eachPlaces(
	ctx context.Context, w wanted, buckets []int64, filter *behind, f func(bucket int64, places []place),
) (ok bool, err error) {
	if w.star {
		if n, err := s.expected(ctx, w, buckets); err != nil || n > s.limits.mostRows {
			return false, err
		}
	}
	rows, octets, buffer := 0, 0, []place(nil)
	for chunk := range slices.Chunk(buckets, 500) {
		chunk = padded(chunk)
		query, args := "SELECT bucket, places FROM search_words WHERE bucket IN ("+marks(len(chunk))+") AND word = ?", append(anys(chunk), w.word)
		if w.star {
			query = strings.TrimSuffix(query, "word = ?") + "word >= ? AND word < ?"
			args = append(args, w.word+lastWord)
		}
		query += " LIMIT " + strconv.Itoa(s.limits.mostRows+1)
		var raw sql.RawBytes
		err := s.each(ctx, query, args, func(r *sql.Rows) error {
			var bucket int64
			if err := r.Scan(&bucket, &raw); err != nil {
				return err
			}
			rows, octets = rows+1, octets+len(raw)
			if rows > s.limits.mostRows || octets > s.limits.mostOctets {
				return nil
			}
			places, err := decodePlaces(buffer[:0], raw, filter.in(bucket))
			if err != nil {
				return err
			}
			f(bucket, places)
			buffer = places
			return nil
		})
		if err != nil || rows > s.limits.mostRows || octets > s.limits.mostOctets {
			return false, err
		}
	}
	return true, nil
}

// expected is how many rows there are for the beginning of a word in some parts, going by one of them.
func (s *Store) expected(ctx context.Context, w wanted, buckets []int64) (int, error) {
	if len(buckets) == 0 {
		return 0, nil
	}
	n, most := 0, s.limits.mostRows/len(buckets)+1
	err := s.each(ctx, "SELECT 1 FROM search_words WHERE bucket = ? AND word >= ? AND word < ? LIMIT ?",
		[]any{buckets[len(buckets)/2], w.word, w.word + lastWord, most}, func(*sql.Rows) error {
			n++
			return nil
		})
	return n * len(buckets), err
}
