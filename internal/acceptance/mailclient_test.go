package acceptance_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// mailClient is somebody's mail program: it speaks IMAP (RFC 3501) with the server, octet by octet and without any
// library, so that what it sees is what is there.
type mailClient struct {
	t    *testing.T
	conn net.Conn
	br   *bufio.Reader
	tags int
}

// held is a message as the server holds it.
type held struct {
	uid   int
	flags string // Separated by blanks, without \Recent.
	raw   []byte
}

func openMailClient(t *testing.T, address, login string) *mailClient {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(10 * time.Minute))
	c := &mailClient{t: t, conn: conn, br: bufio.NewReader(conn)}
	t.Cleanup(func() { _ = conn.Close() })
	c.line()
	c.do("LOGIN %s secret", login)
	return c
}

func (c *mailClient) line() string {
	c.t.Helper()
	s, err := c.br.ReadString('\n')
	if err != nil {
		c.t.Fatalf("read from the mail server: %v", err)
	}
	return strings.TrimRight(s, "\r\n")
}

// answer is one untagged response: its text without literals, and these.
type answer struct {
	text     string
	literals [][]byte
}

var literalEnd = regexp.MustCompile(`\{(\d+)\}$`)

func (c *mailClient) answer() answer {
	c.t.Helper()
	var a answer
	for {
		s := c.line()
		m := literalEnd.FindStringSubmatch(s)
		a.text += s
		if m == nil {
			return a
		}
		n, _ := strconv.Atoi(m[1])
		b := make([]byte, n)
		if _, err := io.ReadFull(c.br, b); err != nil {
			c.t.Fatalf("read from the mail server: %v", err)
		}
		a.literals = append(a.literals, b)
	}
}

func (c *mailClient) write(s string) string {
	c.t.Helper()
	c.tags++
	tag := fmt.Sprintf("t%d", c.tags)
	if _, err := io.WriteString(c.conn, tag+" "+s+"\r\n"); err != nil {
		c.t.Fatalf("write to the mail server: %v", err)
	}
	return tag
}

// finish reads until the tagged response, which has to be OK.
func (c *mailClient) finish(tag string) (all []answer) {
	c.t.Helper()
	for {
		a := c.answer()
		if rest, ok := strings.CutPrefix(a.text, tag+" "); ok {
			if !strings.HasPrefix(rest, "OK") {
				c.t.Fatalf("the mail server said %q", rest)
			}
			return all
		}
		all = append(all, a)
	}
}

func (c *mailClient) do(format string, args ...any) []answer {
	c.t.Helper()
	return c.finish(c.write(fmt.Sprintf(format, args...)))
}

var (
	uidItem   = regexp.MustCompile(`\bUID (\d+)`)
	flagsItem = regexp.MustCompile(`\bFLAGS \(([^)]*)\)`)
)

// messages returns what a folder holds, in the order of UIDs, and changes nothing.
func (c *mailClient) messages(folder string) []held {
	c.t.Helper()
	c.do("EXAMINE %q", folder)
	var all []held
	for _, a := range c.do("UID FETCH 1:* (UID FLAGS BODY.PEEK[])") {
		uid := uidItem.FindStringSubmatch(a.text)
		if !strings.Contains(a.text, "FETCH") || uid == nil || len(a.literals) != 1 {
			continue
		}
		h := held{raw: a.literals[0]}
		h.uid, _ = strconv.Atoi(uid[1])
		if flags := flagsItem.FindStringSubmatch(a.text); flags != nil {
			h.flags = strings.Join(strings.Fields(strings.ReplaceAll(flags[1], `\Recent`, "")), " ")
		}
		all = append(all, h)
	}
	return all
}

// add puts a message into a folder.
func (c *mailClient) add(folder, flags string, raw []byte) {
	c.t.Helper()
	tag := c.write(fmt.Sprintf("APPEND %q (%s) {%d}", folder, flags, len(raw)))
	if s := c.line(); !strings.HasPrefix(s, "+") {
		c.t.Fatalf("the mail server said %q", s)
	}
	if _, err := c.conn.Write(append(raw[:len(raw):len(raw)], "\r\n"...)); err != nil {
		c.t.Fatalf("write to the mail server: %v", err)
	}
	c.finish(tag)
}

// flag sets a flag on a message.
func (c *mailClient) flag(folder string, uid int, flag string) {
	c.t.Helper()
	c.do("SELECT %q", folder)
	c.do("UID STORE %d +FLAGS (%s)", uid, flag)
	c.do("UNSELECT")
}
