package smime

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
)

// oidCapabilities names what its owner can read: a signed attribute (RFC 8551, 2.5.2), or an extension of a certificate
// (RFC 4262).
var oidCapabilities = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 15}

// capability is one method of SMIMECapabilities. Those of AES have no parameters.
type capability struct{ Method asn1.ObjectIdentifier }

// ours is what can be read here, what we like best first.
func ours() []capability {
	return []capability{{oidAES256GCM}, {oidAES128GCM}, {oidAES256CBC}, {oidAES128CBC}}
}

// oursExtension is ours for a certificate.
func oursExtension() (pkix.Extension, error) {
	der, err := asn1.Marshal(ours())
	if err != nil {
		return pkix.Extension{}, fmt.Errorf("write what can be read: %w", err)
	}
	return pkix.Extension{Id: oidCapabilities, Value: der}, nil
}

// ReadsGCM reports whether a certificate says that its owner reads mail in [GCM]. Most say nothing, which means no.
func ReadsGCM(c *x509.Certificate) bool {
	for _, e := range c.Extensions {
		if e.Id.Equal(oidCapabilities) {
			list, err := parseBER(e.Value)
			return err == nil && namesGCM(list)
		}
	}
	return false
}

// announced returns what the signed attributes of a signer say of [GCM]; said is false when they say nothing of encryption.
func announced(signer element) (gcm, said bool) {
	attrs, _ := signer.at(3, tagZero)
	for _, a := range attrs.parts {
		if id, ok := a.at(0, tagOID); !ok || !id.is(oidCapabilities) {
			continue
		}
		values, _ := a.at(1, tagSet)
		list, ok := values.at(0, tagSequence)
		if !ok || said || len(values.parts) != 1 { // Once, with one value (RFC 8551, 2.5).
			return false, false
		}
		gcm, said = namesGCM(list), true
	}
	return gcm, said
}

// namesGCM reports whether AES-256-GCM is among the methods.
func namesGCM(list element) bool {
	return list.tag == tagSequence && slices.ContainsFunc(list.parts, func(one element) bool {
		return one.tag == tagSequence && one.algorithm(oidAES256GCM)
	})
}
