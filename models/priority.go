package models

import "slices"

// Priority says how urgent an issue is. Its zero value is the normal one; a higher number is more urgent.
type Priority int

// The priorities.
const (
	PriorityLow    Priority = -1
	PriorityNormal Priority = 0
	PriorityHigh   Priority = 1
	PriorityUrgent Priority = 2
)

// Priorities lists the priorities, the most urgent one first.
func Priorities() []Priority {
	return []Priority{PriorityUrgent, PriorityHigh, PriorityNormal, PriorityLow}
}

// String is the name of a priority in the API and in filters: "low", "normal", "high", "urgent".
func (p Priority) String() string {
	switch p {
	case PriorityLow:
		return "low"
	case PriorityHigh:
		return "high"
	case PriorityUrgent:
		return "urgent"
	default:
		return "normal"
	}
}

// ParsePriority returns the priority of that name; ok is false when there is none.
func ParsePriority(name string) (p Priority, ok bool) {
	all := Priorities()
	i := slices.IndexFunc(all, func(p Priority) bool { return p.String() == name })
	if i < 0 {
		return PriorityNormal, false
	}
	return all[i], true
}
