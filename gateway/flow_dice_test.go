package gateway_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"

	"letterbox/gateway/flow"
	"letterbox/models"
)

// flowDice makes random rules and mails out of a few words, so that they often meet.
type flowDice struct {
	*rand.Rand
	words   []string // Of the mail that is decided on; nil: some of our own.
	scripts bool     // Some rules have a script.
}

func (r flowDice) of(list ...string) string { return list[r.IntN(len(list))] }

// in reports once in n times.
func (r flowDice) in(n int) bool { return r.IntN(n) == 0 }

func (r flowDice) word() string {
	if len(r.words) > 0 && r.in(2) {
		return r.of(r.words...)
	}
	return r.of("alarm", "Drucker", "Hafen", "47", "B2", "störung", "anna", "x", `"quoted"`, "a\tb")
}

// read takes over words of a mail.
func (r *flowDice) read(raw string) {
	r.words = nil
	for word := range strings.FieldsSeq(strings.ToValidUTF8(raw, "")) {
		if len(word) < 40 && !strings.ContainsRune(word, 0) {
			r.words = append(r.words, word)
		}
		if len(r.words) == 400 {
			return
		}
	}
}

func (r flowDice) pattern() string {
	return r.of(`\d{2,}`, `^re:`, `alarm|störung`, `\bB(?<Stufe>\d)`, `(?m)^ort`, `[äöüß]`, `\.csv$`, regexp.QuoteMeta(r.word()))
}

func (r flowDice) condition() models.FlowCondition {
	c := models.FlowCondition{Field: r.of(flow.Fields()...), Value: r.word()}
	c.Op = r.of(flow.OpsOf(c.Field)...)
	switch c.Field {
	case "header":
		c.Name = r.of("X-Alarm", "Subject", "x-level", "Received")
	case "field":
		c.Name = r.of("Nummer", "Ort", "Stufe", "Datum")
	case "kind":
		c.Value = r.of(flow.Kinds()...)
	case "reply":
		c.Value = r.of("yes", "no")
	case "time":
		c.Value = r.of("00:00-12:00", "17:00-07:00", "00:00-24:00")
	case "weekday":
		c.Value = r.of("mon-fri", "Sa, So")
	case "size", "file_count":
		c.Value = r.of("0", "1", "0,5")
	}
	switch c.Op {
	case "less", "greater":
		c.Value = r.of("0", "1", "47", "0,5")
	case "matches", "matches_not":
		c.Value = r.pattern()
	case "exists", "missing":
		c.Value = ""
	}
	return c
}

func (r flowDice) action() models.FlowAction {
	a := models.FlowAction{Do: r.of(flow.Actions()...)}
	if !r.in(3) && (a.Do == "reject" || a.Do == "set_aside") { // They end the list; not each time.
		a.Do = "label"
	}
	if a.Do == "script" { // A process each time; see TestSharedScriptsRunInTheirOrderAndTheLastOneWins.
		a.Do = "label"
	}
	switch a.Do {
	case "project":
		a.Value = r.of("SUP", "OPS", "OLD")
	case "state":
		a.Value = string(models.IssueStates()[r.IntN(5)])
	case "priority":
		a.Value = r.of("low", "normal", "high", "urgent")
	case "due":
		a.Value = r.of("0", "3", "30")
	case "label", "reject", "set_aside", "folder":
		a.Value = strings.ReplaceAll(r.word(), ",", "x")
	case "field":
		a.Value = r.of("Ort", "Halle") + ": " + strings.Join(strings.Fields("x "+r.word()), " ")
	case "assign", "watch":
		a.Value = r.of("bea", "cem", "nobody")
	case "forward":
		a.Value = r.of("night@there.example", "anna@there.example")
	case "webhook":
		a.Value = r.of("Siren", "Off")
	case "active":
		a.Value = r.of(flow.ActiveOnly, flow.ActiveToo)
	}
	return a
}

// field is a field of a profile that reads in any of the ways there are.
func (r flowDice) field(name string) models.ProfileField {
	f := models.ProfileField{
		Name: name, From: r.of("subject", "text", "text", "file"), By: r.of("line", "line", "pattern", "xml", "json", "whole"), Required: r.in(4),
		Type: r.of("", "text", "number", "date", "list", "coordinates"),
	}
	switch f.By {
	case "line":
		f.Expr = name
	case "pattern":
		f.Expr = r.of(`(?i)`+name+`:\s*(.+)`, `(?<Gruppe>\d+)`, `(\w+)$`, r.pattern())
	case "xml":
		f.Expr = r.of("/alarm/"+name, "//"+name, "/alarm/@id")
	case "json":
		f.Expr = r.of("$."+name, "alarm[0]."+name, "$[*]."+name)
	}
	if f.From == "file" {
		f.File = r.of("", "*.xml", "*.json", "*.csv")
	}
	switch f.Type {
	case "date":
		f.Format = r.of("", "DD.MM.YYYY HH:mm")
	case "list":
		f.Format = r.of("", ",", ";")
	}
	return f
}

