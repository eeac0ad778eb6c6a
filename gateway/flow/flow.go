package flow

import (
	"slices"
	"strings"
	"time"

	"letterbox/gateway/rule"
	"letterbox/models"
)

// budget is the time for the patterns of all rules on one mail.
const budget = time.Second

// Facts are what is known about one mail that was let in.
type Facts struct {
	Sender     string   // Its address, lower case; "" when it has none.
	Recipients []string // Addresses in To, Cc, Delivered-To and the like, lower case.
	Subject    string
	Text       string // The new words of the mail.
	Header     string // The header section as it came; fields may be folded (RFC 5322, 2.2.3).
	Files      []File
	Size       int64 // Octets of the whole mail.
	Kinds      []string
	Reply      bool              // It answers a mail, or names an issue.
	At         time.Time         // When it came.
	Fields     map[string]string // What text recognition has read, by name.
}

// File is one attachment.
type File struct{ Name, ContentType string }

// Sets are what rules set of an issue. What is "", nil or empty stays as it is without them.
type Sets struct {
	State    models.IssueState
	Priority string // "low", "normal", "high" or "urgent".
	Assignee string // Login.
	Due      *time.Time
	Labels   []string
	Watch    []string // Logins.
	Fields   []Field  // Fields of its own.
}

// Field is a field of its own that an issue gets.
type Field struct{ Name, Value string }

// Empty reports whether nothing is set.
func (s Sets) Empty() bool {
	return s.State == "" && s.Priority == "" && s.Assignee == "" && s.Due == nil && len(s.Labels) == 0 && len(s.Watch) == 0 && len(s.Fields) == 0
}

// Decision is what the rules want to become of a mail.
type Decision struct {
	New     Sets   // For the issue that the mail opens.
	Comment Sets   // For the issue on which it becomes a comment.
	Project string // Key of the project of a new issue.
	Silent  bool   // No acknowledgement goes out.
	Active  string // ActiveOnly, ActiveToo or "": as the rules of the inbox say.
	Forward []Forward
	Call    []Call // Webhooks that are told of the mail.
	Run     []Run  // Shared scripts that decide after the rules, in this order.
	Folder  string // Where the mail goes on the server; "": as the inbox says.

	End  string // Reject or SetAside: the mail is not taken in. "": it is.
	Text string // What the rule says about that.
	Rule string // The rule that said so.
}

// Forward is an address to which the mail goes on.
type Forward struct {
	To    string // Lower case.
	Rule  string
	Lists bool // Mail of lists goes there too: the rule looks at the List-Id.
}

// Call is a webhook that is told of the mail.
type Call struct{ Webhook, Rule string }

// Run is a shared script that is run on the mail.
type Run struct{ Script, Rule string }

// Attempt is what one rule said of a mail.
type Attempt struct {
	Rule    string
	Index   int // Its place, from 0.
	Applies bool
	// Decisive is the condition that decided: one that does not hold where all must, one that holds where any may or none
	// must. Nil when all of them together did.
	Decisive *models.FlowCondition
	None     bool // None of its conditions was to hold.
	Slow     bool // A pattern took too long.
}

// Result is what the rules made of a mail.
type Result struct {
	Attempts []Attempt // Of the rules that were asked, in order.
	Decision Decision
	Slow     bool // The time was not enough to decide: the decision is that of the rules before.
}

// Run asks the rules in their order.
func (s *Set) Run(f Facts) Result {
	var r Result
	if s.Empty() {
		return r
	}
	run := running{facts: f, end: time.Now().Add(budget), at: f.At.In(s.zone)}
	for i := range s.rules {
		rule := &s.rules[i]
		if rule.Off {
			continue
		}
		a := run.attempt(rule)
		a.Index = i
		r.Attempts = append(r.Attempts, a)
		if a.Slow {
			r.Slow = true
			return r // What an earlier rule could not decide is not for a later one.
		}
		if !a.Applies {
			continue
		}
		r.Decision.take(rule, run.at)
		if rule.Stop || r.Decision.End != "" {
			break
		}
	}
	return r
}

// attempt asks one rule.
func (r *running) attempt(rule *compiled) Attempt {
	a := Attempt{Rule: rule.Name, None: rule.When == "none"}
	for i := range rule.conditions {
		c := &rule.conditions[i]
		holds, slow := r.holds(c)
		if slow {
			a.Slow, a.Decisive = true, &c.FlowCondition
			return a
		}
		switch {
		case rule.When == "any" && holds:
			a.Applies, a.Decisive = true, &c.FlowCondition
			return a
		case rule.When == "none" && holds, rule.When != "any" && rule.When != "none" && !holds:
			a.Decisive = &c.FlowCondition
			return a
		}
	}
	a.Applies = rule.When != "any" || len(rule.conditions) == 0
	return a
}

// take adds what a rule does.
func (d *Decision) take(rule *compiled, at time.Time) {
	for _, act := range rule.actions {
		switch v := act.Value; act.Do {
		case doProject:
			d.Project = v
		case doSilent:
			d.Silent = true
		case doActive:
			d.Active = v
		case doForward:
			if !slices.ContainsFunc(d.Forward, func(f Forward) bool { return f.To == v }) && len(d.Forward) < maxForwards {
				d.Forward = append(d.Forward, Forward{v, rule.Name, rule.lists()})
			}
		case doWebhook:
			if !slices.ContainsFunc(d.Call, func(c Call) bool { return c.Webhook == v }) && len(d.Call) < maxWebhooks {
				d.Call = append(d.Call, Call{v, rule.Name})
			}
		case doScript:
			if !slices.ContainsFunc(d.Run, func(r Run) bool { return same(r.Script, v) }) {
				d.Run = append(d.Run, Run{v, rule.Name})
			}
		case doFolder:
			d.Folder = v
		case doReject:
			d.End, d.Text, d.Rule = Reject, v, rule.Name
			return
		case doSetAside:
			d.End, d.Text, d.Rule = SetAside, v, rule.Name
			return
		default:
			d.New.take(act, at)
			if rule.Comments {
				d.Comment.take(act, at)
			}
		}
	}
}

func (s *Sets) take(act action, at time.Time) {
	switch v := act.Value; act.Do {
	case doState:
		s.State = models.IssueState(v)
	case doPriority:
		s.Priority = v
	case doAssign:
		s.Assignee = v
	case doDue:
		day := time.Date(at.Year(), at.Month(), at.Day()+act.days, 0, 0, 0, 0, time.UTC)
		s.Due = &day
	case doLabel:
		for _, l := range act.list {
			s.Labels = with(s.Labels, l, maxLabels)
		}
	case doField:
		s.Fields = slices.DeleteFunc(slices.Clone(s.Fields), func(f Field) bool { return same(f.Name, act.field.Name) })
		if len(s.Fields) < maxFields {
			s.Fields = append(s.Fields, act.field)
		}
	case doWatch:
		s.Watch = with(s.Watch, v, maxWatch)
	}
}

// with adds a word to a list that has it not yet, as long as there is room.
func with(list []string, word string, most int) []string {
	if len(list) >= most || slices.ContainsFunc(list, func(have string) bool { return strings.EqualFold(have, word) }) {
		return list
	}
	return append(list, word)
}

// same reports whether two names are one.
func same(a, b string) bool { return rule.Fold(a) == rule.Fold(b) }
