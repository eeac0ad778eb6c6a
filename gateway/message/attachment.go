package message

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"path"
	"strconv"
	"strings"
)

// attachment is one that is being written. Its place in Message.Attachments is taken when it is opened.
type attachment struct {
	p     *parser
	index int // -1 beyond the limit: nothing is written.
	w     io.WriteCloser
	sum   hash.Hash // Nil when w knows the hash of what it is given.
	size  int64
	head  []byte // The first octets, to find the type.
	node  *node
}

// hasher is a writer that hashes what it is given itself.
type hasher interface{ SHA256() []byte }

// markInline finds out which attachments the HTML shows in its place: parts with a Content-ID that it refers to. A part
// whose sender wanted it as an attachment stays one.
func (p *parser) markInline(html string) {
	shown := map[string]bool{}
	for rest := html; len(p.m.Attachments) > 0; {
		i := indexFold(rest, "cid:")
		if i < 0 || len(shown) > 10_000 {
			break
		}
		rest = rest[i+4:]
		n := strings.IndexAny(rest[:min(len(rest), maxMessageIDLen)], "\"'<> \t\r\n)")
		if n < 0 {
			continue
		}
		id := string(percent(rest[:n]))
		shown[id] = true
		shown[strings.ReplaceAll(id, "&amp;", "&")] = true
	}
	for i := range p.m.Attachments {
		a := &p.m.Attachments[i]
		a.Inline = a.Inline && a.ContentID != "" && shown[a.ContentID]
	}
}

// attach opens the next attachment; inline tells that its sender did not ask for an attachment.
func (p *parser) attach(n *node, inline bool) *attachment {
	a := &attachment{p: p, index: -1, node: n}
	if len(p.m.Attachments) >= p.lim.Attachments {
		p.defect(DefectAttachmentLimit, n.name)
		return a
	}
	a.index = len(p.m.Attachments)
	p.open = a
	p.m.Attachments = append(p.m.Attachments, Attachment{ContentType: n.mime, ContentID: n.cid, Inline: inline})
	if p.sink != nil && p.err == nil {
		w, err := p.sink(a.index)
		if err != nil {
			p.err = err
		}
		a.w = w
	}
	if _, ok := a.w.(hasher); !ok {
		a.sum = sha256.New()
	}
	return a
}

func (a *attachment) write(b []byte) {
	if a.index < 0 {
		return
	}
	a.size += int64(len(b))
	if a.sum != nil {
		a.sum.Write(b)
	}
	if len(a.head) < 512 {
		a.head = append(a.head, b[:min(len(b), 512-len(a.head))]...)
	}
	if a.w != nil && a.p.err == nil {
		if _, err := a.w.Write(b); err != nil {
			a.p.err = err
		}
	}
}

// close ends an attachment and gives it its name.
func (a *attachment) close() {
	if a.p.open == a {
		a.p.open = nil
	}
	if a.index < 0 {
		return
	}
	if a.w != nil {
		if err := a.w.Close(); err != nil && a.p.err == nil {
			a.p.err = err
		}
	}
	at := &a.p.m.Attachments[a.index]
	at.Size = a.size
	if a.sum != nil {
		at.SHA256 = hex.EncodeToString(a.sum.Sum(nil))
	} else {
		at.SHA256 = hex.EncodeToString(a.w.(hasher).SHA256())
	}
	at.ContentType = sniffType(at.ContentType, a.node.name, a.head)
	name := a.node.name
	if name == "" {
		name = madeUpName(a.node, a.index, at.ContentType)
	}
	at.Name = name
}

// madeUpName names a part that has no name.
func madeUpName(n *node, index int, kind string) string {
	ext := extension(kind)
	switch {
	case kind == "message/delivery-status":
		return "delivery-status.txt"
	case kind == "text/rfc822-headers":
		return "headers.txt"
	case n.text && n.mime == "text/html":
		return "message.html"
	case n.text:
		return "message.txt"
	case kind == "text/calendar":
		return "invitation.ics"
	}
	return "attachment-" + strconv.Itoa(index+1) + ext
}

