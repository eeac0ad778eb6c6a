package smime

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"testing"
)

// FuzzGCM compares what is encrypted piece by piece with what the library makes of the whole.
func FuzzGCM(f *testing.F) {
	for _, size := range []int{0, 1, 15, 16, 17, 31, 32, 33, 1000} {
		f.Add(bytes.Repeat([]byte{7}, 32), bytes.Repeat([]byte{9}, nonceSize), bytes.Repeat([]byte("letterbox"), size)[:size])
	}
	f.Fuzz(func(t *testing.T, key, nonce, content []byte) {
		if len(key) != 32 || len(nonce) != nonceSize {
			t.Skip()
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := cipher.NewGCM(block)
		if err != nil {
			t.Fatal(err)
		}
		stream, sum := newGCM(block, nonce)
		got := make([]byte, len(content))
		stream.XORKeyStream(got, content)
		half := len(got) / 2 / tagSize * tagSize
		sum.add(got[:half])
		sum.add(got[half:])
		if got, want := append(got, sum.tag()...), whole.Seal(nil, nonce, content, nil); !bytes.Equal(got, want) {
			t.Errorf("encrypted to %x, want %x", got, want)
		}
	})
}
