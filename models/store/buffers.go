package store

import "sync"

// buffers keeps memory of one chunk each for blobs whose size nobody knows beforehand, so that it does not have to grow
// each time anew.
type buffers struct{ pool sync.Pool }

func (b *buffers) get() []byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return (*p)[:0]
	}
	return make([]byte, 0, chunkSize)
}

func (b *buffers) put(buf []byte) {
	if cap(buf) == chunkSize {
		b.pool.Put(&buf)
	}
}
