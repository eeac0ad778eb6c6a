package mailtest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// store holds the users of all servers.
type store struct {
	mu    sync.Mutex
	users map[string]*User
}

func newStore() *store { return &store{users: map[string]*User{}} }

func (s *store) user(login string) *User {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.users[login]
}

func (s *store) byAddress(address string) *User {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.users {
		if slices.ContainsFunc(u.addresses, func(a string) bool { return strings.EqualFold(a, address) }) {
			return u
		}
	}
	return nil
}

func (s *store) addUser(login, password string, addresses []string) *User {
	u := &User{Login: login, password: password, addresses: addresses, mem: imapmemserver.NewUser(login, password), raws: map[goimap.UID][]byte{}}
	_ = u.mem.Create("INBOX", nil) // A new user has no folder yet, so this cannot fail.
	s.mu.Lock()
	s.users[login] = u
	s.mu.Unlock()
	return u
}

// User is one login and its folders.
type User struct {
	Login string

	password  string
	addresses []string
	mem       *imapmemserver.User

	mu       sync.Mutex
	raws     map[goimap.UID][]byte // Messages of INBOX, for POP3.
	readOnly map[string]bool       // Folders that nobody may change.
}

// Append puts a message into a folder, which must exist.
func (u *User) Append(folder string, raw []byte, flags ...goimap.Flag) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	data, err := u.mem.Append(folder, literal{bytes.NewReader(raw)}, &goimap.AppendOptions{Flags: flags})
	if err != nil {
		return fmt.Errorf("append to %q: %w", folder, err)
	}
	if folder == "INBOX" {
		u.raws[data.UID] = bytes.Clone(raw)
	}
	return nil
}

// CreateFolder creates a folder; "/" separates levels.
func (u *User) CreateFolder(name string) error { return u.mem.Create(name, nil) }

// ReadOnly makes a folder one that can only be read.
func (u *User) ReadOnly(folder string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.readOnly == nil {
		u.readOnly = map[string]bool{}
	}
	u.readOnly[folder] = true
}

func (u *User) isReadOnly(folder string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.readOnly[folder]
}

// Count returns the number of messages in a folder that carry the flags; -1 when there is no such folder.
func (u *User) Count(folder string, flags ...goimap.Flag) int {
	uids, err := u.uids(folder, flags)
	if err != nil {
		return -1
	}
	return len(uids)
}

func (u *User) uids(folder string, flags []goimap.Flag) ([]goimap.UID, error) {
	view, err := u.view(folder)
	if err != nil {
		return nil, err
	}
	defer view.Close()
	data, err := view.Search(imapserver.NumKindUID, &goimap.SearchCriteria{Flag: flags}, &goimap.SearchOptions{})
	if err != nil {
		return nil, err
	}
	set, _ := data.All.(goimap.UIDSet)
	uids, _ := set.Nums() // Our own server: the set is static and small.
	return uids, nil
}

func (u *User) view(folder string) (*imapmemserver.UserSession, error) {
	sess := imapmemserver.NewUserSession(u.mem)
	if _, err := sess.Select(folder, &goimap.SelectOptions{ReadOnly: true}); err != nil {
		return nil, fmt.Errorf("open %q: %w", folder, err)
	}
	return sess, nil
}

// dropMessage is a message as POP3 sees it.
type dropMessage struct {
	uid goimap.UID
	raw []byte
}

// maildrop returns what INBOX holds now.
func (u *User) maildrop() []dropMessage {
	uids, err := u.uids("INBOX", nil)
	if err != nil {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	var out []dropMessage
	for _, uid := range uids {
		if raw, ok := u.raws[uid]; ok {
			out = append(out, dropMessage{uid, raw})
		}
	}
	return out
}

// remove deletes messages from INBOX.
func (u *User) remove(uids []goimap.UID) error {
	if len(uids) == 0 {
		return nil
	}
	view, err := u.view("INBOX")
	if err != nil {
		return err
	}
	defer view.Close()
	set := goimap.UIDSetNum(uids...)
	flags := &goimap.StoreFlags{Op: goimap.StoreFlagsAdd, Silent: true, Flags: []goimap.Flag{goimap.FlagDeleted}}
	if err := view.Store(nil, set, flags, nil); err != nil {
		return err
	}
	u.mu.Lock()
	for _, uid := range uids {
		delete(u.raws, uid)
	}
	u.mu.Unlock()
	return view.Expunge(nil, &set)
}

// literal is a message to be appended.
type literal struct{ *bytes.Reader }
