package message

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
)

// tnefAttribute writes one attribute.
func tnefAttribute(level byte, id uint32, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{level}, id)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	b = append(b, data...)
	sum := 0
	for _, c := range data {
		sum += int(c)
	}
	return binary.LittleEndian.AppendUint16(b, uint16(sum))
}

// tnefStringProp writes one property of UTF-16 text.
func tnefStringProp(id uint16, s string) []byte {
	var v []byte
	for _, u := range utf16.Encode([]rune(s + "\x00")) {
		v = binary.LittleEndian.AppendUint16(v, u)
	}
	return tnefVariableProp(id, 0x1f, v)
}

func tnefVariableProp(id, kind uint16, v []byte) []byte {
	b := binary.LittleEndian.AppendUint16(nil, kind)
	b = binary.LittleEndian.AppendUint16(b, id)
	b = binary.LittleEndian.AppendUint32(b, 1)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(v)))
	b = append(b, v...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func tnefProps(props ...[]byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(props)))
	for _, p := range props {
		b = append(b, p...)
	}
	return b
}

// tnefSample is a winmail.dat with an HTML body and two files, the second with a short and a long name.
func tnefSample() []byte {
	b := binary.LittleEndian.AppendUint32(nil, tnefSignature)
	b = append(b, 1, 0)
	b = append(b, tnefAttribute(1, tnefCodepage, []byte{0xe4, 4, 0, 0, 0, 0, 0, 0})...)
	b = append(b, tnefAttribute(1, tnefMessageProps, tnefProps(tnefVariableProp(propHTML, 0x102, []byte("<p>Gr\xfc\xdfe aus <b>Outlook</b></p>"))))...)
	b = append(b, tnefAttribute(2, tnefAttachBegin, make([]byte, 14))...)
	b = append(b, tnefAttribute(2, tnefAttachTitle, []byte("notes.txt\x00"))...)
	b = append(b, tnefAttribute(2, tnefAttachData, []byte("first file"))...)
	b = append(b, tnefAttribute(2, tnefAttachBegin, make([]byte, 14))...)
	b = append(b, tnefAttribute(2, tnefAttachTitle, []byte("BERSIC~1.PDF\x00"))...)
	b = append(b, tnefAttribute(2, tnefAttachData, []byte("%PDF-1.4 second file"))...)
	b = append(b, tnefAttribute(2, tnefAttachProps, tnefProps(tnefStringProp(propLongName, "Übersicht März.pdf"), tnefStringProp(propMIME, "application/pdf")))...)
	return b
}

func tnefMail(data []byte) string {
	return "Subject: x\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + string(data)
}

func TestWinmailDatIsUnpackedAndKept(t *testing.T) {
	m := parse(t, tnefMail(tnefSample()))
	if got, want := m.Text, "Grüße aus Outlook"; got != want {
		t.Errorf("Text = %q, want %q", got, want)
	}
	if got, want := m.HTML, "<p>Grüße aus <b>Outlook</b></p>"; got != want {
		t.Errorf("HTML = %q, want %q", got, want)
	}
	var got []string
	for _, a := range m.Attachments {
		got = append(got, a.Name+" "+a.ContentType)
	}
	want := "winmail.dat application/ms-tnef|notes.txt text/plain|Übersicht März.pdf application/pdf"
	if strings.Join(got, "|") != want {
		t.Errorf("Attachments = %q, want %q", strings.Join(got, "|"), want)
	}
}

func TestWinmailDatCutShortGivesWhatWasThere(t *testing.T) {
	sample := tnefSample()
	for n := range sample {
		m := parse(t, tnefMail(sample[:n]))
		if m.Attachments[0].Name != "winmail.dat" {
			t.Fatalf("cut at %d: Attachments = %v, want the original first", n, m.Attachments)
		}
		for _, d := range m.Defects {
			if d.Code == DefectInternal {
				t.Fatalf("cut at %d: %v", n, d)
			}
		}
	}
}
