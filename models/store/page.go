package store

import (
	"encoding/base64"
	"strconv"
	"strings"

	"letterbox/models"
)

const (
	defaultPage = 50
	maxPage     = 200
)

// pageSize is how many rows a page has when limit are asked for.
func pageSize(limit int) int {
	if limit <= 0 {
		return defaultPage
	}
	return min(limit, maxPage)
}

// page cuts a list that was read with one row more than limit, and makes the cursor of the next page from the key of
// its last row.
func page[T any](list []T, limit int, key func(T) int64) ([]T, string) {
	if len(list) <= limit {
		return list, ""
	}
	list = list[:limit]
	return list, base64.RawURLEncoding.EncodeToString([]byte("k" + strconv.FormatInt(key(list[limit-1]), 10)))
}

// parseCursor returns the key in a cursor.
func parseCursor(cursor string) (int64, error) {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		if digits, ok := strings.CutPrefix(string(b), "k"); ok {
			if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
				return n, nil
			}
		}
	}
	return 0, &models.Invalid{Field: "cursor", Code: "invalid_cursor"}
}

// like makes a LIKE pattern (ESCAPE '!') that finds text anywhere.
func like(text string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text) + "%"
}
