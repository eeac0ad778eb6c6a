package store_test

import (
	"testing"
	"time"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// What somebody reads is what the latest signed mail says, in whatever order the mails come.
func TestLatestAnnouncementCounts(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
		steps := []struct {
			name           string
			gcm            bool
			announced      *time.Time
			added, reading bool
		}{
			{"the certificate says so itself", true, nil, true, true},
			{"a mail says no", false, ptr(at), false, false},
			{"the certificate comes once more", true, nil, false, false},
			{"a later mail says yes", true, ptr(at.Add(time.Hour)), false, true},
			{"an earlier mail comes late", false, ptr(at.Add(time.Minute)), false, true},
			{"one of the same second says no", false, ptr(at.Add(time.Hour)), false, false},
		}
		for _, step := range steps {
			added, err := s.AddSMIMECertificate(t.Context(), models.SMIMECertificate{
				Address: "anna@there.example", Fingerprint: "ab", Source: "mail", Certificate: []byte{1}, Issuer: "CN=CA",
				NotBefore: at, NotAfter: at.AddDate(1, 0, 0), FirstSeenAt: at, ReadsGCM: step.gcm, AnnouncedAt: step.announced,
			}, "E-SMIME-03")
			must(t, err)
			list, err := s.SMIMECertificatesOf(t.Context(), "anna@there.example")
			must(t, err)
			if added != step.added || len(list) != 1 || list[0].ReadsGCM != step.reading {
				t.Errorf("%s: added %t, %d certificates, ReadsGCM = %t; want %t, 1, %t", step.name, added, len(list), list[0].ReadsGCM, step.added, step.reading)
			}
		}
	})
}
