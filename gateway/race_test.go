//go:build race

package gateway_test

// raceDetector says that the race detector is on, which makes everything five to ten times slower.
const raceDetector = true
