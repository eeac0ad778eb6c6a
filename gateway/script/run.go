package script

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// Runner starts workers. It may be used from any goroutine.
type Runner struct {
	path  string
	slots chan struct{}
}

// New returns a Runner that runs at most parallel workers at a time. path is the program to start, with [Argument] as its
// only argument; "": this program, also when its file has been replaced meanwhile.
func New(path string, parallel int) (*Runner, error) {
	if path == "" {
		var err error
		if path, err = itself(); err != nil {
			return nil, fmt.Errorf("find the program: %w", err)
		}
	}
	return &Runner{path: path, slots: make(chan struct{}, max(parallel, 1))}, nil
}

// Run gives one mail to a script. Whatever the script does is a Result; an error means that no worker could be started,
// or that ctx ended: the mail is to be tried again. When ctx ends the worker is killed.
func (r *Runner) Run(ctx context.Context, job Job) (Result, error) {
	if job.Limit <= 0 {
		job.Limit = Timeout
	}
	input, err := json.Marshal(job)
	if err != nil {
		return Result{}, fmt.Errorf("write the job of a script: %w", err)
	}
	if len(job.Source) > MaxSource || len(input) > maxJob {
		return Result{Failure: &Failure{Kind: Memory, Detail: "the script and the mail are too large"}}, nil
	}
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
	started := time.Now()
	result, err := r.work(ctx, input, job.Limit)
	result.Took = time.Since(started)
	return result, err
}

// Check compiles a script and returns what is wrong with it; nil when nothing is.
func (r *Runner) Check(ctx context.Context, source string) (*Failure, error) {
	result, err := r.Run(ctx, Job{Source: source})
	return result.Failure, err
}

func (r *Runner) work(ctx context.Context, input []byte, limit time.Duration) (Result, error) {
	// The kernel kills the worker when the thread that started it ends, so this one stays until then.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	limited, cancel := context.WithTimeout(ctx, limit+grace)
	defer cancel()
	cmd := exec.CommandContext(limited, r.path, Argument)
	answer, trouble := &capped{most: maxAnswer}, &capped{most: 16 << 10}
	cmd.Args[0], cmd.Env, cmd.Dir = "letterbox", []string{}, "/"
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), answer, trouble
	cmd.WaitDelay = time.Second
	confine(cmd)
	if err := cmd.Start(); err != nil {
		return Result{}, fmt.Errorf("start the worker of a script: %w", err)
	}
	err := cmd.Wait()
	if ctx.Err() != nil {
		return Result{}, ctx.Err()
	}
	if err == nil && !answer.over {
		if result, ok := read(answer.data); ok {
			return result, nil
		}
	}
	return Result{Failure: diagnose(limited, err, trouble.data, cmd)}, nil
}

// read takes an answer: it is as little to be trusted as the script.
func read(raw []byte) (Result, bool) {
	var result Result
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&result); err != nil {
		return Result{}, false
	}
	if result.Failure != nil {
		result.Decision = Decision{}
		result.Failure.Detail = cutTo(result.Failure.Detail, maxWords)
	} else if err := result.Decision.check(); err != nil {
		return Result{Failure: &Failure{Kind: Unusable, Detail: err.Error()}}, true
	}
	return result, true
}

// diagnose says why a worker gave no answer.
func diagnose(limited context.Context, err error, trouble []byte, cmd *exec.Cmd) *Failure {
	said := string(trouble)
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	switch {
	case strings.Contains(said, "out of memory"), strings.Contains(said, "cannot allocate memory"), strings.Contains(said, "failed to allocate"):
		return &Failure{Kind: Memory}
	case strings.Contains(said, "stack overflow"), strings.Contains(said, "stack exceeds"):
		return &Failure{Kind: Memory, Detail: "stack overflow"}
	case errors.Is(limited.Err(), context.DeadlineExceeded), used > (cpuSeconds-1)*time.Second:
		return &Failure{Kind: Slow}
	case err != nil:
		return &Failure{Kind: Crashed, Detail: err.Error()}
	}
	return &Failure{Kind: Crashed}
}

// capped keeps the first octets that are written to it and counts as written what comes after them.
type capped struct {
	data []byte
	most int
	over bool
}

var _ io.Writer = (*capped)(nil)

func (c *capped) Write(b []byte) (int, error) {
	n := min(len(b), c.most-len(c.data))
	c.data = append(c.data, b[:n]...)
	c.over = c.over || n < len(b)
	return len(b), nil
}

func cutTo(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
