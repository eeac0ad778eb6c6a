package netguard

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway/mailbox"
)

func networks(texts ...string) []netip.Prefix {
	var list []netip.Prefix
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

func addrs(texts ...string) []netip.Addr {
	var list []netip.Addr
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}

// fake is a guard whose name server and network are of this test. dialled collects what was dialled.
func fake(allowed []netip.Prefix, names map[string][]netip.Addr) (g *guard, dialled *[]string) {
	dialled = new([]string)
	return &guard{
		allowed: allowed, ports: mailPorts,
		lookup: func(_ context.Context, name string) ([]netip.Addr, error) {
			if found, ok := names[name]; ok {
				return found, nil
			}
			return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
		},
		dial: func(_ context.Context, _, address string) (net.Conn, error) {
			*dialled = append(*dialled, address)
			near, far := net.Pipe()
			far.Close()
			return near, nil
		},
	}, dialled
}

func code(err error) string {
	if p, ok := errors.AsType[*mailbox.Problem](err); ok {
		return p.Code
	}
	return ""
}

// spellings are ways to name a machine that must not be reached.
var spellings = []struct{ host, code string }{
	// Loopback and this network.
	{"127.0.0.1", CodeHostForbidden}, {"127.0.0.1.", CodeHostForbidden}, {"127.1.2.3", CodeHostForbidden},
	{"127.255.255.254", CodeHostForbidden}, {"0.0.0.0", CodeHostForbidden}, {"0.1.2.3", CodeHostForbidden},
	{"::1", CodeHostForbidden}, {"::", CodeHostForbidden}, {"0:0:0:0:0:0:0:1", CodeHostForbidden}, {"localhost", CodeHostForbidden},
	{"localhost.", CodeHostForbidden}, {"LOCALHOST", CodeHostForbidden},
	// Spellings that some resolvers take for an address.
	{"2130706433", CodeBadHost}, {"017700000001", CodeBadHost}, {"0x7f000001", CodeBadHost}, {"0x7f.1", CodeBadHost},
	{"0x7f.0x0.0x0.0x1", CodeBadHost}, {"0177.0.0.1", CodeBadHost}, {"127.0.0.01", CodeBadHost}, {"127.1", CodeBadHost},
	{"127.0.1", CodeBadHost}, {"0", CodeBadHost}, {"0x0", CodeBadHost}, {"127.0.0.1.1", CodeBadHost}, {"256.0.0.1", CodeBadHost},
	{"127.0.0.0x1", CodeBadHost}, {"4294967295", CodeBadHost}, {"1e3", CodeUnknownHost},
	// Other letters and dots that IDNA maps to ASCII.
	{"①②⑦.⓪.⓪.①", CodeHostForbidden}, {"127。0。0。1", CodeHostForbidden}, {"１２７．０．０．１", CodeHostForbidden},
	{"ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", CodeHostForbidden}, {"ｌｏｃａｌｈｏｓｔ", CodeHostForbidden}, {"２１３０７０６４３３", CodeBadHost},
	// Private, shared and link-local networks, metadata services, multicast, broadcast, documentation.
	{"10.0.0.1", CodeHostForbidden}, {"172.16.0.1", CodeHostForbidden}, {"172.31.255.255", CodeHostForbidden},
	{"192.168.1.1", CodeHostForbidden}, {"100.64.0.1", CodeHostForbidden}, {"100.100.100.200", CodeHostForbidden},
	{"169.254.169.254", CodeHostForbidden}, {"169.254.0.1", CodeHostForbidden}, {"168.63.129.16", CodeHostForbidden},
	{"192.0.0.192", CodeHostForbidden}, {"192.0.2.1", CodeHostForbidden}, {"198.18.0.1", CodeHostForbidden},
	{"198.51.100.7", CodeHostForbidden}, {"203.0.113.7", CodeHostForbidden}, {"224.0.0.1", CodeHostForbidden},
	{"239.255.255.255", CodeHostForbidden}, {"240.0.0.1", CodeHostForbidden}, {"255.255.255.255", CodeHostForbidden},
	{"fe80::1", CodeHostForbidden}, {"fe80::1%eth0", CodeBadHost}, {"::1%lo", CodeBadHost}, {"fc00::1", CodeHostForbidden},
	{"fd00:ec2::254", CodeHostForbidden}, {"fec0::1", CodeHostForbidden}, {"ff02::1", CodeHostForbidden}, {"100::1", CodeHostForbidden},
	{"2001:db8::1", CodeHostForbidden}, {"3fff::1", CodeHostForbidden}, {"5f00::1", CodeHostForbidden},
	// IPv6 that carries IPv4.
	{"::ffff:127.0.0.1", CodeHostForbidden}, {"::ffff:7f00:1", CodeHostForbidden}, {"::ffff:93.184.215.14", CodeHostForbidden},
	{"::127.0.0.1", CodeHostForbidden}, {"::ffff:0:127.0.0.1", CodeHostForbidden}, {"64:ff9b::127.0.0.1", CodeHostForbidden},
	{"64:ff9b::a9fe:a9fe", CodeHostForbidden}, {"64:ff9b:1::7f00:1", CodeHostForbidden}, {"2002:7f00:1::", CodeHostForbidden},
	{"2002:c0a8:101::1", CodeHostForbidden}, {"2001:0:4136:e378:8000:63bf:3fff:fdd2", CodeHostForbidden},
	{"2a00:1450::5efe:127.0.0.1", CodeHostForbidden}, {"2a00:1450::200:5efe:10.0.0.1", CodeHostForbidden},
	// Names that lead there.
	{"to-loopback.example.org", CodeHostForbidden}, {"one-of-two.example.org", CodeHostForbidden}, {"mapped.example.org", CodeHostForbidden},
	{"alias.example.org", CodeHostForbidden}, {"six.example.org", CodeHostForbidden}, {"no-address.example.org", CodeUnknownHost},
	{"unknown.example.org", CodeUnknownHost},
	// Things that are no name.
	{"", CodeBadHost}, {".", CodeBadHost}, {"..", CodeBadHost}, {" ", CodeBadHost}, {"mail.example.org ", CodeBadHost},
	{" mail.example.org", CodeBadHost}, {"mail.example.org:143", CodeBadHost}, {"[::1]", CodeBadHost}, {"[127.0.0.1]", CodeHostForbidden},
	{"imap://mail.example.org", CodeBadHost}, {"mail.example.org/x", CodeBadHost}, {"user@mail.example.org", CodeBadHost},
	{"mail.example.org#", CodeBadHost}, {"mail.example.org?x", CodeBadHost}, {"mail..example.org", CodeBadHost},
	{"-oProxyCommand=id", CodeBadHost}, {"-mail.example.org", CodeBadHost}, {"mail.example.org\r\nQUIT", CodeBadHost},
	{"mail.example.org\x00.evil", CodeBadHost}, {"mail%2eexample.org", CodeBadHost}, {"%31%32%37.0.0.1", CodeBadHost},
	{strings.Repeat("a", 64) + ".example.org", CodeBadHost}, {strings.Repeat("abc.", 64) + "org", CodeBadHost}, {"\xff\xfe", CodeBadHost},
}

func TestEverySpellingOfAForbiddenHostIsRefusedUndialled(t *testing.T) {
	if len(spellings) < 60 {
		t.Fatalf("%d spellings, want at least 60", len(spellings))
	}
	loopback := addrs("127.0.0.1")
	g, dialled := fake(nil, map[string][]netip.Addr{
		"localhost": loopback, "LOCALHOST": loopback, "to-loopback.example.org": loopback, "alias.example.org": addrs("10.1.2.3"),
		"one-of-two.example.org": addrs("93.184.215.14", "127.0.0.1"), "mapped.example.org": addrs("::ffff:127.0.0.1"),
		"six.example.org": addrs("fd12::1"), "no-address.example.org": {}, "mail.example.org": addrs("93.184.215.14"),
	})
	for _, s := range spellings {
		conn, err := g.dialContext(t.Context(), "tcp", net.JoinHostPort(s.host, "143"))
		if got := code(err); got != s.code || conn != nil {
			t.Errorf("host %q: %v, want %s", s.host, err, s.code)
		}
	}
	if len(*dialled) != 0 {
		t.Errorf("dialled %v, want nothing", *dialled)
	}
}

func TestForbiddenHostSeesNoConnection(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	accepted := make(chan string, 1000)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			accepted <- conn.RemoteAddr().String()
			conn.Close()
		}
	}()
	dial := Dialer(nil)
	for _, host := range []string{"127.0.0.1", "localhost", "::ffff:127.0.0.1", "2130706433", "0x7f.1", "127.1", "0"} {
		if conn, err := dial(t.Context(), "tcp", net.JoinHostPort(host, port)); err == nil {
			conn.Close()
			t.Errorf("host %q was reached", host)
		}
	}
	conn, err := Dialer(networks("127.0.0.0/8", "::1/128"))(t.Context(), "tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatalf("a listed network was refused: %v", err)
	}
	want := conn.LocalAddr().String()
	conn.Close()
	if got := <-accepted; got != want {
		t.Errorf("first connection that the listener saw is from %s, want %s", got, want)
	}
	listener.Close()
	<-done
	if n := len(accepted); n != 0 {
		t.Errorf("the listener saw %d more connections, want none", n)
	}
}

