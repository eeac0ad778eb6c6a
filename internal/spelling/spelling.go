// Package spelling tells how near two words are, to name the known one that somebody may have meant. It is pure.
package spelling

import (
	"slices"
	"strings"
)

// Distance counts the octets to change, add or leave out to get from a to b (Levenshtein).
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// Nearest returns the known word that is most like word, without regard to case; "" when none is near. Known words are in
// lower case; of two that are equally near the first in the alphabet counts.
func Nearest(word string, known []string) string {
	if len(word) > 60 {
		return ""
	}
	best, least := "", len(word)/3+2
	for _, k := range slices.Sorted(slices.Values(known)) {
		if d := Distance(strings.ToLower(word), k); d < least {
			best, least = k, d
		}
	}
	return best
}
