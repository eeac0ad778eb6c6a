package handlers

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/extract"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// extractionView is what the page of text recognition shows beside its fields.
type extractionView struct {
	gateway.InboxView
	Examples []models.Profile
	Levels   []models.Word // The priorities that profiles can set.
	Doubts   []formError
	Tried    *extractionTried
	Conflict bool
}

// extractionTried is what the profiles in the form read in a mail.
type extractionTried struct {
	Shown   string
	Subject string
	Data    *extract.Outcome // Nil: nothing is set.
	Matched bool             // A profile matches.
	Chapter []chapter
}

func extractionFields() []string {
	return []string{"base", "no_match", "correlate_by", "window_days", "reopen", "profiles", "pasted", "example"}
}

// extractionEdit shows how an inbox reads mails that are data; with a message named, that mail stands in the form.
func extractionEdit(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	x := in.Rules.Extraction
	values := map[string]string{
		"base": strconv.FormatInt(in.RuleVersion, 10), "no_match": or(x.NoMatch, "go_on"), "correlate_by": or(x.Correlate.By, "references"),
		"window_days": strconv.Itoa(int(x.Correlate.Within() / (24 * time.Hour))), "reopen": strconv.FormatBool(x.Correlate.Reopens()),
		"profiles": profilesText(x.Profiles), "pasted": "", "example": "",
	}
	if id, err := strconv.ParseInt(v.Query("message"), 10, 64); err == nil {
		m, _, err := v.h.Gateway.Message(v.ctx(), id)
		if err != nil {
			return err
		}
		if m.InboxID != in.ID || m.BlobID == nil {
			return models.ErrNotFound
		}
		r, _, err := v.h.Gateway.RawMessage(v.ctx(), v.me, id)
		if err != nil {
			return err
		}
		defer r.Close()
		raw, err := io.ReadAll(io.LimitReader(r, 1<<20))
		if err != nil {
			return fmt.Errorf("read the message: %w", err)
		}
		values["pasted"] = strings.ReplaceAll(strings.ToValidUTF8(string(raw), "\ufffd"), "\r\n", "\n")
	}
	return v.showExtraction(http.StatusOK, in, v.newForm("extraction", values), extractionView{})
}

func or(s, usual string) string {
	if s == "" {
		return usual
	}
	return s
}

func profilesText(list []models.Profile) string {
	if len(list) == 0 {
		return "[]"
	}
	raw, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return "[]" // Texts and switches only.
	}
	return string(raw)
}

// extractionOf reads the form.
func extractionOf(f *form) models.Extraction {
	x := models.Extraction{NoMatch: f.get("no_match"), Correlate: models.Correlation{By: f.get("correlate_by")}}
	if reopen := f.yes("reopen"); !reopen {
		x.Correlate.Reopen = &reopen
	}
	if x.NoMatch == "go_on" { // What is usual is left out, so that saving without a change makes no version.
		x.NoMatch = ""
	}
	if x.Correlate.By == "references" {
		x.Correlate.By = ""
	}
	if days, err := strconv.Atoi(f.get("window_days")); err != nil || days < 1 || days > 3650 {
		f.refuse("window_days", "E-EXTRACT-07")
	} else if days != int(models.DefaultWindow/(24*time.Hour)) {
		x.Correlate.Window = (time.Duration(days) * 24 * time.Hour).String()
	}
	d := json.NewDecoder(strings.NewReader(or(strings.TrimSpace(f.text("profiles")), "[]")))
	d.DisallowUnknownFields()
	if err := d.Decode(&x.Profiles); err != nil {
		var whole extract.Document // A file that was exported.
		d = json.NewDecoder(strings.NewReader(f.text("profiles")))
		d.DisallowUnknownFields()
		if again := d.Decode(&whole); again != nil || whole.Format != extract.Format {
			f.refuse("profiles", "E-EXTRACT-10", "detail", err.Error())
			return x
		}
		x.Profiles = whole.Profiles
		f.values["profiles"] = profilesText(x.Profiles)
	}
	return x
}

