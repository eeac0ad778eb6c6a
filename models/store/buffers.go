package store

import (
	"math/bits"
	"sync"
)

const smallestBuffer = 4 << 10

// buffers keeps memory for the octets of blobs, so that it is not made and collected for each message anew. Its sizes are
// the powers of two up to memoryMost and what lies half way between them: none is more than half as large again as what it
// was asked for.
type buffers struct{ pools [17]sync.Pool }

// sizeClass returns the place of the smallest buffer that holds size octets, and how many it holds.
func sizeClass(size int64) (place int, octets int) {
	size = min(max(size, smallestBuffer), memoryMost)
	n := bits.Len64(uint64(size - 1)) // 1<<n is the next power of two.
	place = 2 * (n - bits.Len64(smallestBuffer-1))
	if half := int64(3) << (n - 2); size <= half && place > 0 {
		return place - 1, int(half)
	}
	return place, 1 << n
}

// get returns an empty buffer with room for size octets, or for memoryMost if that is less.
func (b *buffers) get(size int64) []byte {
	place, octets := sizeClass(size)
	if p, ok := b.pools[place].Get().(*[]byte); ok {
		return (*p)[:0]
	}
	return make([]byte, 0, octets)
}

// put takes back what get has returned. Nobody may use it any more.
func (b *buffers) put(buf []byte) {
	if place, octets := sizeClass(int64(cap(buf))); octets == cap(buf) {
		b.pools[place].Put(&buf)
	}
}
