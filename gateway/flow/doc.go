// Package flow decides what becomes of a mail that was let in, by the flow rules of its inbox: facts go in, a decision
// with the story of each rule comes out.
//
// It is pure: no network, no database, and no clock but the time limit on a pattern. Rules are asked in their order. One
// applies when all, any or none of its conditions hold; without conditions it always does. What a later rule sets goes
// over what an earlier one has set; labels, watchers and recipients add up. A rule that refuses a mail or sets it aside is
// the last one, and so is one that says so.
//
// Texts are compared as keywords are (gateway/rule): case, composed letters and runs of blanks make no difference.
// Addresses are compared as addr-specs, never by display name. A condition about several things (recipients, header
// fields of one name, attachments) holds when one of them fits, its negation when none does. A pattern is Perl 5 syntax and
// is looked for anywhere; one that takes too long leaves the mail undecided.
package flow
