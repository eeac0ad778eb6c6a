package tracker

import (
	"bytes"
	"encoding/json"

	"github.com/ccojocar/zxcvbn-go/data"
)

// listed reports whether one of the words, in lower case, stands in the lists of a guesser: the most usual passwords, names, and
// words of English. The lists are unpacked for each password that is chosen and kept nowhere: that is seldom, and they would stay in
// memory for good.
func listed(words ...string) bool {
	var quoted [][]byte
	for _, word := range words {
		text, err := json.Marshal(word)
		if err == nil && word != "" {
			quoted = append(quoted, text)
		}
	}
	for _, list := range []string{"Passwords", "English", "Surnames", "MaleNames", "FemaleNames"} {
		octets := data.MustAsset("data/" + list + ".json") // Part of the program.
		for _, text := range quoted {
			if bytes.Contains(octets, text) {
				return true
			}
		}
	}
	return false
}
