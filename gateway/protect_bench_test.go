package gateway_test

import (
	"bytes"
	"crypto/x509"
	"io"
	"runtime"
	"testing"
	"time"

	"letterbox/gateway/outbound"
	"letterbox/gateway/smime"
)

// BenchmarkSignAndEncrypt writes a mail with a file of 10 MB, signed and encrypted, and reports how much the heap has
// grown at most meanwhile.
func BenchmarkSignAndEncrypt(b *testing.B) {
	for _, method := range []smime.Method{smime.CBC, smime.GCM} {
		b.Run(string(method), func(b *testing.B) { signAndEncrypt(b, method) })
	}
}

func signAndEncrypt(b *testing.B, method smime.Method) {
	const size = 10_000_000
	id, err := smime.SelfSigned("support@here.example", time.Now())
	if err != nil {
		b.Fatal(err)
	}
	file := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	m := outbound.Mail{
		From: outbound.Address{Address: "support@here.example"}, To: []outbound.Address{{Address: "erika@kunde.example"}}, Subject: "Report",
		Date: time.Now(), MessageID: "1@here.example", Text: "See the file.",
		Files: []outbound.File{{Name: "report.pdf", ContentType: "application/pdf", Size: size, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(file)), nil }}},
	}
	write := m.Protected(outbound.Protection{
		Sign: func(digest []byte) ([]byte, error) { return id.Sign(digest, time.Now()) },
		Kind: method.Kind(),
		Encrypt: func(w io.Writer, write func(io.Writer) error) error {
			return smime.Encrypt(w, []*x509.Certificate{id.Certificate, id.Certificate}, method, write)
		},
	})
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	peak := &heapPeak{}
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		if err := write(peak); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(max(0, float64(int64(peak.most)-int64(before.HeapInuse)))/(1<<20), "MiB-more")
}

// heapPeak forgets what is written to it, and looks at the heap every 256 KiB.
type heapPeak struct {
	most   uint64
	octets int
}

func (h *heapPeak) Write(p []byte) (int, error) {
	if h.octets += len(p); h.octets >= 256<<10 {
		h.octets = 0
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		h.most = max(h.most, m.HeapInuse)
	}
	return len(p), nil
}
