package handlers

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"letterbox/gateway"
	"letterbox/gateway/mailbox/preset"
	"letterbox/models"
)

// The steps of adding an inbox: the address, signing in at its server, and what becomes of its mail. All that was
// entered travels from page to page in the form; nothing is stored before the last step, but for a sign-in with OAuth 2.0
// (inbox_wizard_oauth.go). The password travels sealed.
const (
	stepAddress = 1
	stepSignIn  = 2
	stepMail    = 3
)

// wizardFields are the fields of each step. A field of another step is carried along unseen.
func wizardFields(step int) []string {
	return map[int][]string{
		stepAddress: {"address", "name", "project", "global", "provider"},
		stepSignIn: {"receive", "host", "port", "security", "auth", "username", "password", "tls_verify", "ca_pem", "fingerprint",
			"confirm_plain", "connect_timeout", "fetch_timeout", "poll_interval", "poll_unit"},
		stepMail: {"folders", "confirm_folders", "import_since", "import_date", "after", "move_to", "create_folders", "pop3_after",
			"pop3_delete_days", "allow_unknown", "domains"},
	}[step]
}

func allWizardFields() []string {
	return slices.Concat(wizardFields(stepAddress), wizardFields(stepSignIn), wizardFields(stepMail))
}

// wizardView is what the page of a step shows beside its fields.
type wizardView struct {
	Step        int
	Hidden      []option // Fields of the other steps, with their values.
	Sealed      string   // The password that was entered.
	Projects    []option
	Providers   []option
	Found       []proposalView
	Searched    bool   // Servers were looked for.
	Hint        string // What the provider asks for.
	Report      *report
	Folders     folderChoice
	Count       string // What lies on the server already.
	Preview     []previewView
	Previewed   bool
	MaySkip     bool   // The certificate of the server may be left unchecked.
	Certificate bool   // The settings of the certificate are unfolded.
	Stored      int64  // The inbox that was stored at rest; 0 for none.
	OAuth       string // What the sign-in with OAuth 2.0 is called here.
	OAuthSuits  bool   // The provider is known to offer it.
	OnlyOAuth   bool   // It takes no password.
}

// proposalView is a server that was found.
type proposalView struct {
	Text, Source string
	Use          string // Fields and values as in an address.
	Chosen       bool
}

// wizard is one request of somebody who adds an inbox.
type wizard struct {
	*visit
	f      *form
	step   int // Where the person comes from.
	sealed string
	draft  gateway.InboxDraft
	stored gateway.InboxView // At rest; the zero value when nothing is stored yet.
}

// inboxWizard shows the first step.
func inboxWizard(v *visit) error {
	w := &wizard{visit: v, f: v.newForm("inbox", wizardDefaults()), step: stepAddress}
	return w.show(http.StatusOK, wizardView{Step: stepAddress})
}

func wizardDefaults() map[string]string {
	in := models.Inbox{Enabled: true, Settings: models.DefaultInboxSettings()}
	values := inboxValues(in, models.DefaultRules())
	values["provider"], values["create_folders"], values["confirm_folders"] = "auto", "true", ""
	return values
}

// inboxWizardStep takes what was entered in one step and shows the same step again or another one.
func inboxWizardStep(v *visit) error {
	sent, err := v.readForm("inbox", allWizardFields()...)
	if err != nil {
		return err
	}
	w := &wizard{visit: v, f: v.newForm("inbox", wizardDefaults()), sealed: v.PostForm("sealed")}
	w.step, err = strconv.Atoi(v.PostForm("step"))
	if err != nil || w.step < stepAddress || w.step > stepMail {
		return errUnreadable
	}
	if err := w.resume(); err != nil {
		return err
	}
	for _, name := range allWizardFields() {
		_, there := v.Request.PostForm[name]
		isSwitch := slices.Contains([]string{"global", "allow_unknown", "create_folders", "confirm_folders"}, name)
		if there || isSwitch && slices.Contains(wizardFields(w.step), name) { // A switch that is off is not sent.
			w.f.values[name] = sent.values[name]
		}
	}
	v.takeFolders(w.f)
	if w.sealed, err = v.keepPassword(w.f, w.sealed); err != nil {
		return err
	}
	return w.next(v.PostForm("do"))
}

