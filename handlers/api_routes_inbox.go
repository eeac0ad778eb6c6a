package handlers

import (
	"net/http"
	"reflect"
)

// apiInboxPartRoutes are the routes about parts of an inbox that have a page of their own, and about S/MIME.
func apiInboxPartRoutes() []apiRoute {
	const get, post, patch, put, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete
	extraction, ack := reflect.TypeFor[apiExtractionOut](), reflect.TypeFor[apiAcknowledgementOut]()
	key, certificate, page := reflect.TypeFor[apiSMIMEKeyOut](), reflect.TypeFor[apiSMIMECertificateOut](), []string{"limit", "cursor"}
	change, version := reflect.TypeFor[apiConfigOut](), reflect.TypeFor[apiConfigVersionOut]()
	return []apiRoute{
		{method: get, path: "/inboxes/:id/config", handle: apiOfInbox(apiConfigShow), summary: "Show all that is set of an inbox, as the file of \"letterbox inbox export\"",
			octets: true, yaml: true, status: 200},
		{method: put, path: "/inboxes/:id/config", handle: apiOfInbox(apiConfigSet), summary: "Make an inbox what such a file says, in one transaction; answers with what differed",
			query: []string{"dry_run"}, raw: true, yaml: true, out: change, status: 200},
		{method: get, path: "/inboxes/:id/versions", handle: apiOfInbox(apiConfigVersionList), summary: "List the versions of an inbox, newest first: what was set of it, when and by whom; at most 200",
			query: page, out: version, list: true, status: 200},
		{method: get, path: "/inboxes/:id/versions/:version", handle: apiOfInbox(apiConfigVersionShow), summary: "Show how a version of an inbox differs from another one",
			query: []string{"against"}, out: reflect.TypeFor[apiConfigVersionFull](), status: 200},
		{method: post, path: "/inboxes/:id/versions/:version/restore", handle: apiOfInbox(apiConfigRestore), summary: "Make an inbox what it was in a version, as a new one; secrets stay",
			query: []string{"dry_run"}, out: change, status: 200},
		{method: get, path: "/projects/:key/template-file", handle: apiOfTemplates(apiConfigShow), summary: "Show the answer templates of a project as the file of \"letterbox template export\"",
			octets: true, yaml: true, status: 200},
		{method: put, path: "/projects/:key/template-file", handle: apiOfTemplates(apiConfigSet), summary: "Replace the answer templates of a project by those of such a file, in one transaction; answers with what differed",
			query: []string{"dry_run"}, raw: true, yaml: true, out: change, status: 200},
		{method: get, path: "/projects/:key/template-versions", handle: apiOfTemplates(apiConfigVersionList), summary: "List the versions of the answer templates of a project, newest first; at most 200",
			query: page, out: version, list: true, status: 200},
		{method: get, path: "/projects/:key/template-versions/:version", handle: apiOfTemplates(apiConfigVersionShow), summary: "Show how a version of the answer templates differs from another one",
			query: []string{"against"}, out: reflect.TypeFor[apiConfigVersionFull](), status: 200},
		{method: post, path: "/projects/:key/template-versions/:version/restore", handle: apiOfTemplates(apiConfigRestore), summary: "Make the answer templates what they were in a version, as a new one",
			query: []string{"dry_run"}, out: change, status: 200},
		{method: get, path: "/inboxes/:id/extraction", handle: apiExtractionShow, summary: "Show how an inbox reads mails that are data", out: extraction, status: 200},
		{method: put, path: "/inboxes/:id/extraction", handle: apiExtractionSet, summary: "Put what is given of it in force, as a new version of the rules",
			in: reflect.TypeFor[apiExtractionIn](), out: extraction, status: 200},
		{method: get, path: "/inboxes/:id/acknowledgement", handle: apiAcknowledgementShow, summary: "Show how an inbox acknowledges new issues", out: ack, status: 200},
		{method: put, path: "/inboxes/:id/acknowledgement", handle: apiAcknowledgementSet, summary: "Change what is given of it",
			in: reflect.TypeFor[apiAcknowledgementIn](), out: ack, status: 200},
		{method: get, path: "/inboxes/:id/breaker", handle: apiBreakerShow, summary: "Show whether the acknowledgements of an inbox rest, because there were too many",
			out: reflect.TypeFor[apiBreakerOut](), status: 200},
		{method: del, path: "/inboxes/:id/breaker", handle: apiBreakerReset, summary: "Let the acknowledgements of an inbox out again", status: 204},
		{method: post, path: "/inboxes/:id/look", handle: apiInboxLook, summary: "Look for a mail that is missing on the server of an inbox; nothing changes there",
			in: reflect.TypeFor[apiLookIn](), out: reflect.TypeFor[apiLookOut](), status: 200},

		{method: get, path: "/smime/keys", handle: apiSMIMEKeyList, summary: "List our certificates", query: page, out: key, list: true, status: 200},
		{method: post, path: "/smime/keys", handle: apiSMIMEKeyCreate, summary: "Add a certificate of ours with its private key; it signs from now on",
			in: reflect.TypeFor[apiSMIMEKeyIn](), status: 204},
		{method: get, path: "/smime/keys/:id", handle: apiSMIMEKeyShow, summary: "Show a certificate of ours", out: key, status: 200},
		{method: get, path: "/smime/keys/:id/certificate", handle: apiSMIMEKeyCertificate, summary: "A certificate of ours in PEM, for those who write to us; never the private key",
			octets: true, status: 200},
		{method: get, path: "/smime/certificates", handle: apiSMIMECertificateList, summary: "List the certificates of those we write to",
			query: page, out: certificate, list: true, status: 200},
		{method: post, path: "/smime/certificates", handle: apiSMIMECertificateCreate, summary: "Add a certificate of somebody we write to",
			in: reflect.TypeFor[apiSMIMECertificateIn](), status: 204},
		{method: get, path: "/smime/certificates/:id", handle: apiSMIMECertificateShow, summary: "Show a certificate of somebody we write to", out: certificate, status: 200},
		{method: patch, path: "/smime/certificates/:id", handle: apiSMIMECertificateUpdate, summary: "Say whether a certificate of somebody we write to is used",
			in: reflect.TypeFor[apiSMIMECertificatePatch](), out: certificate, status: 200},
	}
}
