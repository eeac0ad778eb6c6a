package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"letterbox/internal/testdb/cluster"
)

// withNodes are the faults of a Galera cluster. Only one node is in trouble at a time: the other two are the majority.
func (e *estate) withNodes(c *cluster.Cluster) []fault {
	var one sync.Mutex
	hurt := func(how func(ctx context.Context, n *cluster.Node)) func(context.Context, *estate, *rand.Rand) {
		return func(ctx context.Context, e *estate, r *rand.Rand) {
			if !one.TryLock() {
				return
			}
			defer one.Unlock()
			i := 1 + r.IntN(len(c.Nodes)-1) // The first one is where the books are read.
			how(context.WithoutCancel(ctx), c.Nodes[i])
		}
	}
	return []fault{
		{2, "node killed and joined again", hurt(func(ctx context.Context, n *cluster.Node) {
			ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
			defer cancel()
			n.Kill()
			time.Sleep(time.Second)
			_ = n.Start(ctx, false)
		})},
		{2, "node cut off and connected again", hurt(func(ctx context.Context, n *cluster.Node) {
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			_ = n.Isolate(ctx, true)
			time.Sleep(6 * time.Second)
			_ = n.Isolate(ctx, false)
		})},
		{2, "node paused until the others give it up", hurt(func(_ context.Context, n *cluster.Node) {
			n.Pause()
			time.Sleep(8 * time.Second)
			n.Resume()
		})},
		{2, "process moved to another node", func(_ context.Context, e *estate, r *rand.Rand) {
			e.some(r).db.point(c.Nodes[r.IntN(len(c.Nodes))].Address)
		}},
	}
}