func (w *wizard) next(do string) error {
	fix, use := w.PostForm("fix"), w.PostForm("use")
	switch {
	case w.step == stepAddress:
		return w.leaveAddress(do)
	case do == "back" && w.step == stepMail:
		return w.show(http.StatusOK, wizardView{Step: stepSignIn})
	case do == "oauth", do == "back" && w.stored.ID != 0:
		return w.beginOAuth()
	case do == "back":
		return w.show(http.StatusOK, wizardView{Step: stepAddress})
	case use != "":
		w.fill(use)
		w.sealed = ""
		return w.show(http.StatusOK, wizardView{Step: stepSignIn})
	case fix != "":
		w.fill(fix)
		var err error
		if w.sealed, err = w.keepPassword(w.f, w.sealed); err != nil {
			return err
		}
		return w.signIn("check")
	case w.step == stepSignIn:
		return w.signIn(do)
	default:
		return w.leaveMail(do)
	}
}

// fill sets the fields that a remedy or a proposal names.
func (w *wizard) fill(set string) {
	q, err := url.ParseQuery(set)
	if err != nil {
		return
	}
	for _, name := range fixable() {
		if values, ok := q[name]; ok && len(values[0]) <= 2000 {
			w.f.values[name] = values[0]
		}
	}
}

// leaveAddress looks for the server of the address, unless the person wants to enter it.
func (w *wizard) leaveAddress(do string) error {
	address := w.f.get("address")
	if local, domain, ok := strings.Cut(address, "@"); !ok || local == "" || domain == "" {
		w.f.refuse("address", "E-INBOX-08")
	}
	project, err := strconv.ParseInt(w.f.get("project"), 10, 64)
	if err != nil || project == 0 {
		w.f.refuse("project", "E-INBOX-02")
	}
	if w.f.Failed() {
		return w.show(http.StatusUnprocessableEntity, wizardView{Step: stepAddress})
	}
	if err := w.mayOwn(gateway.InboxDraft{ProjectID: project, Global: w.f.yes("global")}); err != nil {
		return err
	}
	data := wizardView{Step: stepSignIn}
	var found []preset.Proposal
	if p, ok, err := preset.ByKey(w.f.get("provider")); err != nil {
		return err
	} else if ok {
		found = p.Proposals(address, preset.SourceProvider)
	} else if do != "manual" && w.stored.ID == 0 {
		if found, err = w.h.Gateway.FindServers(w.ctx(), address); err != nil {
			return fmt.Errorf("look for the server: %w", err)
		}
		data.Searched = true
	}
	if w.f.get("username") == "" {
		w.f.values["username"] = address
	}
	for i, p := range found {
		one := proposalView{Use: useOf(p), Source: w.l.T("wizard.source." + string(p.Source)), Chosen: i == 0}
		one.Text = fmt.Sprintf("%s:%d · %s · %s", p.Server.Host, p.Server.Port, w.l.T("choice.receive."+p.Receive), w.l.T("choice.security."+p.Server.Security))
		data.Found = append(data.Found, one)
		if i == 0 {
			w.fill(one.Use)
			w.f.values["provider"] = cmp.Or(p.Provider, w.f.get("provider"))
		}
	}
	return w.show(http.StatusOK, data)
}

// useOf is what a proposal fills the form with.
func useOf(p preset.Proposal) string {
	q := url.Values{
		"receive": {p.Receive}, "host": {p.Server.Host}, "port": {strconv.Itoa(p.Server.Port)}, "security": {p.Server.Security}, "username": {p.Username},
	}
	if known, ok, err := preset.ByKey(p.Provider); err == nil && ok && p.Receive == "pop3" && known.PollMinutes > 0 {
		q.Set("poll_interval", strconv.Itoa(60*known.PollMinutes))
		q.Set("poll_unit", "s")
	}
	return q.Encode()
}

// read makes a draft of what was entered so far.
func (w *wizard) read() error {
	before := gateway.InboxView{Inbox: models.Inbox{Settings: models.DefaultInboxSettings()}, Rules: models.DefaultRules()}
	if w.stored.ID != 0 {
		before = w.stored
	}
	var err error
	w.draft, err = w.inboxDraft(w.f, before)
	w.draft.Stored = w.stored.ID
	return err
}

