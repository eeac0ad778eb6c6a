package mailtest

import (
	"bytes"
	"io"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// session is one IMAP connection. It adds to the library's in-memory server what clients must be tested against:
// folders that are really read-only, by EXAMINE or for good.
type session struct {
	*imapmemserver.UserSession

	store  *store
	user   *User
	sealed bool // The selected folder must not be changed.
	inbox  bool // INBOX is selected.
}

var _ imapserver.SessionIMAP4rev2 = (*session)(nil)

var errReadOnly = &goimap.Error{Type: goimap.StatusResponseTypeNo, Code: goimap.ResponseCodeNoPerm, Text: "Folder is read-only"}

func (s *session) Login(login, password string) error {
	u := s.store.user(login)
	if u == nil {
		return imapserver.ErrAuthFailed
	}
	if err := u.mem.Login(login, password); err != nil {
		return err
	}
	s.user, s.UserSession = u, imapmemserver.NewUserSession(u.mem)
	return nil
}

// Close may come before sign-in.
func (s *session) Close() error { return s.UserSession.Close() }

func (s *session) Select(name string, options *goimap.SelectOptions) (*goimap.SelectData, error) {
	data, err := s.UserSession.Select(name, options)
	s.inbox = err == nil && name == "INBOX"
	s.sealed = options.ReadOnly || s.user.isReadOnly(name)
	return data, err
}

func (s *session) Append(folder string, r goimap.LiteralReader, options *goimap.AppendOptions) (*goimap.AppendData, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	s.user.mu.Lock()
	defer s.user.mu.Unlock()
	data, err := s.UserSession.Append(folder, literal{bytes.NewReader(raw)}, options)
	if err == nil && folder == "INBOX" {
		s.user.raws[data.UID] = raw
	}
	return data, err
}

func (s *session) Fetch(w *imapserver.FetchWriter, set goimap.NumSet, options *goimap.FetchOptions) error {
	if s.sealed {
		for _, section := range options.BodySection {
			section.Peek = true
		}
	}
	return s.UserSession.Fetch(w, set, options)
}

func (s *session) Store(w *imapserver.FetchWriter, set goimap.NumSet, flags *goimap.StoreFlags, options *goimap.StoreOptions) error {
	if s.sealed {
		return errReadOnly
	}
	return s.UserSession.Store(w, set, flags, options)
}

func (s *session) Expunge(w *imapserver.ExpungeWriter, uids *goimap.UIDSet) error {
	if s.sealed {
		return errReadOnly
	}
	return s.UserSession.Expunge(w, uids)
}

func (s *session) Move(w *imapserver.MoveWriter, set goimap.NumSet, dest string) error {
	if s.sealed {
		return errReadOnly
	}
	return s.UserSession.Move(w, set, dest)
}
