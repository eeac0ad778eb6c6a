package message

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// Inspection is what "letterbox inspect --json" prints for one file, one object a line.
type Inspection struct {
	File string // The argument as given.
	*Message
}

// MarshalJSON gives the object of the contract: the date in RFC 3339, "" when the mail has none; lists are never null;
// bounce, feedback_report and sender are null when the mail has none.
func (i Inspection) MarshalJSON() ([]byte, error) {
	m := i.Message.WithoutNil()
	date := ""
	if !m.Date.IsZero() {
		date = m.Date.UTC().Format(time.RFC3339)
	}
	return json.Marshal(struct {
		File string `json:"file"`
		*Message
		Date string `json:"date"`
	}{i.File, m, date})
}

// WithoutNil returns a copy whose lists are there although they are empty, as JSON wants it.
func (mail *Message) WithoutNil() *Message {
	m := *mail
	m.InReplyTo, m.References = orEmpty(m.InReplyTo), orEmpty(m.References)
	for _, list := range []*[]Address{&m.From, &m.To, &m.Cc, &m.ReplyTo} {
		if *list == nil {
			*list = []Address{}
		}
	}
	if m.Attachments == nil {
		m.Attachments = []Attachment{}
	}
	if m.Defects == nil {
		m.Defects = []Defect{}
	}
	if m.Bounce != nil && m.Bounce.Recipients == nil {
		m.Bounce = &Bounce{Recipients: []BounceRecipient{}, OriginalMessageID: m.Bounce.OriginalMessageID}
	}
	return &m
}

// WriteReadable writes what was read from a mail for a person, in English. file is the name to show.
func WriteReadable(w io.Writer, m *Message, file string) error {
	var b strings.Builder
	line := func(label, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-12s %s\n", label+":", visible(value))
		}
	}
	line("File", file)
	line("Subject", m.Subject)
	line("From", addressLine(m.From))
	if m.Sender != nil {
		line("Sender", addressLine([]Address{*m.Sender}))
	}
	line("To", addressLine(m.To))
	line("Cc", addressLine(m.Cc))
	line("Reply-To", addressLine(m.ReplyTo))
	if !m.Date.IsZero() {
		line("Date", m.Date.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	line("Message-ID", m.MessageID)
	line("In reply to", strings.Join(m.InReplyTo, ", "))
	line("References", strings.Join(m.References, ", "))
	if m.Auto.Generated {
		line("Automatic", "yes ("+m.Auto.Reason+")")
	}
	if m.List {
		line("List", "yes")
	}
	line("Encrypted", m.Encrypted)
	line("Signed", m.Signed)
	if m.Verified != nil {
		line("Signature", strings.Join([]string{string(m.Verified.State), string(m.Verified.Reason), m.Verified.Address, m.Verified.Subject}, " "))
	}
	if m.Decrypted {
		line("Decrypted", "yes")
	}
	if m.FeedbackReport != nil {
		line("Feedback", *m.FeedbackReport)
	}
	if m.Bounce != nil {
		line("Bounce of", m.Bounce.OriginalMessageID+" ")
		for _, r := range m.Bounce.Recipients {
			line("  Recipient", strings.TrimSpace(r.Address+" "+r.Status+" "+r.Action))
		}
	}
	for _, part := range []struct{ label, text string }{{"Text", m.Reply}, {"Quoted", m.Quoted}, {"Signature", m.Signature}} {
		if part.text != "" {
			fmt.Fprintf(&b, "\n--- %s ---\n%s\n", part.label, visible(part.text))
		}
	}
	if m.HTML != "" {
		fmt.Fprintf(&b, "\nHTML: %d octets after cleaning\n", len(m.HTML))
	}
	for i, a := range m.Attachments {
		kind := ""
		if a.Inline {
			kind = ", inline"
		}
		fmt.Fprintf(&b, "Attachment %d: %s (%s, %d octets%s)\n  SHA-256 %s\n", i+1, visible(a.Name), visible(a.ContentType), a.Size, kind, a.SHA256)
	}
	for _, d := range m.Defects {
		line("Defect", strings.TrimSpace(d.Code+" "+d.Detail))
	}
	_, err := io.WriteString(w, b.String())
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}

func addressLine(list []Address) string {
	var out []string
	for _, a := range list {
		switch {
		case a.Name == "":
			out = append(out, a.Address)
		default:
			out = append(out, a.Name+" <"+a.Address+">")
		}
	}
	return strings.Join(out, ", ")
}

// visible makes characters that a terminal would act on, or that hide text, harmless.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (dropped(r) || hidden(r)) {
			return '?'
		}
		return r
	}, s)
}
