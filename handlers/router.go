package handlers

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// need says who may come to a route at all. What a person may see and do there is asked of the tracker.
type need int

const (
	anyone     need = iota // Also without sign-in.
	signedIn               // Admins and members.
	configurer             // Who may configure a project or everything.
	admin                  // Admins of the installation.
)

// route is one line of the route table: a page or an action.
type route struct {
	method, path string
	need         need
	do           action
}

// routes is the whole table of pages. A route with an effect is always a POST.
func (h *Handlers) routes() []route {
	return []route{
		{http.MethodGet, "/", anyone, home},
		{http.MethodGet, "/setup", anyone, setupForm},
		{http.MethodPost, "/setup", anyone, setup},
		{http.MethodGet, "/signin", anyone, signInForm},
		{http.MethodPost, "/signin", anyone, signIn},
		{http.MethodGet, "/signin/code", anyone, signInCodeForm},
		{http.MethodPost, "/signin/code", anyone, signInCode},
		{http.MethodPost, "/signin/oidc", anyone, signInElsewhere},
		{http.MethodGet, "/signin/oidc/callback", anyone, signInReturn},
		{http.MethodGet, "/signin/forgotten", anyone, forgottenForm},
		{http.MethodPost, "/signin/forgotten", anyone, forgotten},
		{http.MethodGet, "/password", anyone, passwordForm},
		{http.MethodPost, "/password", anyone, passwordChoose},
		{http.MethodGet, "/password/:token", anyone, passwordLink},
		{http.MethodPost, "/signout", anyone, signOut},
		{http.MethodPost, "/preferences", anyone, preferences},
		{http.MethodPost, "/session", signedIn, sessionStay},
		{http.MethodGet, "/static/:name", anyone, static},

		{http.MethodGet, "/issues", signedIn, issueList},
		{http.MethodGet, "/issues.csv", signedIn, issueExport},
		{http.MethodPost, "/issues/bulk", signedIn, issueBulk},
		{http.MethodPost, "/issues/look", signedIn, issueLook},
		{http.MethodGet, "/board", signedIn, boardShow},
		{http.MethodPost, "/board/:number", signedIn, boardMove},
		{http.MethodGet, "/work", signedIn, workShow},
		{http.MethodGet, "/triage", signedIn, triageList},
		{http.MethodPost, "/triage/:number", signedIn, triageDo},
		{http.MethodGet, "/notifications", signedIn, noticeList},
		{http.MethodPost, "/notifications/read", signedIn, noticeRead},
		{http.MethodGet, "/help/keys", signedIn, keysHelp},
		{http.MethodGet, "/help/search", signedIn, searchHelp},
		{http.MethodPost, "/views", signedIn, viewCreate},
		{http.MethodPost, "/views/:id/delete", signedIn, viewDelete},
		{http.MethodGet, "/issues/new", signedIn, issueNew},
		{http.MethodPost, "/issues/new", signedIn, issueCreate},
		{http.MethodGet, "/issues/:number", signedIn, issueShow},
		{http.MethodPost, "/issues/:number/state", signedIn, issueState},
		{http.MethodPost, "/issues/:number/comments", signedIn, commentCreate},
		{http.MethodGet, "/issues/:number/edit", signedIn, issueEdit},
		{http.MethodPost, "/issues/:number/edit", signedIn, issueRewrite},
		{http.MethodPost, "/issues/:number/draft", signedIn, issueDraft},
		{http.MethodPost, "/issues/:number/writing", signedIn, issueWriting},
		{http.MethodPost, "/issues/:number/watch", signedIn, issueWatch},
		{http.MethodPost, "/issues/:number/active", signedIn, issueActive},
		{http.MethodPost, "/issues/:number/mute", signedIn, issueMute},
		{http.MethodPost, "/issues/:number/links", signedIn, issueLink},
		{http.MethodPost, "/issues/:number/links/remove", signedIn, issueUnlink},
		{http.MethodPost, "/issues/:number/merge", signedIn, issueMerge},
		{http.MethodPost, "/issues/:number/comments/:comment/split", signedIn, commentSplit},
		{http.MethodPost, "/issues/:number/comments/:comment/move", signedIn, commentMove},
		{http.MethodGet, "/issues/:number/mail/:message", signedIn, issueMail},
		{http.MethodPost, "/issues/:number/mail/:message/pictures", signedIn, issuePictures},
		{http.MethodGet, "/intakes/:id", signedIn, intakeShow},
		{http.MethodGet, "/attachments/:id", signedIn, attachmentDownload},
		{http.MethodGet, "/attachments/:id/preview", signedIn, attachmentPreview},

		{http.MethodGet, "/projects", signedIn, projectList},
		{http.MethodGet, "/projects/new", admin, projectNew},
		{http.MethodPost, "/projects/new", admin, projectCreate},
		{http.MethodGet, "/projects/:id", signedIn, projectShow},
		{http.MethodPost, "/projects/:id", configurer, projectUpdate},
		{http.MethodPost, "/projects/:id/archive", configurer, projectArchive},
		{http.MethodGet, "/projects/:id/states", configurer, projectStates},
		{http.MethodPost, "/projects/:id/states", configurer, projectStatesUpdate},
		{http.MethodGet, "/projects/:id/priorities", configurer, projectPriorities},
		{http.MethodPost, "/projects/:id/priorities", configurer, projectPrioritiesUpdate},
		{http.MethodPost, "/projects/:id/templates", configurer, templateCreate},
		{http.MethodPost, "/projects/:id/templates/:template", configurer, templateUpdate},
		{http.MethodPost, "/projects/:id/labels/:label", configurer, labelUpdate},
		{http.MethodPost, "/projects/:id/templates/:template/delete", configurer, templateDelete},
		{http.MethodGet, "/projects/:id/template-file", configurer, ofTemplates(configShow)},
		{http.MethodPost, "/projects/:id/template-file", configurer, ofTemplates(configUpdate)},
		{http.MethodGet, "/projects/:id/template-file/download", configurer, ofTemplates(configFile)},
		{http.MethodGet, "/projects/:id/template-versions/:version", configurer, ofTemplates(configVersion)},
		{http.MethodPost, "/projects/:id/template-versions/:version/restore", configurer, ofTemplates(configRestore)},
		{http.MethodPost, "/projects/:id/labels/:label/delete", configurer, labelDelete},
		{http.MethodPost, "/projects/:id/members", configurer, memberSet},
		{http.MethodPost, "/projects/:id/members/:user/remove", configurer, memberRemove},

		{http.MethodGet, "/contacts", signedIn, contactList},
		{http.MethodGet, "/contacts/:id", signedIn, contactShow},
		{http.MethodPost, "/contacts/:id/merge", admin, contactMerge},
		{http.MethodGet, "/contacts/:id/erase", admin, contactErase},
		{http.MethodPost, "/contacts/:id/erase", admin, contactErased},
		{http.MethodPost, "/contacts/:id/export", admin, contactExport},
		{http.MethodGet, "/organisations", signedIn, organisationList},
		{http.MethodPost, "/organisations", admin, organisationCreate},
		{http.MethodGet, "/organisations/:id", signedIn, organisationShow},
		{http.MethodPost, "/organisations/:id", admin, organisationUpdate},
		{http.MethodPost, "/organisations/:id/delete", admin, organisationDelete},

		{http.MethodGet, "/users", admin, userList},
		{http.MethodGet, "/users/new", admin, userNew},
		{http.MethodPost, "/users/new", admin, userCreate},
		{http.MethodGet, "/users/invite", admin, inviteForm},
		{http.MethodPost, "/users/invite", admin, invite},
		{http.MethodGet, "/users/:id", admin, userShow},
		{http.MethodPost, "/users/:id/invite", admin, userInvite},
		{http.MethodPost, "/users/:id/invite/revoke", admin, userUninvite},
		{http.MethodPost, "/users/:id/role", admin, userRole},
		{http.MethodPost, "/users/:id/password", admin, userPassword},
		{http.MethodPost, "/users/:id/addresses", admin, userAddress},
		{http.MethodPost, "/users/:id/access", admin, userAccess},
		{http.MethodPost, "/users/:id/sessions/end", admin, userSessionsEnd},
		{http.MethodPost, "/users/:id/tokens/:token/remove", admin, userTokenRemove},
		{http.MethodPost, "/users/:id/name", admin, userName},
		{http.MethodPost, "/users/:id/addresses/remove", admin, userAddressRemove},
		{http.MethodPost, "/users/:id/second-factor/remove", admin, userFactorRemove},
		{http.MethodPost, "/users/:id/identities/remove", admin, userIdentitiesRemove},

		{http.MethodGet, "/profile", signedIn, profileShow},
		{http.MethodPost, "/profile", signedIn, profileUpdate},
		{http.MethodPost, "/profile/password", signedIn, profilePassword},
		{http.MethodPost, "/profile/pictures/:id/remove", signedIn, profilePicturesRemove},
		{http.MethodGet, "/profile/notifications", signedIn, notifyShow},
		{http.MethodPost, "/profile/notifications", signedIn, notifyUpdate},
		{http.MethodGet, "/unsubscribe/:token", anyone, unsubscribeForm},
		{http.MethodPost, "/unsubscribe/:token", anyone, unsubscribe},
		{http.MethodPost, "/profile/sessions/end", signedIn, sessionEnd},
		{http.MethodGet, "/profile/tokens", signedIn, tokenList},
		{http.MethodPost, "/profile/tokens", signedIn, tokenCreate},
		{http.MethodPost, "/profile/tokens/:id/remove", signedIn, tokenRemove},
		{http.MethodGet, "/profile/second-factor", signedIn, factorShow},
		{http.MethodPost, "/profile/second-factor", signedIn, factorConfirm},
		{http.MethodPost, "/profile/second-factor/begin", signedIn, factorBegin},
		{http.MethodPost, "/profile/second-factor/remove", signedIn, factorRemove},

		{http.MethodGet, "/inboxes", configurer, inboxList},
		{http.MethodPost, "/inboxes/reading", admin, readingSwitch},
		{http.MethodGet, "/inboxes/add", configurer, inboxWizard},
		{http.MethodPost, "/inboxes/add", configurer, inboxWizardStep},
		{http.MethodGet, "/inboxes/new", configurer, inboxNew},
		{http.MethodPost, "/inboxes/new", configurer, inboxCreate},
		{http.MethodGet, "/inboxes/:id", configurer, inboxShow},
		{http.MethodGet, "/inboxes/:id/edit", configurer, inboxEdit},
		{http.MethodPost, "/inboxes/:id/edit", configurer, inboxUpdate},
		{http.MethodGet, "/inboxes/:id/rules", configurer, ruleEdit},
		{http.MethodPost, "/inboxes/:id/rules", configurer, ruleUpdate},
		{http.MethodGet, "/inboxes/:id/rules/:version", configurer, ruleVersion},
		{http.MethodGet, "/inboxes/:id/extraction", configurer, extractionEdit},
		{http.MethodPost, "/inboxes/:id/extraction", configurer, extractionUpdate},
		{http.MethodGet, "/inboxes/:id/extraction/file", configurer, extractionFile},
		{http.MethodGet, "/inboxes/:id/flow", configurer, flowEdit},
		{http.MethodPost, "/inboxes/:id/flow", configurer, flowUpdate},
		{http.MethodGet, "/inboxes/:id/script", configurer, scriptEdit},
		{http.MethodPost, "/inboxes/:id/script", admin, scriptUpdate},
		{http.MethodPost, "/inboxes/:id/rules/:version/restore", configurer, ruleRestore},
		{http.MethodGet, "/inboxes/:id/certificate", configurer, inboxCertificate},
		{http.MethodPost, "/inboxes/:id/certificate", configurer, inboxTrust},
		{http.MethodGet, "/inboxes/:id/folders", configurer, inboxFolders},
		{http.MethodPost, "/inboxes/:id/folders", configurer, inboxFoldersUpdate},
		{http.MethodPost, "/inboxes/:id/check", configurer, inboxCheck},
		{http.MethodPost, "/inboxes/:id/poll", configurer, inboxPoll},
		{http.MethodPost, "/inboxes/:id/trip", configurer, inboxTripSend},
		{http.MethodGet, "/inboxes/:id/trip", configurer, inboxTrip},
		{http.MethodPost, "/inboxes/:id/pause", configurer, inboxPause},
		{http.MethodPost, "/inboxes/:id/duplicate", configurer, inboxDuplicate},
		{http.MethodPost, "/inboxes/:id/reconcile", configurer, inboxReconcile},
		{http.MethodGet, "/inboxes/:id/reset", configurer, inboxReset},
		{http.MethodPost, "/inboxes/:id/reset", configurer, inboxResetDo},
		{http.MethodGet, "/inboxes/:id/config", configurer, ofInbox(configShow)},
		{http.MethodPost, "/inboxes/:id/config", configurer, ofInbox(configUpdate)},
		{http.MethodGet, "/inboxes/:id/config/file", configurer, ofInbox(configFile)},
		{http.MethodGet, "/inboxes/:id/versions/:version", configurer, ofInbox(configVersion)},
		{http.MethodPost, "/inboxes/:id/versions/:version/restore", configurer, ofInbox(configRestore)},
		{http.MethodGet, "/inboxes/:id/audit", configurer, inboxAudit},
		{http.MethodGet, "/inboxes/:id/delete", configurer, inboxConfirmDelete},
		{http.MethodPost, "/inboxes/:id/delete", configurer, inboxDelete},

		{http.MethodGet, "/messages", configurer, messageList},
		{http.MethodPost, "/messages/bulk", configurer, messageBulk},
		{http.MethodGet, "/messages/both", configurer, exchangeList},
		{http.MethodGet, "/messages/missing", configurer, messageMissing},
		{http.MethodPost, "/messages/missing", configurer, messageLook},
		{http.MethodGet, "/messages/:id", configurer, messageShow},
		{http.MethodGet, "/messages/:id/html", configurer, messageHTML},
		{http.MethodPost, "/messages/:id/pictures", configurer, messagePictures},
		{http.MethodGet, "/messages/:id/raw", configurer, messageRaw},
		{http.MethodPost, "/messages/:id/reprocess", configurer, messageReprocess},

		{http.MethodGet, "/inboxes/:id/acknowledgement", configurer, acknowledgementShow},
		{http.MethodPost, "/inboxes/:id/acknowledgement", configurer, acknowledgementUpdate},
		{http.MethodPost, "/issues/:number/answers/:comment/undo", signedIn, replyUndo},
		{http.MethodGet, "/outbox", configurer, outboxList},
		{http.MethodPost, "/outbox/:id/send", configurer, outboxSend},
		{http.MethodPost, "/outbox/:id/cancel", configurer, outboxCancel},
		{http.MethodGet, "/suppressions", admin, suppressionList},
		{http.MethodPost, "/suppressions", admin, suppressionAdd},
		{http.MethodPost, "/suppressions/release", admin, suppressionRelease},
		{http.MethodGet, "/sending", admin, accountList},
		{http.MethodGet, "/sending/new", admin, accountNew},
		{http.MethodPost, "/sending/new", admin, accountCreate},
		{http.MethodPost, "/sending/resume", admin, accountResume},
		{http.MethodGet, "/sending/accounts/:id", admin, accountShow},
		{http.MethodPost, "/sending/accounts/:id", admin, accountUpdate},
		{http.MethodPost, "/sending/accounts/:id/delete", admin, accountDelete},

		{http.MethodGet, "/inboxes/:id/oauth", configurer, oauthShow},
		{http.MethodPost, "/inboxes/:id/oauth", configurer, oauthUpdate},
		{http.MethodGet, "/sending/accounts/:id/oauth", admin, oauthShow},
		{http.MethodPost, "/sending/accounts/:id/oauth", admin, oauthUpdate},
		{http.MethodGet, "/oauth/callback", configurer, oauthCallback},
		{http.MethodGet, "/smime", admin, smimeShow},
		{http.MethodPost, "/smime", admin, smimeImport},
		{http.MethodGet, "/smime/keys/:id/certificate", admin, smimeDownload},
		{http.MethodPost, "/smime/certificates/:id", admin, smimeRevoke},

		{http.MethodGet, "/webhooks", admin, webhookList},
		{http.MethodGet, "/webhooks/new", admin, webhookNew},
		{http.MethodPost, "/webhooks/new", admin, webhookCreate},
		{http.MethodGet, "/webhooks/:id", admin, webhookShow},
		{http.MethodPost, "/webhooks/:id", admin, webhookUpdate},
		{http.MethodPost, "/webhooks/:id/delete", admin, webhookDelete},
		{http.MethodPost, "/webhooks/:id/rotate", admin, webhookRotate},
		{http.MethodPost, "/webhooks/:id/test", admin, webhookTest},
		{http.MethodPost, "/webhooks/:id/deliveries/:delivery/replay", admin, webhookReplay},
		{http.MethodGet, "/scripts", admin, sharedScriptList},
		{http.MethodGet, "/scripts/new", admin, sharedScriptNew},
		{http.MethodPost, "/scripts/new", admin, sharedScriptCreate},
		{http.MethodGet, "/scripts/file", admin, ofScripts(configShow)},
		{http.MethodPost, "/scripts/file", admin, ofScripts(configUpdate)},
		{http.MethodGet, "/scripts/file/download", admin, ofScripts(configFile)},
		{http.MethodGet, "/scripts/:id", admin, sharedScriptShow},
		{http.MethodPost, "/scripts/:id", admin, sharedScriptUpdate},
		{http.MethodPost, "/scripts/:id/restore", admin, sharedScriptRestore},
		{http.MethodPost, "/scripts/:id/delete", admin, sharedScriptDelete},
		{http.MethodGet, "/integrations", admin, integrationList},
		{http.MethodGet, "/diagnosis", admin, diagnosisFile},
		{http.MethodGet, "/audit", admin, auditList},
		{http.MethodGet, "/retention", admin, retentionShow},
		{http.MethodPost, "/retention", admin, retentionUpdate},
		{http.MethodPost, "/retention/holds", admin, holdSet},
		{http.MethodPost, "/retention/holds/release", admin, holdRelease},

		{http.MethodGet, "/changes", signedIn, changes},
		{http.MethodPost, "/demo/mail", signedIn, demoMail},
	}
}

// router puts the route table, the API and the answers for everything else together.
func (h *Handlers) router() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	// Whom a request comes from is what the connection says: no header can change it (gin CVE-2020-28483).
	_ = r.SetTrustedProxies(nil) // An error is only about entries of the list.
	r.HandleMethodNotAllowed = true
	r.Use(h.headers, h.rescue)
	for _, route := range h.routes() {
		r.Handle(route.method, route.path, h.page(route.need, route.do))
		if route.method == http.MethodGet {
			r.HEAD(route.path, h.page(route.need, route.do))
		}
	}
	r.NoRoute(h.elsewhere(errNoRoute))
	r.NoMethod(h.elsewhere(errNoMethod))
	h.registerAPI(r)
	return r
}

// elsewhere answers what is no route: as a page, and below /api as the API does.
func (h *Handlers) elsewhere(err error) gin.HandlerFunc {
	page := h.page(anyone, func(*visit) error { return err })
	return func(c *gin.Context) {
		if strings.HasPrefix(c.Request.URL.Path, "/api/") {
			h.apiNoRoute(c)
			return
		}
		page(c)
	}
}
