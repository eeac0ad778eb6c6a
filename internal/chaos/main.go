// Command chaos breaks things while mail comes, and counts what became of the mail. It plays random seeds of a simulated
// installation, then it runs the real program as processes between a real Dovecot and real databases: processes are
// killed and paused, connections cut at chosen commands and statements, servers restarted, nodes of a cluster killed and
// cut off.
//
// It prints one table and exits with 1 when a mail was lost or had its effect twice. docs/reliability.md explains the
// table and keeps one.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// plan says how much is done.
type plan struct {
	mails, seeds, seedMails, batch int
	every, spread                  time.Duration
	seed                           uint64
	program                        string
}

// line is one line of the table.
type line struct {
	part                           string
	faults, mails, lost, duplicate int
	aside                          int
	took                           time.Duration
	wrong                          []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var p plan
	flag.IntVar(&p.mails, "n", 2000, "real mails")
	flag.IntVar(&p.seeds, "seeds", 1000, "simulated seeds")
	flag.IntVar(&p.seedMails, "seed-mails", 12, "mails of each seed")
	flag.IntVar(&p.batch, "batch", 500, "mails that are sent before all have to be through")
	flag.DurationVar(&p.every, "every", 2*time.Second, "mean pause between two faults")
	flag.DurationVar(&p.spread, "spread", 15*time.Second, "time over which the mails of a batch come")
	flag.Uint64Var(&p.seed, "seed", uint64(time.Now().Unix()), "of the real part's faults, and the first of the simulation")
	only := flag.String("only", "", "one part: simulated, sqlite, mariadb or galera")
	flag.Parse()
	ok, err := run(ctx, p, *only)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if !ok || err != nil {
		os.Exit(1)
	}
}

// run does the parts one after another and prints the table.
func run(ctx context.Context, p plan, only string) (ok bool, err error) {
	dir, err := os.MkdirTemp("", "chaos-program-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	p.program = filepath.Join(dir, "letterbox")
	build := exec.CommandContext(ctx, "go", "build", "-o", p.program, "./cmd/letterbox") //nolint:gosec // Our own program.
	if out, err := build.CombinedOutput(); err != nil {
		return false, fmt.Errorf("build the program: %w: %s", err, out)
	}
	fmt.Fprintf(os.Stderr, "seed %d\n", p.seed)
	ok = true
	var all []line
	faults := map[string]int{}
	for _, part := range []struct {
		name string
		run  func(context.Context, plan, map[string]int) (line, error)
	}{{"simulated", simulated}, {"sqlite", onSQLite}, {"mariadb", onMariaDB}, {"galera", onGalera}} {
		if only != "" && only != part.name {
			continue
		}
		began := time.Now()
		l, perr := part.run(ctx, p, faults)
		if l.took = time.Since(began); perr != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", part.name, perr))
			ok = false
		}
		ok = ok && l.lost == 0 && l.duplicate == 0 && len(l.wrong) == 0
		all = append(all, l)
	}
	fmt.Println("| part | faults injected | mails | lost | duplicates | set aside | seconds |\n|---|---|---|---|---|---|---|")
	for _, l := range all {
		fmt.Printf("| %s | %d | %d | %d | %d | %d | %.0f |\n", l.part, l.faults, l.mails, l.lost, l.duplicate, l.aside, l.took.Seconds())
		for _, w := range l.wrong {
			fmt.Printf("| | wrong: %s | | | | | |\n", w)
		}
	}
	fmt.Println("\n| fault | times |\n|---|---|")
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		fmt.Printf("| %s | %d |\n", name, faults[name])
	}
	return ok, err
}

// simulated plays seeds with the tests of package gateway.
func simulated(ctx context.Context, p plan, faults map[string]int) (line, error) {
	l := line{part: fmt.Sprintf("simulated, %d seeds", p.seeds)}
	if p.seeds == 0 {
		return l, nil
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-timeout", "12h", "-v", "-run", "TestNoSeedLosesOrDoublesAMail", "./gateway")
	cmd.Env = append(os.Environ(), fmt.Sprint("LETTERBOX_SEEDS=", p.seeds), fmt.Sprint("LETTERBOX_SEED=", p.seed), fmt.Sprint("LETTERBOX_SEED_MAILS=", p.seedMails))
	out, err := cmd.CombinedOutput()
	found := false
	for text := range strings.Lines(string(out)) {
		var n int
		var name string
		if _, rest, ok := strings.Cut(text, "simulated: "); ok {
			var seeds, took int
			_, serr := fmt.Sscanf(rest, "seeds=%d faults=%d mails=%d lost=%d duplicates=%d quarantined=%d seconds=%d", &seeds, &l.faults, &l.mails, &l.lost, &l.duplicate, &l.aside, &took)
			found = serr == nil
		} else if _, rest, ok := strings.Cut(text, "seeds_test.go:"); ok {
			_, rest, _ = strings.Cut(rest, ": ")
			if k, serr := fmt.Sscanf(rest, "%d %s", &n, &name); serr == nil && k == 2 {
				faults["simulated: "+strings.TrimSpace(rest[strings.Index(rest, name):])] += n
			}
		}
	}
	if err != nil || !found {
		const most = 8000
		if at := bytes.Index(out, []byte(" fails:\n")); at >= 0 { // From the seed that failed on: what is wrong, its history, the command.
			out = out[max(0, at-100):]
			out = out[:min(len(out), most)]
		}
		return l, fmt.Errorf("the seeds did not pass: %w\n%s", err, out[max(0, len(out)-most):])
	}
	return l, nil
}
