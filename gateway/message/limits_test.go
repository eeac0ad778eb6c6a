package message

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// Each limit at one less, at it, at one more and at a hundred times as much: up to the limit everything is there and no
// defect speaks of it; beyond it the mail is there all the same and the defect names what was left out.
func TestLimits(t *testing.T) {
	limits := Limits{Parts: 20, Depth: 5, Header: 2_000, Addresses: 10, Attachments: 8, Text: 1_000}
	tests := []struct {
		name, defect string
		limit        int
		build        func(n int) string
		count        func(m *Message) int // What must not be more than the limit.
	}{
		{"parts", DefectPartLimit, 19, func(n int) string { // The multipart itself is one.
			return "Content-Type: multipart/mixed; boundary=x\r\n\r\n" + strings.Repeat("--x\r\n\r\na\r\n", n) + "--x--\r\n"
		}, func(m *Message) int { return strings.Count(m.Text, "a") }},
		{"attachments", DefectAttachmentLimit, 8, func(n int) string {
			return "Content-Type: multipart/mixed; boundary=x\r\n\r\n" + strings.Repeat("--x\r\nContent-Type: image/png\r\n\r\na\r\n", min(n, 15)) + "--x--\r\n"
		}, func(m *Message) int { return len(m.Attachments) }},
		{"addresses", DefectAddressLimit, 10, func(n int) string {
			return "To: a@example.com" + strings.Repeat(", a@example.com", n-1) + "\r\n\r\nx"
		}, func(m *Message) int { return len(m.To) }},
		{"depth", DefectDepthLimit, 5, func(n int) string { return nestedMultiparts(n) }, func(*Message) int { return 0 }},
		{"text", DefectTextLimit, 1_000, func(n int) string { return "Subject: x\r\n\r\n" + strings.Repeat("a", n) }, func(m *Message) int { return len(m.Text) }},
		{"header", DefectHeaderLimit, 2_000, func(n int) string { return "Subject: " + strings.Repeat("a", n-11) + "\r\n\r\nx" }, func(*Message) int { return 0 }},
	}
	for _, tt := range tests {
		for _, n := range []int{tt.limit - 1, tt.limit, tt.limit + 1, tt.limit * 100} {
			t.Run(fmt.Sprintf("%s %d", tt.name, n), func(t *testing.T) {
				m, err := Parse(strings.NewReader(tt.build(n)), Options{Limits: limits})
				if err != nil {
					t.Fatalf("Parse: %v", err)
				}
				if got, want := hasDefect(m, tt.defect), n > tt.limit; got != want {
					t.Errorf("defect %s = %v, want %v (%v)", tt.defect, got, want, m.Defects)
				}
				if got := tt.count(m); got > tt.limit {
					t.Errorf("got %d, want at most %d", got, tt.limit)
				}
			})
		}
	}
}

func TestTextBeyondTheLimitIsAttached(t *testing.T) {
	raw := "Subject: x\r\n\r\n" + strings.Repeat("0123456789", 500)
	var got strings.Builder
	m, err := Parse(strings.NewReader(raw), Options{Limits: Limits{Text: 1_000}, Sink: func(int) (io.WriteCloser, error) { return builderFile{&got}, nil }})
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Text) != 1_000 || len(m.Attachments) != 1 || m.Attachments[0].Name != "message.txt" {
		t.Errorf("Text has %d octets, Attachments = %v, want 1,000 and message.txt", len(m.Text), m.Attachments)
	}
	if got.Len() != 5_000 {
		t.Errorf("the attachment has %d octets, want all 5,000", got.Len())
	}
}

type builderFile struct{ *strings.Builder }

func (builderFile) Close() error { return nil }

// endless gives n octets of base64 lines behind a head, without holding them.
type endless struct {
	head string
	n    int64
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.head) > 0 {
		n := copy(p, e.head)
		e.head = e.head[n:]
		return n, nil
	}
	if e.n <= 0 {
		return 0, io.EOF
	}
	const line = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0\r\n"
	n := 0
	for n+len(line) <= len(p) && e.n > 0 {
		n += copy(p[n:], line)
		e.n -= int64(len(line))
	}
	if n == 0 {
		n = copy(p, "\r\n")
	}
	return n, nil
}

func TestBigAttachmentIsNotHeldInMemory(t *testing.T) {
	const size = 50 << 20
	r := &endless{head: "Subject: x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhello\r\n--x\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n", n: size}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m, err := Parse(r, Options{})
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("allocated %d octets in all for a mail of %d, want less than 4 MiB", got, size)
	}
	if m.Text != "hello" || len(m.Attachments) != 1 || m.Attachments[0].Size < size*7/10 {
		t.Errorf("Text, Attachments = %q, %v, want hello and the whole attachment", m.Text, m.Attachments)
	}
}
