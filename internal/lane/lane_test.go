package lane_test

import (
	"slices"
	"sync"
	"testing"

	"letterbox/internal/lane"
)

func TestSlowWorkDelaysNoOtherAndIsNotBegunTwice(t *testing.T) {
	var lanes lane.Lanes
	begun, finish := make(chan struct{}), make(chan struct{})
	lanes.Go(1, func() {
		close(begun)
		<-finish
	})
	<-begun
	lanes.Go(1, func() { t.Error("a second goroutine works for the same id") })
	other := make(chan struct{})
	lanes.Go(2, func() { close(other) })
	<-other // While the first one is still at work.
	close(finish)
	lanes.Wait()
}

func TestLaneIsFreeOnceItsWorkHasEnded(t *testing.T) {
	var lanes lane.Lanes
	var mu sync.Mutex
	var got []int
	for round := range 3 {
		lanes.Go(7, func() {
			mu.Lock()
			got = append(got, round)
			mu.Unlock()
		})
		lanes.Wait()
	}
	if want := []int{0, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("rounds = %v, want %v", got, want)
	}
}
