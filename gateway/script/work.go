package script

import (
	"encoding/json"
	"io"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// Work is the whole of a worker: it reads one job, runs it and writes the answer. It returns the exit status, and calls
// end with it when the script has to be left behind: after its time, or with its memory used up.
func Work(in io.Reader, out io.Writer, end func(status int)) int {
	runtime.GOMAXPROCS(1) // The server has the other processors for itself.
	debug.SetMaxStack(stackOctets)
	debug.SetMemoryLimit(MaxMemory + 32<<20)
	time.Local = time.UTC
	if err := harden(); err != nil {
		return 1
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxJob+1))
	if err != nil || len(raw) > maxJob {
		return 1
	}
	var job Job
	if err := json.Unmarshal(raw, &job); err != nil {
		return 1
	}
	if err := openNothing(); err != nil {
		return 1
	}
	a := &answer{out: out}
	go a.guard(job.Limit, end)
	decision, failure := (&engine{job: job, log: a.write}).run()
	return a.give(decision, failure)
}

// answer is what a worker has to say, once.
type answer struct {
	mu    sync.Mutex
	out   io.Writer
	log   []string
	size  int
	cut   bool
	given bool
}

// write keeps a line that the script writes down.
func (a *answer) write(line string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if line = cutTo(line, 2_000); a.size+len(line)+1 > MaxOutput {
		a.cut = true
		return
	}
	a.size += len(line) + 1
	a.log = append(a.log, line)
}

// give writes the answer unless one was given, and returns the exit status.
func (a *answer) give(d Decision, f *Failure) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.given {
		return 0
	}
	a.given = true
	if err := json.NewEncoder(a.out).Encode(Result{Decision: d, Log: a.log, LogCut: a.cut, Failure: f}); err != nil {
		return 1
	}
	return 0
}

// guard ends the worker when its time or its memory is used up. Nothing in a script can hold it up: it is another
// goroutine, and the runtime takes turns.
func (a *answer) guard(limit time.Duration, end func(status int)) {
	out := time.NewTimer(limit)
	look := time.NewTicker(inspectEvery)
	alive := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	for {
		select {
		case <-out.C:
			end(a.give(Decision{}, &Failure{Kind: Slow}))
			return
		case <-look.C:
			metrics.Read(alive)
			if alive[0].Value.Uint64() > MaxMemory || alive[1].Value.Uint64() > MaxMemory+MaxMemory/2 {
				end(a.give(Decision{}, &Failure{Kind: Memory}))
				return
			}
		}
	}
}
