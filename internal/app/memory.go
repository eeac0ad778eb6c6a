package app

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	lookAtMemory = 10 * time.Second
	littleWork   = 10 << 20 // Octets allocated between two looks by a process that has nothing much to do.
	muchWork     = 16 << 20 // Octets allocated since memory was last returned that make it worthwhile.
)

// returnMemory collects garbage and returns what is free to the system when the process has nothing much to do: after a
// thousand inboxes have signed in, or a large backlog is through, a third of the heap is spare. It ends with ctx.
func returnMemory(ctx context.Context) {
	tick := time.NewTicker(lookAtMemory)
	defer tick.Stop()
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	var before, returned uint64
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		metrics.Read(sample)
		now := sample[0].Value.Uint64()
		if now-before < littleWork && now-returned > muchWork {
			debug.FreeOSMemory()
			returned = now
		}
		before = now
	}
}
