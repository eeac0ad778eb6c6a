// Package imap reads and settles the folders of an IMAP account (RFC 3501, RFC 9051) as a [mailbox.Mailbox].
//
// It guarantees that List and Fetch change nothing on the server (EXAMINE, BODY.PEEK[]), that a message is only ever
// settled by its UID after the folder has been opened in this session with the UIDVALIDITY of its Ref, and that a move
// never removes a message before the server has confirmed the copy (RFC 6851, or COPY, STORE and UID EXPUNGE, each
// waited for). A bare EXPUNGE, which would remove other clients' messages, is never sent.
//
// It asks only for UID, FLAGS, INTERNALDATE, RFC822.SIZE and BODY.PEEK[]: one unusual ENVELOPE or BODYSTRUCTURE would
// otherwise end the whole connection.
package imap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/wire"
)

// Mailbox is one visit to the configured folders of an IMAP account. Its connection may be kept between visits.
type Mailbox struct {
	account mailbox.Account
	conn    *wire.Conn
	client  *imapclient.Client
	caps    goimap.CapSet
	folders []string // As configured.

	separator string            // The server's hierarchy separator; only valid when asked is true.
	asked     bool              // Whether separator is known.
	names     map[string]string // Configured name to the name on the server.
	known     map[string]*state // What List and News have seen, by name on the server.
	selected  *selected

	numbered   bool // Changes of flags are numbered in this session, because a folder was opened so.
	unnumbered bool // The server offers to number changes, and does not.

	news chan struct{} // Filled when the server announces a change of the selected folder.
	grew atomic.Bool   // The selected folder has new messages since they were last listed.
}

// state is what is remembered of a folder between List, News and Fetch.
type state struct {
	validity uint32
	last     goimap.UID           // Highest UID listed.
	next     goimap.UID           // UIDNEXT when it was listed: what is below is known, even when it has gone since.
	count    uint32               // Messages when it was listed, for servers that do not tell UIDNEXT.
	changes  uint64               // Changes of flags up to this number have been told by Unread; 0: none is known.
	sizes    map[goimap.UID]int64 // Sizes of messages listed and not yet fetched.
}

var (
	_ mailbox.Watcher = (*Mailbox)(nil)
	_ mailbox.Lister  = (*Mailbox)(nil)
)

// Open connects, encrypts, signs in and opens the first folder. With progress (which may be nil) it also opens every
// other folder and reports the finished phases; that is the check of an inbox. What goes wrong is a [*mailbox.Problem].
// ctx bounds the whole call; the account's ConnectTimeout bounds everything before sign-in.
func Open(ctx context.Context, a mailbox.Account, progress func(mailbox.Step)) (*Mailbox, error) {
	check := progress != nil
	if !check {
		progress = func(mailbox.Step) {}
	}
	if err := clean(a); err != nil {
		return nil, err
	}
	conn, err := wire.Open(ctx, a, protocol, progress)
	if err != nil {
		return nil, err
	}
	conn.LimitLines(64 << 10)
	m := &Mailbox{
		account: a, conn: conn, folders: a.Folders, names: map[string]string{}, known: map[string]*state{},
		news: make(chan struct{}, 1),
	}
	if len(m.folders) == 0 {
		m.folders = []string{"INBOX"}
	}
	m.client = imapclient.New(conn, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: m.changed,
		Expunge: func(uint32) { m.signal() },
		Fetch:   m.unasked,
	}})
	if err := m.start(ctx, check, progress); err != nil {
		m.Abort()
		return nil, err
	}
	return m, nil
}

// start signs in and opens folders.
func (m *Mailbox) start(ctx context.Context, check bool, progress func(mailbox.Step)) error {
	if err := m.signIn(ctx, progress); err != nil {
		return err
	}
	progress(mailbox.Step{Phase: mailbox.PhaseSignIn, Note: map[string]string{"user": m.account.Username}})
	if !check {
		_, err := m.open(ctx, m.folders[0], false)
		return err
	}
	return m.check(ctx, progress)
}

// check opens every folder, the first one last so that it stays open.
func (m *Mailbox) check(ctx context.Context, progress func(mailbox.Step)) error {
	if err := m.learnSeparator(ctx); err != nil {
		return err
	}
	counts := map[string]string{}
	total := 0
	for i := range m.folders {
		name := m.folders[len(m.folders)-1-i]
		s, err := m.open(ctx, name, false)
		if err != nil {
			return err
		}
		counts["messages:"+s.name] = fmt.Sprint(s.count)
		total += int(s.count)
	}
	counts["messages"] = fmt.Sprint(total)
	note := map[string]string{"separator": m.separator, "folders": strings.Join(m.folders, ", ")}
	if err := m.askPurpose(ctx, note); err != nil {
		return err
	}
	progress(mailbox.Step{Phase: mailbox.PhaseFolders, Note: note})
	rights := map[string]string{"move": yes(m.caps.Has(goimap.CapMove)), "uidplus": yes(m.caps.Has(goimap.CapUIDPlus)), "idle": yes(m.caps.Has(goimap.CapIdle))}
	m.askRights(ctx, rights)
	progress(mailbox.Step{Phase: mailbox.PhaseRights, Note: rights})
	m.noteQuota(ctx, counts)
	progress(mailbox.Step{Phase: mailbox.PhaseCounts, Note: counts})
	return nil
}

