package store

import (
	"context"
	"slices"

	"letterbox/models"
)

const (
	mostAsked = 300 // Addresses.
	mostReads = 4   // Of them in one transaction: where nearly every mail makes somebody known, each asks for itself.
)

// people is who has the addresses that a transaction will be asked for.
type people struct {
	asked map[string]bool        // By the folded address.
	found map[string]models.User // Nil: to be read.
	reads int
}

// AskForUsers has a transaction read at once what [Store.UsersByAddress] will be asked for piece by piece. It is read when
// the first is asked for, and again when the transaction has changed users who were there; what others change meanwhile is not seen.
func (s *Store) AskForUsers(ctx context.Context, addresses []string) {
	tx := s.tx(ctx)
	if tx == nil || len(addresses) > mostAsked {
		return
	}
	tx.people = &people{asked: make(map[string]bool, len(addresses))}
	for _, a := range addresses {
		tx.people.asked[models.FoldAddress(a)] = true
	}
}

// answers reports whether all of the folded addresses are among those that are read at once.
func (p *people) answers(folded []string) bool {
	if p == nil || p.found == nil && p.reads == mostReads {
		return false
	}
	for _, a := range folded {
		if !p.asked[a] {
			return false
		}
	}
	return true
}

// read is what was read, nil when it has to be read.
func (p *people) read() map[string]models.User {
	if p == nil {
		return nil
	}
	return p.found
}

// join takes what was read before somebody was made known, and adds who it is.
func (p *people) join(before map[string]models.User, u models.User) {
	if before == nil {
		return
	}
	u.Addresses = slices.Clone(u.Addresses)
	for _, a := range u.Addresses {
		if p.asked[a] {
			before[a] = u
		}
	}
	p.found = before
}

// forget has the people read again.
func (p *people) forget() {
	if p != nil {
		p.found = nil
	}
}
