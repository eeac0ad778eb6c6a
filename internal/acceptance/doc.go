// Package acceptance holds the tests of the whole program on real servers: the built binary, a private Dovecot, files
// of mail and a browser. They show what the product promises to somebody who has never seen its code, so they look at
// it only from outside: commands, the API, pages, and what a mail client sees on the mail server.
package acceptance
