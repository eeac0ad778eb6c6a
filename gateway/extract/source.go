package extract

import (
	"bytes"
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// The bounds of what is looked at in one mail.
const (
	MaxFile  = 1 << 20 // Octets of one file.
	MaxFiles = 10      // Files that are kept to be read.
	maxText  = 1 << 18 // Octets of subject or text.
	maxValue = 4_000   // Octets of the value of a field.
	maxList  = 200     // Entries of a list.
)

// Source is what is read of a mail.
type Source struct {
	Subject string
	Text    string
	Files   []File
}

// File is an attached file, up to its first MaxFile octets.
type File struct {
	Name        string
	ContentType string // Lower case, without parameters.
	Data        []byte
	Short       bool // It is larger: Data is only its beginning.
}

// Readable reports whether a file of that name and type can be text.
func Readable(name, contentType string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".txt", ".xml", ".json", ".csv", ".log", ".text":
		return true
	}
	major, minor, _ := strings.Cut(contentType, "/")
	return major == "text" || strings.HasSuffix(minor, "xml") || strings.HasSuffix(minor, "json")
}

// document is one text of a mail with what has been made of it.
type document struct {
	name  string // Of the file; "" for subject and text.
	text  string
	data  []byte
	short bool
	xml   parsed[*node]
	json  parsed[any]
}

type parsed[T any] struct {
	done bool
	tree T
	err  *Problem
}

// sources are the documents of a mail, made when they are first asked for.
type sources struct {
	src           Source
	subject, text *document
	files         []*document
}

func newSources(src Source) *sources {
	s := &sources{src: src, subject: &document{text: bounded(src.Subject)}, text: &document{text: bounded(src.Text)}}
	s.subject.data, s.text.data = []byte(s.subject.text), []byte(s.text.text)
	for _, f := range src.Files {
		if len(s.files) == MaxFiles {
			break
		}
		if Readable(f.Name, f.ContentType) {
			s.files = append(s.files, &document{name: f.Name, text: bounded(decode(f.Data)), data: f.Data[:min(len(f.Data), MaxFile)], short: f.Short})
		}
	}
	return s
}

func bounded(s string) string {
	if len(s) <= maxText {
		return s
	}
	n := maxText
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// of returns the documents that a field may stand in.
func (s *sources) of(from, pattern string) []*document {
	switch from {
	case "subject":
		return []*document{s.subject}
	case "text":
		return []*document{s.text}
	}
	if pattern == "" {
		return s.files
	}
	var found []*document
	for _, d := range s.files {
		for one := range strings.SplitSeq(pattern, ",") {
			if ok, err := path.Match(strings.ToLower(strings.TrimSpace(one)), strings.ToLower(d.name)); ok && err == nil {
				found = append(found, d)
				break
			}
		}
	}
	return found
}

// decode reads octets as text: UTF-8, UTF-16 with a mark, or else Windows-1252, which reads anything.
func decode(data []byte) string {
	data = data[:min(len(data), MaxFile)]
	switch {
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}), bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		if out, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data); err == nil {
			return clean(out)
		}
	case utf8.Valid(trimCut(data)):
		return clean(bytes.TrimPrefix(data, []byte("\uFEFF")))
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(data)
	if err != nil {
		return ""
	}
	return clean(out)
}

// trimCut leaves out a character that the limit has cut through.
func trimCut(data []byte) []byte {
	for i := range min(len(data), utf8.UTFMax) {
		if utf8.RuneStart(data[len(data)-1-i]) {
			if !utf8.FullRune(data[len(data)-1-i:]) {
				return data[:len(data)-1-i]
			}
			break
		}
	}
	return data
}

func clean(b []byte) string {
	s := strings.ToValidUTF8(string(b), "\uFFFD")
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return strings.ReplaceAll(s, "\x00", "")
}

// Shown returns the text of a file as fields are looked for in it, up to the bounds of one mail.
func (f File) Shown() string { return bounded(decode(f.Data)) }
