package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// live passes the topics of changes on to the pages that are open. A page that is too slow to listen misses nothing
// but a reload. It is safe for concurrent use.
type live struct {
	mu      sync.Mutex
	readers map[chan string]struct{}
}

func newLive() *live { return &live{readers: map[chan string]struct{}{}} }

// publish tells the open pages that something has changed, for example "issue:12". It never blocks.
func (l *live) publish(topic string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r := range l.readers {
		select {
		case r <- topic:
		default:
		}
	}
}

func (l *live) subscribe() chan string {
	r := make(chan string, 16)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readers[r] = struct{}{}
	return r
}

func (l *live) unsubscribe(r chan string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.readers, r)
}

// maxWatch is how long one stream lasts; the browser opens the next one, and with it the sign-in is checked anew.
const maxWatch = 15 * time.Minute

// lookAnew is how often a page looks by itself: changes in another process are not told here.
const lookAnew = 30 * time.Second

// What a page is told: that what it shows has changed, or that only the counts of the navigation may have.
const (
	sayChanged = "data: changed\n\n"
	sayCounts  = "event: counts\ndata: other\n\n"
)

// changes streams the topics of changes that a page names (text/event-stream, WHATWG HTML 9.2). It only says that
// something has changed: what it is, the page asks for with the rights of the person.
func changes(v *visit) error {
	wanted := strings.Fields(v.Query("topics"))
	if len(wanted) == 0 || len(wanted) > 10 {
		return errUnreadable
	}
	if v.h.Changes == nil {
		v.Status(http.StatusNoContent) // Tells the browser not to come again.
		return nil
	}
	r := v.h.live.subscribe()
	defer v.h.live.unsubscribe(r)
	out := http.NewResponseController(v.Writer)
	_ = errors.Join(out.SetWriteDeadline(time.Time{}), out.SetReadDeadline(time.Time{})) // Not every writer has deadlines to lift.
	v.Header("Content-Type", "text/event-stream")
	v.Status(http.StatusOK)
	if _, err := fmt.Fprint(v.Writer, "retry: 5000\n\n"); err != nil {
		return nil // The page has gone.
	}
	beat, end := time.NewTicker(lookAnew), time.NewTimer(maxWatch)
	defer beat.Stop()
	defer end.Stop()
	for {
		if err := out.Flush(); err != nil {
			return nil
		}
		event := sayChanged
		select {
		case <-v.ctx().Done():
			return nil
		case <-end.C:
			return nil
		case <-beat.C: // Another process may have changed something; it keeps the connection, too.
		case topic := <-r:
			if strings.HasPrefix(topic, "writing:") {
				if event := v.writing(wanted, topic); event == "" {
					continue
				} else if _, err := fmt.Fprint(v.Writer, event); err != nil {
					return nil
				}
				continue
			}
			if !matches(wanted, topic) {
				if !strings.HasPrefix(topic, "issue:") {
					continue
				}
				event = sayCounts
			}
		}
		if _, err := fmt.Fprint(v.Writer, event); err != nil {
			return nil
		}
	}
}

// matches reports whether a page wants to know of topic: by its kind ("issue") or by one thing ("issue:12").
func matches(wanted []string, topic string) bool {
	kind, _, _ := strings.Cut(topic, ":")
	for _, w := range wanted {
		if w == topic || w == kind {
			return true
		}
	}
	return false
}
