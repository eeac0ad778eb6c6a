package tracker_test

import (
	"errors"
	"testing"

	"letterbox/models"
	"letterbox/tracker"
)

func TestSessionsAreListedAndEndedOneByOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var secrets []string
		for _, agent := range []string{"phone", "desk", "library"} {
			secret, err := w.StartSession(t.Context(), &w.member, &tracker.Browser{Agent: agent, Client: "192.0.2.7", Method: "password"})
			if err != nil {
				t.Fatal(err)
			}
			secrets = append(secrets, secret)
		}
		if _, err := w.StartSession(t.Context(), &w.boss, nil); err != nil {
			t.Fatal(err)
		}
		alive := func() string {
			out := ""
			for i, name := range []string{"p", "d", "l"} {
				if _, err := w.Session(t.Context(), secrets[i]); err == nil {
					out += name
				} else if !errors.Is(err, models.ErrNotFound) {
					t.Fatal(err)
				}
			}
			return out
		}
		list, err := w.Sessions(t.Context(), &w.member, w.member.ID, secrets[1])
		if err != nil || len(list) != 3 {
			t.Fatalf("%d sessions (%v), want 3", len(list), err)
		}
		ids := map[string]string{}
		for _, s := range list {
			ids[s.Browser.Agent] = s.ID
			if got, want := s.Current, s.Browser.Agent == "desk"; got != want {
				t.Errorf("%s is the current one = %t, want %t", s.Browser.Agent, got, want)
			}
			if s.Browser.Client != "192.0.2.7" || s.Browser.Method != "password" || s.UsedAt.IsZero() {
				t.Errorf("session = %+v, want where it comes from", s)
			}
		}
		if err := w.EndSessionOf(t.Context(), &w.boss, w.member.ID, ids["phone"]); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("ended by somebody else: %v, want ErrNotFound", err)
		}
		if err := w.EndSessionOf(t.Context(), &w.boss, w.boss.ID, ids["phone"]); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("ended under another name: %v, want ErrNotFound", err)
		}
		if err := w.EndSessionOf(t.Context(), &w.member, w.member.ID, ids["phone"]); err != nil || alive() != "dl" {
			t.Errorf("after the phone has been signed out (%v) there are %q, want dl", err, alive())
		}
		if err := w.EndOtherSessions(t.Context(), &w.member, w.member.ID, secrets[1]); err != nil || alive() != "d" {
			t.Errorf("after the others have been signed out (%v) there are %q, want d", err, alive())
		}
		if err := w.EndSessions(t.Context(), &w.admin, w.member.ID); err != nil || alive() != "" {
			t.Errorf("after an admin has ended all (%v) there are %q, want none", err, alive())
		}
	})
}
