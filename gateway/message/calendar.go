package message

import (
	"strings"
	"time"
)

// Invitation is what an iCalendar part (RFC 5545) says of its first event: the same for a page to show with its own words.
type Invitation struct {
	Method    string    // "REQUEST", "CANCEL", "REPLY", ...; "" when there is none.
	Summary   string    // What.
	Location  string    // Where.
	Start     time.Time // When: wall clock of Zone when Zone is set, else UTC; zero when unreadable.
	End       time.Time
	AllDay    bool
	Zone      string // As in the mail: "Europe/Berlin", "" for UTC.
	Organizer Address
	Attendees []Address // At most 200.
	Notes     string    // The description.
}

const maxAttendees = 200

// invitation reads the first event of a calendar; nil when there is none. more tells that it has more attendees.
func invitation(raw []byte, set string) (v *Invitation, more bool) {
	if charset(set).name == "" {
		set = "utf-8" // RFC 5545, 3.1.4.
	}
	s, _ := decodeText(raw, set)
	s = newlines(s)
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\n ", ""), "\n\t", "") // RFC 5545, 3.1.
	var inv Invitation
	inside, found, nested := false, false, 0
	for line := range strings.SplitSeq(s, "\n") {
		name, args, value := calendarLine(line)
		switch {
		case name == "METHOD":
			inv.Method = strings.ToUpper(oneLine(value))
		case name == "BEGIN" && !found && (strings.EqualFold(value, "VEVENT") || strings.EqualFold(value, "VTODO")):
			inside, found = true, true
		case name == "BEGIN" && inside:
			nested++
		case name == "END" && inside && nested > 0:
			nested--
		case name == "END" && inside:
			inside = false
		case inside && nested == 0:
			more = inv.field(name, args, value) || more
		}
	}
	if !found {
		return nil, false
	}
	return &inv, more
}

// field takes one field of the event; true when it is one attendee too many.
func (v *Invitation) field(name, args, value string) bool {
	switch name {
	case "SUMMARY":
		v.Summary = oneLine(calendarText(value))
	case "LOCATION":
		v.Location = oneLine(calendarText(value))
	case "DESCRIPTION":
		v.Notes = clean(calendarText(value))
	case "DTSTART":
		v.Start, v.AllDay = calendarTime(value)
		v.Zone = calendarArg(args, "TZID")
	case "DTEND", "DUE":
		v.End, _ = calendarTime(value)
	case "ORGANIZER":
		v.Organizer = calendarAddress(args, value)
	case "ATTENDEE":
		a := calendarAddress(args, value)
		if a.Address != "" && len(v.Attendees) == maxAttendees {
			return true
		}
		if a.Address != "" {
			v.Attendees = append(v.Attendees, a)
		}
	}
	return false
}

// calendarLine splits "NAME;ARGS:VALUE"; a colon may stand in a quoted argument.
func calendarLine(line string) (name, args, value string) {
	quoted := false
	for i := range len(line) {
		switch line[i] {
		case '"':
			quoted = !quoted
		case ':':
			if !quoted {
				name, args, _ = strings.Cut(line[:i], ";")
				return strings.ToUpper(strings.TrimSpace(name)), args, strings.TrimSpace(line[i+1:])
			}
		}
	}
	return "", "", ""
}

func calendarArg(args, key string) string {
	for a := range strings.SplitSeq(args, ";") {
		if k, v, ok := strings.Cut(a, "="); ok && strings.EqualFold(k, key) {
			return oneLine(strings.Trim(v, "\""))
		}
	}
	return ""
}

func calendarText(s string) string {
	return strings.NewReplacer(`\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(s)
}

func calendarTime(s string) (t time.Time, day bool) {
	for _, form := range []string{"20060102T150405Z", "20060102T150405", "20060102"} {
		if t, err := time.Parse(form, s); err == nil {
			return t, form == "20060102"
		}
	}
	return time.Time{}, false
}

func calendarAddress(args, value string) Address {
	if len(value) > 7 && strings.EqualFold(value[:7], "mailto:") {
		value = value[7:]
	}
	return Address{Name: calendarArg(args, "CN"), Address: oneLine(cut(value, 320))}
}

// text reads an invitation out for a mail that has no words of its own: what, when, where, who, one a line.
func (v *Invitation) text() string {
	var lines []string
	add := func(s string) {
		if s != "" {
			lines = append(lines, s)
		}
	}
	add(v.Summary)
	add(v.when())
	add(v.Location)
	people := append([]Address{v.Organizer}, v.Attendees...)
	for i, a := range people {
		if s := addressLine([]Address{a}); s != "" && (i == 0 || a.Address != v.Organizer.Address) {
			add(s)
		}
	}
	if v.Notes != "" {
		lines = append(lines, "", v.Notes)
	}
	return strings.Join(lines, "\n")
}

const maxNamed = 10 // People of an invitation who are named in its summary.

// InvitationSummary says what, when, where and who, one a line, without the description. "" when the text of the mail says it
// already.
func (m *Message) InvitationSummary() string {
	v := m.Invitation
	if v == nil || strings.HasPrefix(m.Text, v.text()) {
		return ""
	}
	short := *v
	short.Notes = ""
	if n := len(v.Attendees); n > maxNamed {
		short.Attendees = append(v.Attendees[:maxNamed:maxNamed], Address{Address: "… (" + itoa(n) + ")"})
	}
	return clean(short.text())
}

func (v *Invitation) when() string {
	if v.Start.IsZero() {
		return ""
	}
	form := "2006-01-02 15:04"
	if v.AllDay {
		form = "2006-01-02"
	}
	s := v.Start.Format(form)
	switch {
	case v.End.IsZero() || v.AllDay && !v.End.AddDate(0, 0, -1).After(v.Start):
	case v.AllDay:
		s += " – " + v.End.AddDate(0, 0, -1).Format(form) // The end is the day after.
	case v.Start.Format("20060102") == v.End.Format("20060102"):
		s += " – " + v.End.Format("15:04")
	default:
		s += " – " + v.End.Format(form)
	}
	switch {
	case v.AllDay:
	case v.Zone != "":
		s += " (" + v.Zone + ")"
	default:
		s += " UTC"
	}
	return s
}
