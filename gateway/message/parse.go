package message

import "io"

// Options tell Parse what it cannot know from the mail.
type Options struct {
	Limits Limits
	// Sink returns where the decoded octets of the attachment with that index (its place in Message.Attachments) go.
	// Parse closes what it returns. Nil discards them; size and hash are found all the same.
	Sink func(index int) (io.WriteCloser, error)
}

// Parse reads one mail from r to its end. The error is not nil only when r or the sink fails (the cause is wrapped);
// a broken mail is a Message with defects.
func Parse(r io.Reader, o Options) (*Message, error) {
	panic("being written")
}