// profile is a format of mail.
func (r flowDice) profile(n int) models.Profile {
	if r.in(2) { // One that the mails of these tests often fit.
		p := dispatch("").Profiles[0]
		p.Name = fmt.Sprint("Einsatz ", n)
		for i := range p.Fields {
			p.Fields[i].Required = r.in(3)
		}
		p.Title, p.Further = r.of("", "{Stichwort} in {Ort}"), r.of("", "comment")
		return p
	}
	p := models.Profile{Name: fmt.Sprint("Profile ", n), Further: r.of("", "update", "comment")}
	for _, name := range []string{"Nummer", "Stichwort", "Ort", "Datum"} {
		p.Fields = append(p.Fields, r.field(name))
	}
	if r.in(2) {
		p.Fields = append(p.Fields, models.ProfileField{Name: "Beides", From: "fields", By: "whole", Expr: "{Nummer}/{Ort}"})
	}
	p.Title, p.Text = r.of("", "{Stichwort} {Ort}", "{subject} {Nummer}"), r.of("", "Ort: {Ort}\n{text}")
	p.Priority, p.Priorities = r.of("", "{Stichwort}", "high"), []string{"B2 = urgent", "alarm = Eilt"}
	p.Labels, p.Assignee, p.Due = r.of("", "{Stichwort}, mail", "{Ort}"), r.of("", "bea", "{Ort}"), r.of("", "{Datum}", "2027-02-03")
	p.Key = r.of("", "{Nummer}", "{Nummer} {Stichwort}")
	return p
}

// script is what decides on a mail besides.
func (r flowDice) script() models.Script {
	body := r.of(
		`return {title: mail.subject + "!", labels: ["script"], fields: {Halle: mail.size}}`,
		`if (mail.attachments.length) return {project: "OPS", priority: "high"}; return {}`,
		`return ctx.known_sender ? {assignee: "bea", due: "2027-01-02"} : {set_aside: "who is " + ctx.profile}`,
		`log(ctx.inbox.name, ctx.fields.Nummer, ctx.key); return {key: ctx.fields.Ort || "none", acknowledge: false}`,
		`if (/\d/.test(mail.text)) return {reject: "digits"}; return {priority: "Eilt", description: mail.text.toUpperCase()}`,
		`return {project: "NONE"}`,
		`return mail.nothing.there`,
	)
	return models.Script{Source: "function onEmail(mail, ctx) {" + body + "}", OnFailure: r.of("", "go_on")}
}

// gate are random rules of the gate: most of them let most mails in.
func (r flowDice) gate() models.Rules {
	out := models.DefaultRules()
	out.AllowUnknown, out.AllowCreate, out.AllowComment = !r.in(8), !r.in(12), !r.in(12)
	out.AutoMail, out.NumberMatch, out.ClosedIssues = r.of("ignore", "comment", "process", "process"), r.of("participants", "known", "anyone"), r.of("reopen", "follow_up")
	out.EmptySubject, out.SpamMail, out.AttachToActive = r.of("placeholder", "reject"), r.of("accept", "set_aside"), r.of("off", "attach_only", "attach_and_issue")
	out.SenderCheck, out.AuthServID, out.SenderFailed = r.of("off", "warn", "warn", "require"), r.of("", "none"), r.of("unknown", "set_aside")
	out.Intake = r.in(4)
	if r.in(6) {
		out.BlockedSenders = []string{r.of("@there.example", "anna@there.example", "*@*.example")}
	}
	if r.in(10) {
		out.DomainMode, out.DomainPattern = "pattern", r.of(`.*@there\.example`, `.*`)
	}
	if r.in(10) {
		out.SubjectKeywords = []string{"störung", "drucker"}
	}
	if r.in(10) {
		out.RejectSubject = []string{r.pattern()}
	}
	if r.in(5) {
		out.CutBody = []string{r.of(`^ort.*$`, `x`, `(?s)--.*`)}
	}
	if r.in(5) {
		out.DropAttachments = []string{r.of(`\.csv$`, `\.(png|gif)$`)}
	}
	if r.in(10) {
		out.MaxAttachments, out.BlockAttachments = 1, []string{r.of(`\.exe$`, `pdf`)}
	}
	if r.in(3) {
		out.Commands = []string{"status", "priority", "assignee", "label", "due"}
	}
	if r.in(3) {
		out.ExternalNumbers = []string{`Redmine: \[[^\]]*#(\d+)\]`, `RT: ^<rt-[^@]*\W(\d+)-\d+-\d+@old\.example>`}
	}
	return out
}

