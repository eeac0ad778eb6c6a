package models

// Script is JavaScript that decides on the mails of an inbox that were let in. It is part of the rules and versioned with
// them. Its zero value decides nothing.
type Script struct {
	Source    string `json:"source,omitempty"`
	OnFailure string `json:"on_failure,omitempty"` // When it fails or takes too long, the mail is "set_aside", or it may "go_on" without; "": set_aside.
}

// Empty reports whether there is no script.
func (s Script) Empty() bool { return s.Source == "" }