func TestWhatMayBeReached(t *testing.T) {
	names := map[string][]netip.Addr{
		"mail.example.org":        addrs("::ffff:93.184.215.14", "2606:2800:21f:cb07::1"),
		"xn--mller-kva.example":   addrs("93.184.215.15"),
		"intern.example.org":      addrs("10.1.2.3"),
		"both-sides.example.org":  addrs("10.1.2.3", "93.184.215.14"),
		"mail_1.intern.example":   addrs("10.1.2.4"),
		"outside-too.example.org": addrs("10.1.2.3", "10.255.0.1", "192.168.0.1"),
	}
	for _, tt := range []struct {
		name, address string
		allowed       []netip.Prefix
		want, code    string
	}{
		{"public name on a mail port", "mail.example.org:993", nil, "93.184.215.14:993", ""},
		{"name with umlaut", "müller.example:143", nil, "93.184.215.15:143", ""},
		{"name with a dot at the end", "mail.example.org.:995", nil, "93.184.215.14:995", ""},
		{"public address", "93.184.215.14:110", nil, "93.184.215.14:110", ""},
		{"public IPv6 address", "[2606:2800:21f:cb07::1]:587", nil, "[2606:2800:21f:cb07::1]:587", ""},
		{"public name on another port", "mail.example.org:8080", nil, "", CodePortForbidden},
		{"port 22", "mail.example.org:22", nil, "", CodePortForbidden},
		{"port with a leading zero", "mail.example.org:0143", nil, "", CodePortForbidden},
		{"port with a sign", "mail.example.org:+143", nil, "", CodePortForbidden},
		{"named port", "mail.example.org:imap", nil, "", CodePortForbidden},
		{"port 0", "mail.example.org:0", nil, "", CodePortForbidden},
		{"port out of range", "mail.example.org:65679", nil, "", CodePortForbidden},
		{"no port", "mail.example.org", nil, "", CodeBadHost},
		{"private network that is not listed", "intern.example.org:143", nil, "", CodeHostForbidden},
		{"private network that is listed", "intern.example.org:143", networks("10.0.0.0/8"), "10.1.2.3:143", ""},
		{"any port in a listed network", "intern.example.org:31143", networks("10.0.0.0/8"), "10.1.2.3:31143", ""},
		{"name with underscore", "mail_1.intern.example:143", networks("10.0.0.0/8"), "10.1.2.4:143", ""},
		{"another network is listed", "intern.example.org:143", networks("10.2.0.0/16", "fd00::/8"), "", CodeHostForbidden},
		{"one address outside the list", "outside-too.example.org:143", networks("10.0.0.0/8"), "", CodeHostForbidden},
		{"listed and public, mail port", "both-sides.example.org:143", networks("10.0.0.0/8"), "10.1.2.3:143", ""},
		{"listed and public, other port", "both-sides.example.org:31143", networks("10.0.0.0/8"), "", CodePortForbidden},
		{"loopback listed", "127.0.0.1:3143", networks("127.0.0.0/8"), "127.0.0.1:3143", ""},
		{"mapped spelling of a listed network", "[::ffff:127.0.0.1]:3143", networks("127.0.0.0/8"), "", CodeHostForbidden},
		{"everything of IPv4 listed, IPv6 loopback", "[::1]:143", networks("0.0.0.0/0"), "", CodeHostForbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, dialled := fake(tt.allowed, names)
			conn, err := g.dialContext(t.Context(), "tcp", tt.address)
			if conn != nil {
				conn.Close()
			}
			var want []string
			if tt.want != "" {
				want = []string{tt.want}
			}
			if d := cmp.Diff(want, *dialled); d != "" || code(err) != tt.code {
				t.Errorf("error %v, want code %q; dialled (-want +got):\n%s", err, tt.code, d)
			}
		})
	}
	t.Run("udp", func(t *testing.T) {
		g, dialled := fake(nil, names)
		if _, err := g.dialContext(t.Context(), "udp", "mail.example.org:143"); code(err) != CodePortForbidden || len(*dialled) != 0 {
			t.Errorf("error %v, dialled %v", err, *dialled)
		}
	})
}

