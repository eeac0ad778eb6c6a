package handlers

import (
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"letterbox/internal/i18n"
	"letterbox/internal/picture"
	"letterbox/models"
	"letterbox/tracker"
)

// The pictures of a mail are put into its document as data, encoded anew; what is larger is left out.
const (
	maxPicture  = 4 << 20
	maxPictures = 12 << 20
)

// mailPolicy is the policy of a mail's own document: no scripts, no forms, nothing from the network. A link may open
// in a tab of its own.
const mailPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src 'self' data:%s; " +
	"style-src 'unsafe-inline'; frame-ancestors 'self'"

// issueMail shows the HTML of a mail of an issue to those who see the issue.
func issueMail(v *visit) error {
	m, traces, err := v.mailOfIssue()
	if err != nil {
		return err
	}
	return v.showHTML(m, traces)
}

// mailOfIssue returns the mail of the path with its traces, for those who see it in the issue of the path.
func (v *visit) mailOfIssue() (m models.Message, traces []models.Trace, err error) {
	number, err := v.id("number")
	if err != nil {
		return m, nil, err
	}
	id, err := v.id("message")
	if err != nil {
		return m, nil, err
	}
	issue, err := v.h.Tracker.ShowIssue(v.ctx(), v.me, number)
	if err != nil {
		return m, nil, err
	}
	shown := func(origin *int64) bool { return origin != nil && *origin == id }
	if !v.access.WorksOn(issue.ProjectID) && !shown(issue.OriginMessageID) &&
		!slices.ContainsFunc(issue.Comments, func(c tracker.CommentView) bool { return shown(c.OriginMessageID) }) {
		return m, nil, models.ErrNotFound // It became an internal note.
	}
	if m, traces, err = v.h.Gateway.Message(v.ctx(), id); err != nil {
		return m, nil, err
	}
	if m.IssueNumber == nil || *m.IssueNumber != number {
		return m, nil, models.ErrNotFound
	}
	return m, traces, nil
}

// showHTML answers with the sanitised HTML of a mail as a document of its own, for a sandboxed frame. Pictures from the
// network are only let through when they are asked for with ?images=1, or when the person has chosen to see those of the
// sender always. It is the browser that loads them, never this program.
func (v *visit) showHTML(m models.Message, traces []models.Trace) error {
	mail, err := v.h.Gateway.ParsedMessage(v.ctx(), m.ID)
	if err != nil {
		return err
	}
	pictures, err := v.pictures(m)
	if err != nil {
		return err
	}
	body := sources.ReplaceAllStringFunc(mail.HTML, func(attr string) string {
		id, err := url.PathUnescape(html.UnescapeString(sources.FindStringSubmatch(attr)[1]))
		if data := pictures[strings.Trim(id, "<>")]; err == nil && data != "" {
			return `src="` + data + `"`
		}
		return `src=""`
	})
	if body == "" {
		body = `<pre style="white-space:pre-wrap">` + html.EscapeString(mail.Text) + `</pre>`
	}
	choice, err := v.pictureChoice(m, traces)
	if err != nil {
		return err
	}
	from := ""
	if (v.Query("images") == "1" || choice.Shown) && !mail.Decrypted {
		from = " https: http:"
		body = strings.ReplaceAll(body, ` data-remote-src="`, ` src="`) // See message.SafeHTML.
	}
	lang := oneOf(mail.Language, i18n.Languages()...)
	if lang != "" {
		lang = ` lang="` + lang + `"`
	}
	mailHeaders(v.Header, from)
	v.Data(http.StatusOK, "text/html; charset=utf-8", mailDocument(lang, v.l.T("mail.original"), body))
	return nil
}

// mailHeaders sets the headers of a mail's own document; from is where pictures may come from besides.
func mailHeaders(set func(name, value string), from string) {
	set("Content-Security-Policy", fmt.Sprintf(mailPolicy, from))
	set("X-Frame-Options", "SAMEORIGIN")
	set("Referrer-Policy", "no-referrer")
}

// ahead are the elements by which a document opens connections or loads others. No policy keeps a browser from opening a
// connection ahead for a link element (rel=preconnect); the sanitiser leaves none of these, so that this wall has nothing to
// do as long as that one stands.
var ahead = regexp.MustCompile(`(?i)<(/?(?:link|meta|base|script|iframe|frame|frameset|object|embed|applet|portal)[\s/>])`)

// mailDocument is the document around the HTML of a mail.
func mailDocument(lang, title, body string) []byte {
	return []byte(`<!doctype html><html` + lang + `><head><meta charset="utf-8"><title>` + html.EscapeString(title) + `</title>` +
		`<base target="_blank"><style>html{color-scheme:light}body{margin:12px;font:14px/1.5 system-ui,sans-serif;color:#1d2024;background:#fff;` +
		`overflow-wrap:anywhere}img{max-width:100%;height:auto}table{max-width:100%}</style></head><body>` + ahead.ReplaceAllString(body, "&lt;$1") + `</body></html>`)
}

var sources = regexp.MustCompile(`(?i)\bsrc="cid:([^"]*)"`)

// pictures returns the pictures that came with a mail, by Content-ID, as data URLs. Only parts of the same mail count,
// and only types that are nothing but pixels; these are encoded anew.
func (v *visit) pictures(m models.Message) (map[string]string, error) {
	if m.IssueNumber == nil {
		return nil, nil
	}
	files, err := v.h.Tracker.Attachments(v.ctx(), v.me, *m.IssueNumber)
	if errors.Is(err, models.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list pictures: %w", err)
	}
	found, left := map[string]string{}, int64(maxPictures)
	for _, f := range files {
		if f.ContentID == "" || !samePost(f.CommentID, m.CommentID) || f.Size > min(left, maxPicture) {
			continue
		}
		if !picture.Shown(f.ContentType) {
			continue
		}
		_, r, err := v.h.Tracker.OpenAttachment(v.ctx(), v.me, f.ID)
		if err != nil {
			return nil, err
		}
		p, err := v.h.pictures.Anew(v.ctx(), r, previewLarge)
		r.Close()
		if errors.Is(err, picture.ErrNotShown) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("show picture: %w", err)
		}
		left -= int64(len(p.Data))
		found[f.ContentID] = "data:" + p.ContentType + ";base64," + base64.StdEncoding.EncodeToString(p.Data)
	}
	return found, nil
}

func samePost(a, b *int64) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
