package tracker

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
)

// Lengths of a password: characters at least, octets at most.
const (
	minPassword = 8
	maxPassword = 256
)

// argonParams are those that OWASP names for argon2id: 19 MiB, two passes, one lane.
func argonParams() *argon2id.Params {
	return &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// hasher makes and checks password hashes, a few at a time: each takes 19 MiB and one core.
type hasher struct {
	slots chan struct{}
	// nobody is checked when there is no such login, so that the answer takes as long as for a wrong password.
	nobody string
}

func newHasher() *hasher {
	return &hasher{
		slots:  make(chan struct{}, min(4, runtime.GOMAXPROCS(0))),
		nobody: "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	}
}

// enter waits for a free slot; it returns the ctx's error when ctx ends first.
func (h *hasher) enter(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for password check: %w", ctx.Err())
	}
}

func (h *hasher) leave() { <-h.slots }

// hash returns the password's argon2id hash in PHC form.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	hash, err := argon2id.CreateHash(password, argonParams())
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// verify reports whether password is the one of hash, and whether the hash was made with weaker parameters than
// today's. An empty hash never fits and takes as long.
func (h *hasher) verify(ctx context.Context, password, hash string) (fits, weak bool, err error) {
	if err := h.enter(ctx); err != nil {
		return false, false, err
	}
	defer h.leave()
	if len(password) > maxPassword {
		password = ""
	}
	if hash == "" || password == "" {
		hash = h.nobody
	}
	fits, params, err := argon2id.CheckHash(password, hash)
	if err != nil {
		return false, false, fmt.Errorf("check password: %w", err)
	}
	want := argonParams()
	weak = params.Memory < want.Memory || params.Iterations < want.Iterations
	return fits && hash != h.nobody, weak, nil
}

// checkPassword notes what is wrong with a new password: its length, and passwords that are tried first by everybody.
// person are the words that it must not be: login, name, address.
func (c *checks) checkPassword(field, password string, person ...string) {
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		c.add(field, "E-USER-06", "min", fmt.Sprint(minPassword))
		return
	case len(password) > maxPassword:
		c.add(field, "E-USER-07", "max", fmt.Sprint(maxPassword))
		return
	}
	low := strings.ToLower(password)
	same := func(word string) bool {
		word = strings.ToLower(word)
		local, _, _ := strings.Cut(word, "@")
		return word != "" && (low == word || low == local)
	}
	if guessedFirst(low) || slices.ContainsFunc(person, same) {
		c.add(field, "E-USER-08")
	}
}

// commonPasswords are the passwords of eight and more characters that guessing starts with.
func commonPasswords() []string {
	return []string{
		"12345678", "123456789", "1234567890", "0123456789", "87654321", "987654321", "12341234", "11223344", "123123123",
		"1q2w3e4r", "1q2w3e4r5t", "1qaz2wsx", "qwertyui", "qwertyuiop", "qwerty123", "qwertz123", "qwertzui", "qwertzuiop",
		"asdfghjk", "asdfghjkl", "asdfasdf", "yxcvbnm1", "zxcvbnm1", "abcd1234", "abc12345", "abcdefgh", "a1b2c3d4", "aa123456",
		"password", "password1", "password12", "password123", "passw0rd", "p@ssw0rd", "p@ssword", "pa$$word", "passwort",
		"passwort1", "passwort12", "passwort123", "kennwort", "kennwort1", "geheim123", "hallo123", "hallohallo", "willkommen",
		"willkommen1", "sommer2024", "sommer2025", "sommer2026", "winter2024", "winter2025", "winter2026", "schatz123",
		"fussball", "football", "baseball", "basketball", "iloveyou", "iloveyou1", "ichliebedich", "sunshine", "princess",
		"welcome1", "welcome123", "changeme", "changeme1", "changeme123", "letmein1", "letmein123", "trustno1", "superman",
		"starwars", "whatever", "computer", "internet", "dragon123", "monkey123", "master123", "michelle", "jennifer",
		"administrator", "admin123", "admin1234", "administrator1", "root1234", "test1234", "testtest", "secret123", "default1",
		"letterbox", "letterbox1", "support1", "support123", "helpdesk", "servicedesk", "frankfurt", "deutschland", "bayern123",
	}
}
