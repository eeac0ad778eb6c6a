package store

// notBegun is why a transaction could not even begin, which has nothing to do with what was to be done in it.
type notBegun struct{ cause error }

func (e notBegun) Error() string { return "begin: " + e.cause.Error() }
func (e notBegun) Unwrap() error { return e.cause }

// Unavailable reports whether err says that the database cannot work now, whatever it is asked: it cannot be reached,
// takes no writes, has no room or is too busy. The same call may succeed later. It is false for errors that lie in what
// was asked. [AilmentOf] says which of these it is.
func Unavailable(err error) bool { return AilmentOf(err) != Well }
