package mailtest

import (
	"errors"
	"net"
	"os"
	"testing"

	"letterbox/internal/testport"
)

func TestDovecotStartsOnOtherPortsWhenOneWasTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	dir, err := os.MkdirTemp("", "dovecot-") // As StartDovecot makes it.
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	certificate, err := NewCertificate(CertOptions{})
	if err != nil {
		t.Fatal(err)
	}
	tries := 0
	d, err := firstOf(3, func() (*Dovecot, error) {
		ports, err := testport.Free(5)
		if err != nil {
			return nil, err
		}
		if tries++; tries < 3 {
			ports[4] = taken
		}
		return runDovecotOn(ports, dir, DovecotOptions{Users: map[string]string{"alice": "secret"}, Separator: "/", Certificate: certificate})
	})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Stop()
	if err := d.Deliver("alice", []byte("Subject: one\r\n\r\n1\r\n")); err != nil || tries != 3 {
		t.Errorf("after %d tries Deliver = %v", tries, err)
	}
	if _, err := firstOf(1, func() (*Dovecot, error) { return nil, errPortTaken }); !errors.Is(err, errPortTaken) {
		t.Errorf("no server and %v", err)
	}
}
