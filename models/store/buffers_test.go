package store

import "testing"

func TestBufferIsLittleLargerThanWhatIsAskedFor(t *testing.T) {
	var b buffers
	for _, size := range []int64{0, 1, smallestBuffer - 1, smallestBuffer, smallestBuffer + 1, 6144, 6145, 8192, 100_000, chunkSize, chunkSize + 1, memoryMost - 1, memoryMost, memoryMost + 1, 1 << 40} {
		buf := b.get(size)
		want := max(min(size, memoryMost), smallestBuffer)
		if got := int64(cap(buf)); len(buf) != 0 || got < want || got > want*3/2 {
			t.Errorf("get(%d) has %d octets with room for %d, want none with room for %d to %d", size, len(buf), got, want, want*3/2)
		}
		place, octets := sizeClass(int64(cap(buf)))
		if octets != cap(buf) || place >= len(b.pools) {
			t.Errorf("a buffer of %d is not one of the sizes: %d at %d", cap(buf), octets, place)
		}
		b.put(append(buf, 1))
	}
}
