package handlers

import (
	"net/http"
	"time"
)

// sessionSpan is for how many seconds a sign-in still lasts: without use, and at most.
type sessionSpan struct {
	Left int64 `json:"left"`
	Most int64 `json:"most"`
}

// span is nil when nobody is signed in.
func (v *visit) span() *sessionSpan {
	if v.me == nil || v.session.ExpiresAt.IsZero() {
		return nil
	}
	return &sessionSpan{Left: int64(time.Until(v.session.ExpiresAt).Seconds()), Most: int64(time.Until(v.session.LastsTill).Seconds())}
}

// sessionStay prolongs the sign-in, as every request does, and says for how long.
func sessionStay(v *visit) error {
	v.JSON(http.StatusOK, v.span())
	return nil
}

// signInAnew answers a form that came after the sign-in had ended. What was entered comes back with the answer, and is
// sent again once the person has signed in beside it; a form with a password is not kept. It reports false when there
// is nothing to keep.
func (v *visit) signInAnew() bool {
	v.Request.Body = http.MaxBytesReader(v.Writer, v.Request.Body, maxForm) // Nobody is signed in: files are not read.
	kept := v.kept()
	if len(kept) == 0 {
		return false
	}
	v.answer(failure{Status: http.StatusUnauthorized, Code: "E-401-FORM", Text: v.l.T("E-401-FORM"), Kept: kept, Again: v.Request.URL.RequestURI(), SignIn: true})
	return true
}
