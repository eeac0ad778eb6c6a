package outbound

import "strings"

// Incoming is what is known of a mail that an automatic answer would go back to.
type Incoming struct {
	From      string // The one address that it comes from; "" when there is none or several.
	Automatic bool   // A machine sent it: Auto-Submitted, a delivery report, the null sender.
	List      bool   // It came by a mailing list.
	Own       bool   // From is an address of ours, or the Message-ID is.
	Loop      bool   // It carries our own mark.
	Unwanted  bool   // It asks for no automatic answer.
}

// MayAnswer says whether an automatic answer may go back (RFC 3834, 2), with the reason when it may not: "no_sender",
// "automatic", "list", "unwanted", "own", "loop" or "robot".
func MayAnswer(m Incoming) (ok bool, reason string) {
	switch {
	case m.Loop:
		return false, "loop"
	case m.Own:
		return false, "own"
	case m.Automatic:
		return false, "automatic"
	case m.List:
		return false, "list"
	case m.Unwanted:
		return false, "unwanted"
	case !Sendable(m.From):
		return false, "no_sender"
	case robot(m.From):
		return false, "robot"
	}
	return true, ""
}

// Unread reports whether an address has the name of one that nobody reads, such as noreply.
func Unread(address string) bool { return robot(address) }

var signsInNames = strings.NewReplacer("-", "", "_", "", ".", "")

// robot reports whether nobody reads what goes to an address, by its name (RFC 3834, 2; RFC 2142; seen in practice).
func robot(address string) bool {
	local, _, _ := strings.Cut(strings.ToLower(address), "@")
	squeezed := signsInNames.Replace(local)
	switch squeezed {
	case "mailerdaemon", "postmaster", "listserv", "majordomo", "root", "daemon", "nobody", "bounce", "bounces", "autoreply", "autoresponder":
		return true
	}
	for _, part := range []string{"noreply", "donotreply", "nichtantworten", "keineantwort"} {
		if strings.Contains(squeezed, part) {
			return true
		}
	}
	return strings.HasPrefix(local, "owner-") || strings.HasSuffix(local, "-request") || strings.HasSuffix(local, "-owner") ||
		strings.HasSuffix(local, "-bounces") || strings.HasPrefix(local, "bounce-") || strings.HasPrefix(local, "bounces+") ||
		strings.HasPrefix(local, "prvs=") || strings.HasPrefix(local, "srs0=")
}