// askRights adds the rights that the server grants on each folder (RFC 4314), where it can tell.
func (m *Mailbox) askRights(ctx context.Context, note map[string]string) {
	if !m.caps.Has(goimap.CapACL) {
		return
	}
	for _, folder := range m.folders {
		name := m.nameOf(folder)
		// A refusal is no problem: the rights then show when something is settled.
		_ = m.do(ctx, control(m.account), func() error {
			data, err := m.client.MyRights(name).Wait()
			if err == nil {
				note["rights:"+name] = string(data.Rights)
			}
			return err
		})
	}
}

// askPurpose warns of a folder that holds what people here wrote themselves.
func (m *Mailbox) askPurpose(ctx context.Context, note map[string]string) error {
	list, err := m.Folders(ctx, false)
	if err != nil {
		return err
	}
	for _, folder := range m.folders {
		name := m.nameOf(folder)
		i := slices.IndexFunc(list, func(f mailbox.Folder) bool { return f.Name == name })
		if i < 0 {
			continue
		}
		if purpose := mailbox.Purpose(list[i]); mailbox.Ours(purpose) {
			note["code"], note["folder"], note["use"] = "E-IMAP-03", name, purpose
		}
	}
	return nil
}

// noteQuota adds how full the account is (RFC 9208), where the server can tell, and warns when nothing more fits.
func (m *Mailbox) noteQuota(ctx context.Context, note map[string]string) {
	if !m.caps.Has(goimap.CapQuota) {
		return
	}
	// A refusal is no problem: then it is not known.
	_ = m.do(ctx, control(m.account), func() error {
		roots, err := m.client.GetQuotaRoot(m.nameOf(m.folders[0])).Wait()
		for _, root := range roots {
			used, ok := root.Resources[goimap.QuotaResourceStorage]
			if !ok || used.Limit <= 0 {
				continue
			}
			note["used"], note["quota"] = mebibytes(used.Usage), mebibytes(used.Limit)
			if used.Usage >= used.Limit {
				note["code"] = "E-IMAP-06"
			}
		}
		return err
	})
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// clean refuses control characters in what is sent in a command (RFC 3501, 9: TEXT-CHAR).
func clean(a mailbox.Account) error {
	for _, s := range append([]string{a.Username, a.Password, a.Host}, a.Folders...) {
		if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return &mailbox.Problem{
				Phase: mailbox.PhaseSignIn, Code: "E-AUTH-01", Args: map[string]string{"text": ""},
				Err: errors.New("control character in host, user name, password or folder"),
			}
		}
	}
	return nil
}

// control limits a command whose answer is short.
func control(a mailbox.Account) wire.Limits {
	d := min(wire.FetchTimeout(a), 30*time.Second)
	return wire.Limits{Octets: 1 << 20, Idle: d, Total: 2 * d}
}

// do runs one command.
func (m *Mailbox) do(ctx context.Context, l wire.Limits, f func() error) error {
	return m.conn.Do(ctx, l, f)
}

// Close signs out and closes the connection. Everything that Settle reported as done is final already.
func (m *Mailbox) Close(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		m.Abort()
		return fmt.Errorf("close mailbox: %w", err)
	}
	// The answer to LOGOUT changes nothing: each settlement was confirmed by its own command.
	_ = m.do(ctx, wire.Limits{Octets: 64 << 10, Idle: 5 * time.Second, Total: 5 * time.Second}, func() error {
		return m.client.Logout().Wait()
	})
	_ = m.conn.Close()
	_ = m.client.Close()
	return nil
}

// Abort drops the connection. It never blocks.
func (m *Mailbox) Abort() { m.conn.Abort() }

// Greet connects, encrypts as the account asks and reads the greeting, and sends nothing secret: the way to find out
// whether a server is there. progress is told the phases that went well, and what certificate was shown. What goes wrong
// is a [*mailbox.Problem].
func Greet(ctx context.Context, a mailbox.Account, progress func(mailbox.Step)) error {
	return wire.Greet(ctx, a, protocol, progress)
}
