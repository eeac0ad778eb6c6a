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
	Rows     []formatRow        // The formats, field by field.
	Manual   bool               // They are edited as JSON only.
	Open     bool               // The JSON is shown.
	Mail     *extractionReading // What the formats read in the mail of the form; nil: there is none.
	Story    []chapter          // Of a dry run.
	Conflict bool
}

// extractionReading is a mail beside what the formats in the form read in it.
type extractionReading struct {
	Subject, Text string
	Files         []option         // Name and text of those that can be read.
	Data          *extract.Outcome // Nil: no format matches.
}

func extractionFields() []string {
	return []string{"base", "no_match", "correlate_by", "window_days", "reopen", "profiles", "shown", "pasted", "message", "example"}
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
		"profiles": profilesText(x.Profiles), "pasted": "", "message": "", "example": "",
	}
	if id, err := strconv.ParseInt(v.Query("message"), 10, 64); err == nil {
		m, err := v.messageOf(in, id)
		if err != nil {
			return err
		}
		if values["message"] = strconv.FormatInt(id, 10); m.Size <= mostPasted {
			if values["pasted"], err = v.rawText(id); err != nil {
				return err
			}
		}
	}
	return v.showExtraction(http.StatusOK, in, v.newForm("extraction", values), x.Profiles, extractionView{})
}

// mostPasted is how many octets a stored mail may have to stand in the form; a larger one is read where it is stored, for
// a form with it would be too large to be sent.
const mostPasted = 128 << 10

// messageOf returns a message of the inbox whose octets are kept.
func (v *visit) messageOf(in gateway.InboxView, id int64) (models.Message, error) {
	m, _, err := v.h.Gateway.Message(v.ctx(), id)
	if err == nil && (m.InboxID != in.ID || m.BlobID == nil) {
		err = models.ErrNotFound
	}
	return m, err
}

