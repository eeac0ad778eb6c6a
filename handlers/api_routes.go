package handlers

import (
	"net/http"
	"reflect"
	"slices"

	"letterbox/models"
)

// apiRoute is one route of the API with what its documentation says. The router and the OpenAPI document are made of
// the same table, so neither can have a route that the other lacks.
type apiRoute struct {
	method, path string
	handle       apiFunc
	summary      string
	query        []string     // Names of query parameters, see apiParameters.
	in           reflect.Type // Of the JSON body; nil: none.
	out          reflect.Type // Of the JSON answer; nil: none or octets.
	list         bool         // The answer is a page of out.
	status       int          // Of success.
	octets       bool         // The answer is octets.
	raw          bool         // The body is octets.
	yaml         bool         // What is octets otherwise is YAML.
	secret       bool         // The answer holds what nobody is told twice: it is not kept for a request that is sent again.
}

// apiInboxType stands for an inbox, whose schema comes from its field table.
type apiInboxType struct{}

func apiRoutes() []apiRoute {
	const get, post, patch, put, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete
	project, projectIn := reflect.TypeFor[apiProjectOut](), reflect.TypeFor[apiProjectIn]()
	user, issue, message := reflect.TypeFor[apiUserOut](), reflect.TypeFor[apiIssueOut](), reflect.TypeFor[apiMessageOut]()
	inbox := reflect.TypeFor[apiInboxType]()
	page := []string{"limit", "cursor"}
	return append(slices.Concat(apiOutgoingRoutes(), apiWebhookRoutes(), apiSharedScriptRoutes(), apiPeopleRoutes(), apiInvitationRoutes(), apiInboxPartRoutes(), apiPastRoutes(), apiReadingRoutes(), apiDiagnosisRoutes(), apiTripRoutes()), []apiRoute{
		{method: get, path: "/projects", handle: apiProjectList, summary: "List the projects you see", query: page, out: project, list: true, status: 200},
		{method: post, path: "/projects", handle: apiProjectCreate, summary: "Add a project", in: projectIn, out: project, status: 201},
		{method: get, path: "/projects/:key", handle: apiProjectShow, summary: "Show a project", out: project, status: 200},
		{method: patch, path: "/projects/:key", handle: apiProjectUpdate, summary: "Change a project", in: projectIn, out: project, status: 200},
		{method: get, path: "/projects/:key/members", handle: apiMemberList, summary: "List the members of a project",
			out: reflect.TypeFor[apiMemberOut](), query: page, list: true, status: 200},
		{method: get, path: "/projects/:key/members/:login", handle: apiMemberShow, summary: "Show a member of a project",
			out: reflect.TypeFor[apiMemberOut](), status: 200},
		{method: put, path: "/projects/:key/members/:login", handle: apiMemberSet, summary: "Make somebody a member, or change the role",
			in: reflect.TypeFor[apiMemberIn](), status: 204},
		{method: del, path: "/projects/:key/members/:login", handle: apiMemberRemove, summary: "End a membership", status: 204},

		{method: get, path: "/users", handle: apiUserList, summary: "List people", query: page, out: user, list: true, status: 200},
		{method: post, path: "/users", handle: apiUserCreate, summary: "Add a person", in: reflect.TypeFor[apiUserIn](), out: user, status: 201},
		{method: get, path: "/users/:id", handle: apiUserShow, summary: "Show a person", out: user, status: 200},

		{method: get, path: "/projects/:key/templates", handle: apiTemplateList, summary: "List the texts for answers of a project", query: page,
			out: reflect.TypeFor[apiTemplateOut](), list: true, status: 200},
		{method: post, path: "/projects/:key/templates", handle: apiTemplateCreate, summary: "Add a text for answers",
			in: reflect.TypeFor[apiTemplateIn](), out: reflect.TypeFor[apiTemplateOut](), status: 201},
		{method: get, path: "/projects/:key/templates/:id", handle: apiTemplateShow, summary: "Show a text for answers",
			out: reflect.TypeFor[apiTemplateOut](), status: 200},
		{method: get, path: "/projects/:key/labels/:id", handle: apiLabelShow, summary: "Show a label of a project",
			out: reflect.TypeFor[apiLabelOut](), status: 200},
		{method: patch, path: "/projects/:key/templates/:id", handle: apiTemplateUpdate, summary: "Change what is given of a text for answers",
			in: reflect.TypeFor[apiTemplateIn](), out: reflect.TypeFor[apiTemplateOut](), status: 200},
		{method: patch, path: "/projects/:key/labels/:id", handle: apiLabelUpdate, summary: "Rename a label, on all its issues",
			in: reflect.TypeFor[apiLabelIn](), out: reflect.TypeFor[apiLabelOut](), status: 200},
		{method: del, path: "/projects/:key/templates/:id", handle: apiProjectPart(apiTemplateDelete), summary: "Remove a text for answers", status: 204},
		{method: del, path: "/projects/:key/labels/:id", handle: apiProjectPart(apiLabelDelete), summary: "Remove a label from a project and its issues", status: 204},

		{method: get, path: "/projects/:key/states", handle: apiValueList(models.ValueState), summary: "List the states of a project, in order",
			out: reflect.TypeFor[apiValueOut](), list: true, status: 200},
		{method: put, path: "/projects/:key/states", handle: apiValueSet(models.ValueState), summary: "Give a project states of its own",
			in: reflect.TypeFor[apiValuesIn](), out: reflect.TypeFor[apiValueOut](), list: true, status: 200},
		{method: get, path: "/projects/:key/priorities", handle: apiValueList(models.ValuePriority), summary: "List the priorities of a project, the most urgent first",
			out: reflect.TypeFor[apiValueOut](), list: true, status: 200},
		{method: put, path: "/projects/:key/priorities", handle: apiValueSet(models.ValuePriority), summary: "Give a project priorities of its own",
			in: reflect.TypeFor[apiValuesIn](), out: reflect.TypeFor[apiValueOut](), list: true, status: 200},

		{method: get, path: "/contacts", handle: apiContactList, summary: "List the customers of the issues you work on, the latest first",
			query: append([]string{"q", "organisation"}, page...), out: reflect.TypeFor[apiContactOut](), list: true, status: 200},
		{method: get, path: "/contacts/:id", handle: apiContactShow, summary: "Show a customer", out: reflect.TypeFor[apiContactFull](), status: 200},
		{method: del, path: "/contacts/:id", handle: apiContactErase, summary: "Erase a customer and, unless texts=keep, what it wrote; numbers and counts stay",
			query: []string{"texts"}, out: reflect.TypeFor[apiErasureOut](), status: 200},
		{method: post, path: "/contacts/:id/merge", handle: apiContactMerge, summary: "Put a customer into another one",
			in: reflect.TypeFor[apiContactMergeIn](), out: reflect.TypeFor[apiContactFull](), status: 200},
		{method: get, path: "/contacts/:id/export", handle: apiContactExport, summary: "What is stored of a customer, as a ZIP archive; the download is audited",
			octets: true, status: 200},
		{method: get, path: "/organisations", handle: apiOrganisationList, summary: "List the organisations", query: page,
			out: reflect.TypeFor[apiOrganisationOut](), list: true, status: 200},
		{method: post, path: "/organisations", handle: apiOrganisationCreate, summary: "Add an organisation",
			in: reflect.TypeFor[apiOrganisationIn](), out: reflect.TypeFor[apiOrganisationOut](), status: 201},
		{method: get, path: "/organisations/:id", handle: apiOrganisationShow, summary: "Show an organisation", out: reflect.TypeFor[apiOrganisationOut](), status: 200},
		{method: patch, path: "/organisations/:id", handle: apiOrganisationUpdate, summary: "Change what is given of an organisation",
			in: reflect.TypeFor[apiOrganisationIn](), out: reflect.TypeFor[apiOrganisationOut](), status: 200},
		{method: del, path: "/organisations/:id", handle: apiOrganisationDelete, summary: "Remove an organisation; its contacts stay", status: 204},

		{method: get, path: "/inboxes", handle: apiInboxList, summary: "List the inboxes you configure", out: inbox, query: page, list: true, status: 200},
		{method: post, path: "/inboxes", handle: apiInboxCreate, summary: "Add an inbox", in: inbox, out: inbox, status: 201},
		{method: get, path: "/inboxes/:id", handle: apiInboxShow, summary: "Show an inbox", out: inbox, status: 200},
		{method: patch, path: "/inboxes/:id", handle: apiInboxUpdate, summary: "Change what is given of an inbox", in: inbox, out: inbox, status: 200},
		{method: del, path: "/inboxes/:id", handle: apiInboxDelete, summary: "Remove an inbox; its messages stay in the log", status: 204},
		{method: post, path: "/inboxes/:id/check", handle: apiInboxCheck, summary: "Try the connection phase by phase; nothing changes in the mailbox",
			out: reflect.TypeFor[apiCheckOut](), status: 200},
		{method: post, path: "/inboxes/:id/poll", handle: apiInboxPoll, summary: "Visit the inbox now", out: reflect.TypeFor[apiPollOut](), status: 202},
		{method: get, path: "/inboxes/:id/folders", handle: apiInboxFolders, summary: "List the folders on the server",
			out: reflect.TypeFor[apiFolderOut](), query: page, list: true, status: 200},
		{method: get, path: "/inboxes/:id/reconcile", handle: apiInboxReconcile, summary: "Compare the server's list with the ledger",
			out: reflect.TypeFor[apiReconcileOut](), status: 200},

		{method: get, path: "/inboxes/:id/rules", handle: apiRuleVersionList, summary: "List the versions of the rules of an inbox, newest first",
			out: reflect.TypeFor[apiRuleVersionOut](), query: page, list: true, status: 200},
		{method: post, path: "/inboxes/:id/rules/:version/restore", handle: apiRuleVersionRestore, summary: "Put an earlier version of the rules in force, as a new one",
			out: inbox, status: 200},
		{method: get, path: "/inboxes/:id/flow", handle: apiFlowShow, summary: "Show the flow rules of an inbox", out: reflect.TypeFor[apiFlowOut](), status: 200},
		{method: put, path: "/inboxes/:id/flow", handle: apiFlowSet, summary: "Put flow rules in force, as a new version of the rules; an empty list takes them away",
			in: reflect.TypeFor[apiFlowIn](), out: reflect.TypeFor[apiFlowOut](), status: 200},
		{method: post, path: "/inboxes/:id/flow/try", handle: apiFlowTry, summary: "Try flow rules on the latest stored messages and compare with those in force; nothing is written",
			in: reflect.TypeFor[apiFlowTryIn](), out: reflect.TypeFor[apiFlowTriedOut](), list: true, status: 200},
		{method: get, path: "/inboxes/:id/script", handle: apiScriptShow, summary: "Show the script of an inbox", out: reflect.TypeFor[apiScriptOut](), status: 200},
		{method: put, path: "/inboxes/:id/script", handle: apiScriptSet, summary: "Put a script in force, as a new version of the rules; admins only, an empty source takes it away",
			in: reflect.TypeFor[apiScriptIn](), out: reflect.TypeFor[apiScriptOut](), status: 200},
		{method: post, path: "/inboxes/:id/script/try", handle: apiScriptTry, summary: "Try a script on the latest stored messages, for 20 seconds at most; nothing is written",
			in: reflect.TypeFor[apiScriptTryIn](), out: reflect.TypeFor[apiScriptTriedOut](), list: true, status: 200},
		{method: get, path: "/audit", handle: apiAuditList, summary: "List the audit log, newest first: all of it for admins, that of an inbox for who configures it",
			query: append([]string{"inbox", "action"}, page...), out: reflect.TypeFor[apiAuditOut](), list: true, status: 200},

		{method: get, path: "/issues", handle: apiIssueList, summary: "List the issues you see, newest first",
			query: append([]string{"project", "state", "q", "sort", "group"}, page...), out: issue, list: true, status: 200},
		{method: post, path: "/issues", handle: apiIssueCreate, summary: "Open an issue", in: reflect.TypeFor[apiIssueIn](), out: issue, status: 201},
		{method: get, path: "/issues/:number", handle: apiIssueShow, summary: "Show an issue", out: issue, status: 200},
		{method: patch, path: "/issues/:number", handle: apiIssueUpdate, summary: "Change what is given of an issue",
			in: reflect.TypeFor[apiIssuePatch](), out: issue, status: 200},
		{method: get, path: "/issues/:number/comments", handle: apiCommentList, summary: "List the comments of an issue, oldest first",
			query: page, out: reflect.TypeFor[apiCommentOut](), list: true, status: 200},
		{method: post, path: "/issues/:number/comments", handle: apiCommentCreate, summary: "Add a comment",
			in: reflect.TypeFor[apiCommentIn](), out: reflect.TypeFor[apiCommentOut](), status: 201},
		{method: post, path: "/issues/:number/merge", handle: apiIssueMerge, summary: "Put an issue into another one; later mail follows",
			in: reflect.TypeFor[apiMergeIn](), out: issue, status: 200},
		{method: get, path: "/issues/:number/intakes", handle: apiIntakeList, summary: "List the message intakes of an issue, oldest first",
			query: page, out: reflect.TypeFor[apiIntakeOut](), list: true, status: 200},
		{method: put, path: "/issues/:number/active", handle: apiIssueActive(true), summary: "Make an issue the active case of its project", out: issue, status: 200},
		{method: del, path: "/issues/:number/active", handle: apiIssueActive(false), summary: "Let an issue be the active case no more", status: 204},
		{method: get, path: "/issues/:number/links", handle: apiLinkList, summary: "List the issues that an issue is linked to",
			query: page, out: reflect.TypeFor[apiLinkOut](), list: true, status: 200},
		{method: post, path: "/issues/:number/links", handle: apiLinkCreate, summary: "Link an issue to another one",
			in: reflect.TypeFor[apiLinkIn](), out: reflect.TypeFor[apiLinkOut](), status: 201},
		{method: get, path: "/issues/:number/links/:link", handle: apiLinkShow, summary: "Show a link of an issue", out: reflect.TypeFor[apiLinkOut](), status: 200},
		{method: del, path: "/issues/:number/links/:link", handle: apiLinkDelete, summary: "Remove a link of an issue", status: 204},
		{method: post, path: "/issues/:number/comments/:comment/split", handle: apiCommentSplit, summary: "Make an issue of its own of a comment",
			in: reflect.TypeFor[apiSplitIn](), out: issue, status: 201},
		{method: post, path: "/issues/:number/comments/:comment/move", handle: apiCommentMove, summary: "Give a comment to another issue",
			in: reflect.TypeFor[apiMoveIn](), out: issue, status: 200},
		{method: get, path: "/issues/:number/similar", handle: apiIssueSimilar, summary: "List open issues that may be about the same, the likeliest first: at most five",
			out: reflect.TypeFor[apiIssueOut](), list: true, status: 200},
		{method: get, path: "/issues/:number/history", handle: apiHistoryList, summary: "List what was changed of an issue, oldest first",
			query: page, out: reflect.TypeFor[apiChangeOut](), list: true, status: 200},
		{method: get, path: "/projects/:key/labels", handle: apiLabelList, summary: "List the labels of a project",
			out: reflect.TypeFor[apiLabelOut](), query: page, list: true, status: 200},
		{method: get, path: "/issues/:number/attachments", handle: apiAttachmentList, summary: "List the files of an issue and its comments",
			query: page, out: reflect.TypeFor[apiAttachmentOut](), list: true, status: 200},
		{method: get, path: "/attachments/:id", handle: apiAttachmentDownload, summary: "The octets of a file", octets: true, status: 200},

		{method: get, path: "/sending-accounts", handle: apiSendingList, summary: "List the accounts that mail goes out by",
			out: reflect.TypeFor[apiSendingOut](), query: page, list: true, status: 200},
		{method: post, path: "/sending-accounts", handle: apiSendingCreate, summary: "Add an account that mail goes out by",
			in: reflect.TypeFor[apiSendingIn](), out: reflect.TypeFor[apiSendingOut](), status: 201},
		{method: get, path: "/sending-accounts/:id", handle: apiSendingShow, summary: "Show an account that mail goes out by",
			out: reflect.TypeFor[apiSendingOut](), status: 200},
		{method: patch, path: "/sending-accounts/:id", handle: apiSendingUpdate, summary: "Change what is given of an account that mail goes out by",
			in: reflect.TypeFor[apiSendingIn](), out: reflect.TypeFor[apiSendingOut](), status: 200},
		{method: del, path: "/sending-accounts/:id", handle: apiSendingDelete, summary: "Remove an account; what waits for it is given up, visibly", status: 204},

		{method: get, path: "/messages", handle: apiMessageList, summary: "List the messages of the inboxes you configure, newest first",
			query: append([]string{"inbox", "message_state", "reason", "q"}, page...), out: message, list: true, status: 200},
		{method: get, path: "/messages/:id", handle: apiMessageShow, summary: "Show a message with its trace", out: reflect.TypeFor[apiMessageFull](), status: 200},
		{method: get, path: "/messages/:id/raw", handle: apiMessageRaw, summary: "The octets as received; the download is audited", octets: true, status: 200},
		{method: post, path: "/messages/:id/reprocess", handle: apiMessageReprocess, summary: "Process a message again, with the rules in force or, with rules=original, those that decided first",
			query: []string{"rules"}, out: message, status: 200},
		{method: post, path: "/messages/:id/release", handle: apiMessageRelease, summary: "Take a message in as a new issue, whatever the rules say",
			out: message, status: 200},
		{method: post, path: "/messages/:id/attach", handle: apiMessageAttach, summary: "Take a message in as a comment on an issue, whatever the rules say",
			in: reflect.TypeFor[apiAttachIn](), out: message, status: 200},
		{method: post, path: "/messages/:id/allow", handle: apiMessageAllow, summary: "Let the sender of a message write, and process it again when it was set aside",
			out: reflect.TypeFor[apiAllowOut](), status: 200},
		{method: post, path: "/messages/:id/block", handle: apiMessageBlock, summary: "Block the sender of a message",
			out: reflect.TypeFor[apiBlockOut](), status: 200},
		{method: post, path: "/inbound/:inbox", handle: apiInbound, summary: "Hand in a raw message for an inbox (number or name) that you configure; answers with its result, for the same octets with that of the first time",
			raw: true, out: message, status: 200},
		{method: post, path: "/messages/dry-run", handle: apiMessageDryRun, summary: "Decide on a raw message and write nothing",
			query: []string{"inbox"}, raw: true, out: reflect.TypeFor[apiDryRunOut](), status: 200},
	}...)
}
