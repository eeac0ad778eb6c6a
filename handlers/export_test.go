package handlers

// MailDocument is the document around the HTML of a mail, for tests that look at it in a browser.
func MailDocument(body string) []byte { return mailDocument("", "Mail", body) }

// MailHeaders sets the headers of that document.
func MailHeaders(set func(name, value string)) { mailHeaders(set, "") }
