package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"letterbox/internal/testdb/cluster"
)

// patience is how long mail may take to be through once everything is well again: a visit that failed often and a message
// that failed twice come again after a quarter of an hour at the latest.
const patience = 25 * time.Minute

// onSQLite is one process with the embedded database.
func onSQLite(ctx context.Context, p plan, faults map[string]int) (line, error) {
	e, err := newEstate(ctx, p.program, "")
	if err == nil {
		err = e.addReplica("", nil)
	}
	if err != nil {
		return line{part: "real, SQLite"}, err
	}
	return e.weather(ctx, "real, SQLite, one process", p, p.mails*2/5, common(), faults)
}

// onMariaDB are three processes that share a server.
func onMariaDB(ctx context.Context, p plan, faults map[string]int) (line, error) {
	return onServers(ctx, "real, MariaDB, three processes", p, p.mails*2/5, 1, faults)
}

// onGalera are three processes, each on a node of its own.
func onGalera(ctx context.Context, p plan, faults map[string]int) (line, error) {
	p.spread *= 3 // A node that joins again takes its time.
	return onServers(ctx, "real, Galera, three processes on three nodes", p, p.mails/5, 3, faults)
}

func onServers(ctx context.Context, name string, p plan, mails, nodes int, faults map[string]int) (l line, err error) {
	l.part = name
	start, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	c, err := cluster.Start(start, nodes)
	if err != nil {
		return l, err
	}
	defer c.Stop()
	if err := c.CreateDatabase(ctx, "letterbox"); err != nil {
		return l, err
	}
	dsn := func(address string) string { return "mysql:root@tcp(" + address + ")/letterbox" }
	e, err := newEstate(ctx, p.program, dsn(c.Nodes[0].Address))
	if err != nil {
		return l, err
	}
	for i := range 3 {
		db, err := listen(c.Nodes[i%nodes].Address)
		if err == nil {
			err = e.addReplica(dsn(db.addr), db)
		}
		if err != nil {
			return l, err
		}
	}
	storms := withServer(c)
	if nodes > 1 {
		storms = append(storms, e.withNodes(c)...)
	}
	return e.weather(ctx, name, p, mails, storms, faults)
}

// weather sends mails batch by batch while things go wrong, with some calm after each, and then waits until all are through.
func (e *estate) weather(ctx context.Context, name string, p plan, mails int, storms []fault, faults map[string]int) (l line, err error) {
	l.part = name
	var a account
	for n := 0; n < mails && err == nil; n += p.batch {
		storm, cancel := context.WithCancel(ctx)
		over := make(chan struct{})
		go func() {
			defer close(over)
			e.storm(storm, storms, p.every, p.seed+uint64(n))
		}()
		err = e.deliver(ctx, n, min(p.batch, mails-n), p.spread)
		if err == nil {
			a, err = e.await(ctx, 5*time.Second, false, false) // The storm goes on over the last ones too.
		}
		cancel()
		<-over
		e.calm()
		if err == nil || ctx.Err() == nil { // What failed twice waits for five minutes and more: that is left for the end.
			a, err = e.await(ctx, 20*time.Second, true, false)
		}
		fmt.Fprintf(os.Stderr, "%s: %s %d of %d mails, %d not through yet, %d twice, %d set aside\n", time.Now().Format(time.TimeOnly), name, a.mails, mails, a.lost, a.doubled, e.aside)
		if a.doubled+len(a.wrong) > 0 {
			break
		}
	}
	if err == nil {
		a, err = e.await(ctx, patience, true, true)
	}
	if a.unsettled > 0 {
		a.wrong = append(a.wrong, fmt.Sprintf("the server was not told about %d messages", a.unsettled))
	}
	if a.lost+a.doubled+len(a.wrong) > 0 {
		fmt.Fprintf(os.Stderr, "what is left lies in %s\n", e.dir)
		err = errors.Join(err, fmt.Errorf("%+v", a))
	}
	l.mails, l.lost, l.duplicate, l.aside, l.wrong = a.mails, a.lost, a.doubled, e.aside, a.wrong
	for k, v := range e.faults {
		faults[k] += v
		l.faults += v
	}
	return l, errors.Join(err, e.close())
}
