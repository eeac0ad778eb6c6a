package store

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"

	"letterbox/models"
)

// maxAddress is the longest address that is kept, in octets (RFC 5321, 4.5.3.1: 64 + "@" + 255).
const maxAddress = 320

// CreateUser adds a user with the addresses and sets ID and CreatedAt. Login and addresses are put in lower case; one
// that somebody has is models.ErrConflict, an address of more than 320 octets is a *models.Invalid.
func (s *Store) CreateUser(ctx context.Context, u *models.User) error {
	lowerLogin(u)
	return s.write(ctx, "create user", func(ctx context.Context, tx *txPool) error {
		u.ID = 0
		u.Name = cut(u.Name, 500)
		if u.CreatedAt.IsZero() {
			u.CreatedAt = now()
		}
		before := tx.people.read()
		if err := s.gorm(ctx).Create(u).Error; err != nil {
			return err
		}
		for i, a := range u.Addresses {
			u.Addresses[i] = models.FoldAddress(a)
			if err := tx.addAddress(ctx, u.ID, u.Addresses[i], i); err != nil {
				return err
			}
		}
		tx.people.join(before, *u)
		return nil
	})
}

func lowerLogin(u *models.User) {
	if u.Login != nil {
		l := strings.ToLower(*u.Login)
		u.Login = &l
	}
}

func (t *txPool) addAddress(ctx context.Context, userID int64, address string, place int) error {
	if len(address) > maxAddress {
		return &models.Invalid{Field: "addresses", Code: "too_long"}
	}
	_, err := t.exec(ctx, "INSERT INTO user_addresses (address, user_id, place) VALUES (?, ?, ?)", address, userID, place)
	return err
}

// AddAddress adds an address to a user, after those that are there. One that somebody has is models.ErrConflict.
func (s *Store) AddAddress(ctx context.Context, userID int64, address string) error {
	return s.write(ctx, "add address", func(ctx context.Context, tx *txPool) error {
		var n int
		if err := s.queryRow(ctx, "SELECT COALESCE(MAX(place), -1) + 1 FROM user_addresses WHERE user_id = ?", []any{userID}, &n); err != nil {
			return err
		}
		return tx.addAddress(ctx, userID, models.FoldAddress(address), n)
	})
}

// SetAddresses gives a user exactly these addresses, in this order. One that somebody else has is models.ErrConflict.
func (s *Store) SetAddresses(ctx context.Context, userID int64, addresses []string) error {
	return s.write(ctx, "set addresses", func(ctx context.Context, tx *txPool) error {
		if _, err := tx.exec(ctx, "DELETE FROM user_addresses WHERE user_id = ?", userID); err != nil {
			return err
		}
		for place, a := range addresses {
			if err := tx.addAddress(ctx, userID, models.FoldAddress(a), place); err != nil {
				return err
			}
		}
		return nil
	})
}

// RemoveAddress takes an address of a user away; models.ErrNotFound when the user has no such address.
func (s *Store) RemoveAddress(ctx context.Context, userID int64, address string) error {
	return s.write(ctx, "remove address", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "DELETE FROM user_addresses WHERE user_id = ? AND address = ?", userID, models.FoldAddress(address)))
	})
}

// UserByID returns a user with the addresses.
func (s *Store) UserByID(ctx context.Context, id int64) (models.User, error) {
	return s.user(ctx, "id = ?", id)
}

// UserByLogin returns the user with that login, in any case.
func (s *Store) UserByLogin(ctx context.Context, login string) (models.User, error) {
	return s.user(ctx, "login = ?", strings.ToLower(login))
}

// UserByAddress returns the user with that address, in any case. Disabled users are found too.
func (s *Store) UserByAddress(ctx context.Context, address string) (models.User, error) {
	return s.user(ctx, "id = (SELECT user_id FROM user_addresses WHERE address = ?)", models.FoldAddress(address))
}

func (s *Store) user(ctx context.Context, where string, arg any) (models.User, error) {
	var u models.User
	if err := s.gorm(ctx).Where(where, arg).Take(&u).Error; err != nil {
		return u, wrap("read user", err)
	}
	list := []models.User{u}
	err := s.fillAddresses(ctx, list)
	return list[0], err
}

