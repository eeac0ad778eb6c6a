// Package tracker holds the projects, issues, comments and people of Letterbox, and decides who may do what.
//
// It knows nothing of mail. What a person may not see is [models.ErrNotFound], as if it were not there; what it may
// see but not do is [models.ErrForbidden]; an input that cannot be taken is a [models.InvalidList] that names every
// field at fault. Each change is one transaction together with its line in the audit log.
//
// The calls in mail.go serve the gateway: they join the transaction in their context and check no rights, because the
// gate has decided before. Every other call names the person it is done for and checks that person's rights. The rules
// themselves stand in permission.go and nowhere else.
package tracker
