package gateway

import "sync/atomic"

// Stats are what this process has counted since it began. They only grow.
type Stats struct {
	Visits             int64 // Visits to inboxes begun; over IMAP one lasts as long as its connection.
	FailedVisits       int64
	Finished           int64 // Messages brought to their result.
	FailedAttempts     int64 // Attempts at a message that will be made again.
	SetAside           int64 // Messages quarantined after too many attempts.
	RefusedSettlements int64 // Messages of which a server did not take what it was told.
	LostLeases         int64 // Visits ended because another process has taken over.
}

type counts struct {
	visits, failures, finished, attempts, aside, refused, fenced atomic.Int64
}

// Stats returns the counts.
func (g *Gateway) Stats() Stats {
	c := &g.counts
	return Stats{
		Visits: c.visits.Load(), FailedVisits: c.failures.Load(), Finished: c.finished.Load(), FailedAttempts: c.attempts.Load(),
		SetAside: c.aside.Load(), RefusedSettlements: c.refused.Load(), LostLeases: c.fenced.Load(),
	}
}
