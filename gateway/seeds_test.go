package gateway_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"letterbox/internal/testdb"
)

// regressions are seeds that once found something, with what it was.
func regressions() []regression {
	return []regression{
		{400038, 200, "a process that was paused turned a settled message back into one to be settled"},
		{79, 12, "a process that was paused wrote an old failure over the state of an inbox that was well"},
	}
}

type regression struct {
	seed  uint64
	mails int
	what  string
}

// simTally is what came of some seeds.
type simTally struct {
	mails, lost, twice, aside, other int
	faults                           map[string]int
	wrong                            []string
	log                              []string
}

// number reads a number from the environment.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func TestNoSeedLosesOrDoublesAMail(t *testing.T) {
	template := testdb.Template(t)
	first, mails := number(t, "LETTERBOX_SEED", 1), number(t, "LETTERBOX_SEED_MAILS", 12)
	n := 1000
	switch {
	case os.Getenv("LETTERBOX_SEED") != "":
		n = 1
	case testing.Short() || raceDetector: // "make test" plays all 1,000 without the race detector, and these with it.
		n = 60
	}
	n = number(t, "LETTERBOX_SEEDS", n)
	var mu sync.Mutex
	all := simTally{faults: map[string]int{}}
	began := time.Now()
	t.Run("seeds", func(t *testing.T) {
		const shares = 4
		for share := range shares {
			t.Run(fmt.Sprint("share ", share), func(t *testing.T) {
				t.Parallel()
				for i := share; i < n; i += shares {
					playSeed(t, template, uint64(first+i), mails, &mu, &all)
					if t.Failed() {
						return
					}
				}
			})
		}
	})
	for _, r := range regressions() {
		if raceDetector || testing.Short() {
			break // They are long.
		}
		playSeed(t, template, r.seed, r.mails, &mu, &all)
	}
	faults := 0
	for _, k := range slices.Sorted(maps.Keys(all.faults)) {
		t.Logf("%7d %s", all.faults[k], k)
		faults += all.faults[k]
	}
	// This line is read by the program that makes the table.
	t.Logf("simulated: seeds=%d faults=%d mails=%d lost=%d duplicates=%d quarantined=%d seconds=%.0f", n, faults, all.mails, all.lost, all.twice, all.aside, time.Since(began).Seconds())
}

func playSeed(t *testing.T, template string, seed uint64, mails int, mu *sync.Mutex, all *simTally) {
	t.Helper()
	var tally simTally
	ok := t.Run(fmt.Sprint(seed), func(t *testing.T) { tally = simulate(t, template, seed, mails) })
	mu.Lock()
	defer mu.Unlock()
	all.mails += tally.mails
	all.lost += tally.lost
	all.twice += tally.twice
	all.aside += tally.aside
	for k, v := range tally.faults {
		all.faults[k] += v
	}
	if !ok || len(tally.wrong) > 0 {
		t.Errorf("seed %d fails:\n%s\nhistory:\n%s\nagain: LETTERBOX_SEED=%d LETTERBOX_SEED_MAILS=%d go test -run %s ./gateway",
			seed, strings.Join(tally.wrong, "\n"), strings.Join(tally.log, "\n"), seed, mails, "TestNoSeedLosesOrDoublesAMail")
	}
}

// tally counts what came of a seed.
func (w *sim) tally() simTally {
	s := simTally{mails: len(w.mails), aside: w.asked, faults: w.faults, wrong: w.wrong, log: w.log}
	for _, m := range w.mails {
		s.mails += max(0, len(m.at)-1)
	}
	for _, l := range w.ledger() {
		s.aside += l.aside
	}
	for _, text := range w.wrong {
		switch {
		case strings.Contains(text, "I2"), strings.Contains(text, "effects, want"):
			s.twice++
		case strings.Contains(text, "I1"):
			s.lost++
		}
	}
	return s
}
