package tracker

import (
	"slices"
	"strings"
)

const (
	fewDigits = 12 // All numbers with fewer digits are tried in no time.
	mostUnit  = 4  // Octets that are repeated to make a password long.
	mostTail  = 6  // Digits and signs behind a usual word.
)

// keyRows are what lies side by side on keyboards and in the alphabet. A password along one of them is tried early.
var keyRows = []string{
	"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop[]", "qwertzuiop\u00fc+", "azertyuiop", "asdfghjkl;'", "asdfghjkl\u00f6\u00e4", "zxcvbnm,./", "yxcvbnm,.-",
	"qazwsxedcrfvtgbyhnujmikolp", "qaywsxedcrfvtgbzhnujmikolp", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "1qay2wsx3edc4rfv5tgb6zhn7ujm", "q1w2e3r4t5y6u7i8o9p0", "1q2w3e4r5t6y7u8i9o0p", "1a2b3c4d5e6f7g8h9",
}

// guessedFirst reports whether a password, in lower case, is among those that guessing begins with: a usual one, also with other
// signs for its letters or some digits behind it, a number, something repeated, and what lies side by side on a keyboard.
func guessedFirst(low string) bool {
	usual := commonPasswords()
	if slices.Contains(usual, low) || len(low) < fewDigits && strings.Trim(low, "0123456789") == "" || repeats(low) || runs(low) {
		return true
	}
	tries := []string{low, letters(low)}
	if word := strings.TrimRight(low, "0123456789!?.,#*+-_$ "); len(low)-len(word) <= mostTail {
		tries = append(tries, word, letters(word))
	}
	isUsual := func(w string) bool { return slices.Contains(usual, w) || slices.Contains(commonWords(), w) }
	return slices.ContainsFunc(tries, isUsual) || listed(tries...)
}

// repeats reports whether text is a short piece again and again.
func repeats(text string) bool {
	for n := 1; n <= min(mostUnit, len(text)/2); n++ {
		if strings.HasPrefix(strings.Repeat(text[:n], len(text)/n+1), text) {
			return true
		}
	}
	return false
}

// runs reports whether text is one or two pieces of rows of keys, forwards or backwards.
func runs(text string) bool {
	ahead := longestRun(text)
	return ahead == len(text) || ahead >= mostUnit && longestRun(text[ahead:]) == len(text)-ahead
}

// longestRun is how many octets at the beginning of text lie side by side.
func longestRun(text string) int {
	most := 0
	for _, row := range keyRows {
		for n := most + 1; n <= len(text) && strings.Contains(row, text[:n]); n++ {
			most = n
		}
		for n := most + 1; n <= len(text) && strings.Contains(row, reversed(text[:n])); n++ {
			most = n
		}
	}
	return most
}

func reversed(text string) string {
	r := []rune(text)
	slices.Reverse(r)
	return string(r)
}

// letters puts letters in place of the digits and signs that people write for them.
func letters(text string) string {
	return strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i").Replace(text)
}

// commonWords are words that are no password by themselves, being short, and are usual ones with digits behind them.
func commonWords() []string {
	return strings.Fields("admin andrea andreas angel anna apple april arsenal august baby bayern berlin blink blume boss buster butter charlie " +
		"cheese chelsea chocolate claudia cookie daniel david death dragon eagle elephant flower freedom friend fritz gabriel geheim george ginger " +
		"google guitar hallo hamburg hammer hannah happy harley hello herbst hockey hunter ichbins jackson jasmin jessica jordan joshua juli juni justin " +
		"killer kitty koeln lakers laura letmein lisa liverpool login love lucky maggie magic mai maria marina martin master matrix matthias maus " +
		"merlin michael monika monkey morgen muenchen music mustang mutter nicole ninja nokia oliver orange passw passwd passwort pass password peanut " +
		"pepper peter phoenix pokemon power prinz purple qwer qwert qwerty qwertz rabbit ranger robert root samsung sandra sascha schalke schatz schatzi " +
		"school secret server shadow silver simone slayer smokey snoopy soccer sommer sonne sparky sparkle spider starwars stefan steffi summer super " +
		"superman support teddy test thomas thunder tiger tigger tinker trustno user vater victoria vivien welcome werder willkommen winner winter wolf yamaha zaubern")
}