// signIn checks the connection and shows what was found, or goes on when that is wanted and it works.
func (w *wizard) signIn(do string) error {
	if err := w.read(); err != nil {
		return err
	}
	if w.f.text("password") == "" && w.f.get("auth") == "password" {
		w.f.refuse("password", "E-INBOX-15")
	}
	if w.f.Failed() {
		return w.show(http.StatusUnprocessableEntity, wizardView{Step: stepSignIn})
	}
	at := checked{form: "wizard", s: w.draft.Settings}
	check := w.checkFor(gateway.CheckOf{Project: w.draft.ProjectID}, w.draft.Settings, func(each func(gateway.CheckPhase)) (gateway.CheckReport, error) {
		return w.h.Gateway.CheckDraft(w.ctx(), w.stored.ID, w.draft, each)
	})
	var found gateway.CheckReport
	var err error
	if do == "check" && w.PostForm("live") != "" {
		found, err = w.checkLive(at, check)
	} else {
		found, err = check(nil)
	}
	if list, ok := invalid(err); ok {
		return w.refuse(list)
	}
	if err != nil {
		return fmt.Errorf("check the connection: %w", err)
	}
	switch {
	case w.Writer.Written():
		return nil
	case do == "next" && found.OK:
		w.f.values["create_folders"] = "true"
		return w.showMail(http.StatusOK, found, wizardView{})
	default:
		return w.show(http.StatusOK, wizardView{Step: stepSignIn, Report: w.report(at, found)})
	}
}

// refuse shows the step in which something is to be checked.
func (w *wizard) refuse(list models.InvalidList) error {
	w.f.take(list, nil)
	step := stepMail
	for _, e := range list {
		switch {
		case slices.Contains(wizardFields(stepAddress), e.Field):
			step = min(step, stepAddress)
		case slices.Contains(wizardFields(stepSignIn), e.Field):
			step = min(step, stepSignIn)
		}
	}
	if step == stepMail {
		return w.askAgain(http.StatusUnprocessableEntity, wizardView{})
	}
	return w.show(http.StatusUnprocessableEntity, wizardView{Step: step})
}

// askAgain shows the last step with what the server says now; when it does not work any more, the one before.
func (w *wizard) askAgain(status int, data wizardView) error {
	d, found, err := w.look()
	if list, ok := invalid(err); ok {
		w.f.take(list, nil)
		return w.show(http.StatusUnprocessableEntity, wizardView{Step: stepSignIn})
	}
	if err != nil {
		return fmt.Errorf("check the connection: %w", err)
	}
	if !found.OK {
		return w.show(http.StatusOK, wizardView{Step: stepSignIn, Report: w.report(checked{form: "wizard", s: d.Settings}, found)})
	}
	return w.showMail(status, found, data)
}

// showMail shows the last step with the folders of the account and what lies in them.
func (w *wizard) showMail(status int, found gateway.CheckReport, data wizardView) error {
	data.Step = stepMail
	data.Folders = w.choice(w.f, found.Folders)
	data.Count = w.l.T("wizard.count", "n", found.Messages, "folder", strings.Join(w.f.lines("folders"), ", "))
	if w.f.get("receive") != "imap" {
		data.Count = w.l.T("wizard.count_pop3", "n", found.Messages)
	}
	if !found.Oldest.IsZero() {
		data.Count += " " + w.l.T("wizard.oldest", "date", w.l.Date(found.Oldest))
	}
	return w.show(status, data)
}

// show renders a step.
func (w *wizard) show(status int, data wizardView) error {
	var err error
	if data.Projects, err = w.projectOptions(0); err != nil {
		return err
	}
	if w.f.values["project"] == "0" && len(data.Projects) == 1 {
		w.f.values["project"] = data.Projects[0].Value
	}
	if err := w.provider(&data); err != nil {
		return err
	}
	data.Sealed = w.sealed
	for _, name := range allWizardFields() {
		value := w.f.values[name]
		if name == "password" || slices.Contains(wizardFields(data.Step), name) && !unseen(data.Step, name) || value == "" || value == "false" {
			continue
		}
		data.Hidden = append(data.Hidden, option{name, value})
	}
	data.MaySkip = w.access.Admin() && !w.h.Gateway.ForbidUnverified
	data.Certificate = w.f.get("tls_verify") != "system"
	title := w.l.T("inbox.add")
	return w.render(status, "inbox_wizard", view{Title: title, Section: "inboxes", Form: w.f, Data: data})
}

// unseen are the fields of a step that have no place on its page.
func unseen(step int, name string) bool {
	return step == stepSignIn && slices.Contains([]string{"auth", "connect_timeout", "fetch_timeout", "poll_interval", "poll_unit"}, name)
}

// provider adds the list of providers, and what the one that was found or chosen asks for.
func (w *wizard) provider(data *wizardView) error {
	all, err := preset.Providers()
	if err != nil {
		return err
	}
	var known *preset.Provider
	data.Providers = []option{{"auto", w.l.T("wizard.provider.auto")}}
	for _, p := range all {
		data.Providers = append(data.Providers, option{p.Key, p.Name})
		if p.Key == w.f.get("provider") {
			data.Hint = w.l.T("preset." + p.Key + ".hint")
			known = &p
		}
	}
	w.offerOAuth(data, known)
	return nil
}
