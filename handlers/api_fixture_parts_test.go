package handlers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"letterbox/models"
	"letterbox/tracker"
)

// bodies are those of requests that are right in every way but the rights, by route.
func (w *apiWorld) bodies(id int64, n int) map[string]string {
	return map[string]string{
		"POST /contacts/:id/merge":           fmt.Sprintf(`{"into":%d}`, id),
		"POST /projects/:key/templates":      `{"name":"Hello","body":"Dear customer,"}`,
		"PATCH /projects/:key/templates/:id": fmt.Sprintf(`{"body":"Dear customer %d,"}`, n),
		"PATCH /projects/:key/labels/:id":    `{"name":"Door"}`,
		"POST /webhooks":                     `{"name":"Radar","url":"https://radar.example/","events":["issue.created"]}`,
		"PATCH /webhooks/:id":                `{"name":"Sonar"}`,
		"POST /scripts":                      fmt.Sprintf(`{"name":"Script %d","source":"const onEmail = () => null"}`, n),
		"PATCH /scripts/:id":                 `{"on_failure":"go_on"}`,
		"POST /scripts/:id/try":              `{"inbox":1,"count":1}`,
		"POST /organisations":                fmt.Sprintf(`{"name":"New","entries":["new%d.example"]}`, n),
		"PATCH /organisations/:id":           `{"name":"Renamed"}`,
		"POST /projects":                     fmt.Sprintf(`{"key":"N%d","name":"New"}`, n),
		"PATCH /projects/:key":               `{"name":"Renamed"}`,
		"PUT /projects/:key/members/:login":  `{"role":"member"}`,
		"PUT /projects/:key/states":          `{"items":[]}`,
		"PUT /projects/:key/priorities":      `{"items":[]}`,
		"PATCH /users/:id":                   `{"role":"member"}`,
		"POST /users/:id/addresses":          fmt.Sprintf(`{"address":"more%d@here.example"}`, n),
		"POST /views":                        `{"name":"New","query":"is:open"}`,
		"POST /picture-senders":              `{"address":"news@elsewhere.example"}`,
		"POST /invitations":                  fmt.Sprintf(`{"address":"new%d@here.example","projects":[{"project":"SUP","role":"member"}]}`, n),
		"POST /users/:id/invitation":         `{"mail":false}`,
		"POST /users":                        fmt.Sprintf(`{"login":"n%d","name":"New","role":"member"}`, n),
		"POST /inboxes":                      fmt.Sprintf(`{"name":"New %d","project":"SUP","receive":"push","auth":"none"}`, n),
		"PATCH /inboxes/:id":                 `{"batch_size":20}`,
		"PUT /inboxes/:id/flow":              `{"rules":[]}`,
		"POST /inboxes/:id/flow/try":         `{"count":1}`,
		"PUT /inboxes/:id/script":            `{"source":""}`,
		"POST /inboxes/:id/script/try":       `{"count":1}`,
		"POST /issues":                       `{"project":"SUP","title":"New"}`,
		"POST /sending-accounts":             `{"address":"support@here.example","host":"smtp.here.example","password":"x"}`,
		"PATCH /sending-accounts/:id":        `{"per_minute":30}`,
		"POST /messages/:id/attach":          `{"issue":1}`,
		"PATCH /issues/:number":              `{"state":"open"}`,
		"POST /issues/:number/comments":      `{"body":"Done."}`,
		"POST /issues/:number/links":         `{"issue":99}`,
		"POST /issues/:number/merge":         `{"into":99}`,

		"POST /issues/:number/comments/:comment/split": `{"title":"Its own"}`,
		"POST /issues/:number/comments/:comment/move":  `{"to":99}`,
		"POST /notifications/read":                     `{"last":1}`,
		"PUT /inboxes/:id/extraction":                  `{"profiles":[]}`,
		"PUT /inboxes/:id/acknowledgement":             `{"mode":"known"}`,
		"POST /inboxes/:id/look":                       `{"wanted":"nora@elsewhere.example"}`,
		"PATCH /smime/certificates/:id":                `{"revoked":false}`,
	}
}

