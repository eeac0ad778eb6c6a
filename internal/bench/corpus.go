package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"mime/quotedprintable"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// corpus returns the mails of a folder in the order of their names, or n generated ones: seven of ten small, two with
// an attachment of 50 to 500 KB, one that answers an earlier one. The same n gives the same octets.
func corpus(folder string, n int) ([][]byte, error) {
	if folder == "" {
		return generate(n), nil
	}
	names, err := filepath.Glob(filepath.Join(folder, "*.eml"))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var all [][]byte
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, raw)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no .eml file in %s", folder)
	}
	return all, nil
}

const words = "the printer server account invoice order window customer delivery please after since restart cannot open message " +
	"der Drucker Rechnung Bestellung Anmeldung Fehler Straße für über können Größe Prüfung zurück schließen wäre Verträge"

func generate(n int) [][]byte {
	r := rand.New(rand.NewPCG(1, 1))
	all := make([][]byte, 0, n)
	for i := range n {
		kind := "small"
		switch {
		case i%10 == 9:
			kind = "reply"
		case i%5 == 2:
			kind = "attachment"
		}
		all = append(all, generated(r, i, kind))
	}
	return all
}

func generated(r *rand.Rand, i int, kind string) []byte {
	text := sentences(r, 1200+r.IntN(4000))
	head, subject := "", "Request "+fmt.Sprint(i)
	if kind == "reply" {
		head = fmt.Sprintf("In-Reply-To: <%d@mail.example>\r\nReferences: <%d@mail.example>\r\n", i-9, i-9)
		subject = "Re: Request " + fmt.Sprint(i-9)
		text += "\r\nOn Monday somebody wrote:\r\n> " + strings.ReplaceAll(sentences(r, 800), "\r\n", "\r\n> ") + "\r\n"
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "Received: from mx.example by here.example; Mon, 5 Jan 2026 08:00:00 +0100\r\nFrom: User %d <user%d@customer.example>\r\n"+
		"To: support@here.example\r\nSubject: %s\r\nDate: Mon, 5 Jan 2026 08:00:00 +0100\r\nMessage-ID: <%d@mail.example>\r\n%sMIME-Version: 1.0\r\n",
		i%20, i%20, subject, i, head)
	if kind == "attachment" {
		b.WriteString("Content-Type: multipart/mixed; boundary=mix\r\n\r\n--mix\r\n")
	}
	b.WriteString("Content-Type: multipart/alternative; boundary=alt\r\n\r\n--alt\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	quoted(&b, text)
	b.WriteString("\r\n--alt\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	quoted(&b, `<html><head><style>p.MsoNormal{margin:0cm;font-size:11.0pt}</style></head><body lang="DE">`+
		strings.ReplaceAll(text, "\r\n", `</p><p class="MsoNormal"><span style="font-size:11.0pt">`)+"</body></html>")
	b.WriteString("\r\n--alt--\r\n")
	if kind == "attachment" {
		file := make([]byte, 50_000+r.IntN(450_000))
		for j := range file {
			file[j] = byte(r.Uint32())
		}
		fmt.Fprintf(&b, "--mix\r\nContent-Type: application/pdf; name=\"report %d.pdf\"\r\nContent-Disposition: attachment; filename=\"report %d.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n", i, i)
		lines(&b, file)
		b.WriteString("--mix--\r\n")
	}
	return b.Bytes()
}

func sentences(r *rand.Rand, size int) string {
	list := strings.Fields(words)
	var b strings.Builder
	for line := 0; b.Len() < size; {
		w := list[r.IntN(len(list))]
		if line += len(w) + 1; line > 70 {
			b.WriteString("\r\n")
			line = len(w)
		}
		b.WriteString(w + " ")
	}
	return b.String()
}

func quoted(b *bytes.Buffer, text string) {
	w := quotedprintable.NewWriter(b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
}

// lines writes base64 in lines of 76 characters (RFC 2045, 6.8).
func lines(b *bytes.Buffer, data []byte) {
	enc := base64.StdEncoding.EncodeToString(data)
	for len(enc) > 76 {
		b.WriteString(enc[:76] + "\r\n")
		enc = enc[76:]
	}
	b.WriteString(enc + "\r\n")
}

// largeMail is one mail of about size octets with one attachment.
func largeMail(size int) []byte {
	var b bytes.Buffer
	b.WriteString("From: a@customer.example\r\nTo: support@here.example\r\nSubject: large\r\nMessage-ID: <large@mail.example>\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=mix\r\n\r\n--mix\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n--mix\r\n" +
		"Content-Type: application/zip; name=\"large.zip\"\r\nContent-Disposition: attachment; filename=\"large.zip\"\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	r := rand.New(rand.NewPCG(2, 2))
	file := make([]byte, size*57/78)
	for j := range file {
		file[j] = byte(r.Uint32())
	}
	lines(&b, file)
	b.WriteString("--mix--\r\n")
	return b.Bytes()
}
