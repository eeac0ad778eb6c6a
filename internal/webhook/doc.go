// Package webhook tells other programs what has happened here, as Standard Webhooks 1.0 says
// (github.com/standard-webhooks/standard-webhooks).
//
// What it guarantees: an event is queued in the transaction of what it tells of, so it is told if and only if that has
// happened. It is sent at least once, with the same webhook-id each time; an answer of 2xx ends it, everything else is
// tried again for about three days. No order is promised. Events hold identities and states, never the text of a mail.
// Only addresses of the internet on port 443 are reached, and networks that the operator has listed; no redirect is
// followed, and answers are bounded in time and size. Without a webhook an event costs no query.
package webhook
