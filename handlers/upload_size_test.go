package handlers

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"testing"
)

// A file that is too large is not left out as if none had been chosen.
func TestFileThatIsTooLargeIsRefusedInWords(t *testing.T) {
	s := newSite(t)
	cookie := s.as("admin")
	for field, do := range map[string]string{"file": "key", "partner": "partner"} {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		s.ok(w.WriteField("do", do))
		part, err := w.CreateFormFile(field, "large.pem")
		s.ok(err)
		_, err = part.Write(make([]byte, maxCertificate+1))
		s.ok(err)
		s.ok(w.Close())
		req, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/smime", &body)
		s.ok(err)
		req.Header.Set("Content-Type", w.FormDataContentType())
		req.Header.Set("Cookie", cookie)
		res, err := http.DefaultClient.Do(req)
		s.ok(err)
		var out bytes.Buffer
		_, err = out.ReadFrom(res.Body)
		s.ok(err)
		s.ok(res.Body.Close())
		answer{Status: res.StatusCode, Body: out.String(), Header: res.Header}.want(t, 422, "larger than 1 MB", `href="#f-`+field+`"`)
	}
}
