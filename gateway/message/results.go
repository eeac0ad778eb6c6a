package message

import "strings"

const mostResults = 20

// results collects what servers on the way have found out about the sender (RFC 8601), unfolded and not judged.
func (p *parser) results(h *header) {
	received := false
	for _, f := range h.fields {
		switch f.name {
		case "received":
			received = true
		case "dkim-signature":
			p.m.DKIM = true
		case "authentication-results":
			if len(p.m.Results) == mostResults {
				continue
			}
			p.m.Results = append(p.m.Results, strings.ToValidUTF8(f.value, "\ufffd"))
			if !received {
				p.m.TopResults++
			}
		}
	}
}