// parts fills in what the path of a request names beside its thing; what it names is made when it is not there.
func (w *apiWorld) parts(path string) string {
	w.t.Helper()
	switch {
	case strings.Contains(path, "/comments/:comment/"):
		return strings.Replace(path, ":comment", strconv.FormatInt(w.comment(), 10), 1)
	case strings.Contains(path, "/links/:link"):
		return strings.Replace(path, ":link", "blocks-"+strconv.FormatInt(w.linked(), 10), 1)
	case strings.HasSuffix(path, "/tokens/:token"):
		return strings.Replace(path, ":token", strconv.FormatInt(w.spareToken(), 10), 1)
	case strings.HasSuffix(path, "/addresses/:address"):
		return strings.Replace(path, ":address", "member@here.example", 1)
	case strings.HasSuffix(path, "/breaker"):
		_, err := w.store.TripBreaker(w.t.Context(), models.Breaker{
			Place: fmt.Sprintf("inbox:%d", w.inbox.ID), Reason: "inbox", TrippedAt: time.Now(), EndsAt: time.Now().Add(time.Hour),
		})
		w.ok(err)
	case strings.HasPrefix(path, "/smime/keys/"):
		return strings.Replace(path, ":id", strconv.FormatInt(w.smimeKey(), 10), 1)
	case strings.HasPrefix(path, "/smime/certificates/"):
		return strings.Replace(path, ":id", strconv.FormatInt(w.smimeCertificate(), 10), 1)
	}
	return path
}

// spareToken returns the ID of a token of the member that nobody uses, which is made when there is none.
func (w *apiWorld) spareToken() int64 {
	w.t.Helper()
	list, err := w.h.Tracker.Tokens(w.t.Context(), tracker.CommandLine(), w.users["member"].ID)
	w.ok(err)
	for _, t := range list {
		if t.Name == "spare" {
			return t.ID
		}
	}
	_, made, err := w.h.Tracker.AddToken(w.t.Context(), tracker.CommandLine(), w.users["member"].ID, tracker.TokenDraft{Name: "spare"})
	w.ok(err)
	return made.ID
}

// comment returns the ID of a comment of issue 1 that a member wrote, which is made when there is none.
func (w *apiWorld) comment() int64 {
	w.t.Helper()
	list, err := w.store.Comments(w.t.Context(), 1)
	w.ok(err)
	if len(list) > 0 {
		return list[0].ID
	}
	made := w.get("member", "POST", "/issues/1/comments", `{"body":"And the window, too."}`, 201)
	return int64(made["id"].(float64))
}

// linked returns the number of an issue that issue 1 blocks.
func (w *apiWorld) linked() int64 {
	w.t.Helper()
	admin := w.users["admin"]
	list, err := w.h.Tracker.Links(w.t.Context(), &admin, 1)
	w.ok(err)
	for _, l := range list {
		if l.Kind == models.LinkBlocks {
			return l.Number
		}
	}
	number := int64(w.get("admin", "POST", "/issues", `{"project":"SUP","title":"Window"}`, 201)["number"].(float64))
	w.ok(w.h.Tracker.AddLink(w.t.Context(), &admin, 1, number, models.LinkBlocks))
	return number
}

// keyFile is the body of a request with a new certificate and its key.
func (w *apiWorld) keyFile() string {
	w.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.ok(err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	w.ok(err)
	of := &x509.Certificate{
		SerialNumber: serial, EmailAddresses: []string{"key@here.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	w.ok(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	w.ok(err)
	file := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	return fmt.Sprintf(`{"file":%q}`, base64.StdEncoding.EncodeToString(file))
}

// smimeKey returns the ID of a certificate of ours, which is made when there is none.
func (w *apiWorld) smimeKey() int64 {
	w.t.Helper()
	list, err := w.h.Gateway.SMIMEKeys(w.t.Context())
	w.ok(err)
	if len(list) == 0 {
		w.get("admin", "POST", "/smime/keys", w.keyFile(), 204)
		return w.smimeKey()
	}
	return list[0].ID
}

// smimeCertificate returns the ID of a certificate of somebody else, which is made when there is none.
func (w *apiWorld) smimeCertificate() int64 {
	w.t.Helper()
	list, err := w.h.Gateway.SMIMECertificates(w.t.Context())
	w.ok(err)
	if len(list) == 0 {
		w.get("admin", "POST", "/smime/certificates", w.keyFile(), 204)
		return w.smimeCertificate()
	}
	return list[0].ID
}
