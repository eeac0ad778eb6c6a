package message

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gomessage "github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset"
	gomail "github.com/emersion/go-message/mail"
)

// sized builds a support mail with text, HTML and, beyond 20 KB, an attachment that fills it up to n octets.
func sized(n int) []byte {
	words := "Der Drucker in der Größe A4 läuft seit Montag nicht mehr, bitte prüfen Sie das. "
	text := strings.Repeat(words+"\r\n", min(n, 10<<10)/3/len(words)+1)
	html := "<html><head><style>p{margin:0}</style></head><body>" + strings.Repeat(`<p class="MsoNormal"><span style="font-size:11.0pt">`+words+"</span></p>\r\n", min(n, 10<<10)/3/len(words)+1) + "</body></html>"
	var b bytes.Buffer
	b.WriteString("From: Anna Schmidt <anna@example.org>\r\nTo: support@example.com\r\nSubject: =?utf-8?q?Drucker_l=C3=A4uft_nicht?=\r\nDate: Mon, 02 Nov 2026 10:00:00 +0100\r\nMessage-ID: <s1@example.org>\r\nMIME-Version: 1.0\r\n")
	b.WriteString("Content-Type: multipart/mixed; boundary=outer\r\n\r\n--outer\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n")
	b.WriteString("--inner\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + text)
	b.WriteString("\r\n--inner\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + html + "\r\n--inner--\r\n")
	if rest := n - b.Len(); rest > 10<<10 {
		b.WriteString("--outer\r\nContent-Type: application/pdf; name=report.pdf\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n")
		data := make([]byte, rest*57/78)
		for i := range data {
			data[i] = byte(i*7 + i>>8)
		}
		enc := base64.StdEncoding.EncodeToString(data)
		for len(enc) > 76 {
			b.WriteString(enc[:76] + "\r\n")
			enc = enc[76:]
		}
		b.WriteString(enc + "\r\n")
	}
	b.WriteString("--outer--\r\n")
	return b.Bytes()
}

// mails returns the inputs of the benchmarks: generated ones, and a folder of mails when the variable names one.
func mails(b *testing.B) map[string][][]byte {
	b.Helper()
	out := map[string][][]byte{"5KB": {sized(5 << 10)}, "500KB": {sized(500 << 10)}, "25MB": {sized(25 << 20)}}
	if dir := os.Getenv("LETTERBOX_BENCH_MAILS"); dir != "" {
		files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range files {
			raw, err := os.ReadFile(f)
			if err != nil {
				b.Fatal(err)
			}
			out["folder"] = append(out["folder"], raw)
		}
	}
	return out
}

// goMessage does with go-message alone what is comparable: text as strings, attachments through SHA-256.
func goMessage(raw []byte) error {
	r, err := gomail.CreateReader(bytes.NewReader(raw))
	if err != nil && !gomessage.IsUnknownCharset(err) {
		return err
	}
	_, _ = r.Header.Subject()
	_, _ = r.Header.AddressList("From")
	_, _ = r.Header.AddressList("To")
	for {
		part, err := r.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil && !gomessage.IsUnknownCharset(err) {
			return err
		}
		switch part.Header.(type) {
		case *gomail.InlineHeader:
			var s strings.Builder
			if _, err := io.Copy(&s, part.Body); err != nil {
				return err
			}
		default:
			if _, err := io.Copy(sha256.New(), part.Body); err != nil {
				return err
			}
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for name, list := range mails(b) {
		size := int64(0)
		for _, raw := range list {
			size += int64(len(raw))
		}
		b.Run(name+"/letterbox", func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				for _, raw := range list {
					if _, err := Parse(bytes.NewReader(raw), Options{}); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		b.Run(name+"/go-message", func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				for _, raw := range list {
					if err := goMessage(raw); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkHostile shows how the time grows with each dimension of a hostile mail: compare the lines of one name.
func BenchmarkHostile(b *testing.B) {
	for _, h := range hostile {
		for _, n := range []int{h.size, 2 * h.size} {
			raw := []byte(h.build(n))
			b.Run(fmt.Sprintf("%s/%d", h.name, n), func(b *testing.B) {
				b.SetBytes(int64(len(raw)))
				for b.Loop() {
					if _, err := Parse(bytes.NewReader(raw), Options{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
