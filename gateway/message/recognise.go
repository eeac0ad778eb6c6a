package message

import "bytes"

// Sniffed is how many octets of an input are looked at to tell whether it is a message: a generous header section.
const Sniffed = 64 << 10

// Recognise reports whether the beginning of an input has at least one header field that messages have. What does is
// handled, however broken; what does not was hardly meant to be mail.
func Recognise(head []byte) bool {
	m, err := Parse(bytes.NewReader(head), Options{})
	if err != nil {
		return false
	}
	return m.MessageID != "" || m.Subject != "" || len(m.From) > 0 || len(m.To) > 0 || len(m.Cc) > 0 || m.Sender != nil || !m.Date.IsZero()
}