func TestNameServerThatChangesItsAnswerGainsNothing(t *testing.T) {
	g, dialled := fake(nil, nil)
	answers := [][]netip.Addr{addrs("93.184.215.14"), addrs("127.0.0.1"), addrs("93.184.215.14", "127.0.0.1")}
	asked := 0
	g.lookup = func(context.Context, string) ([]netip.Addr, error) {
		asked++
		return answers[asked-1], nil
	}
	var codes []string
	for range answers {
		conn, err := g.dialContext(t.Context(), "tcp", "rebind.example.org:993")
		if conn != nil {
			conn.Close()
		}
		codes = append(codes, code(err))
	}
	if d := cmp.Diff([]string{"", CodeHostForbidden, CodeHostForbidden}, codes); d != "" {
		t.Errorf("codes of three connections (-want +got):\n%s", d)
	}
	if asked != 3 {
		t.Errorf("the name server was asked %d times, want once for each connection", asked)
	}
	if d := cmp.Diff([]string{"93.184.215.14:993"}, *dialled); d != "" {
		t.Errorf("dialled (-want +got):\n%s", d)
	}
}

func TestNextAddressIsTriedAndTheFirstFailureIsTold(t *testing.T) {
	names := map[string][]netip.Addr{"mail.example.org": addrs("93.184.215.14", "2606:2800:21f:cb07::1")}
	t.Run("second answers", func(t *testing.T) {
		g, _ := fake(nil, names)
		inner, tried := g.dial, []string{}
		g.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if tried = append(tried, address); len(tried) == 1 {
				return nil, &net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}
			}
			return inner(ctx, network, address)
		}
		conn, err := g.dialContext(t.Context(), "tcp", "mail.example.org:143")
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		if d := cmp.Diff([]string{"93.184.215.14:143", "[2606:2800:21f:cb07::1]:143"}, tried); d != "" {
			t.Errorf("tried (-want +got):\n%s", d)
		}
	})
	t.Run("none answers", func(t *testing.T) {
		g, _ := fake(nil, names)
		failures := []error{syscall.ECONNREFUSED, syscall.EHOSTUNREACH}
		g.dial = func(context.Context, string, string) (net.Conn, error) {
			err := failures[0]
			failures = failures[1:]
			return nil, err
		}
		if _, err := g.dialContext(t.Context(), "tcp", "mail.example.org:143"); code(err) != CodeRefused {
			t.Errorf("error = %v, want the one of the first address", err)
		}
	})
}

