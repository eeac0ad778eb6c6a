package netguard

import "testing"

func TestWebDialerReachesThePortOfHTTPSOnly(t *testing.T) {
	g, dialled := fake(nil, nil)
	g.ports = webPorts
	tests := []struct{ address, code string }{
		{"198.41.0.4:443", ""}, {"198.41.0.4:80", CodePortForbidden}, {"198.41.0.4:993", CodePortForbidden},
		{"198.41.0.4:6443", CodePortForbidden}, {"127.0.0.1:443", CodeHostForbidden}, {"169.254.169.254:443", CodeHostForbidden},
		{"10.0.0.1:443", CodeHostForbidden}, {"[::1]:443", CodeHostForbidden}, {"0x7f.1:443", CodeBadHost},
	}
	for _, test := range tests {
		conn, err := g.dialContext(t.Context(), "tcp", test.address)
		if code(err) != test.code || err != nil && test.code == "" {
			t.Errorf("dial %s = %v, want code %q", test.address, err, test.code)
		}
		if conn != nil {
			conn.Close()
		}
	}
	if len(*dialled) != 1 {
		t.Errorf("dialled %v, want one connection", *dialled)
	}
}
