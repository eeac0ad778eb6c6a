package testport_test

import (
	"context"
	"net"
	"strconv"
	"testing"
	"time"

	"letterbox/internal/testport"
)

func TestFreePortsAreDifferentAndCanBeListenedOn(t *testing.T) {
	ports, err := testport.Free(50)
	if err != nil {
		t.Fatal(err)
	}
	for _, port := range ports { // A port found twice could not be listened on twice.
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
	}
}

func TestAwaitFreeWaitsForWhoListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := testport.AwaitFree(short, port); err == nil {
		t.Error("a port that somebody listens on is said to be free")
	}
	go func() {
		time.Sleep(20 * time.Millisecond)
		_ = l.Close()
	}()
	if err := testport.AwaitFree(t.Context(), port); err != nil {
		t.Error(err)
	}
}
