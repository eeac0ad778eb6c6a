package gateway_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
)

// A script names the folder of a mail that is taken in or refused; before a flow rule and before the inbox.
func TestScriptNamesTheFolderOfTheMail(t *testing.T) {
	d := newDen(t, testdb.Open(t))
	g := d.process(withScripts(t))
	d.server.change(func(s *fakeServer) {
		for _, name := range []string{"Bills", "Rules", "Refused"} {
			s.folders[name] = &fakeFolder{validity: 1, next: 1}
		}
	})
	for i, subject := range []string{"A bill", "A bill for others"} {
		d.server.deliver("INBOX", mail(itoa(int64(i+1)), anna, subject, "Text"))
	}
	d.inbox(g, func(dr *gateway.InboxDraft) {
		scriptedInbox(`
			if (mail.subject.includes("others")) return {folder: "Bills", reject: "not ours"};
			return {folder: "Bills"}`)(dr)
		dr.Settings.After, dr.Settings.MoveTo, dr.Settings.MoveRejectedTo = "move", "Rules", "Refused"
		dr.Rules.Flow.Rules = []models.FlowRule{flowRule("Rules", "bill", "folder", "Rules")}
	})
	stop := d.run(g)
	settled := func(m models.Message) bool { return m.State.Final() && m.SettleState == models.SettleDone }
	for deadline := time.Now().Add(time.Minute); len(d.messages()) < 2 || !allOf(d.messages(), settled); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not done: %q", d.ledger())
		}
	}
	stop()
	got := map[string]int{}
	for _, name := range []string{"INBOX", "Bills", "Rules", "Refused"} {
		got[name] = len(d.server.uids(name))
	}
	if diff := cmp.Diff(map[string]int{"INBOX": 0, "Bills": 2, "Rules": 0, "Refused": 0}, got); diff != "" {
		t.Errorf("mails in folders (-want +got):\n%s", diff)
	}
	for _, m := range d.messages() {
		if told := slices.Contains(d.trace(m.ID), "match.script_folder"); !told {
			t.Errorf("message %s: the story does not tell of the folder", m.UID)
		}
	}
}

func allOf(list []models.Message, ok func(models.Message) bool) bool {
	return !slices.ContainsFunc(list, func(m models.Message) bool { return !ok(m) })
}
