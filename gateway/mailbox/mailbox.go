// Package mailbox is the gateway's only view of a mail source.
//
// The folders of an IMAP account, a POP3 maildrop, an mbox file and one message piped to stdin all look the same from
// here: entries that can be listed, fetched and settled during one visit. What differs between the protocols stays
// inside the implementing packages; package mailboxtest holds the suite that each of them passes.
//
// The guarantee that the gateway builds on: List and Fetch change nothing on the server, and a settlement is final
// only when Close has returned nil.
package mailbox

import (
	"context"
	"errors"
	"io"
	"time"
)

// ErrNotFound says that the mailbox no longer holds the message, for example because another client expunged it.
var ErrNotFound = errors.New("mailbox: message not found")

// ErrWithheld says that the mailbox holds a message but does not hand out its octets now. Seen in practice: a server
// that is still looking into the message.
var ErrWithheld = errors.New("mailbox: server does not hand out the message now")

// ErrNotAsked says that a transfer failed while no message was asked for: none of those that have not come is the cause.
var ErrNotAsked = errors.New("mailbox: no message was asked for")

// Ref names one message of one mailbox. It stays the same on every visit, so the gateway recognises a message that it
// has already stored.
type Ref struct {
	Folder      string // IMAP folder in UTF-8 with the server's own separator; empty where there is only one.
	UIDValidity uint32 // IMAP UIDVALIDITY (RFC 9051, 2.3.1.1); 0 where the protocol has none.
	UID         string // IMAP UID in decimal, or POP3 unique-id (RFC 1939, 7, UIDL); compared octet by octet.
}

// Entry is one line of a mailbox listing.
type Entry struct {
	Ref
	Size       int64     // In octets, as the server states it; 0 when unknown.
	ReceivedAt time.Time // IMAP INTERNALDATE in UTC; zero where the protocol has none.
	Seen       bool      // IMAP \Seen; false where the protocol has no flags.
	Deleted    bool      // IMAP \Deleted: somebody is about to remove it.
}

// Action is what Settle does to messages on the server.
type Action string

// What may happen to a message on the server.
const (
	Leave  Action = "leave"  // Leave the message as it is.
	Seen   Action = "seen"   // Set \Seen; POP3 has no flags, so there it equals Leave.
	Delete Action = "delete" // Remove the message.
	Move   Action = "move"   // Move the message to Disposition.Folder; IMAP only.
)

// Disposition says what happens on the server to a message that the gateway has finished with.
type Disposition struct {
	Action Action
	Folder string // Target of Move, in UTF-8 with the server's own separator.
}

// Settled is what Settle found for one message.
type Settled struct {
	Ref  Ref
	Gone bool  // The server no longer holds it (moved or expunged by another client): nothing is left to do.
	Err  error // Why it could not be settled; the message is then still where it was. Nil when done or gone.
	// Marked says that the message only carries \Deleted in its old folder, because the server has no way to remove
	// single messages (no UIDPLUS): it disappears when some client expunges the folder. It counts as done.
	Marked bool
}

// Folder is one folder of an account.
type Folder struct {
	Name      string // In UTF-8, with Separator between levels, as a Ref or a setting names it.
	Separator string // The server's hierarchy separator, "" when the folder space is flat.
	Use       string // SPECIAL-USE (RFC 6154) without backslash, lower case: "sent", "trash", "junk", ...; or "".
	NoSelect  bool   // Holds no messages, only subfolders.
	Messages  int    // Number of messages; -1 when not asked.
}

// Mailbox is one visit to a mail source. A Mailbox is used by one goroutine at a time, except that Abort may come from
// any. Every method returns soon after ctx is done, with an error that wraps ctx.Err(); the visit is then over.
type Mailbox interface {
	// List returns all messages present, oldest first in each folder. It changes nothing on the server.
	List(ctx context.Context) ([]Entry, error)

	// Fetch streams the messages named by refs, in the order in which the server sends them, each exactly as the
	// server holds it (octets unchanged). each must read r before it returns; what it leaves unread is skipped.
	// A message that is no longer there is left out: the caller compares what it asked for with what it got. One that is
	// there and not handed out makes Fetch return an error that wraps ErrWithheld, after the others have come. An error
	// from each ends the transfer and is returned as it is. A transfer that ends early makes r return
	// io.ErrUnexpectedEOF, never a short message that looks whole. What fails before a message is asked for wraps
	// ErrNotAsked. It changes nothing on the server.
	Fetch(ctx context.Context, refs []Ref, each func(ref Ref, r io.Reader) error) error

	// FetchHeader writes the header section of one message to w (at most limit octets); for messages that are too
	// large to be fetched. ErrNotFound when it is not there.
	FetchHeader(ctx context.Context, ref Ref, limit int64, w io.Writer) error

	// Settle applies d to the messages and reports on each of them. It may be deferred: only a nil error from Close
	// makes settlements final (POP3 deletes in its UPDATE state, RFC 1939, 6). Settling twice does no harm. A message
	// is never lost: a move that fails leaves it where it was.
	Settle(ctx context.Context, refs []Ref, d Disposition) []Settled

	// Close makes the settlements final and ends the visit.
	Close(ctx context.Context) error

	// Abort ends the visit without making deferred settlements final. It never blocks.
	Abort()
}

// Watcher is a Mailbox whose connection is kept between visits. POP3 cannot be one: it shows a maildrop as it was at
// sign-in.
type Watcher interface {
	Mailbox

	// News returns what has arrived since the last List or News, at the cost of one round trip when nothing has.
	News(ctx context.Context) ([]Entry, error)

	// Unread returns messages that were listed before and are unread now, of each folder from the UID on that first names:
	// all of them, or those whose flags may have changed since the last time. Of an entry only the Ref is told. It costs
	// one round trip for each folder with unread mail, however many messages there are, and mostly one for all of them.
	Unread(ctx context.Context, first func(folder string, uidValidity uint32) uint32) ([]Entry, error)

	// Wait returns nil when the server says that something may have arrived (IMAP IDLE, RFC 2177), when d has passed
	// or when wake delivers, and an error when ctx is done or the connection is lost. The connection stays usable
	// after nil. Where the server offers no IDLE it waits for d or wake.
	Wait(ctx context.Context, d time.Duration, wake <-chan struct{}) error
}

// Lister is a Mailbox that can name the folders of its account.
type Lister interface {
	// Folders returns all folders in the server's order; counts when withCounts is true (one STATUS each).
	Folders(ctx context.Context, withCounts bool) ([]Folder, error)
	// CreateFolder creates a folder (and subscribes to it). It is no error when it is there already.
	CreateFolder(ctx context.Context, name string) error
}
