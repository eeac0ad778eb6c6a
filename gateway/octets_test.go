package gateway_test

import (
	"fmt"
	"net"
	"os"
	"testing"
	"time"
)

// sparse is how many octets a test that tries each one leaves out where it has to be quick; "make chaos" and the run without
// the race detector try every one.
func sparse() int {
	switch {
	case os.Getenv("LETTERBOX_OCTETS") == "all":
		return 1
	case raceDetector || testing.Short():
		return 97
	}
	return 3
}

// A connection is cut after each octet of a whole session, in either direction. Each mail has its effect once, and soon.
func TestConnectionMayBeCutAfterEachOctet(t *testing.T) {
	for _, protocol := range []string{"imap", "pop3"} {
		for _, direction := range []string{"from the server", "to the server"} {
			t.Run(protocol+" "+direction, func(t *testing.T) {
				inMeddled(t, protocol, func(t *testing.T, m *meddled) { cutEverywhere(t, m, direction) })
			})
		}
	}
}

func cutEverywhere(t *testing.T, m *meddled, direction string) {
	m.run()
	mails, cuts := 0, 0
	for k := 0; ; k += sparse() {
		s := &scissors{in: k, out: -1}
		if direction == "to the server" {
			s.in, s.out = -1, k
		}
		mails++
		m.begin(mails, func(c net.Conn) net.Conn { s.Conn = c; return s })
		if !m.through(mails) {
			t.Fatalf("cut after %d octets: not through after two hours", k)
		}
		if k > 0 && !s.cut {
			break
		}
		cuts++
	}
	t.Logf("%d cuts", cuts)
	m.tally(mails)
	if least := 60 / sparse(); cuts < least {
		t.Errorf("%d cuts, want at least %d", cuts, least)
	}
}

// At each command of a session the server does something else than to answer. Each mail has its effect once.
func TestServerMayDoAnythingAtEachCommand(t *testing.T) {
	for _, protocol := range []string{"imap", "pop3"} {
		t.Run(protocol, func(t *testing.T) {
			inMeddled(t, protocol, func(t *testing.T, m *meddled) { pranksEverywhere(t, m, protocol == "imap") })
		})
	}
}

func pranksEverywhere(t *testing.T, m *meddled, tagged bool) {
	stop := m.run()
	mails, cells := 0, 0
	for _, prank := range pranks() {
		for at := 0; ; at++ {
			p := &prankster{at: at, prank: prank, tagged: tagged}
			mails++
			m.begin(mails, p.between)
			what := func() string { return fmt.Sprintf("the server %s at command %d of %q", prank, at+1, p.said) }
			if !m.through(mails) {
				t.Fatalf("%s: not through after two hours", what())
			}
			if !p.did {
				break
			}
			cells++
		}
	}
	stop()
	m.hangUp(nil)
	time.Sleep(time.Minute) // Who is slow ends too.
	t.Logf("%d cells", cells)
	m.tally(mails)
	if least := len(pranks()) * 6; cells < least {
		t.Errorf("%d cells, want at least %d", cells, least)
	}
}
