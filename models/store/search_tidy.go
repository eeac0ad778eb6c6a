package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"letterbox/models"
)

// indexSetting is the setting that tells from which part on texts from before there was an index are missing in it.
const indexSetting = "search.index"

const (
	filled      = "done"  // The value of indexSetting when none are missing.
	freshMany   = 500     // So many new texts are worth the work of putting them into the index,
	freshMuch   = 1 << 20 // or so many octets.
	mergeTexts  = 500     // The most that one transaction puts there.
	mergeOctets = 4 << 20 // The same in octets, but for the last text.
	wordOctets  = 1 << 20 // Octets of an INSERT, but for the last word.
	wordRows    = 100     // Rows of an INSERT.
)

// TidySearch puts new texts into the index of words when they are many. With whole it puts all of them there, and makes
// parts anew that still have words of texts that were changed or deleted. Texts from before there was an index come
// first, a part at a time; until they are through, searches are right but slower. Any number of processes may call it at
// once. A transaction writes at most one part of 512 issues, or 500 new texts. What was done before ctx ended stays.
func (s *Store) TidySearch(ctx context.Context, whole bool) error {
	for ctx.Err() == nil {
		more, err := s.fillPart(ctx)
		if err != nil {
			return wrap("fill the index", err)
		}
		if !more {
			break
		}
	}
	for ctx.Err() == nil {
		many, err := s.freshIsMuch(ctx, whole)
		if err != nil {
			return wrap("look at new texts", err)
		}
		if !many {
			break
		}
		if err := s.WithTx(ctx, s.mergeFresh); err != nil {
			return wrap("put new texts into the index", err)
		}
	}
	if !whole || ctx.Err() != nil {
		return ctx.Err()
	}
	buckets, err := s.int64s(ctx, "SELECT bucket FROM search_buckets WHERE stale = 1 ORDER BY bucket")
	for _, bucket := range buckets {
		if ctx.Err() != nil {
			break
		}
		if err == nil {
			err = s.rebuild(ctx, bucket, "")
		}
	}
	if err == nil {
		err = ctx.Err()
	}
	return wrap("make parts of the index anew", err)
}

func (s *Store) int64s(ctx context.Context, query string, args ...any) (out []int64, err error) {
	err = s.each(ctx, query, args, func(r *sql.Rows) error {
		var n int64
		err := r.Scan(&n)
		out = append(out, n)
		return err
	})
	return out, err
}

// startIndex says of a database without issues that nothing is missing in its index. It is called when the schema is there.
func (s *Store) startIndex(ctx context.Context) error {
	_, err := s.Setting(ctx, indexSetting)
	if !errors.Is(err, models.ErrNotFound) {
		return err
	}
	return s.WithTx(ctx, func(ctx context.Context) error {
		last, err := s.int64s(ctx, "SELECT number FROM issues ORDER BY number DESC LIMIT 1")
		if err != nil {
			return err
		}
		value := "0"
		if len(last) == 0 {
			value = filled
		}
		_, err = s.tx(ctx).exec(ctx, s.insertIgnore()+"settings (name, value) VALUES (?, ?)", indexSetting, value)
		return err
	})
}

// fillPart makes the next part of the index from texts that were there before it, and reports whether there may be more.
func (s *Store) fillPart(ctx context.Context) (more bool, err error) {
	at, err := s.Setting(ctx, indexSetting)
	if err != nil || at == filled {
		return false, err
	}
	bucket, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return false, fmt.Errorf("setting %s: %w", indexSetting, err)
	}
	first, err := s.int64s(ctx, "SELECT number FROM issues WHERE number >= ? ORDER BY number LIMIT 1", bucket<<bucketBits)
	if err != nil {
		return false, err
	}
	if len(first) == 0 {
		return false, s.SetSetting(ctx, indexSetting, filled)
	}
	bucket = bucketOf(first[0])
	return true, s.rebuild(ctx, bucket, strconv.FormatInt(bucket+1, 10))
}

// freshIsMuch reports whether new texts are to be put into the index.
func (s *Store) freshIsMuch(ctx context.Context, all bool) (bool, error) {
	var n, octets int64
	err := s.each(ctx, "SELECT octets FROM search_fresh ORDER BY id LIMIT "+strconv.Itoa(freshMany), nil, func(r *sql.Rows) error {
		var size int64
		err := r.Scan(&size)
		n, octets = n+1, octets+size
		return err
	})
	return n == freshMany || octets > freshMuch || all && n > 0, err
}

// alone has those wait for each other, until their transactions end, that write the index.
func (s *Store) alone(ctx context.Context) error {
	_, err := s.tx(ctx).exec(ctx, "UPDATE settings SET value = value WHERE name = ?", indexSetting)
	return err
}

