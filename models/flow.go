package models

// Flow are the flow rules of an inbox: what becomes of mails that were let in. They are part of the rules and versioned
// with them. Its zero value decides nothing.
type Flow struct {
	Zone  string     `json:"zone,omitempty"`  // IANA name of the time zone of times and weekdays, "Europe/Berlin"; "": UTC.
	Rules []FlowRule `json:"rules,omitempty"` // Asked in order.
}

// FlowRule is one flow rule: conditions, and what is done with a mail that meets them.
type FlowRule struct {
	Name       string          `json:"name"`
	Off        bool            `json:"off,omitempty"`  // It is kept and not asked.
	When       string          `json:"when,omitempty"` // "all", "any" or "none" of the conditions hold; "": all. Without conditions it always applies.
	Conditions []FlowCondition `json:"conditions,omitempty"`
	Actions    []FlowAction    `json:"actions,omitempty"`  // May be none for a rule that only stops.
	Comments   bool            `json:"comments,omitempty"` // What it sets holds for an issue too on which the mail becomes a comment; else for new issues.
	Stop       bool            `json:"stop,omitempty"`     // The rules after it are not asked when it applies.
}

// FlowCondition compares one thing about a mail.
type FlowCondition struct {
	Field string `json:"field"`           // "sender", "recipient", "subject", "text", "header", ...
	Name  string `json:"name,omitempty"`  // Of the header field or of the extracted field.
	Op    string `json:"op"`              // "contains", "is", "matches", "less", ...
	Value string `json:"value,omitempty"` // Compared with; case does not count.
}

// FlowAction is one thing that is done.
type FlowAction struct {
	Do    string `json:"do"`              // "project", "state", "priority", "label", ...
	Value string `json:"value,omitempty"` // The key of the project, the name of the label, ...
}

// Empty reports whether there is no flow rule that is asked.
func (f Flow) Empty() bool {
	for _, r := range f.Rules {
		if !r.Off {
			return false
		}
	}
	return true
}
