package models

import "errors"

var (
	// ErrNotFound says that what was asked for is not there, or not for the asker to see.
	ErrNotFound = errors.New("not found")
	// ErrConflict says that somebody else changed it meanwhile, or that it is there already.
	ErrConflict = errors.New("conflict")
	// ErrForbidden says that the asker may see it but not do this.
	ErrForbidden = errors.New("forbidden")
	// ErrFenced says that another process has taken over the inbox: the transaction had no effect.
	ErrFenced = errors.New("lease lost")
)

// Invalid is an input that cannot be taken: which field, and the code and placeholders of the sentence that says why
// and what to do.
type Invalid struct {
	Field string
	Code  string
	Args  map[string]string
	Line  int // Of the file in which it stands; 0 when it stands in none.
}

func (e *Invalid) Error() string { return e.Field + ": " + e.Code }

// InvalidList is all that is to be checked in one form.
type InvalidList []*Invalid

func (l InvalidList) Error() string {
	if len(l) == 0 {
		return "nothing to check"
	}
	return l[0].Error()
}
