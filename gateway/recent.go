package gateway

import (
	"sync"
	"time"
)

// recent is what was read from the database a moment ago, shared by all visits. Its zero value was read long ago.
//
// Nobody reads with its lock held: who reads may be outside of a transaction and wait for a connection that those have who
// wait for the lock in theirs. Two may read at once; what the later one found stays.
type recent[T any] struct {
	mu    sync.Mutex
	value T
	read  time.Time
}

// get returns the value, which the caller must not change, and how old it is.
func (r *recent[T]) get() (value T, age time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.value, time.Since(r.read)
}

// keep notes a value that somebody began to read at a time.
func (r *recent[T]) keep(value T, read time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.value, r.read = value, read
}

// empty has the value read anew.
func (r *recent[T]) empty() {
	var none T
	r.keep(none, time.Time{})
}
