package models

// Direction is which way a mail went.
type Direction string

// The directions.
const (
	DirectionBoth Direction = ""
	DirectionIn   Direction = "in"
	DirectionOut  Direction = "out"
)

// Exchanged is a mail that came in or one that went out.
type Exchanged struct {
	In  *Message  // Nil: it went out.
	Out *Outgoing // Nil: it came in.
}
