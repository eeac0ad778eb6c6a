package gateway

import (
	"sync"
	"time"
)

// mostNewcomers is of how many senders that nobody knew an inbox makes customers in an hour of arrival. A flood of forged
// senders must not fill the list of people; the mail of the rest is kept and belongs to nobody in particular (SEC-48).
const mostNewcomers = 1000

// hoursKept bounds the hours that are counted for one inbox: a backlog is read hour by hour.
const hoursKept = 48

// newcomers counts the customers that were made of senders, by inbox and hour. One process visits an inbox at a time, so
// it counts in memory.
type newcomers struct {
	most int
	mu   sync.Mutex
	made map[int64]map[time.Time]int
}

// room reports whether another customer may be made, and counts it.
func (n *newcomers) room(inbox int64, at time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.made == nil {
		n.made = map[int64]map[time.Time]int{}
	}
	hours, hour := n.made[inbox], at.Truncate(time.Hour)
	if hours == nil || len(hours) > hoursKept {
		hours = map[time.Time]int{hour: hours[hour]}
		n.made[inbox] = hours
	}
	if hours[hour] >= n.most {
		return false
	}
	hours[hour]++
	return true
}

// tooManyNew reports whether no customer is made of the sender, because too many were made of mail that arrived in the
// same hour. What a person decides, and old mail, does not count; nor does what lay in a maildrop when it was first read,
// because POP3 tells no time of arrival.
func (g *Gateway) tooManyNew(d *delivery) bool {
	if d.newcomer || d.dry || d.told != nil || d.row.Archived || d.row.Door == doorImport {
		return false
	}
	at := d.row.ReceivedAt
	if d.row.InternalAt != nil {
		at = *d.row.InternalAt
	} else if began := d.inbox.StartedAt; began != nil && at.Before(began.Add(oldForAnAck)) {
		return false
	}
	d.newcomer = g.newcomers.room(d.inbox.ID, at)
	return !d.newcomer
}
