package acceptance_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"letterbox/internal/mailtest"
)

// at splits an address into the members of an inbox.
func at(address string) object {
	host, port, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(port)
	return object{"host": host, "port": n}
}

func with(a object, more ...object) object {
	out := object{}
	for _, o := range append([]object{a}, more...) {
		for k, v := range o {
			out[k] = v
		}
	}
	return out
}

func TestEveryMailEndsInOneState(t *testing.T) {
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	letters := writePost(8)
	octets := deliver(t, d, "alice", letters)
	collected := deliverCorpus(t, d, "bob")

	p := newProgram(t)
	p.prepare()
	p.start()
	p.addProject()
	p.addPeople()
	inbox := p.addInbox(gated(at(d.IMAPAddr)))
	log := p.quiet(inbox, len(letters))
	t.Log(len(log), "messages:", states(log))
	oneState(t, log)
	p.sameAs(letters, log, octets)
	if got := d.Count("alice", "INBOX", "SEEN"); got != len(letters) {
		t.Errorf("%d messages are marked as read on the server, want %d", got, len(letters))
	}

	if len(collected) > 0 {
		p.call("POST", "/projects", object{"key": "COL", "name": "Collected"}, nil)
		second := p.addInbox(with(at(d.IMAPAddr), object{
			"name": "Collected", "address": "collected@here.example", "project": "COL", "username": "bob", "max_message_size": 100 << 20, "batch_size": 200,
		}))
		log := p.quiet(second, len(collected))
		t.Log(len(log), "collected messages:", states(log))
		oneState(t, log)
		for i, m := range log {
			p.sameOctets(m, collected[i].raw)
		}
	}
	p.stop()
}

// deliverCorpus delivers the mails below the folder that LETTERBOX_TEST_CORPUS names, if it does.
func deliverCorpus(t *testing.T, d *mailtest.Dovecot, login string) []held {
	t.Helper()
	folder := os.Getenv("LETTERBOX_TEST_CORPUS")
	if folder == "" {
		return nil
	}
	var raws [][]byte
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".eml") {
			raw, rerr := os.ReadFile(path)
			raws, err = append(raws, raw), rerr
		}
		return err
	})
	if err != nil || len(raws) == 0 {
		t.Fatalf("%d mails below %s: %v", len(raws), folder, err)
	}
	if err := d.Deliver(login, raws...); err != nil {
		t.Fatal(err)
	}
	all := openMailClient(t, d.IMAPAddr, login).messages("INBOX")
	if len(all) != len(raws) {
		t.Fatalf("the server holds %d messages, want %d", len(all), len(raws))
	}
	return all
}

func TestKilledFiveTimes(t *testing.T) {
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	letters := writePost(8)
	for _, door := range []struct {
		protocol, address, login string
		inbox                    object
		octets                   func([]held) []held
	}{
		{"imap", d.IMAPAddr, "alice", object{"after": "move", "move_to": "Processed"}, func(all []held) []held { return all }},
		{"pop3", d.POP3Addr, "bob", object{"pop3_after": "delete"}, withNUL},
	} {
		t.Run(door.protocol, func(t *testing.T) {
			octets := deliver(t, d, door.login, letters)
			client := openMailClient(t, d.IMAPAddr, door.login)
			client.do("CREATE Processed")
			slow, err := mailtest.Delay(door.address, 20*time.Millisecond) // So that there is a middle.
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(slow.Close)
			p := newProgram(t)
			p.prepare()
			p.start()
			p.addProject()
			p.addPeople()
			inbox := p.addInbox(gated(with(at(slow.Addr), object{"receive": door.protocol, "username": door.login, "batch_size": 4}, door.inbox)))
			t.Logf("killed after about %v of %d messages", p.killOften(inbox, len(letters)), len(letters))
			log := p.quiet(inbox, len(letters))
			t.Log(len(log), "messages:", states(log))
			oneState(t, log)
			p.sameAs(letters, log, door.octets(octets))
			if left := client.messages("INBOX"); len(left) != 0 {
				t.Errorf("%d messages are left in INBOX, want none", len(left))
			}
			if moved := client.messages("Processed"); door.protocol == "imap" && !slices.Equal(hashes(moved), hashes(octets)) {
				t.Errorf("%d messages are in Processed, want the %d from INBOX, each once and unchanged", len(moved), len(octets))
			}
			p.stop()
		})
	}
}

// killOften kills the server five times at random moments on its way through n messages, and starts it again. It returns
// how many messages were final each time.
func (p *program) killOften(inbox int64, n int) (moments []int) {
	p.t.Helper()
	const kills = 5
	for k := range kills {
		// Somewhere in its own part of the way, so that each kill meets other messages.
		aim := n * (2*k + 1 + rand.IntN(2)) / (2*kills + 2)
		var done int
		await(p.t, time.Minute, func() error {
			if done = p.progress(inbox); done < aim {
				return fmt.Errorf("%d messages are final, want %d", done, aim)
			}
			return nil
		})
		time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond) // Any moment, not only that after an answer.
		p.kill()
		moments = append(moments, done)
		p.start()
		// The lease of the killed process has most of a minute to run; nobody waits for it.
		await(p.t, 15*time.Second, func() error {
			if p.progress(inbox) <= done {
				return fmt.Errorf("nothing is taken in after the restart")
			}
			return nil
		})
	}
	return moments
}

// hashes returns the hashes of messages, sorted.
func hashes(all []held) []string {
	var out []string
	for _, m := range all {
		out = append(out, hash(m.raw))
	}
	slices.Sort(out)
	return out
}

// progress returns how many messages of the inbox have come to a result.
func (p *program) progress(inbox int64) int {
	p.t.Helper()
	n := 0
	for _, m := range p.messages(inbox) {
		if m.final() {
			n++
		}
	}
	return n
}
