//go:build race

package script

// shadow is how many octets the kernel counts for one of the program: the race detector keeps its own beside each.
const shadow = 10
