package app

import "sync"

// changes passes on what has changed from those who change to those who show. A topic is "message", "issue:12",
// "inbox:3" and the like.
type changes struct {
	mu   sync.RWMutex
	sink func(topic string)
}

func newChanges() *changes { return &changes{sink: func(string) {}} }

func (c *changes) publish(topic string) {
	c.mu.RLock()
	sink := c.sink
	c.mu.RUnlock()
	sink(topic)
}

func (c *changes) to(sink func(topic string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sink = sink
}
