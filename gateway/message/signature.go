package message

import "strings"

const maxSignature = 25 // Lines of a signature; more is text.

// signature finds the signature at the end of what is kept: behind "-- " (RFC 3676, 4.3), and the line that a phone or
// mail program adds.
func (q *quotes) signature(keep []span, folded bool) (rest, sig []span) {
	if len(keep) == 0 {
		return keep, nil
	}
	last := keep[len(keep)-1]
	at := min(q.delimiter(last), q.listFooter(last))
	if m := q.mobile(span{last.from, at}); m < at {
		at = m
	}
	at = q.strokes(last.from, at)
	if at == last.to {
		return keep, nil
	}
	rest = append([]span(nil), keep[:len(keep)-1]...)
	return append(rest, span{last.from, at}), []span{{at, last.to}}
}

// delimiter returns the line of the signature delimiter, or the end.
func (q *quotes) delimiter(s span) int {
	lines := 0
	found := s.to
	for i := s.to - 1; i >= s.from && lines <= maxSignature; i-- {
		t := q.trim[i]
		switch {
		case t == "--" || t == "—" || t == "–" || t == "-- " || t == "__" || t == "- --" || t == "**--**":
			found = i
		case t != "":
			if q.marks[i] {
				return found
			}
			lines++
		}
	}
	return found
}

// listFooter returns the line of the rule over what a mailing list adds to a mail, or the end.
func (q *quotes) listFooter(s span) int {
	lines := 0
	for i := s.to - 1; i >= s.from && lines < 8; i-- {
		t := q.trim[i]
		if len(t) >= 20 && (t[0] == '_' || t[0] == '-') && strings.Trim(t, "_-") == "" {
			for _, below := range q.trim[i+1 : s.to] {
				if containsAny(strings.ToLower(below), "mailing list", "mailing-list", "mailingliste", "listinfo", "unsubscribe") {
					return i
				}
			}
			return s.to
		}
		if t != "" {
			lines++
		}
	}
	return s.to
}

// mobile returns the line of "Sent from my phone" when only few lines follow it, or the end.
func (q *quotes) mobile(s span) int {
	lines := 0
	for i := s.to - 1; i >= s.from && lines < 4; i-- {
		t := q.trim[i]
		if t == "" {
			continue
		}
		lines++
		if alone := i == s.from || q.trim[i-1] == "" || lines == 1; alone && len(t) < 160 && containsAny(strings.ToLower(t), mobileHints...) && mobilePattern.MatchString(t) {
			return i
		}
	}
	return s.to
}

// A quick look before the long pattern: one of these stands in every line that it matches.
var mobileHints = []string{
	"sent", "written", "posted", "typed", "outlook", "gesendet", "unterwegs", "mobil", "envoy", "enviado", "inviato", "verzonden", "verstuurd", "skickat", "lähetetty", "wysłan", "odesláno", "odoslané",
	"отправлено", "надіслано", "gönderil", "发自", "傳送", "发送", "送信", "보냄", "elküldve", "trimis", "στάλθηκε", "poslano", "yahoo", "yandex", "sendt",
}

// strokes goes back over lines of nothing but strokes at the end.
func (q *quotes) strokes(from, at int) int {
	for i := at - 1; i >= from; i-- {
		t := q.trim[i]
		switch {
		case t == "":
		case strings.Trim(t, "-_=*~#+ᐧ ") == "" && !q.marks[i]:
			at = i
		default:
			return at
		}
	}
	return at
}
