package handlers

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"letterbox/internal/arch"
)

// TestEveryCodeOfTheCatalogueHasAProducer finds a code about connections that people could never see, or that no test
// brings about.
func TestEveryCodeOfTheCatalogueHasAProducer(t *testing.T) {
	elsewhere := map[string]string{ // Not found by a check, but later; with the test that brings it about.
		"E-NET-09":  "TestCheckTellsNobodyButAdminsWhatRunsInsideANetwork",
		"E-NET-10":  "TestCheckTellsNobodyButAdminsWhatRunsInsideANetwork",
		"E-TLS-06":  "TestServerThatWasEncryptedOnceIsRefusedWithoutEncryption",
		"E-TLS-10":  "TestUncheckedCertificatesCanBeForbidden",
		"E-IMAP-04": "TestRenumberedFolderMakesNoIssueTwice",
		"E-IMAP-05": "TestMoveThatFailsStaysFailedAndIsTriedAgain",
	}
	for test, codes := range map[string]string{ // While tokens are asked for, and when mail goes out.
		"TestOAuthFailuresAreToldApart":                    "OAUTH-01 OAUTH-02 OAUTH-03 OAUTH-04 OAUTH-06 OAUTH-07 OAUTH-08 OAUTH-09 OAUTH-11 OAUTH-12 OAUTH-13 OAUTH-21",
		"TestOAuthDraftsAreChecked":                        "OAUTH-05 OAUTH-15 OAUTH-16 OAUTH-17 OAUTH-18 OAUTH-19 OAUTH-20",
		"TestServerWithoutOAuthIsNamed":                    "OAUTH-10",
		"TestAnswersThatBelongToNoSignInAreRefused":        "OAUTH-14",
		"TestCodeThatNobodyEntersRunsOut":                  "OAUTH-22",
		"TestServerAnswersDecideWhatBecomesOfAMail":        "SMTP-01 SMTP-02 SMTP-03 SMTP-07 SMTP-08",
		"TestOutboxSaysWhenAMailIsTriedAgain":              "SMTP-04",
		"TestMailThatCannotGoNamesItsReason":               "SMTP-05 SMTP-09 SMTP-10 SMTP-12 SMTP-14 SMTP-16",
		"TestMailThatCannotBePutTogetherIsTriedAgain":      "SMTP-06",
		"TestServerWithoutAKnownSignInIsNamed":             "SMTP-11",
		"TestBouncesComeBackToTheirMailAndIssue":           "SMTP-13",
		"TestNoticesComeTogetherAndOnlyWhileTheyMayBeSeen": "SMTP-15",
	} {
		for code := range strings.FieldsSeq(codes) {
			elsewhere["E-"+code] = test
		}
	}
	produced := map[string]bool{}
	for _, one := range troubles() {
		produced[one.code] = true
	}
	tests, err := arch.Tests("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range catalogueCodes(t) {
		test := elsewhere[key]
		switch {
		case produced[key]:
		case test == "":
			t.Errorf("no server brings about %s", key)
		case !strings.Contains(tests[test], key):
			t.Errorf("%s is said to be produced by %s, and there is no such test, or it does not look for the code", key, test)
		}
	}
}

// catalogueCodes are the codes about connections in the catalogue.
func catalogueCodes(t *testing.T) []string {
	t.Helper()
	var out []string
	files, err := filepath.Glob("../templates/catalogue/de/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no catalogue: %v", err)
	}
	is := regexp.MustCompile(`^E-(DNS|NET|TLS|AUTH|OAUTH|IMAP|POP|SMTP)-\d\d$`)
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var texts map[string]any
		if err := json.Unmarshal(raw, &texts); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for key := range texts {
			if is.MatchString(key) {
				out = append(out, key)
			}
		}
	}
	slices.Sort(out)
	return out
}
