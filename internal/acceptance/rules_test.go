package acceptance_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"letterbox/internal/browsertest"
	"letterbox/internal/mailtest"
)

// ruleWords is what the pages say on the way from a refused mail to an issue.
type ruleWords struct {
	language, senders, loose, differ, unwritten, one, inForce, created, byVersion, chosen, released, none, changed, letIn, why string
}

// From a refused mail to an issue, as a person does it in a browser: the rules are tried while they are typed, tried on
// real mail and saved; the mail is processed again; others are chosen and released with the keyboard; the question why a
// mail is missing is answered.
func TestRulesAreTriedAndRefusedMailIsReleasedInABrowser(t *testing.T) {
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	for _, w := range []ruleWords{
		{"de", "1 durchgelassen, 2 abgelehnt", "nicht verankert", "3 von 3 Nachrichten enden anders", "Es wurde nichts geschrieben", "Diese E-Mail endet anders",
			"Version 2 gilt", "Neuer Vorgang", "Version 2 der Regeln", "2 ausgewählt", "2 als neuen Vorgang freigegeben", "Nichts wartet auf eine Entscheidung", "Regeln geändert", "Durchgelassen als",
			"nora@other.example"},
		{"en", "1 let in, 2 refused", "is not anchored", "3 of 3 messages end otherwise", "Nothing was written", "This mail ends otherwise",
			"Version 2 is in force", "New issue", "Version 2 of the rules", "2 chosen", "2 released as a new issue", "Nothing waits for a decision", "Rules changed", "Let in as",
			"nora@other.example"},
	} {
		t.Run(w.language, func(t *testing.T) { throughTheRules(t, d, w) })
	}
}

func throughTheRules(t *testing.T, d *mailtest.Dovecot, w ruleWords) {
	login := map[string]string{"de": "alice", "en": "bob"}[w.language]
	for _, who := range []string{"carl@partner.example", "nora@other.example", "otto@other.example"} {
		raw := fmt.Appendf(nil, "From: %s\r\nTo: support@here.example\r\nSubject: Mail of %s\r\nMessage-ID: <%s>\r\n\r\nIt drips.\r\n", who, who, who)
		if err := d.Deliver(login, raw); err != nil {
			t.Fatal(err)
		}
	}
	p := newProgram(t)
	p.prepare()
	p.start()
	p.addProject()
	inbox := p.addInbox(with(at(d.IMAPAddr), object{"username": login, "allow_unknown": false}))
	p.quiet(inbox, 3)

	b := openBrowser(t, w.language)
	says := func(selector, text string) {
		t.Helper()
		b.do("wait for "+text, chromedp.Poll(fmt.Sprintf("[...document.querySelectorAll(%q)].some((part) => part.innerText.includes(%q))", selector, text), nil,
			chromedp.WithPollingTimeout(20*time.Second)))
	}
	b.do("open the page for signing in", chromedp.Navigate(p.url+"/signin"), chromedp.WaitVisible("#f-login", chromedp.ByQuery))
	b.fill("login", "admin", "password", "a long password")
	b.do("sign in", chromedp.Submit("#f-password", chromedp.ByQuery), chromedp.WaitVisible("footer.foot", chromedp.ByQuery))
	b.do("all three are refused", chromedp.Navigate(p.url+"/messages?state=aside"), chromedp.Poll(`document.querySelectorAll('input[name="id"]').length === 3`, nil))
	b.illustrate(w.language, "aside")
	b.click(`.log a[href^="/messages/"]`, ".story")
	b.illustrate(w.language, "refused")

	b.do("open the rules", chromedp.Navigate(p.url+fmt.Sprintf("/inboxes/%d/rules", inbox)), chromedp.WaitVisible(`#f-domains`, chromedp.ByQuery))
	b.do("type a domain and see who would be let in", browsertest.Click("#f-allow_unknown", chromedp.ByQuery), chromedp.SendKeys("#f-domains", "partner.example", chromedp.ByQuery))
	says("#lint-place summary", w.senders)
	b.do("type a pattern", browsertest.Click(`input[name="domain_mode"][value="pattern"]`, chromedp.ByQuery), chromedp.SendKeys("#f-domain_pattern", `.*partner\.example`, chromedp.ByQuery))
	says("#lint-place .box.warn", w.loose)
	b.do("try the rules on the mail that came", browsertest.Click(`input[name="domain_mode"][value="list"]`, chromedp.ByQuery), browsertest.Click(`.sticky button[value="try"]`, chromedp.ByQuery))
	says("#tried h2", w.differ)
	says("#tried", w.unwritten)
	b.illustrate(w.language, "rules")
	b.do("try them on a pasted mail", browsertest.Click(`input[name="source"][value="pasted"]`, chromedp.ByQuery),
		chromedp.SetValue("#f-pasted", "From: x@partner.example\nSubject: Pasted\n\nText", chromedp.ByQuery), browsertest.Click(`.sticky button[value="try"]`, chromedp.ByQuery))
	says("#tried h2", w.one)
	b.do("save them", browsertest.Click(`button[value="save"]`, chromedp.ByQuery), chromedp.WaitVisible(`[data-flash]`, chromedp.ByQuery))
	says("main .lead", w.inForce)

	b.do("process the refused mail again", chromedp.Navigate(p.url+"/messages?sender=carl"), browsertest.Click(`.log a[href^="/messages/"]`, chromedp.ByQuery),
		browsertest.Click(`form[action$="/reprocess"] button`, chromedp.ByQuery), chromedp.WaitVisible(`[data-flash]`, chromedp.ByQuery))
	says(".box.ok", w.created)
	says(".story", w.byVersion)
	b.do("choose the others with the keyboard", chromedp.Navigate(p.url+"/messages?state=aside"), chromedp.WaitVisible(`[data-bulk]`, chromedp.ByQuery),
		chromedp.KeyEvent("j"), chromedp.KeyEvent("x"), chromedp.KeyEvent("j"), chromedp.KeyEvent("x"))
	says("[data-count]", w.chosen)
	b.do("release them", chromedp.KeyEvent("b"), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(`[data-flash]`, chromedp.ByQuery))
	says(".box.ok", w.released)
	says("main", w.none)
	b.do("open the issues", chromedp.Navigate(p.url+"/issues"))
	for _, who := range []string{"carl@partner.example", "nora@other.example", "otto@other.example"} {
		says("main", "Mail of "+who)
	}

	b.do("ask for a mail", chromedp.Navigate(p.url+"/messages/missing?q="+w.why))
	says("main", "Mail of "+w.why)
	b.illustrate(w.language, "missing")
	b.do("every change stands in the audit log", chromedp.Navigate(p.url+"/audit"))
	says("main", w.changed)
	says("main", w.letIn)
	b.illustrate(w.language, "audit")
	b.do("open the inbox", chromedp.Navigate(p.url+fmt.Sprintf("/inboxes/%d", inbox)), chromedp.WaitVisible("h2.big .state.ok", chromedp.ByQuery))
	b.illustrate(w.language, "inbox")
	b.do("open the inboxes", chromedp.Navigate(p.url+"/inboxes"), chromedp.WaitVisible("main table", chromedp.ByQuery))
	b.illustrate(w.language, "inboxes")
	b.do("open the log", chromedp.Navigate(p.url+"/messages"), chromedp.WaitVisible("table.log", chromedp.ByQuery))
	b.illustrate(w.language, "log")
	b.clean()
	p.stop()
}