func TestProblems(t *testing.T) {
	for _, tt := range []struct {
		name  string
		cause error
		phase mailbox.Phase
		code  string
		args  []string
	}{
		{"refused", syscall.ECONNREFUSED, mailbox.PhaseConnect, CodeRefused, []string{"host", "port"}},
		{"no route to the network", syscall.ENETUNREACH, mailbox.PhaseConnect, CodeNoRoute, []string{"host", "local_ip", "port"}},
		{"no route to the host", syscall.EHOSTUNREACH, mailbox.PhaseConnect, CodeNoRoute, []string{"host", "local_ip", "port"}},
		{"forbidden by this machine", syscall.EPERM, mailbox.PhaseConnect, CodeNoRoute, []string{"host", "local_ip", "port"}},
		{"kernel timeout", syscall.ETIMEDOUT, mailbox.PhaseConnect, CodeTimeout, []string{"host", "port", "seconds"}},
		{"deadline", context.DeadlineExceeded, mailbox.PhaseConnect, CodeTimeout, []string{"host", "port", "seconds"}},
		{"reset", syscall.ECONNRESET, mailbox.PhaseConnect, CodeCutOff, []string{"host", "port", "text"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, _ := fake(nil, nil)
			g.dial = func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: tt.cause}
			}
			_, err := g.dialContext(t.Context(), "tcp", "93.184.215.14:143")
			p, ok := errors.AsType[*mailbox.Problem](err)
			if !ok {
				t.Fatalf("error is %T %v, want a Problem", err, err)
			}
			var names []string
			for name := range p.Args {
				names = append(names, name)
			}
			slices.Sort(names)
			if d := cmp.Diff(tt.args, names); d != "" || p.Code != tt.code || p.Phase != tt.phase || !errors.Is(err, tt.cause) {
				t.Errorf("problem %v in phase %s, want %s in %s around %v; args (-want +got):\n%s", p, p.Phase, tt.code, tt.phase, tt.cause, d)
			}
		})
	}
}

