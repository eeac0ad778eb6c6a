package flow

import "slices"

// The things that a condition can look at.
const (
	fieldSender     = "sender"
	fieldRecipient  = "recipient"
	fieldSubject    = "subject"
	fieldText       = "text"
	fieldHeader     = "header"
	fieldFileName   = "file_name"
	fieldFileType   = "file_type"
	fieldFileCount  = "file_count"
	fieldSize       = "size"
	fieldKind       = "kind"
	fieldReply      = "reply"
	fieldTime       = "time"
	fieldWeekday    = "weekday"
	fieldExtraction = "field"
)

// Fields lists what a condition can look at, in the order in which people choose.
func Fields() []string {
	return []string{
		fieldSender, fieldRecipient, fieldSubject, fieldText, fieldHeader, fieldFileName, fieldFileType, fieldFileCount,
		fieldSize, fieldKind, fieldReply, fieldTime, fieldWeekday, fieldExtraction,
	}
}

// The ways to compare.
const (
	opContains    = "contains"
	opContainsNot = "contains_not"
	opIs          = "is"
	opIsNot       = "is_not"
	opBegins      = "begins"
	opEnds        = "ends"
	opMatches     = "matches"
	opMatchesNot  = "matches_not"
	opExists      = "exists"
	opMissing     = "missing"
	opLess        = "less"
	opGreater     = "greater"
)

// Ops lists the ways to compare, in the order in which people choose.
func Ops() []string {
	return []string{
		opContains, opContainsNot, opIs, opIsNot, opBegins, opEnds, opMatches, opMatchesNot, opExists, opMissing, opLess, opGreater,
	}
}

// OpsOf lists the ways to compare that fit a field; none for one that is not known.
func OpsOf(field string) []string {
	texts := []string{opContains, opContainsNot, opIs, opIsNot, opBegins, opEnds, opMatches, opMatchesNot, opExists, opMissing}
	switch field {
	case fieldSender, fieldRecipient, fieldSubject, fieldText, fieldHeader, fieldFileName, fieldFileType:
		return texts
	case fieldExtraction:
		return append(texts, opLess, opGreater)
	case fieldFileCount, fieldSize:
		return []string{opIs, opIsNot, opLess, opGreater}
	case fieldKind, fieldReply, fieldTime, fieldWeekday:
		return []string{opIs, opIsNot}
	}
	return nil
}

// Named reports whether a condition on field needs a name: that of a header field, or of an extracted field.
func Named(field string) bool { return field == fieldHeader || field == fieldExtraction }

// The things that can be done.
const (
	doProject  = "project"
	doState    = "state"
	doPriority = "priority"
	doDue      = "due"
	doLabel    = "label"
	doField    = "field"
	doAssign   = "assign"
	doWatch    = "watch"
	doReject   = "reject"
	doSetAside = "set_aside"
	doSilent   = "silent"
	doForward  = "forward"
	doWebhook  = "webhook"
	doScript   = "script"
	doActive   = "active"
	doFolder   = "folder"
	ActiveOnly = "attach_only"      // The mail becomes a note on the active case and nothing else.
	ActiveToo  = "attach_and_issue" // Its files go there besides.
	yes        = "yes"
	no         = "no"
	Reject     = "reject"    // Decision.End: the mail is refused.
	SetAside   = "set_aside" // Decision.End: it waits for a person.
)

// Actions lists what can be done, in the order in which people choose.
func Actions() []string {
	return []string{
		doProject, doState, doPriority, doDue, doLabel, doField, doAssign, doWatch, doActive, doSilent, doForward, doWebhook, doScript, doFolder, doSetAside, doReject,
	}
}

// The kinds of mail. A mail can be of several of them.
const (
	KindPerson    = "person"    // None of the others but spam.
	KindAutomatic = "automatic" // A machine sent it.
	KindList      = "list"
	KindBounce    = "bounce"
	KindSpam      = "spam" // Its provider marks it so.
)

// Kinds lists the kinds of mail.
func Kinds() []string { return []string{KindPerson, KindAutomatic, KindList, KindBounce, KindSpam} }

func textual(field string) bool { return slices.Contains(OpsOf(field), opContains) }
