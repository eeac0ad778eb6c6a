//go:build !race

package script

// shadow is how many octets the kernel counts for one of the program.
const shadow = 1
