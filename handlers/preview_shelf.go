package handlers

import (
	"sync"

	"letterbox/internal/picture"
)

const (
	shelfPlaces = 200      // Small pictures that are kept.
	shelfOctets = 32 << 10 // A larger one is made anew each time.
)

// shelf keeps the small pictures that were shown last, so that an issue that is read by many is not decoded each time.
// Who may see them is asked before, each time. It is safe for concurrent use.
type shelf struct {
	mu    sync.Mutex
	found map[int64]picture.Picture
	order []int64 // What was put there first comes first.
}

func newShelf() *shelf { return &shelf{found: map[int64]picture.Picture{}} }

func (s *shelf) get(id int64) (picture.Picture, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.found[id]
	return p, ok
}

func (s *shelf) put(id int64, p picture.Picture) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.found[id]; ok || len(p.Data) > shelfOctets {
		return
	}
	if len(s.order) == shelfPlaces {
		delete(s.found, s.order[0])
		s.order = s.order[1:]
	}
	s.found[id] = p
	s.order = append(s.order, id)
}