// rules are rules of an inbox with random profiles and flow rules, and now and then a script.
func (r flowDice) rules() models.Rules {
	out := models.DefaultRules()
	out.AllowUnknown, out.AutoMail, out.NumberMatch = true, r.of("ignore", "comment", "process"), r.of("participants", "anyone")
	if r.in(2) {
		out = r.gate()
	}
	out.Flow.Zone = r.of("", "Europe/Berlin")
	for i := range 1 + r.IntN(5) {
		f := models.FlowRule{
			Name: fmt.Sprintf("R%d", i), Off: r.in(6), When: r.of("", "any", "none"), Comments: r.in(2), Stop: r.in(4),
		}
		for range r.IntN(4) {
			f.Conditions = append(f.Conditions, r.condition())
		}
		for range 1 + r.IntN(3) {
			f.Actions = append(f.Actions, r.action())
		}
		out.Flow.Rules = append(out.Flow.Rules, f)
	}
	for n := range r.IntN(4) {
		out.Extraction.Profiles = append(out.Extraction.Profiles, r.profile(n))
	}
	if len(out.Extraction.Profiles) > 0 {
		out.Extraction.NoMatch, out.Extraction.Correlate.By = r.of("", "", "", "reject", "set_aside"), r.of("field", "references")
		reopen := r.in(2)
		out.Extraction.Correlate.Reopen = &reopen
	}
	if r.scripts && r.in(25) {
		out.Script = r.script()
	}
	return out
}

// mail is a mail that may answer an issue, come from a machine, be data, carry a file or a command.
func (r flowDice) mail(n, issues int) string {
	var more []string
	for _, line := range []string{
		"X-Alarm: " + r.word(), "X-Level: 7", "Auto-Submitted: auto-generated", "List-Id: <list.there.example>", "X-Spam-Flag: YES", "Cc: Cem <cem@here.example>",
		"In-Reply-To: <" + fmt.Sprint(r.IntN(n+1)) + "@there.example>", "References: <rt-4.4.1-99-1580000000-77.501-5-0@old.example>",
	} {
		if r.in(5) {
			more = append(more, line)
		}
	}
	subject := r.word() + " " + r.word()
	switch k := r.IntN(10); {
	case issues > 0 && k < 2:
		subject = fmt.Sprintf("Re: [#%d] %s", 1+r.IntN(issues), subject)
	case k == 2:
		subject = "Re: [example - Bug #" + r.of("500", "1", "77") + "] " + subject
	case k == 3 && r.in(3):
		subject = ""
	}
	body := r.word() + " " + r.word() + "\n"
	for _, line := range []string{"Nummer: " + fmt.Sprint(r.IntN(9)), "Stichwort: " + r.word(), "Ort: " + r.word(), "Stufe: " + r.of("1", "2", "3,5"), "Wer: bea", "Datum: 03.02.2027 10:00"} {
		if !r.in(3) {
			body += line + "\n"
		}
	}
	if r.in(5) {
		body = r.of("Status: closed", "Priority: urgent", "Assignee: bea", "Label: fast", "Due: 2027-05-06", "Status: nonsense") + "\n\n" + body
	}
	raw := mail(fmt.Sprint(n), r.of(anna, centre, "Bea <bea@here.example>", "Cem <cem@here.example>"), subject, body, more...)
	if r.in(3) {
		name, kind, text := "alarm.csv", "text/csv", "1;2"
		switch r.IntN(3) {
		case 0:
			name, kind, text = "alarm.xml", "application/xml", fmt.Sprintf(`<alarm id="%d"><Nummer>%d</Nummer><Ort>%s</Ort></alarm>`, r.IntN(9), r.IntN(9), r.word())
		case 1:
			name, kind, text = "alarm.json", "application/json", fmt.Sprintf(`{"Nummer": %d, "Ort": %q, "alarm": [{"Stichwort": %q}]}`, r.IntN(9), r.word(), r.word())
		}
		raw = strings.Replace(raw, "Content-Type: text/plain; charset=utf-8\n\n", "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n", 1) +
			"--b\nContent-Type: " + kind + "; charset=utf-8\nContent-Disposition: attachment; filename=" + name + "\n\n" + text + "\n--b--\n"
	}
	return raw
}
