package message

import "strings"

// autoOf says whether a machine sent a mail (RFC 3834 and what programs do in its place), with the field that decided.
func autoOf(h *header, m *Message) Auto {
	yes := func(name, value string) Auto {
		return Auto{Generated: true, Reason: cut(oneLine(name+": "+value), 200)}
	}
	if v := strings.ToLower(strings.TrimSpace(h.get("auto-submitted"))); v != "" {
		if first, _, _ := strings.Cut(v, ";"); strings.TrimSpace(first) != "no" {
			return yes("Auto-Submitted", v)
		}
	}
	if m.ReturnPath != nil && *m.ReturnPath == "" {
		return yes("Return-Path", "<>")
	}
	for _, name := range []string{"x-autoreply", "x-autorespond", "x-autoreply-from", "x-mail-autoreply"} {
		if h.has(name) {
			return yes(name, h.get(name))
		}
	}
	if v := strings.ToLower(strings.TrimSpace(h.get("precedence"))); v == "auto_reply" || v == "auto-reply" || v == "bulk" || v == "junk" {
		return yes("Precedence", v)
	}
	return Auto{}
}

// listOf says whether a mailing list sent a mail (RFC 2369, RFC 2919).
func listOf(h *header) bool {
	for _, name := range []string{"list-id", "list-post", "mailing-list", "x-mailing-list"} {
		if h.has(name) {
			return true
		}
	}
	return strings.EqualFold(strings.TrimSpace(h.get("precedence")), "list")
}