func TestEndOfContext(t *testing.T) {
	t.Run("before the lookup", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := Dialer(nil)(ctx, "tcp", "mail.example.org:143")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v, want one that wraps context.Canceled", err)
		}
	})
	t.Run("while connecting", func(t *testing.T) {
		g, _ := fake(nil, nil)
		started := make(chan struct{})
		g.dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			close(started)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-started
			cancel()
		}()
		if _, err := g.dialContext(ctx, "tcp", "93.184.215.14:143"); !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v, want one that wraps context.Canceled", err)
		}
	})
	t.Run("deadline is shared among the addresses", func(t *testing.T) {
		g, _ := fake(nil, map[string][]netip.Addr{"mail.example.org": addrs("93.184.215.14", "93.184.215.15")})
		var left []time.Duration
		g.dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			deadline, _ := ctx.Deadline()
			left = append(left, time.Until(deadline))
			return nil, syscall.EHOSTUNREACH
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if _, err := g.dialContext(ctx, "tcp", "mail.example.org:143"); err == nil {
			t.Fatal("connected")
		}
		if len(left) != 2 || left[0] > 11*time.Second || left[1] < 12*time.Second {
			t.Errorf("time given to the two addresses = %v, want half of 20s and then all that is left", left)
		}
	})
}

func FuzzParseHost(f *testing.F) {
	for _, s := range spellings {
		f.Add(s.host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		addr, name, err := parseHost(host)
		switch {
		case err != nil:
			if addr.IsValid() || name != "" {
				t.Errorf("parseHost(%q) = %v, %q beside an error", host, addr, name)
			}
		case addr.IsValid() == (name != ""):
			t.Errorf("parseHost(%q) = %v and %q, want one of them", host, addr, name)
		case name != "":
			if _, err := netip.ParseAddr(name); err == nil || strings.ContainsAny(name, " \r\n\x00%/@:[]") || name[0] == '-' {
				t.Errorf("parseHost(%q) = name %q, which is none", host, name)
			}
		}
	})
}
