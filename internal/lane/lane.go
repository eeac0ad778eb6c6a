// Package lane runs work for many side by side, and for each of them one thing at a time: who is slow delays nobody
// else, and nobody is worked for twice at once.
//
// It knows of this process only. What several processes share is claimed in the database besides.
package lane

import "sync"

// Lanes has one lane for each id. Its zero value has nothing on any of them. It may be used by several goroutines.
type Lanes struct {
	mu   sync.Mutex
	busy map[int64]bool
	all  sync.WaitGroup
}

// Go runs work in a goroutine on the lane of id. While earlier work is on that lane it does nothing: that work is expected
// to find itself what has come since it began, or to be called again.
func (l *Lanes) Go(id int64, work func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy[id] {
		return
	}
	if l.busy == nil {
		l.busy = map[int64]bool{}
	}
	l.busy[id] = true
	l.all.Go(func() {
		defer func() {
			l.mu.Lock()
			delete(l.busy, id)
			l.mu.Unlock()
		}()
		work()
	})
}

// Wait returns once all lanes are empty. Nothing is to be begun meanwhile.
func (l *Lanes) Wait() { l.all.Wait() }
