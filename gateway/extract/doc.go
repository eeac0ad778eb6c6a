// Package extract reads mails that are data. A profile describes a format: which fields stand where in the subject, the
// text or a file, and what they set of an issue. Mail in, fields and a proposal for the issue out.
//
// It is pure: no network, no database, and no clock but the time limit on patterns. A profile matches when every field
// that it requires is there and can be read; the first of a list that matches wins. What a field could not give is told
// with a code, never guessed.
//
// Whatever a mail holds, the work for it is bounded: files are read up to [MaxFile] octets, XML without document types,
// entities or deep nesting, patterns for 100 ms each and all of them together for one second. A mail for which that was
// not enough is told as such ([Result.Slow]), so that a person looks at it.
package extract
