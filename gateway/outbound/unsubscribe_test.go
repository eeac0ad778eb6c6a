package outbound_test

import (
	"strings"
	"testing"

	"letterbox/gateway/outbound"
)

func TestUnsubscribeTokenIsGoodForWhatItSaysOnly(t *testing.T) {
	keys := outbound.NewKeys()
	for _, want := range []outbound.Unsubscription{{User: 7, Issue: 1234, Reason: "watching"}, {User: 7, Reason: "digest"}} {
		token := keys.UnsubscribeToken(want)
		if got, ok := keys.ReadUnsubscribeToken(token); !ok || got != want {
			t.Errorf("got %+v %v, want %+v", got, ok, want)
		}
		if got, ok := keys.Rotate().ReadUnsubscribeToken(token); !ok || got != want {
			t.Errorf("after a rotation: got %+v %v, want %+v", got, ok, want)
		}
		for name, bad := range map[string]string{
			"empty": "", "cut": token[:len(token)-1], "longer": token + "a", "of another person": strings.Replace(token, "-7-", "-8-", 1),
			"of another reason": strings.Replace(token, want.Reason, "assigned", 1), "only blanks": "- - - -", "another installation's": outbound.NewKeys().UnsubscribeToken(want),
		} {
			if got, ok := keys.ReadUnsubscribeToken(bad); ok {
				t.Errorf("%s: token is good for %+v, want it refused", name, got)
			}
		}
	}
}
