package gateway

import (
	"testing"

	"letterbox/models"
)

func TestRightsThatAreMissingAreWarnedOf(t *testing.T) {
	for _, test := range []struct {
		after, rights string
		want          bool
	}{
		{"leave", "lr", false}, {"seen", "lrs", false}, {"seen", "lr", true}, {"delete", "lrste", false}, {"delete", "lrst", true},
		{"move", "lrs", true}, {"move", "lrswipd", false}, {"delete", "", true},
	} {
		note := map[string]string{"rights:INBOX": "lrswipkxtecda", "rights:Archive": test.rights}
		warnOfRights(models.InboxSettings{After: test.after}, note)
		if got := note["code"] == "E-IMAP-07"; got != test.want || got && (note["folder"] != "Archive" || note["strategy"] != test.after) {
			t.Errorf("%s with %q: noted %v, want a warning: %t", test.after, test.rights, note, test.want)
		}
	}
}