// mergeFresh puts the oldest new texts into the index.
func (s *Store) mergeFresh(ctx context.Context) error {
	if err := s.alone(ctx); err != nil {
		return err
	}
	parts, stale, ids, octets := map[int64]partWords{}, map[int64]bool{}, []int64{}, int64(0)
	list, err := s.freshSizes(ctx)
	if err != nil {
		return err
	}
	for i, f := range list {
		if octets += f.octets; i > 0 && octets > mergeOctets {
			break
		}
		ids = append(ids, f.id)
	}
	if len(ids) == 0 {
		return nil
	}
	args := anys(padded(ids))
	which := " FROM search_fresh WHERE id IN (" + marks(len(args)) + ")"
	err = s.each(ctx, "SELECT issue_number, comment_id, again, words"+which, args, func(r *sql.Rows) error {
		var issue, comment int64
		var again bool
		var folded string
		if err := r.Scan(&issue, &comment, &again, &folded); err != nil {
			return err
		}
		bucket := bucketOf(issue)
		if parts[bucket] == nil {
			parts[bucket] = partWords{}
		}
		parts[bucket].add(issue, comment, folded)
		stale[bucket] = stale[bucket] || again
		return nil
	})
	if err != nil {
		return err
	}
	for _, bucket := range slices.Sorted(maps.Keys(parts)) {
		if err := s.writePart(ctx, bucket, parts[bucket], stale[bucket]); err != nil {
			return err
		}
	}
	_, err = s.tx(ctx).exec(ctx, "DELETE"+which, args...)
	return err
}

type freshSize struct{ id, octets int64 }

func (s *Store) freshSizes(ctx context.Context) (out []freshSize, err error) {
	err = s.each(ctx, "SELECT id, octets FROM search_fresh ORDER BY id LIMIT "+strconv.Itoa(mergeTexts), nil, func(r *sql.Rows) error {
		var f freshSize
		err := r.Scan(&f.id, &f.octets)
		out = append(out, f)
		return err
	})
	return out, err
}

// writePart adds words to a part of the index; stale: it has words that no text has.
func (s *Store) writePart(ctx context.Context, bucket int64, words partWords, stale bool) error {
	tx := s.tx(ctx)
	mark, add := " ON CONFLICT (bucket) DO UPDATE SET version = version + 1, stale = MAX(stale, excluded.stale)",
		" ON CONFLICT (bucket, word) DO UPDATE SET places = CAST(places || excluded.places AS BLOB)"
	if s.dialect == "mysql" {
		mark, add = " ON DUPLICATE KEY UPDATE version = version + 1, stale = GREATEST(stale, VALUES(stale))",
			" ON DUPLICATE KEY UPDATE places = CONCAT(places, VALUES(places))"
	}
	if _, err := tx.exec(ctx, "INSERT INTO search_buckets (bucket, version, stale) VALUES (?, 1, ?)"+mark, bucket, stale); err != nil {
		return err
	}
	sorted := slices.Sorted(maps.Keys(words))
	var args []any
	octets := 0
	for i, w := range sorted {
		places := encodePlaces(words[w])
		args, octets = append(args, bucket, w, places), octets+len(places)
		if len(args) < 3*wordRows && octets < wordOctets && i < len(sorted)-1 {
			continue
		}
		if _, err := tx.exec(ctx, insertOf("INSERT INTO search_words (bucket, word, places)", add, 3, len(args)), args...); err != nil {
			return err
		}
		args, octets = args[:0], 0
	}
	return nil
}

// rebuild makes a part of the index anew from the texts of its issues, and sets indexSetting to reached unless that is "".
// When somebody added to the part meanwhile it is left as it is, for the next time.
func (s *Store) rebuild(ctx context.Context, bucket int64, reached string) error {
	version, err := s.bucketVersion(ctx, bucket)
	if err != nil {
		return err
	}
	words := partWords{}
	numbers, err := s.int64s(ctx, "SELECT number FROM issues WHERE number >= ? AND number < ?", bucket<<bucketBits, (bucket+1)<<bucketBits)
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(numbers, 50) {
		texts, err := s.indexedTexts(ctx, chunk)
		if err != nil {
			return err
		}
		for t, parts := range texts {
			words.add(t.issue, t.comment, foldTexts(parts))
		}
	}
	return s.WithTx(ctx, func(ctx context.Context) error {
		if err := s.alone(ctx); err != nil {
			return err
		}
		if v, err := s.bucketVersion(ctx, bucket); err != nil || v != version {
			return err
		}
		tx := s.tx(ctx)
		if _, err := tx.exec(ctx, "DELETE FROM search_words WHERE bucket = ?", bucket); err != nil {
			return err
		}
		if err := s.writePart(ctx, bucket, words, false); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, "UPDATE search_buckets SET stale = 0 WHERE bucket = ?", bucket); err != nil || reached == "" {
			return err
		}
		return s.SetSetting(ctx, indexSetting, reached)
	})
}

// bucketVersion counts what was added to a part of the index.
func (s *Store) bucketVersion(ctx context.Context, bucket int64) (v int64, err error) {
	err = s.queryRow(ctx, "SELECT version FROM search_buckets WHERE bucket = ?", []any{bucket}, &v)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return v, err
}

// indexedTexts are the texts of issues: descriptions with title, and comments, each with the names of its files.
func (s *Store) indexedTexts(ctx context.Context, numbers []int64) (map[textRef][]string, error) {
	out := map[textRef][]string{}
	args := anys(padded(numbers))
	in := " IN (" + marks(len(args)) + ")"
	for _, query := range []string{
		"SELECT number, 0, title FROM issues WHERE number" + in,
		fmt.Sprintf("SELECT number, 0, SUBSTR(description, 1, %d) FROM issues WHERE number", maxSearched) + in,
		fmt.Sprintf("SELECT issue_number, id, SUBSTR(body, 1, %d) FROM comments WHERE issue_number", maxSearched) + in,
		"SELECT issue_number, COALESCE(comment_id, 0), name FROM attachments WHERE issue_number" + in,
	} {
		err := s.each(ctx, query, args, func(r *sql.Rows) error {
			var t textRef
			var text string
			err := r.Scan(&t.issue, &t.comment, &text)
			out[t] = append(out[t], text)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