// extractionUpdate saves the profiles as a new version of the rules, or tries them, or adds one to the form.
func extractionUpdate(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	f, err := v.readForm("extraction", extractionFields()...)
	if err != nil {
		return err
	}
	base, err := f.rulesBase()
	if err != nil {
		return err
	}
	rules := in.Rules
	rules.Extraction = extractionOf(f)
	if f.Failed() {
		return v.showExtraction(http.StatusUnprocessableEntity, in, f, extractionView{})
	}
	data := extractionView{}
	do := v.Request.PostForm.Get("do")
	switch do {
	case "example", "suggest":
		if err = v.addProfile(in, f, &rules.Extraction, do); err == nil {
			f.values["profiles"] = profilesText(rules.Extraction.Profiles)
		}
	case "try":
		data.Tried, err = v.tryExtraction(in, f, rules)
	default:
		var version int64
		if version, err = v.h.Gateway.SaveRules(v.ctx(), v.me, in.ID, base, rules); err == nil {
			return v.rulesSaved(in, "extraction", base, version)
		}
	}
	status, err := f.rulesRefused(in, err, func(path string) string {
		if strings.HasPrefix(path, "profiles") {
			return "profiles"
		}
		return or(map[string]string{"correlate.by": "correlate_by", "correlate.window": "window_days", "mail": "pasted"}[path], path)
	})
	if err != nil {
		return err
	}
	data.Conflict = status == http.StatusConflict
	return v.showExtraction(status, in, f, data)
}

// pastedMail is the mail in the form as octets of a mail.
func pastedMail(f *form) (io.Reader, error) {
	text := strings.TrimLeft(f.text("pasted"), "\n")
	if strings.TrimSpace(text) == "" {
		return nil, &models.Invalid{Field: "pasted", Code: "E-TRY-01"}
	}
	return strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n")), nil
}

// addProfile adds an example, or a profile made of the mail in the form.
func (v *visit) addProfile(in gateway.InboxView, f *form, x *models.Extraction, what string) error {
	var p models.Profile
	if what == "suggest" {
		mail, err := pastedMail(f)
		if err != nil {
			return err
		}
		if p, err = v.h.Gateway.SuggestProfile(v.ctx(), in.ID, mail); err != nil {
			return err
		}
	} else {
		all, err := extract.Examples()
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(p models.Profile) bool { return p.Name == f.get("example") })
		if i < 0 {
			return models.ErrNotFound
		}
		p = all[i]
	}
	name := p.Name
	for n := 2; slices.ContainsFunc(x.Profiles, func(have models.Profile) bool { return strings.EqualFold(have.Name, p.Name) }); n++ {
		p.Name = fmt.Sprintf("%s %d", name, n)
	}
	x.Profiles = append(x.Profiles, p)
	return nil
}

func (v *visit) tryExtraction(in gateway.InboxView, f *form, rules models.Rules) (*extractionTried, error) {
	mail, err := pastedMail(f)
	if err != nil {
		return nil, err
	}
	t, err := v.h.Gateway.TryRules(v.ctx(), in.ID, rules, mail)
	if err != nil {
		return nil, err
	}
	out := &extractionTried{Data: t.Draft.Data, Matched: t.Draft.Data != nil && t.Draft.Data.Profile != "", Chapter: v.run(models.Trace{Entries: t.Draft.Trace}).Chapter}
	if m := t.Draft.Parsed; m != nil {
		out.Shown, out.Subject = m.Text, m.Subject
	}
	return out, nil
}

func (v *visit) showExtraction(status int, in gateway.InboxView, f *form, data extractionView) error {
	data.InboxView = in
	var err error
	if data.Examples, err = extract.Examples(); err != nil {
		return err
	}
	if data.Levels, err = v.h.Gateway.PriorityWords(v.ctx(), in.ProjectID); err != nil {
		return err
	}
	if !f.Failed() {
		x := extractionOf(f)
		doubts := extract.Lint(x)
		unknown, err := v.h.Gateway.LintPriorities(v.ctx(), in.ProjectID, x)
		if err != nil {
			return err
		}
		doubts = append(doubts, unknown...)
		for i := range doubts {
			doubts[i].Field = "profiles"
		}
		data.Doubts = v.findings(slices.DeleteFunc(doubts, func(d rule.Finding) bool { return strings.HasPrefix(d.Code, "E-") && status != http.StatusOK }))
	}
	return v.render(status, "extraction_edit", view{Title: v.l.T("extraction.title", "name", in.Name), Section: "inboxes", Form: f, Data: data})
}

// extractionFile sends the profiles of an inbox as a file.
func extractionFile(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	raw, err := json.MarshalIndent(extract.Document{Format: extract.Format, Profiles: in.Rules.Extraction.Profiles}, "", "  ")
	if err != nil {
		return fmt.Errorf("write the profiles: %w", err)
	}
	return download(v.Context, fmt.Sprintf("letterbox-profiles-%d.json", in.ID), "application/octet-stream", int64(len(raw)), strings.NewReader(string(raw)))
}