// Users returns at most limit users with an ID above after, by ID, with their addresses.
func (s *Store) Users(ctx context.Context, limit int, after int64) ([]models.User, error) {
	var list []models.User
	if err := s.gorm(ctx).Where("id > ?", after).Order("id").Limit(limit).Find(&list).Error; err != nil {
		return nil, wrap("list users", err)
	}
	return list, s.fillAddresses(ctx, list)
}

// UserIDsByAddress returns whose these addresses are, in any case; those of nobody are left out. The keys are folded
// addresses, see models.FoldAddress.
func (s *Store) UserIDsByAddress(ctx context.Context, addresses []string) (map[string]int64, error) {
	out := make(map[string]int64, len(addresses))
	for part := range slices.Chunk(addresses, 100) {
		args := make([]any, len(part))
		for i, a := range part {
			args[i] = models.FoldAddress(a)
		}
		err := s.each(ctx, "SELECT address, user_id FROM user_addresses WHERE address IN ("+marks(len(args))+")", args, func(r *sql.Rows) error {
			var a string
			var id int64
			err := r.Scan(&a, &id)
			out[a] = id
			return err
		})
		if err != nil {
			return nil, wrap("find addresses", err)
		}
	}
	return out, nil
}

// UsersByAddress returns who has which of the addresses, by the folded address. Those that nobody has are left out.
func (s *Store) UsersByAddress(ctx context.Context, addresses []string) (map[string]models.User, error) {
	folded := make([]string, len(addresses))
	for i, a := range addresses {
		folded[i] = models.FoldAddress(a)
	}
	tx := s.tx(ctx)
	if tx == nil || !tx.people.answers(folded) {
		return s.findUsers(ctx, folded)
	}
	if tx.people.found == nil {
		found, err := s.findUsers(ctx, slices.Sorted(maps.Keys(tx.people.asked)))
		if err != nil {
			return nil, err
		}
		tx.people.found = found
		tx.people.reads++
	}
	out := make(map[string]models.User, len(folded))
	for _, a := range folded {
		if u, ok := tx.people.found[a]; ok {
			u.Addresses = slices.Clone(u.Addresses)
			out[a] = u
		}
	}
	return out, nil
}

func (s *Store) findUsers(ctx context.Context, addresses []string) (map[string]models.User, error) {
	out := make(map[string]models.User, len(addresses))
	for part := range slices.Chunk(addresses, 100) {
		folded := anys(part)
		var all []models.User // Each with the addresses; the rows of one follow each other.
		err := s.each(ctx, `SELECT u.id, u.login, u.name, u.role, u.password_hash, u.language, u.theme, u.list_look, u.created_at, u.disabled_at, a.address
			FROM users u JOIN user_addresses a ON a.user_id = u.id
			WHERE u.id IN (SELECT user_id FROM user_addresses WHERE address IN (`+marks(len(folded))+`)) ORDER BY u.id, a.place`, folded,
			func(r *sql.Rows) error {
				var u models.User
				var address string
				err := r.Scan(&u.ID, &u.Login, &u.Name, &u.Role, &u.PasswordHash, &u.Language, &u.Theme, &u.ListLook, &u.CreatedAt, &u.DisabledAt, &address)
				if n := len(all); n == 0 || all[n-1].ID != u.ID {
					all = append(all, u)
				}
				last := &all[len(all)-1]
				last.Addresses = append(last.Addresses, address)
				return err
			})
		if err != nil {
			return nil, wrap("find addresses", err)
		}
		for _, u := range all {
			for _, a := range u.Addresses {
				if slices.Contains(folded, any(a)) {
					out[a] = u
				}
			}
		}
	}
	return out, nil
}