// rawText is a stored mail as text. That somebody has it is noted.
func (v *visit) rawText(id int64) (string, error) {
	r, _, err := v.h.Gateway.RawMessage(v.ctx(), v.me, id)
	if err != nil {
		return "", err
	}
	defer r.Close()
	raw, err := io.ReadAll(r)
	if err != nil {
		return "", fmt.Errorf("read the message: %w", err)
	}
	return strings.ReplaceAll(strings.ToValidUTF8(string(raw), "\ufffd"), "\r\n", "\n"), nil
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

// extractionOf reads the form: the formats field by field, or from the JSON where that was changed by hand or is all there is.
func (v *visit) extractionOf(f *form) models.Extraction {
	x := correlationOf(f)
	if shown := f.get("shown"); shown != "" && shown == fingerprint(f.text("profiles")) {
		x.Profiles = v.formatsOf()
		return x
	}
	x.Profiles = profilesOf(f)
	return x
}

// correlationOf reads all of the form but the formats.
func correlationOf(f *form) models.Extraction {
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
	return x
}

// profilesOf reads the JSON in the form.
func profilesOf(f *form) (list []models.Profile) {
	d := json.NewDecoder(strings.NewReader(or(strings.TrimSpace(f.text("profiles")), "[]")))
	d.DisallowUnknownFields()
	err := d.Decode(&list)
	if err == nil {
		return list
	}
	var whole extract.Document // A file that was exported.
	d = json.NewDecoder(strings.NewReader(f.text("profiles")))
	d.DisallowUnknownFields()
	if again := d.Decode(&whole); again != nil || whole.Format != extract.Format {
		f.refuse("profiles", "E-EXTRACT-10", "detail", err.Error())
		return nil
	}
	return whole.Profiles
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
	rules.Extraction = v.extractionOf(f)
	if f.Failed() {
		return v.showExtraction(http.StatusUnprocessableEntity, in, f, v.formatsOf(), extractionView{})
	}
	x, data := &rules.Extraction, extractionView{}
	do, which, _ := strings.Cut(v.Request.PostForm.Get("do"), ".")
	switch do {
	case "example", "suggest":
		err = v.addProfile(in, f, x, do)
	case "add", "more", "up", "down", "remove":
		if x.Profiles, err = rearranged(x.Profiles, do, which); err != nil {
			return err
		}
	case "try":
		data.Story, err = v.tryExtraction(in, f, rules)
	default:
		var version int64
		if version, err = v.h.Gateway.SaveRules(v.ctx(), v.me, in.ID, base, rules); err == nil {
			return v.rulesSaved(in, "extraction", base, version)
		}
	}
	status, err := f.rulesRefused(in, err, func(path string) string {
		if strings.HasPrefix(path, "profiles") {
			return formatPath(path, inRows(x.Profiles))
		}
		return or(map[string]string{"correlate.by": "correlate_by", "correlate.window": "window_days", "mail": "pasted"}[path], path)
	})
	if err != nil {
		return err
	}
	data.Conflict = status == http.StatusConflict
	return v.showExtraction(status, in, f, x.Profiles, data)
}

// sampleMail is the mail in the form as octets of a mail or, when none stands there, the stored message that it was opened
// with.
func sampleMail(f *form) (gateway.Sample, error) {
	mail, err := pastedMail(f)
	if err == nil {
		return gateway.Sample{Raw: mail}, nil
	}
	if id, wrong := strconv.ParseInt(f.get("message"), 10, 64); wrong == nil {
		return gateway.Sample{Message: id}, nil
	}
	return gateway.Sample{}, err
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
		mail, err := sampleMail(f)
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

// tryExtraction is the story of a dry run with the mail in the form.
func (v *visit) tryExtraction(in gateway.InboxView, f *form, rules models.Rules) ([]chapter, error) {
	mail, err := sampleMail(f)
	if err != nil {
		return nil, err
	}
	var t gateway.Tried
	if mail.Raw != nil {
		t, err = v.h.Gateway.TryRules(v.ctx(), v.me, in.ID, rules, mail.Raw)
	} else if _, err = v.messageOf(in, mail.Message); err == nil {
		t, err = v.h.Gateway.TryRulesOn(v.ctx(), v.me, rules, mail.Message)
	}
	if err != nil {
		return nil, err
	}
	return v.run(models.Trace{Entries: t.Draft.Trace}).Chapter, nil
}

// showExtraction shows the page with these formats, each field with what it is in the mail of the form.
func (v *visit) showExtraction(status int, in gateway.InboxView, f *form, list []models.Profile, data extractionView) error {
	data.InboxView = in
	var err error
	if data.Examples, err = extract.Examples(); err != nil {
		return err
	}
	if data.Levels, err = v.h.Gateway.PriorityWords(v.ctx(), in.ProjectID); err != nil {
		return err
	}
	wrong := map[string]bool{}
	for _, e := range f.errs {
		wrong[e.Field] = true
		data.Open = data.Open || e.Field == "profiles"
		if _, known := f.values[e.Field]; !known {
			f.values[e.Field] = "" // It stands in a row; the summary leads there.
		}
	}
	var read gateway.Reading
	if mail, err := sampleMail(f); err == nil {
		if read, err = v.h.Gateway.ReadMail(v.ctx(), in.ID, list, mail); err != nil {
			return err
		}
		data.Mail = &extractionReading{Subject: read.Source.Subject, Text: read.Source.Text, Data: read.Outcome}
		for _, file := range read.Source.Files {
			data.Mail.Files = append(data.Mail.Files, option{file.Name, file.Shown()})
		}
	}
	if data.Manual = !inRows(list); !data.Manual {
		data.Rows = v.formatRows(list, read, wrong)
	}
	if !data.Open { // What cannot be read stays as it was entered.
		f.values["profiles"] = profilesText(list)
		if f.values["shown"] = fingerprint(f.values["profiles"]); data.Manual {
			f.values["shown"] = ""
		}
	}
	data.Open = data.Open || data.Manual
	if !f.Failed() {
		x := correlationOf(f)
		x.Profiles = list
		doubts := extract.Lint(x)
		unknown, err := v.h.Gateway.LintPriorities(v.ctx(), in.ProjectID, x)
		if err != nil {
			return err
		}
		doubts = append(doubts, unknown...)
		for i := range doubts {
			doubts[i].Field = formatPath(doubts[i].Field, !data.Manual)
		}
		data.Doubts = v.findings(slices.DeleteFunc(doubts, func(d rule.Finding) bool { return strings.HasPrefix(d.Code, "E-") })) // Saving says that.
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
