package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	sampleOctets = 2048             // Octets of each text that are kept.
	sampleLife   = 10 * time.Minute // After this others are taken.
)

// sample is a part of the full-text index of MariaDB, evenly spread, by which is told how many texts have a word. Before
// it gives the first text, MariaDB lists all that have the word, or one that begins like it, and neither a limit nor the
// end of the connection nor KILL stops that: for three letters that begin common words it takes minutes. So it is only
// asked for words that few texts have.
type sample struct {
	mu    sync.Mutex
	texts []string // Their words, each with a blank before and after it.
	total int64    // Texts in the index.
	until time.Time
}

// listed estimates in how many texts a word stands, or one that begins like it when it ends with a star.
func (s *Store) listed(ctx context.Context, word string) (int64, error) {
	s.sample.mu.Lock()
	defer s.sample.mu.Unlock()
	if time.Now().After(s.sample.until) {
		if err := s.takeSample(ctx); err != nil {
			return 0, wrap("look at the index", err)
		}
	}
	texts := s.sample.texts
	if len(texts) == 0 {
		return 0, nil
	}
	wanted, star := strings.CutSuffix(word, "*")
	if wanted = " " + wanted; !star {
		wanted += " "
	}
	var with int64
	for _, t := range texts {
		if strings.Contains(t, wanted) {
			with++
		}
	}
	return with * s.sample.total / int64(len(texts)), nil
}

// takeSample reads the texts at evenly spread places of the index.
func (s *Store) takeSample(ctx context.Context) error {
	var first, last sql.NullInt64
	err := s.queryRow(ctx, "SELECT MIN(FTS_DOC_ID), MAX(FTS_DOC_ID) FROM search_texts", nil, &first, &last)
	if err != nil {
		return err
	}
	span := last.Int64 - first.Int64 + 1
	if !first.Valid || span <= s.limits.mostListed { // Each word may be asked for.
		s.sample.texts, s.sample.total, s.sample.until = nil, 0, time.Now().Add(sampleLife/10)
		return nil
	}
	places := make([]int64, s.limits.sampleTexts)
	for i := range places {
		places[i] = first.Int64 + int64(i)*(span-1)/int64(len(places)-1)
	}
	places = slices.Compact(places)
	texts := make([]string, 0, len(places))
	for part := range slices.Chunk(places, 500) {
		part = padded(part)
		err := s.each(ctx, "SELECT SUBSTR(words, 1, ?) FROM search_texts WHERE FTS_DOC_ID IN ("+marks(len(part))+")",
			append([]any{sampleOctets}, anys(part)...), func(r *sql.Rows) error {
				var words string
				err := r.Scan(&words)
				texts = append(texts, " "+words+" ")
				return err
			})
		if err != nil {
			return err
		}
	}
	s.sample.texts, s.sample.total = texts, span*int64(len(texts))/int64(len(places))
	s.sample.until = time.Now().Add(sampleLife)
	return nil
}