var extensions = map[string]string{
	"text/plain": ".txt", "text/html": ".html", "text/calendar": ".ics", "text/csv": ".csv", "text/vcard": ".vcf", "text/x-vcard": ".vcf", "text/xml": ".xml", "text/enriched": ".txt", "text/rfc822-headers": ".txt",
	"image/png": ".png", "image/jpeg": ".jpg", "image/jpg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "image/svg+xml": ".svg", "image/bmp": ".bmp", "image/tiff": ".tif", "image/heic": ".heic",
	"application/pdf": ".pdf", "application/zip": ".zip", "application/gzip": ".gz", "application/json": ".json", "application/xml": ".xml", "application/rtf": ".rtf", "application/ms-tnef": ".dat", "application/msword": ".doc",
	"application/vnd.ms-excel": ".xls", "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
	"application/pkcs7-mime": ".p7m", "application/pkcs7-signature": ".p7s", "application/x-pkcs7-signature": ".p7s", "application/x-pkcs7-mime": ".p7m", "application/pgp-signature": ".asc", "application/pgp-encrypted": ".asc", "application/pgp-keys": ".asc",
	"message/rfc822": ".eml", "message/global": ".eml", "message/delivery-status": ".txt", "message/feedback-report": ".txt", "message/disposition-notification": ".txt", "message/partial": ".eml",
	"audio/mpeg": ".mp3", "audio/wav": ".wav", "audio/ogg": ".ogg", "video/mp4": ".mp4", "video/quicktime": ".mov",
}

func extension(kind string) string {
	if e, ok := extensions[kind]; ok {
		return e
	}
	if strings.HasPrefix(kind, "text/") {
		return ".txt"
	}
	if strings.HasPrefix(kind, "message/") {
		return ".eml"
	}
	if strings.HasPrefix(kind, "multipart/") {
		return ".mime"
	}
	return ".bin"
}

// sniffType finds the type of a file whose declared type says nothing: by its first octets, then by its name.
func sniffType(declared, name string, head []byte) string {
	switch declared {
	case "", "application/octet-stream", "application/octetstream", "application/x-octet-stream", "application/unknown", "application/x-unknown", "application/binary", "binary/octet-stream", "unknown/unknown", "application/x-download", "application/force-download", "attachment/octet-stream":
	default:
		return declared
	}
	s := string(head)
	for _, m := range magics {
		if strings.HasPrefix(s, m.head) {
			return m.kind
		}
	}
	switch ext := strings.ToLower(path.Ext(name)); {
	case strings.HasPrefix(s, "PK\x03\x04"):
		if t, ok := officeTypes[ext]; ok {
			return t
		}
		return "application/zip"
	case len(s) > 12 && s[:4] == "RIFF" && s[8:12] == "WEBP":
		return "image/webp"
	case len(s) > 12 && s[:4] == "RIFF" && s[8:12] == "WAVE":
		return "audio/wav"
	case strings.HasPrefix(s, "\xd0\xcf\x11\xe0"):
		if t, ok := officeTypes[ext]; ok {
			return t
		}
	case officeTypes[ext] != "":
		return officeTypes[ext]
	}
	return "application/octet-stream"
}

var magics = []struct{ head, kind string }{
	{"\x89PNG\r\n\x1a\n", "image/png"}, {"\xff\xd8\xff", "image/jpeg"}, {"GIF87a", "image/gif"}, {"GIF89a", "image/gif"}, {"%PDF-", "application/pdf"}, {"\x1f\x8b", "application/gzip"}, {"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"},
	{"Rar!\x1a\x07", "application/vnd.rar"}, {"{\\rtf", "application/rtf"}, {"\x78\x9f\x3e\x22", "application/ms-tnef"}, {"ID3", "audio/mpeg"}, {"II*\x00", "image/tiff"}, {"MM\x00*", "image/tiff"}, {"BM", "image/bmp"},
}

// Types by extension, of what is common in mail; files that can run are octets and nothing else.
var officeTypes = map[string]string{
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".odt": "application/vnd.oasis.opendocument.text", ".ods": "application/vnd.oasis.opendocument.spreadsheet", ".odp": "application/vnd.oasis.opendocument.presentation",
	".doc": "application/msword", ".xls": "application/vnd.ms-excel", ".ppt": "application/vnd.ms-powerpoint", ".msg": "application/vnd.ms-outlook",
	".txt": "text/plain", ".log": "text/plain", ".csv": "text/csv", ".ics": "text/calendar", ".vcf": "text/vcard", ".eml": "message/rfc822", ".json": "application/json", ".xml": "application/xml", ".zip": "application/zip",
	".mp3": "audio/mpeg", ".mp4": "video/mp4", ".svg": "image/svg+xml",
}
