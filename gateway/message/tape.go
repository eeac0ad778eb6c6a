package message

import (
	"bytes"

	"letterbox/gateway/smime"
)

// tape holds the octets of a part as they stand in the mail, for a signature over them. Parts in parts share one.
type tape struct {
	octets []byte
	mark   int // Where the last delimiter line begins.
	users  int
	over   bool // There was more than may be held.
}

// record begins to hold what is read; the result goes to recorded.
func (in *input) record() int {
	if in.tape == nil {
		in.tape = &tape{}
	}
	in.tape.users++
	return len(in.tape.octets)
}

// recorded returns what was read since record, up to the last delimiter and without the line end that belongs to it
// (RFC 2046, 5.1.1). large tells that it was too much to be held.
func (in *input) recorded(start int) (octets []byte, large bool) {
	t := in.tape
	if t.users--; t.users == 0 {
		in.tape = nil
	}
	if t.over {
		return nil, true
	}
	octets = bytes.TrimSuffix(t.octets[min(start, t.mark):t.mark], []byte("\n"))
	return bytes.TrimSuffix(octets, []byte("\r")), false
}

func (t *tape) take(b []byte) {
	if t.over || len(t.octets)+len(b) > smime.MaxContent {
		t.octets, t.mark, t.over = nil, 0, true
		return
	}
	t.octets = append(t.octets, b...)
}
