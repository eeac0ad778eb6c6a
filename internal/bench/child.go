package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"letterbox/gateway"
	"letterbox/internal/app"
	"letterbox/internal/config"
	"letterbox/models"
	"letterbox/tracker"
)

// childWord is the first argument of the process that is measured.
const childWord = "measured-process"

// settings are those of a Letterbox in dir; its database is SQLite there, unless dsn names another.
func settings(dir, dsn string) config.Config {
	cfg := config.Default()
	cfg.Listen, cfg.Data, cfg.DB = "127.0.0.1:0", dir, cmp.Or(dsn, "sqlite:"+filepath.Join(dir, "letterbox.db"))
	cfg.AllowedNetworks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	return cfg
}

// child is the measured process: a whole Letterbox, pages included.
func child(ctx context.Context, dir, dsn string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a, err := app.New(ctx, settings(dir, dsn), slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	defer a.Close()
	if name := os.Getenv("LETTERBOX_BENCH_PROFILE"); name != "" {
		stop, err := profile(name)
		if err != nil {
			return err
		}
		defer stop()
	}
	fmt.Println(ownTime().Nanoseconds()) // Here the measurement begins.
	return a.Serve(ctx, nil)
}

// ownTime is the processor time of this process so far.
func ownTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// house is a prepared database with one inbox.
type house struct {
	dir, dsn string
	app      *app.App
	id       int64
}

// newHouse prepares a house on SQLite.
func newHouse(ctx context.Context, address, protocol string, change func(*models.InboxSettings)) (*house, error) {
	return newHouseOn(ctx, "", address, protocol, change)
}

// newHouseOn prepares one on the database of a DSN.
func newHouseOn(ctx context.Context, dsn, address, protocol string, change func(*models.InboxSettings)) (*house, error) {
	dir, err := os.MkdirTemp("", "letterbox-bench-")
	if err != nil {
		return nil, err
	}
	a, err := app.New(ctx, settings(dir, dsn), slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	p, err := a.Tracker.CreateProject(ctx, tracker.CommandLine(), tracker.ProjectDraft{Key: "SUP", Name: "Support"})
	if err != nil {
		return nil, err
	}
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	s := models.DefaultInboxSettings()
	s.Receive, s.Host, s.Security, s.Username, s.ImportSince = protocol, host, "none", "alice", "all"
	if s.Port, err = strconv.Atoi(text); err != nil {
		return nil, err
	}
	password := "secret"
	v, err := a.Gateway.CreateInbox(ctx, nil, gateway.InboxDraft{
		Name: "Bench", Address: "support@here.example", ProjectID: p.ID, Enabled: true, Settings: s, Rules: rules(), Password: &password,
	})
	if err != nil {
		return nil, err
	}
	if change != nil { // Past the limits that people are held to.
		change(&v.Settings)
		ib, err := a.Store.InboxByID(ctx, v.ID)
		if err != nil {
			return nil, err
		}
		ib.Settings = v.Settings
		if err := a.Store.UpdateInbox(ctx, &ib, ib.Version); err != nil {
			return nil, err
		}
	}
	return &house{dir: dir, dsn: dsn, app: a, id: v.ID}, nil
}

// rules let everybody of the measured mails in, by a pattern.
func rules() models.Rules {
	r := models.DefaultRules()
	r.AllowUnknown, r.DomainMode, r.DomainPattern = true, "pattern", `.+@(\w+\.)+example`
	return r
}

func (h *house) close() error {
	return errors.Join(h.app.Close(), os.RemoveAll(h.dir))
}

// cost is what the measured process took from when it had started; that it starts is no part of the work.
type cost struct {
	seconds float64
	cpu     time.Duration
	peak    float64 // MB, the start included.
}

// process is the running measured process.
type process struct {
	cmd     *exec.Cmd
	started time.Duration // The processor time of its start.
}

// start starts the measured process, by way of another program if one is named, and returns as it begins to serve.
func (h *house) start(ctx context.Context, through ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := append(through, self, childWord, h.dir, h.dsn)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	said, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd}
	if _, err := fmt.Fscanln(said, (*int64)(&p.started)); err != nil {
		return nil, errors.Join(fmt.Errorf("wait for the measured process: %w", err), p.stop())
	}
	return p, nil
}

// stop ends the process; its resource usage is known then.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	return p.cmd.Wait()
}

// used is the processor time of the ended process since its start.
func (p *process) used() time.Duration {
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime() - p.started
}

// cpuNow is the processor time of the running process so far, in steps of 10 ms (proc(5), stat).
func (p *process) cpuNow() time.Duration {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(raw), ") ")
	f := strings.Fields(rest)
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// walSize is the length of the write-ahead log: it grows with every commit between two checkpoints.
func (h *house) walSize() int64 {
	info, err := os.Stat(filepath.Join(h.dir, "letterbox.db-wal"))
	if err != nil {
		return 0
	}
	return info.Size() + info.ModTime().UnixNano()
}

// run starts the measured process and waits until n messages are final and settled.
func (h *house) run(ctx context.Context, n int) (cost, error) {
	p, err := h.start(ctx)
	if err != nil {
		return cost{}, err
	}
	start := time.Now()
	err = h.await(ctx, n)
	c := cost{seconds: time.Since(start).Seconds(), peak: memoryOf(p.cmd.Process.Pid, "VmHWM:")}
	err = errors.Join(err, p.stop())
	c.cpu = p.used()
	return c, err
}

// await asks the less often the longer it will take: what it asks goes to the database that is measured.
func (h *house) await(ctx context.Context, n int) error {
	began := time.Now()
	deadline := began.Add(5 * time.Minute)
	for {
		done, err := h.app.Store.SettledCount(ctx, h.id)
		if err != nil || done >= n {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d of %d messages after five minutes", done, n)
		}
		left := time.Since(began) / time.Duration(max(done, 1)) * time.Duration(n-done)
		time.Sleep(min(max(left/4, 10*time.Millisecond), 250*time.Millisecond))
	}
}

// memoryOf is what a running process says of its memory (proc(5), status), in MB: "VmRSS:" now, "VmHWM:" at the most.
func memoryOf(pid int, field string) float64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, field); ok {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return float64(kb) / 1024
		}
	}
	return 0
}

// profile writes where the processor time goes to a file, and what is on the heap at the end to another beside it.
func profile(name string) (stop func(), err error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close()
		if heap, err := os.Create(name + ".heap"); err == nil {
			_ = pprof.Lookup("allocs").WriteTo(heap, 0)
			_ = heap.Close()
		}
	}, nil
}
