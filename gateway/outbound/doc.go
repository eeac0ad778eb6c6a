// Package outbound writes mails and hands them to an SMTP server.
//
// What it guarantees: a mail goes to one recipient with one envelope (RFC 5321); its header never holds a line end that
// somebody smuggled in; mail that no person wrote says so (RFC 3834); the Message-ID and the reply address carry a
// signature that tells, without a look-up, which issue an answer belongs to and whom the mail went to. Sending tells
// apart what passes (try again), what does not (give up, with the server's words) and what concerns the account rather
// than the mail. It reads no clock and no database; the caller bounds everything with a context.
package outbound
