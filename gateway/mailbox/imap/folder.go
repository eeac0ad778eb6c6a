package imap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"letterbox/gateway/mailbox"
)

// selected is the folder that is open in the session.
type selected struct {
	name     string // On the server.
	validity uint32
	write    bool // SELECT, not EXAMINE.
	readOnly bool // SELECT was answered with READ-ONLY.
	count    uint32
	next     goimap.UID // UIDNEXT; 0 when not told.
	changes  uint64     // HIGHESTMODSEQ; 0 when not told.
}

// changed runs in the library's reader: it only leaves a note.
func (m *Mailbox) changed(data *imapclient.UnilateralDataMailbox) {
	if data.NumMessages != nil {
		m.grew.Store(true)
		m.signal()
	}
}

func (m *Mailbox) signal() {
	select {
	case m.news <- struct{}{}:
	default:
	}
}

// open makes a folder, named as in a setting or a Ref, the selected one. It is opened read-only until something has to
// be changed.
func (m *Mailbox) open(ctx context.Context, folder string, write bool) (*selected, error) {
	names, err := m.candidates(ctx, folder)
	if err != nil {
		return nil, err
	}
	if s := m.selected; s != nil && s.name == names[0] && (s.write || !write) {
		return s, nil
	}
	for i, name := range names {
		s, err := m.selectFolder(ctx, name, write)
		if err == nil {
			m.names[folder] = name
			return s, nil
		}
		if status, ok := errors.AsType[*goimap.Error](err); !ok || status.Type != goimap.StatusResponseTypeNo {
			return nil, m.problem(mailbox.PhaseFolders, fmt.Errorf("open folder: %w", err))
		} else if i == len(names)-1 {
			return nil, m.missing(ctx, folder, err)
		}
	}
	return nil, errors.New("open folder: no name") // Not reached: there is always a candidate.
}

// candidates returns the names under which the server may know a folder: with its own separator instead of "/", and as
// written.
func (m *Mailbox) candidates(ctx context.Context, folder string) ([]string, error) {
	if strings.EqualFold(folder, "INBOX") || folder == "" {
		return []string{"INBOX"}, nil
	}
	if name, ok := m.names[folder]; ok {
		return []string{name}, nil
	}
	if !strings.Contains(folder, "/") {
		return []string{folder}, nil
	}
	if err := m.learnSeparator(ctx); err != nil {
		return nil, err
	}
	if m.separator == "/" || m.separator == "" {
		return []string{folder}, nil
	}
	return []string{strings.ReplaceAll(folder, "/", m.separator), folder}, nil
}

// learnSeparator asks for the hierarchy separator (RFC 3501, 6.3.8: LIST with an empty pattern).
func (m *Mailbox) learnSeparator(ctx context.Context) error {
	if m.asked {
		return nil
	}
	err := m.do(ctx, control(m.account), func() error {
		list, err := m.client.List("", "", nil).Collect()
		if len(list) > 0 && list[0].Delim != 0 {
			m.separator = string(list[0].Delim)
		}
		return err
	})
	if err != nil {
		return m.problem(mailbox.PhaseFolders, fmt.Errorf("ask for the folder separator: %w", err))
	}
	m.asked = true
	return nil
}

func (m *Mailbox) selectFolder(ctx context.Context, name string, write bool) (*selected, error) {
	var s *selected
	m.selected = nil
	err := m.do(ctx, control(m.account), func() error {
		m.grew.Store(false)
		m.conn.Listen(32 << 10)
		data, err := m.client.Select(name, &goimap.SelectOptions{ReadOnly: !write, CondStore: m.numbered}).Wait()
		heard := strings.ToUpper(string(m.conn.Heard()))
		if err != nil {
			return err
		}
		s = &selected{
			name: name, validity: data.UIDValidity, write: write, count: data.NumMessages, next: data.UIDNext, changes: data.HighestModSeq,
			readOnly: write && strings.Contains(heard, "[READ-ONLY]"),
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	m.selected = s
	// What arrived while another folder was open (or between EXAMINE and SELECT) is announced by nobody.
	if st := m.known[name]; st != nil && st.stale(s.next, s.count) {
		m.grew.Store(true)
	}
	return s, nil
}

// missing explains why a folder could not be opened.
func (m *Mailbox) missing(ctx context.Context, folder string, cause error) error {
	list, err := m.Folders(ctx, false)
	if err != nil {
		return err
	}
	p := &mailbox.Problem{
		Phase: mailbox.PhaseFolders, Code: "E-IMAP-01", Args: map[string]string{"folder": folder}, Err: fmt.Errorf("open folder: %w", cause),
	}
	names, _ := m.candidates(ctx, folder)
	var found []string
	for _, f := range list {
		if f.NoSelect && slices.Contains(names, f.Name) {
			p.Code = "E-IMAP-02"
		}
		if !f.NoSelect && len(found) < 30 {
			found = append(found, f.Name)
		}
	}
	p.Args["list"] = strings.Join(found, ", ")
	if near := mailbox.Nearest(list, folder); near != "" {
		p.Args["suggest"] = near
	}
	return p
}
