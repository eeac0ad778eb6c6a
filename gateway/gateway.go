package gateway

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/preset"
	"letterbox/gateway/oauth"
	"letterbox/gateway/script"
	"letterbox/gateway/smime"
	"letterbox/models"
	"letterbox/models/store"
)

// Deps is what a Gateway needs.
type Deps struct {
	Store   *store.Store
	Tracker Tracker
	Secrets Secrets
	Log     *slog.Logger
	Dial    mailbox.DialFunc // Guards which hosts may be reached; a plain net.Dialer when nil.
	// DialWeb reaches what domains publish over HTTPS about their mail, guarded; nil: nothing is fetched.
	DialWeb  mailbox.DialFunc
	Resolver preset.Resolver // Asks the DNS where the mail of a domain lies; the system's when nil.
	// LookupTXT asks the DNS for the keys of DKIM signatures; nil: signatures are not checked here.
	LookupTXT func(ctx context.Context, name string) ([]string, error)
	// ForbidUnverified refuses connections on which nobody checks the certificate of the server, stored ones too.
	ForbidUnverified bool
	OAuthHosts       []string       // Identity providers that may be used besides Microsoft and Google: "id.example.org", "id.example.org:8443".
	OAuthRoots       *x509.CertPool // Issuers of their certificates; those of the system when nil.
	Scripts          *script.Runner // Runs the scripts of inboxes; nil: mail for a script waits.
	SMIME            *smime.Policy  // Checks signatures and opens encrypted mail; nil: both are only recognised.
	// Texts returns a text of the message catalogue for mails that go out; nil: its key.
	Texts func(lang, key string, args map[string]string) string
	// BaseURL is where people reach the server, without a slash at the end, for links in mails; "": there are none.
	BaseURL string
	// Publish is given, inside the transaction, what programs outside may want to know; may be nil.
	Publish func(ctx context.Context, e models.Event) error
	// InboxesPerProject is how many inboxes a project may have; 0: any number.
	InboxesPerProject int
	Changed           func(topic string) // Told after a commit that pages may want to show ("message", "issue:12", "inbox:3"); may be nil.
}

// Secrets encrypts stored credentials; *secret.Ring is one. where names table, row and column and is bound to the
// ciphertext, so that a credential copied to another row cannot be read there.
type Secrets interface {
	Seal(plain, where string) (string, error)
	Open(sealed, where string) (string, error)
}

// Gateway turns mail into issues. Its methods may be called from any goroutine.
type Gateway struct {
	Deps
	holder string // Names this process in the leases.
	rules  ruleCache
	oauth  *oauth.Client
	proof  time.Duration                                                       // A check takes an access token that is younger.
	box    func(ctx context.Context, ib models.Inbox) (mailbox.Mailbox, error) // Opens mailboxes in tests; nil: imap and pop3.

	counts counts
	deadly chan struct{} // Holds one token while a message is tried that may take the process with it.
	resync chan struct{} // The inboxes have changed in this process.

	readsNothing atomic.Bool // No inbox is to be visited, as far as this process has seen.

	own     recent[map[string]bool] // The addresses of our inboxes; a change in this process empties it.
	checks  checkCount
	doorway doorway
	crowds  recent[map[int64]int] // How many inboxes each project has: one mail may reach more than one of them.

	mailOut chan struct{} // The outbox has been filled in this process.
	keys    recent[replyKeys]
	devices chan struct{} // A sign-in with another device has begun in this process.

	newcomers newcomers

	dnsFailed atomic.Int64 // When the DNS did not answer, in seconds; 0: it does.

	presence present              // Used by Run alone, like known.
	known    map[int64]knownInbox // The inboxes there are.
	versions store.InboxVersions  // As of the latest sync.
	clock    clock

	mu       sync.Mutex
	workers  map[int64]*worker // By inbox, while Run is under way.
	leases   map[string]*heldLease
	accounts map[int64]kept               // The latest comparison of each inbox' server with the ledger.
	live     map[int64]pulse              // What is known of the visits of this process and not worth a database write.
	unsaved  map[int64]models.InboxStatus // Statuses that the database did not take.
}

// pulse is the latest of an inbox that this process visits.
type pulse struct {
	polledAt, nextAt time.Time
}

// New returns a Gateway. It does nothing by itself until Run.
func New(d Deps) *Gateway {
	if d.Changed == nil {
		d.Changed = func(string) {}
	}
	web := d.DialWeb
	if web == nil {
		web = func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("nothing on the web may be reached")
		}
	}
	g := &Gateway{
		oauth: oauth.New(web, d.OAuthRoots), proof: oauthProof, newcomers: newcomers{most: mostNewcomers},
		clock: clock{read: d.Store.Now},
		Deps:  d, holder: newHolder(), rules: newRuleCache(),
		deadly: make(chan struct{}, 1), resync: make(chan struct{}, 1), mailOut: make(chan struct{}, 1), devices: make(chan struct{}, 1),
		workers: map[int64]*worker{}, known: map[int64]knownInbox{}, leases: map[string]*heldLease{},
		live: map[int64]pulse{}, accounts: map[int64]kept{}, unsaved: map[int64]models.InboxStatus{},
	}
	if g.SMIME != nil { // What it was given, and the keys in the database.
		policy := *g.SMIME
		policy.More = g.storedKeys
		g.SMIME = &policy
	}
	return g
}

// now is the time of this process, for display and schedules only; nothing that must be right depends on it.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// wait waits for d or until wake or ctx says to go on; it reports false when ctx is done.
func wait(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
	case <-wake:
	}
	return true
}
