package handlers

import (
	"net/http"
	"strings"
	"testing"
)

// apiRoles are the columns of the table below.
func apiRoles() []string {
	return []string{"none", "bad", "customer", "stranger", "member", "boss", "admin", "reporter", "onlooker"}
}

// apiRights says for each route how a request ends for each role. A route that is missing here fails the test.
func apiRights() map[string][9]int {
	return map[string][9]int{
		"GET /projects":                            {401, 401, 401, 200, 200, 200, 200, 200, 200},
		"POST /projects":                           {401, 401, 401, 403, 403, 403, 201, 403, 403},
		"GET /projects/:key":                       {401, 401, 401, 404, 200, 200, 200, 200, 200},
		"PATCH /projects/:key":                     {401, 401, 401, 404, 403, 200, 200, 403, 403},
		"GET /projects/:key/members":               {401, 401, 401, 404, 200, 200, 200, 403, 403},
		"GET /projects/:key/members/:login":        {401, 401, 401, 404, 200, 200, 200, 403, 403},
		"GET /projects/:key/templates/:id":         {401, 401, 401, 404, 200, 200, 200, 403, 403},
		"GET /projects/:key/labels/:id":            {401, 401, 401, 404, 200, 200, 200, 403, 403},
		"PUT /projects/:key/members/:login":        {401, 401, 401, 404, 403, 204, 204, 403, 403},
		"DELETE /projects/:key/members/:login":     {401, 401, 401, 404, 403, 204, 204, 403, 403},
		"GET /users":                               {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"POST /users":                              {401, 401, 401, 403, 403, 403, 201, 403, 403},
		"GET /users/:id":                           {401, 401, 401, 404, 200, 404, 200, 404, 404}, // The member asks for itself.
		"PATCH /users/:id":                         {401, 401, 401, 404, 403, 404, 200, 404, 404},
		"POST /users/:id/addresses":                {401, 401, 401, 404, 403, 404, 200, 404, 404},
		"DELETE /users/:id/addresses/:address":     {401, 401, 401, 404, 403, 404, 204, 404, 404},
		"GET /users/:id/tokens":                    {401, 401, 401, 404, 200, 404, 200, 404, 404}, // The member asks for its own.
		"GET /users/:id/tokens/:token":             {401, 401, 401, 404, 200, 404, 200, 404, 404},
		"DELETE /users/:id/tokens/:token":          {401, 401, 401, 404, 204, 404, 204, 404, 404},
		"DELETE /users/:id/sessions":               {401, 401, 401, 404, 204, 404, 204, 404, 404},
		"DELETE /users/:id/second-factor":          {401, 401, 401, 403, 403, 403, 204, 403, 403},
		"DELETE /users/:id/identities":             {401, 401, 401, 404, 403, 404, 204, 404, 404},
		"POST /invitations":                        {401, 401, 401, 403, 403, 403, 201, 403, 403},
		"POST /users/:id/invitation":               {401, 401, 401, 404, 403, 404, 201, 404, 404}, // The member asks for itself.
		"GET /users/:id/invitation":                {401, 401, 401, 404, 403, 404, 200, 404, 404},
		"DELETE /users/:id/invitation":             {401, 401, 401, 404, 403, 404, 204, 404, 404},
		"PUT /issues/:number/watch":                {401, 401, 401, 404, 204, 204, 204, 204, 404},
		"DELETE /issues/:number/watch":             {401, 401, 401, 404, 204, 204, 204, 204, 404},
		"PUT /issues/:number/mute":                 {401, 401, 401, 404, 204, 204, 204, 204, 404},
		"DELETE /issues/:number/mute":              {401, 401, 401, 404, 204, 204, 204, 204, 404},
		"GET /views":                               {401, 401, 401, 200, 200, 200, 200, 200, 200},
		"POST /views":                              {401, 401, 401, 201, 201, 201, 201, 201, 201},
		"GET /views/:id":                           {401, 401, 401, 404, 404, 404, 200, 404, 404}, // One of the admin.
		"DELETE /views/:id":                        {401, 401, 401, 404, 404, 404, 204, 404, 404},
		"GET /picture-senders":                     {401, 401, 401, 200, 200, 200, 200, 200, 200},
		"POST /picture-senders":                    {401, 401, 401, 201, 201, 201, 201, 201, 201},
		"GET /picture-senders/:id":                 {401, 401, 401, 404, 404, 404, 200, 404, 404}, // One of the admin.
		"DELETE /picture-senders/:id":              {401, 401, 401, 404, 404, 404, 204, 404, 404},
		"GET /projects/:key/templates":             {401, 401, 401, 404, 200, 200, 200, 403, 403},
		"POST /projects/:key/templates":            {401, 401, 401, 404, 403, 201, 201, 403, 403},
		"PATCH /projects/:key/templates/:id":       {401, 401, 401, 404, 403, 200, 200, 403, 403},
		"PATCH /projects/:key/labels/:id":          {401, 401, 401, 404, 403, 200, 200, 403, 403},
		"DELETE /projects/:key/templates/:id":      {401, 401, 401, 404, 403, 204, 204, 403, 403},
		"DELETE /projects/:key/labels/:id":         {401, 401, 401, 404, 403, 204, 204, 403, 403},
		"GET /projects/:key/states":                {401, 401, 401, 404, 200, 200, 200, 200, 200},
		"PUT /projects/:key/states":                {401, 401, 401, 404, 403, 200, 200, 403, 403},
		"GET /projects/:key/priorities":            {401, 401, 401, 404, 200, 200, 200, 200, 200},
		"PUT /projects/:key/priorities":            {401, 401, 401, 404, 403, 200, 200, 403, 403},
		"GET /contacts":                            {401, 401, 401, 200, 200, 200, 200, 403, 403},
		"GET /contacts/:id":                        {401, 401, 401, 404, 200, 200, 200, 403, 403},
		"DELETE /contacts/:id":                     {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"POST /contacts/:id/merge":                 {401, 401, 401, 403, 403, 403, 422, 403, 403}, // Into itself.
		"GET /contacts/:id/export":                 {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"GET /organisations":                       {401, 401, 401, 200, 200, 200, 200, 403, 403},
		"POST /organisations":                      {401, 401, 401, 403, 403, 403, 201, 403, 403},
		"GET /organisations/:id":                   {401, 401, 401, 200, 200, 200, 200, 403, 403},
		"PATCH /organisations/:id":                 {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"DELETE /organisations/:id":                {401, 401, 401, 403, 403, 403, 204, 403, 403},
		"GET /inboxes":                             {401, 401, 401, 200, 200, 200, 200, 200, 200},
		"POST /inboxes":                            {401, 401, 401, 422, 403, 201, 201, 403, 403}, // The stranger does not see the project.
		"GET /inboxes/:id":                         {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"PATCH /inboxes/:id":                       {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"DELETE /inboxes/:id":                      {401, 401, 401, 404, 404, 204, 204, 404, 404},
		"POST /inboxes/:id/check":                  {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"POST /inboxes/:id/poll":                   {401, 401, 401, 404, 404, 202, 202, 404, 404},
		"GET /inboxes/:id/folders":                 {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"GET /inboxes/:id/reconcile":               {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"GET /issues":                              {401, 401, 401, 200, 200, 200, 200, 200, 200},
		"POST /issues":                             {401, 401, 401, 422, 201, 201, 201, 201, 201},
		"GET /issues/:number":                      {401, 401, 401, 404, 200, 200, 200, 200, 404},
		"PATCH /issues/:number":                    {401, 401, 401, 404, 200, 200, 200, 403, 404},
		"GET /issues/:number/comments":             {401, 401, 401, 404, 200, 200, 200, 200, 404},
		"POST /issues/:number/comments":            {401, 401, 401, 404, 201, 201, 201, 201, 404},
		"GET /issues/:number/intakes":              {401, 401, 401, 404, 200, 200, 200, 403, 404},
		"PUT /issues/:number/active":               {401, 401, 401, 404, 200, 200, 200, 403, 404},
		"DELETE /issues/:number/active":            {401, 401, 401, 404, 204, 204, 204, 403, 404},
		"GET /issues/:number/links":                {401, 401, 401, 404, 200, 200, 200, 200, 404},
		"POST /issues/:number/links":               {401, 401, 401, 404, 422, 422, 422, 403, 404}, // There is no such issue.
		"GET /issues/:number/similar":              {401, 401, 401, 404, 200, 200, 200, 200, 404},
		"GET /issues/:number/history":              {401, 401, 401, 404, 200, 200, 200, 200, 404},
		"POST /issues/:number/merge":               {401, 401, 401, 404, 422, 422, 422, 403, 403}, // There is nothing to merge it into.
		"GET /projects/:key/labels":                {401, 401, 401, 404, 200, 200, 200, 403, 403},
		"GET /issues/:number/attachments":          {401, 401, 401, 404, 200, 200, 200, 200, 404},
		"GET /attachments/:id":                     {401, 401, 401, 404, 200, 200, 200, 200, 404},
		"GET /sending-accounts":                    {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"POST /sending-accounts":                   {401, 401, 401, 403, 403, 403, 201, 403, 403},
		"GET /sending-accounts/:id":                {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"PATCH /sending-accounts/:id":              {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"DELETE /sending-accounts/:id":             {401, 401, 401, 403, 403, 403, 204, 403, 403},
		"GET /inboxes/:id/oauth":                   {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"PATCH /inboxes/:id/oauth":                 {401, 401, 401, 404, 404, 400, 400, 404, 404}, // Without a body.
		"GET /sending-accounts/:id/oauth":          {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"PATCH /sending-accounts/:id/oauth":        {401, 401, 401, 403, 403, 403, 400, 403, 403},
		"GET /outbox":                              {401, 401, 401, 200, 403, 200, 200, 403, 403},
		"GET /outbox/:id":                          {401, 401, 401, 404, 403, 404, 404, 403, 403}, // The outbox is empty.
		"POST /outbox/:id/send":                    {401, 401, 401, 404, 403, 200, 200, 403, 403}, // A comment of above is in it.
		"POST /outbox/:id/cancel":                  {401, 401, 401, 404, 403, 200, 409, 403, 403}, // Once.
		"GET /suppressions":                        {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"POST /suppressions":                       {401, 401, 401, 403, 403, 403, 400, 403, 403},
		"DELETE /suppressions/:address":            {401, 401, 401, 403, 403, 403, 404, 403, 403},
		"GET /inboxes/:id/reset":                   {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"POST /inboxes/:id/reset":                  {401, 401, 401, 404, 404, 400, 400, 404, 404}, // Without a body.
		"POST /inboxes/:id/test-mail":              {401, 401, 401, 404, 404, 409, 409, 404, 404}, // By which account?
		"GET /inboxes/:id/test-mail":               {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"GET /diagnosis":                           {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"GET /reading":                             {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"PATCH /reading":                           {401, 401, 401, 403, 403, 403, 400, 403, 403}, // Without a body.
		"GET /retention":                           {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"PATCH /retention":                         {401, 401, 401, 403, 403, 403, 400, 403, 403}, // Without a body.
		"GET /retention/preview":                   {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"POST /retention/run":                      {401, 401, 401, 403, 403, 403, 409, 403, 403}, // It is switched off.
		"POST /retention/confirm":                  {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"GET /holds":                               {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"POST /holds":                              {401, 401, 401, 403, 403, 403, 400, 403, 403},
		"DELETE /holds/:key":                       {401, 401, 401, 403, 403, 403, 404, 403, 403},
		"GET /mails":                               {401, 401, 401, 200, 200, 200, 200, 200, 200},
		"GET /messages":                            {401, 401, 401, 200, 200, 200, 200, 200, 200},
		"GET /messages/:id":                        {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"GET /messages/:id/raw":                    {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"POST /messages/:id/reprocess":             {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"POST /messages/:id/release":               {401, 401, 401, 404, 404, 409, 409, 404, 404}, // It has become an issue.
		"POST /messages/:id/attach":                {401, 401, 401, 404, 404, 409, 409, 404, 404},
		"POST /messages/:id/allow":                 {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"POST /messages/:id/block":                 {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"GET /inboxes/:id/rules":                   {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"GET /inboxes/:id/flow":                    {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"PUT /inboxes/:id/flow":                    {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"POST /inboxes/:id/flow/try":               {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"GET /inboxes/:id/script":                  {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"PUT /inboxes/:id/script":                  {401, 401, 401, 404, 404, 403, 200, 404, 404},
		"POST /inboxes/:id/script/try":             {401, 401, 401, 404, 404, 403, 200, 404, 404},
		"POST /inboxes/:id/rules/:version/restore": {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"GET /audit":                               {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"POST /inbound/:inbox":                     {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"POST /messages/dry-run":                   {401, 401, 401, 404, 404, 200, 200, 404, 404},

		"POST /issues/:number/comments/:comment/split": {401, 401, 401, 404, 201, 201, 201, 403, 404},
		"POST /issues/:number/comments/:comment/move":  {401, 401, 401, 404, 422, 422, 422, 403, 404}, // There is no such issue.
		"GET /issues/:number/links/:link":              {401, 401, 401, 404, 200, 200, 200, 200, 404},
		"DELETE /issues/:number/links/:link":           {401, 401, 401, 404, 204, 204, 204, 403, 404},
		"GET /notifications":                           {401, 401, 401, 200, 200, 200, 200, 200, 200},
		"POST /notifications/read":                     {401, 401, 401, 204, 204, 204, 204, 204, 204},
		"GET /inboxes/:id/extraction":                  {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"PUT /inboxes/:id/extraction":                  {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"GET /inboxes/:id/acknowledgement":             {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"PUT /inboxes/:id/acknowledgement":             {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"GET /inboxes/:id/breaker":                     {401, 401, 401, 404, 404, 403, 200, 404, 404},
		"DELETE /inboxes/:id/breaker":                  {401, 401, 401, 404, 404, 403, 204, 404, 404},
		"POST /inboxes/:id/look":                       {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"GET /smime/keys":                              {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"POST /smime/keys":                             {401, 401, 401, 403, 403, 403, 204, 403, 403},
		"GET /smime/keys/:id":                          {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"GET /smime/keys/:id/certificate":              {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"GET /smime/certificates":                      {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"POST /smime/certificates":                     {401, 401, 401, 403, 403, 403, 204, 403, 403},
		"GET /smime/certificates/:id":                  {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"PATCH /smime/certificates/:id":                {401, 401, 401, 403, 403, 403, 200, 403, 403},

		"GET /scripts":                                   {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"POST /scripts":                                  {401, 401, 401, 403, 403, 403, 201, 403, 403},
		"GET /scripts/file":                              {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"PUT /scripts/file":                              {401, 401, 401, 403, 403, 403, 422, 403, 403}, // Without a file.
		"GET /scripts/:id":                               {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"PATCH /scripts/:id":                             {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"DELETE /scripts/:id":                            {401, 401, 401, 403, 403, 403, 204, 403, 403},
		"GET /scripts/:id/versions":                      {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"POST /scripts/:id/versions/:version/restore":    {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"POST /scripts/:id/try":                          {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"GET /webhooks":                                  {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"POST /webhooks":                                 {401, 401, 401, 403, 403, 403, 201, 403, 403},
		"GET /webhooks/:id":                              {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"PATCH /webhooks/:id":                            {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"DELETE /webhooks/:id":                           {401, 401, 401, 403, 403, 403, 204, 403, 403},
		"POST /webhooks/:id/rotate":                      {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"POST /webhooks/:id/test":                        {401, 401, 401, 403, 403, 403, 202, 403, 403},
		"GET /webhooks/:id/deliveries":                   {401, 401, 401, 403, 403, 403, 200, 403, 403},
		"POST /webhooks/:id/deliveries/:delivery/replay": {401, 401, 401, 403, 403, 403, 404, 403, 403}, // There is none.

		"GET /inboxes/:id/config":                     {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"PUT /inboxes/:id/config":                     {401, 401, 401, 404, 404, 422, 422, 404, 404}, // Without a file.
		"GET /inboxes/:id/versions":                   {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"GET /inboxes/:id/versions/:version":          {401, 401, 401, 404, 404, 200, 200, 404, 404},
		"POST /inboxes/:id/versions/:version/restore": {401, 401, 401, 404, 404, 200, 200, 404, 404},

		"GET /projects/:key/template-file":                       {401, 401, 401, 404, 200, 200, 200, 403, 403},
		"PUT /projects/:key/template-file":                       {401, 401, 401, 404, 403, 422, 422, 403, 403}, // Without a file.
		"GET /projects/:key/template-versions":                   {401, 401, 401, 404, 403, 200, 200, 403, 403},
		"GET /projects/:key/template-versions/:version":          {401, 401, 401, 404, 403, 200, 200, 403, 403},
		"POST /projects/:key/template-versions/:version/restore": {401, 401, 401, 404, 403, 200, 200, 403, 403},
	}
}

func TestEveryRouteOfTheAPIChecksRights(t *testing.T) {
	table := apiRights()
	seen := map[string]bool{}
	shared := newAPIWorld(t)
	for _, r := range shared.h.routerRoutes() {
		path, ok := strings.CutPrefix(r.Path, apiPrefix)
		if !ok || path == "/openapi.json" {
			continue
		}
		name := r.Method + " " + path
		seen[name] = true
		want, ok := table[name]
		if !ok {
			t.Errorf("route %s stands in no line of the table of rights", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			w := shared
			w.t = t
			for i, who := range apiRoles() {
				if r.Method == http.MethodDelete && want[i] < 300 {
					w = newAPIWorld(t) // What is removed is missing elsewhere.
				}
				rec := w.request(who, r.Method, path, i)
				if rec.Code != want[i] {
					t.Errorf("%s as %s = %d, want %d: %.300s", name, who, rec.Code, want[i], rec.Body)
				}
				if kind := rec.Header().Get("Content-Type"); rec.Code >= 400 && kind != "application/problem+json" {
					t.Errorf("%s as %s: Content-Type = %q, want application/problem+json", name, who, kind)
				}
			}
		})
	}
	for name := range table {
		if !seen[name] {
			t.Errorf("the table of rights has %s, which is no route", name)
		}
	}
}

func TestListsOfTheAPIHoldWhatIsSeen(t *testing.T) {
	w := newAPIWorld(t)
	for _, tc := range []struct {
		path string
		want [4]int // stranger, member, boss, admin
	}{
		{"/projects", [4]int{1, 1, 1, 2}}, {"/issues", [4]int{0, 1, 1, 1}}, {"/inboxes", [4]int{0, 0, 1, 1}}, {"/messages", [4]int{0, 0, 1, 1}},
	} {
		for i, who := range []string{"stranger", "member", "boss", "admin"} {
			items, _ := w.get(who, "GET", tc.path, "", 200)["items"].([]any)
			if len(items) != tc.want[i] {
				t.Errorf("GET %s as %s: %d items, want %d", tc.path, who, len(items), tc.want[i])
			}
		}
	}
}

func TestCookiesAreNoSignInToTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	admin := w.users["admin"]
	cookie, err := w.h.Tracker.StartSession(t.Context(), &admin, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{w.h.sessionCookie(), "letterbox_session", "__Host-letterbox_session"} {
		if rec := w.do("none", "GET", "/api/v1/projects", "", "Cookie", name+"="+cookie); rec.Code != http.StatusUnauthorized {
			t.Errorf("GET with a session cookie = %d, want 401", rec.Code)
		}
	}
	if rec := w.do("none", "GET", "/api/v1/projects?access_token="+w.tokens["admin"], ""); rec.Code != http.StatusUnauthorized {
		t.Errorf("GET with the token as a parameter = %d, want 401", rec.Code)
	}
}

func TestInvisibleAndMissingLookTheSame(t *testing.T) {
	w := newAPIWorld(t)
	for _, pair := range [][2]string{
		{"/issues/1", "/issues/999"}, {"/inboxes/1", "/inboxes/999"}, {"/messages/1", "/messages/999"}, {"/attachments/1", "/attachments/999"},
		{"/projects/SUP", "/projects/XYZ"}, {"/users/1", "/users/999"}, {"/messages?inbox=1", "/messages?inbox=999"}, {"/issues?project=SUP", "/issues?project=XYZ"},
	} {
		hidden, missing := w.do("stranger", "GET", apiPrefix+pair[0], ""), w.do("stranger", "GET", apiPrefix+pair[1], "")
		if hidden.Code != http.StatusNotFound || missing.Code != http.StatusNotFound || hidden.Body.String() != missing.Body.String() {
			t.Errorf("%s = %d %s, %s = %d %s, want the same 404", pair[0], hidden.Code, hidden.Body, pair[1], missing.Code, missing.Body)
		}
	}
}

func TestIDsThatAreNone(t *testing.T) {
	w := newAPIWorld(t)
	for _, id := range []string{"0", "-1", "01", "+1", "1e0", "x", "99999999999999999999", "1%27", "%00", "1%20OR%201=1"} {
		for _, path := range []string{"/issues/", "/inboxes/", "/messages/", "/attachments/", "/users/"} {
			if rec := w.do("admin", "GET", apiPrefix+path+id, ""); rec.Code != http.StatusNotFound {
				t.Errorf("GET %s%s = %d, want 404", path, id, rec.Code)
			}
		}
	}
}
