//go:build !race

package acceptance_test

// serverFlags are those of a usual build.
func serverFlags() []string { return []string{"-ldflags=-s -w"} }
