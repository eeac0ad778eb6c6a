// Package inbound takes mail over SMTP (RFC 5321) and LMTP (RFC 2033) from a mail server that stands before Letterbox.
//
// What it guarantees: a message is answered with 250 only once its result is durable; what the rules refuse is answered with
// 550, and what cannot be brought to its result now with 451, so the mail server keeps it and tries again. Only addresses
// of inboxes that take mail this way are recipients; nothing is relayed. Connections, lines, recipients, sizes and times
// are bounded.
//
// A message is kept with two lines before it, Return-Path and Delivered-To. There is no Received field: a message that is sent
// again because the answer was lost must have the octets that it had the first time. The mail server before has written
// its own.
package inbound
