package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"

	"letterbox/gateway/mailbox"
	"letterbox/models"
	"letterbox/models/store"
)

// stepError says in which step a message got stuck and under which code people read about it.
type stepError struct {
	step models.Step
	code string
	err  error
}

func (e *stepError) Error() string { return string(e.step) + ": " + e.code + ": " + e.err.Error() }

func (e *stepError) Unwrap() error { return e.err }

// failure returns the code and the words under which an error is kept with its message. The words never hold text of
// the mail: they are those of our own errors and of the database.
func failure(err error) (code, detail string) {
	var s *stepError
	var p *mailbox.Problem
	switch {
	case errors.As(err, &s):
		code = s.code
	case errors.As(err, &p):
		code = p.Code
	case DatabaseCode(err) != "":
		code = DatabaseCode(err)
	default:
		code = "E-STEP-02"
	}
	detail = err.Error()
	if len(detail) > 500 {
		detail = detail[:500]
	}
	return code, detail
}

// DatabaseCode returns the code under which people read what is wrong with the database; "" when err is about something
// else.
func DatabaseCode(err error) string {
	switch store.AilmentOf(err) {
	case store.NoRoom:
		return "E-DB-01"
	case store.Away:
		return "E-DB-02"
	case store.ReadOnly:
		return "E-DB-03"
	case store.Damaged:
		return "E-DB-04"
	default:
		return ""
	}
}

// caught, when deferred, turns a panic into the error that err points to.
func caught(s models.Step, err *error) {
	if r := recover(); r != nil {
		*err = &stepError{step: s, code: "E-STEP-01", err: fmt.Errorf("panic: %v", panicKind(r))}
	}
}

// panicKind describes a panic without its value, which may hold text of the mail: runtime errors are told in full.
func panicKind(r any) string {
	if err, ok := r.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("value of type %T", r)
}

func newOctets(b []byte) io.Reader { return bytes.NewReader(b) }
