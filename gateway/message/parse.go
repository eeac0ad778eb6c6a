package message

import (
	"fmt"
	"io"
	"time"

	"letterbox/gateway/smime"
)

// Options tell Parse what it cannot know from the mail.
type Options struct {
	Limits Limits
	// SMIME is what signatures are checked and encrypted mails opened with; nil only recognises them.
	SMIME *smime.Policy
	// Received is when the mail came in; certificates must have been valid then, or when it was signed.
	Received time.Time
	// WithoutHTML leaves Message.HTML empty, for who does not show the mail now. Text is found all the same.
	WithoutHTML bool
	// Sink returns where the decoded octets of the attachment with that index (its place in Message.Attachments) go.
	// Parse closes what it returns. Nil discards them; size and hash are found all the same. A writer with a method
	// SHA256() []byte is asked for the hash of what it was given.
	Sink func(index int) (io.WriteCloser, error)
}

// parser is the work on one mail.
type parser struct {
	m     *Message
	lim   Limits
	sink  func(index int) (io.WriteCloser, error)
	err   error // The first error of the sink.
	bare  bool  // Message.HTML is not wanted.
	smime layers
	open  *attachment // The one that is being written.
	hint  string      // The charset that raw octets in header fields are taken for.
	parts int
	level int    // How deep in nested messages this one is read.
	loose bool   // A block of fields is read that has no body behind it.
	held  int64  // Octets of text and of parts looked into that are in memory.
	block []byte // Memory for what one block decodes to.
	part  struct {
		report   []reportPart // Parts of delivery and feedback reports, in order.
		original *header      // Header section of the mail that a report is about.
		nested   [][]byte     // The beginnings of the first nested messages.
		tnef     *node        // The body of a winmail.dat.

		calendar    []byte // The first calendar part.
		calendarSet string // Its charset.
	}
}

// Parse reads one mail from r to its end. The error is not nil only when r or the sink fails (the cause is wrapped);
// a broken mail is a Message with defects.
func Parse(r io.Reader, o Options) (*Message, error) { return parseWindow(newWindow(r), o) }

// ParseOctets is [Parse] for a mail that is in memory. It is read where it stands and not changed, and the message keeps
// nothing of it.
func ParseOctets(mail []byte, o Options) (*Message, error) { return parseWindow(windowOf(mail), o) }

func parseWindow(w *window, o Options) (*Message, error) {
	p := &parser{m: newMessage(), lim: o.Limits.withDefaults(), sink: o.Sink, bare: o.WithoutHTML, smime: layers{policy: o.SMIME, received: o.Received}}
	in := newInput(w)
	p.guard("read", func() { p.read(in) })
	p.closeLeft()
	for p.err == nil && in.err == nil && len(in.peekLine()) > 0 {
		in.discard(len(in.peekLine())) // An epilogue, to know that the reader ends well.
	}
	switch {
	case p.err != nil:
		return nil, fmt.Errorf("%w: %w", ErrSink, p.err)
	case in.err != nil:
		return nil, fmt.Errorf("read mail: %w", in.err)
	}
	return p.m, nil
}

// closeLeft closes the attachment that a panic left open, so that the owner of the sink gets every writer back.
func (p *parser) closeLeft() {
	if p.open != nil {
		p.open.close()
	}
}

// read reads one message and composes what was found.
func (p *parser) read(in *input) {
	p.preamble(in)
	h, at := p.section(in, p.lim.Header, true)
	if len(h.fields) == 0 && len(in.peekLine()) == 0 {
		p.defect(DefectEmpty, "")
	}
	p.hint = p.parseParams(h.get("content-type"), "").get("charset")
	p.fields(&h)
	root := &node{}
	if at == nil {
		root, _ = p.entity(in, &h, 0, "")
	}
	p.compose(root)
	p.classify(&h, root)
	p.settleSMIME()
}

func newMessage() *Message {
	return &Message{
		InReplyTo: []string{}, References: []string{}, From: []Address{}, To: []Address{}, Cc: []Address{}, ReplyTo: []Address{},
		Attachments: []Attachment{}, Defects: []Defect{},
	}
}

// withDefaults fills the limits that are zero.
func (l Limits) withDefaults() Limits {
	if l.Parts <= 0 {
		l.Parts = 1_000
	}
	if l.Depth <= 0 {
		l.Depth = 30
	}
	if l.Header <= 0 {
		l.Header = 1 << 20
	}
	if l.Addresses <= 0 {
		l.Addresses = 1_000
	}
	if l.Attachments <= 0 {
		l.Attachments = 200
	}
	if l.Text <= 0 {
		l.Text = 1 << 20
	}
	return l
}

// guard runs a step that only adds to the message. A panic in it is a defect of this program, not the end of the mail.
func (p *parser) guard(name string, step func()) {
	defer func() {
		if v := recover(); v != nil {
			p.defect(DefectInternal, name)
		}
	}()
	step()
}