// AdminsOf returns who may sign in and is an admin of the installation or of a project (0: of none), by ID, with their
// addresses; at most 200.
func (s *Store) AdminsOf(ctx context.Context, project int64) ([]models.User, error) {
	var list []models.User
	err := s.gorm(ctx).Where("disabled_at IS NULL AND (role = ? OR role = ? AND id IN (SELECT user_id FROM members WHERE project_id = ? AND role = ?))",
		models.RoleAdmin, models.RoleMember, project, models.ProjectAdmin).Order("id").Limit(200).Find(&list).Error
	if err != nil {
		return nil, wrap("list admins", err)
	}
	return list, s.fillAddresses(ctx, list)
}

// UsersByID returns the users with these IDs, with their addresses; IDs without a user are left out.
func (s *Store) UsersByID(ctx context.Context, ids []int64) (map[int64]models.User, error) {
	out := make(map[int64]models.User, len(ids))
	for part := range slices.Chunk(ids, 500) {
		var list []models.User
		if err := s.gorm(ctx).Where("id IN ?", part).Order("id").Limit(len(part)).Find(&list).Error; err != nil {
			return nil, wrap("read users", err)
		}
		if err := s.fillAddresses(ctx, list); err != nil {
			return nil, err
		}
		for _, u := range list {
			out[u.ID] = u
		}
	}
	return out, nil
}

func (s *Store) fillAddresses(ctx context.Context, list []models.User) error {
	if len(list) == 0 {
		return nil
	}
	at := make(map[int64]*models.User, len(list))
	ids := make([]any, len(list))
	for i := range list {
		at[list[i].ID], ids[i] = &list[i], list[i].ID
	}
	query := "SELECT user_id, address FROM user_addresses WHERE user_id IN (" + marks(len(ids)) + ") ORDER BY user_id, place"
	return wrap("read addresses", s.each(ctx, query, ids, func(r *sql.Rows) error {
		var id int64
		var a string
		if err := r.Scan(&id, &a); err != nil {
			return err
		}
		at[id].Addresses = append(at[id].Addresses, a)
		return nil
	}))
}

// UpdateUser writes login, name, role, language, theme and DisabledAt. Addresses and password have calls of their own.
func (s *Store) UpdateUser(ctx context.Context, u *models.User) error {
	lowerLogin(u)
	return s.write(ctx, "update user", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "UPDATE users SET login = ?, name = ?, role = ?, language = ?, theme = ?, disabled_at = ? WHERE id = ?",
			u.Login, cut(u.Name, 500), u.Role, u.Language, u.Theme, u.DisabledAt, u.ID))
	})
}

// SetListLook keeps how a user wants to see lists of issues.
func (s *Store) SetListLook(ctx context.Context, userID int64, look string) error {
	return s.write(ctx, "set look of lists", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "UPDATE users SET list_look = ? WHERE id = ?", cut(look, 200), userID)
		return err
	})
}

// SetPasswordHash sets the password hash of a user, ends all sessions and the links by which the user may choose one.
func (s *Store) SetPasswordHash(ctx context.Context, userID int64, hash string) error {
	return s.write(ctx, "set password", func(ctx context.Context, tx *txPool) error {
		if err := foundOne(tx.exec(ctx, "UPDATE users SET password_hash = ? WHERE id = ?", hash, userID)); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, "DELETE FROM sessions WHERE user_id = ?", userID); err != nil {
			return err
		}
		_, err := tx.exec(ctx, "DELETE FROM password_links WHERE user_id = ?", userID)
		return err
	})
}

// RenewPasswordHash replaces a hash by another one of the same password: sessions and links stay. models.ErrNotFound when the
// user has another hash by now.
func (s *Store) RenewPasswordHash(ctx context.Context, userID int64, before, hash string) error {
	return s.write(ctx, "renew password hash", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?", hash, userID, before))
	})
}

// CountSignIns returns how many users can sign in: not customers, not disabled, with a password.
func (s *Store) CountSignIns(ctx context.Context) (int, error) {
	var n int
	err := s.queryRow(ctx, "SELECT COUNT(*) FROM users WHERE role <> 'customer' AND disabled_at IS NULL AND password_hash <> ''", nil, &n)
	return n, wrap("count sign-ins", err)
}
