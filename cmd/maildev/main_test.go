package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/smtp"
	"strings"
	"testing"
)

func TestServesSampleMailUntilItIsStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	status := make(chan int, 1)
	go func() { status <- run(ctx, nil, w, io.Discard) }()
	out := bufio.NewScanner(r)
	addr := map[string]string{}
	for len(addr) < 5 && out.Scan() {
		f := strings.Fields(out.Text())
		addr[f[0]] = f[1]
	}
	c, err := net.Dial("tcp", addr["POP3"])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "USER support\r\nPASS secret\r\nQUIT\r\n"); err != nil {
		t.Fatal(err)
	}
	said, err := io.ReadAll(c)
	if err != nil || !bytes.Contains(said, []byte("+OK 6 messages")) {
		t.Errorf("server said %q, %v, want 6 messages", said, err)
	}
	err = smtp.SendMail(addr["SMTP"], nil, "x@example.org", []string{"y@example.org"}, []byte("Subject: x\r\n\r\nx\r\n"))
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("SendMail = %v, want a complaint about the certificate made for this run", err)
	}
	cancel()
	if got := <-status; got != 0 {
		t.Errorf("exit status = %d, want 0", got)
	}
}

func TestUsage(t *testing.T) {
	for args, want := range map[string]int{"-help": 0, "-nonsense": 2, "extra": 2, "-imap=nowhere": 1} {
		var stderr bytes.Buffer
		if got := run(t.Context(), []string{args}, io.Discard, &stderr); got != want {
			t.Errorf("maildev %s exits with %d, want %d", args, got, want)
		}
	}
}
