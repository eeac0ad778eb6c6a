package handlers_test

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"letterbox/handlers"
)

// maxPicture is how many octets a picture of the README may have.
const maxPicture = 200 << 10

// The pictures of the README show the program as it is: "make pictures" has this test write them. It also looks that
// the pages can be drawn in both themes without anything sticking out.
func TestPicturesOfTheTracker(t *testing.T) {
	s := handlers.NewSite(t)
	fillForPictures(s)
	ctx := browser(t)
	for _, one := range []struct {
		name, who, language, path, theme string
		width, height                    int64
	}{
		{"issues-light", "lead", "en", "/issues", "light", 1200, 720},
		{"issues-dark", "lead", "en", "/issues", "dark", 1200, 720},
		{"issue-light", "lead", "en", "/issues/1", "light", 1200, 860},
		{"issue-dark", "lead", "en", "/issues/1", "dark", 1200, 860},
		{"board-light", "lead", "en", "/board?project=SUP", "light", 1200, 720},
		{"triage-light", "admin", "en", "/triage", "light", 1200, 720},
		{"issue-phone", "lead", "de", "/issues/1", "dark", 360, 720},
		{"issues-phone", "lead", "de", "/issues", "light", 360, 720},
	} {
		p := visitor(ctx, t, s, one.who, one.language)
		var shot []byte
		var width int64
		p.do("set the size", emulation.SetDeviceMetricsOverride(one.width, one.height, 1, false),
			emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: one.theme}}))
		p.open(one.path)
		p.do("take a picture", chromedp.Evaluate(`document.documentElement.scrollWidth`, &width),
			chromedp.ActionFunc(func(ctx context.Context) (err error) {
				shot, err = page.CaptureScreenshot().WithFormat(page.CaptureScreenshotFormatPng).Do(ctx)
				return err
			}))
		if width > one.width {
			t.Errorf("%s is %d pixels wide, want at most %d", one.name, width, one.width)
		}
		if c, err := png.DecodeConfig(bytes.NewReader(shot)); err != nil || int64(c.Width) != one.width || len(shot) > maxPicture {
			t.Errorf("%s: %d octets, %d pixels wide and %v, want at most %d octets", one.name, len(shot), c.Width, err, maxPicture)
		}
		if dir := os.Getenv("LETTERBOX_TEST_IMAGES"); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, one.name+".png"), shot, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// fillForPictures takes in mails as a support team gets them.
func fillForPictures(s *handlers.Site) {
	for _, m := range []struct{ from, subject, text string }{
		{"Anna Berg <anna.berg@brightprint.example>", "Printer on floor 3 jams after every second page", "Hello,\n\nsince this morning the printer on floor 3 jams after every second page. We have tried new paper and switched it off and on again.\n\nThe serial number is LX-4711-B, the display says E-214.\n\nKind regards\nAnna\n\nOn Fri, 20 Nov 2026 at 16:02, Support <support@letterbox.example> wrote:\n> The technician has replaced the tray.\n> Please tell us if it happens again."},
		{"Tomás Keller <keller@nordlicht.example>", "Invoice 2026-1182 shows the old address", "Please send it again with our address in Kiel."},
		{"Mei Tan <mei@harbourcafe.example>", "Can we move the installation to Thursday?", "Wednesday does not work for us any more."},
		{"Jonas Weber <j.weber@weberbau.example>", "VPN drops every ten minutes", "Since the update the connection drops every ten minutes."},
		{"Olga Petrova <olga@lindenhof.example>", "Order 4402: one cable is missing", "The parcel came with three cables, we ordered four."},
		{"Paul Martin <paul@atelier-martin.example>", "Password mail does not arrive", "I have looked in the spam folder too."},
		{"Sara Lind <sara@fjordfoto.example>", "Offer for ten more licences", "We are growing and need ten more."},
		{"Anna Berg <anna.berg@brightprint.example>", "Toner for the copier", "We need two black ones."},
	} {
		s.TakeIn(false, m.from, m.subject, m.text)
	}
	for _, m := range []struct{ from, subject, text string }{
		{"Kim Lee <kim@example.net>", "Whom do I ask about a return?", "The lamp flickers and I would like to send it back."},
		{"Offers <deals@cheap.example>", "You have won a cruise", "Click here."},
		{"Nora Falk <nora@falk-legal.example>", "Question about the contract", "Who can tell me about the notice period?"},
	} {
		s.TakeIn(true, m.from, m.subject, m.text)
	}
	s.Work("lead", 1, "open", "lead", "high", "hardware", "The part is **ordered**. A technician comes on Tuesday between 9 and 11.", false)
	s.Work("lead", 1, "", "", "", "", "Third jam in two weeks: offer a replacement if it happens again. See #8.", true)
	s.Work("member", 2, "waiting", "member", "normal", "billing", "", false)
	s.Work("lead", 4, "open", "member", "urgent", "network", "", false)
	s.Work("lead", 5, "resolved", "lead", "normal", "", "", false)
	s.Work("lead", 7, "open", "lead", "low", "sales", "", false)
	s.Work("lead", 8, "closed", "member", "normal", "", "", false)
}
