//go:build race

package acceptance_test

// serverFlags make the servers look for races as its tests do, all but the inside of the embedded SQLite.
func serverFlags() []string { return []string{"-race", "-gcflags=modernc.org/...=-race=false"} }
