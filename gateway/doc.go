// Package gateway turns mail into issues.
//
// A message takes eight steps, always in this order. The same eight words name the file of the step, the step in the
// trace, the "step" attribute of the program log and the label on the message page.
//
//	fetch   list what the server has, subtract what the ledger knows, download the rest
//	store   keep the raw octets and the ledger row before anything else happens to the message
//	parse   raw octets to a message.Message, with the defects found
//	gate    let it in, refuse it or set it aside, with a reason
//	match   the issue it belongs to, or the project for a new one
//	apply   one transaction: issue or comment, attachments, trace, and the message's new state
//	settle  leave, mark seen, move or delete on the server; only after apply is committed
//	notify  tell whoever is to be told
//
// A step that fails leaves the message at the step before it; the next visit continues from there. Until store has
// committed, a crash means that the message is fetched again; from then on nothing is lost, and apply happens once
// because its transaction also moves the message to its final state.
package gateway
