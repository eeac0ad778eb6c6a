package handlers

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// withPart is withFile with a part of another kind.
func withPart(id, contentType, name, content string) string {
	encoded := base64.StdEncoding.EncodeToString([]byte(content))
	head, _, _ := strings.Cut(strings.NewReplacer("photo-1", id, "image/png", contentType, "fire.png", name).Replace(withFile), "iVBOR")
	return head + encoded + "\n--b--\n"
}

// What is shown in place is the pixels of a picture, made anew, or a PDF; nothing else. All of it may do nothing.
func TestPreviewShowsPixelsAndPapersOnly(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, withFile)
	for i, part := range [][3]string{
		{"application/pdf", "order.pdf", "%PDF-1.4\n%%EOF"},
		{"application/pdf", "script.pdf", "<script>alert(1)</script>"},
		{"text/html", "page.html", "<script>alert(1)</script>"},
		{"image/svg+xml", "drawing.svg", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"},
		{"image/png", "page.png", "<script>alert(1)</script>"},
		{"text/html; charset=utf-7", "seven.html", "+ADw-script+AD4-"},
		{"application/x-shockwave-flash", "film.swf", "FWS"},
		{"multipart/related", "page.mhtml", "MIME-Version: 1.0"},
		{"text/xml", "page.xml", "<x xmlns='http://www.w3.org/1999/xhtml'/>"},
	} {
		s.mail(s.inbox, withPart(strings.Repeat("x", i+1), part[0], part[1], part[2]))
	}
	cookie := s.as("member")
	got := map[string]string{}
	for id := int64(1); ; id++ {
		f, err := s.store.AttachmentByID(t.Context(), id)
		if err != nil {
			break
		}
		a := s.get("/attachments/"+fmt.Sprint(id)+"/preview", cookie)
		if got[f.Name] = "not found"; a.Status == 200 {
			got[f.Name] = a.Header.Get("Content-Type")
		} else if a.Status != 404 {
			got[f.Name] = fmt.Sprint(a.Status)
		}
		if a.Status != 200 {
			continue
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'self'", "X-Content-Type-Options": "nosniff",
			"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer",
		} {
			if value := a.Header.Get(name); value != want {
				t.Errorf("%s: %s = %q, want %q", f.Name, name, value, want)
			}
		}
		if small := s.get("/attachments/"+fmt.Sprint(id)+"/preview?size=small", cookie); small.Status != 200 || small.Body != a.Body {
			t.Errorf("%s: the small preview answers %d with %d octets, want the same as the large one of a file that is small", f.Name, small.Status, len(small.Body))
		}
		if again := s.get("/attachments/"+fmt.Sprint(id)+"/preview?size=small", s.as("other")); again.Status != 404 {
			t.Errorf("%s: somebody who does not see the issue gets %d, want 404", f.Name, again.Status)
		}
	}
	want := map[string]string{"fire.png": "image/png", "order.pdf": "application/pdf"}
	for _, name := range []string{"script.pdf", "page.html", "drawing.svg", "page.png", "seven.html", "film.swf", "page.xml"} {
		want[name] = "not found"
	}
	delete(got, "page.mhtml") // A multipart without parts is no file.
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("previews (-want +got):\n%s", d)
	}
	s.get("/issues/2", cookie).want(t, 200, `<iframe class="opened" src="/attachments/2/preview"`, "Look at order.pdf")
	s.get("/issues/4", cookie).want(t, 200, "page.html", "!/preview")
}
