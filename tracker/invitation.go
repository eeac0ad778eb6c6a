package tracker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"letterbox/models"
)

// How long links are good for by which somebody chooses a password.
const (
	inviteLife = 7 * 24 * time.Hour
	resetLife  = time.Hour
)

// InvitationDraft is whom an admin invites.
type InvitationDraft struct {
	Address  string
	Name     string      // "": the address.
	Login    string      // "": what stands before the "@" of the address, with a number when that is taken.
	Role     models.Role // Admin or member.
	Language string      // "de", "en" or "".
	Projects []models.Member
	HandOver bool // No mail: the admin hands the link over.
}

// Invitation is what an admin learns of a link that somebody may choose a password by.
type Invitation struct {
	User      models.User
	ExpiresAt time.Time
	Mailed    bool   // The link goes out by mail.
	Contact   bool   // The person was a contact before, and keeps its issues.
	Token     string // Of the link, to hand over; "" when it goes out by mail. It is nowhere else and never shown again.

	id int64 // Of the link.
}

// Invite adds a person without a password and makes the link by which it chooses one: it holds for seven days and counts once.
// Admins only. A contact with that address becomes the person and keeps its issues. A login or address that is taken is a
// models.InvalidList.
func (s *Service) Invite(ctx context.Context, by *models.User, d InvitationDraft) (Invitation, error) {
	if err := s.admin(ctx, by); err != nil {
		return Invitation{}, err
	}
	var c checks
	addr, ok := address(d.Address)
	if !ok {
		c.add("address", "E-USER-03", "address", d.Address)
	}
	if d.Role != models.RoleAdmin && d.Role != models.RoleMember {
		c.add("role", "E-INVITE-01", "role", string(d.Role))
	}
	for _, m := range d.Projects {
		if !slices.Contains(models.ProjectRoles(), m.Role) {
			c.add("projects", "E-MEMBER-02", "role", string(m.Role))
		}
	}
	if err := c.err(); err != nil {
		return Invitation{}, err
	}
	var out Invitation
	err := s.store.WithTx(ctx, func(ctx context.Context) (err error) {
		name := d.Login
		if name == "" {
			if name, err = s.freeLogin(ctx, addr); err != nil {
				return err
			}
		}
		u, err := s.prepareUser(ctx, UserDraft{Login: name, Name: cmp.Or(line(d.Name), addr), Addresses: []string{addr}, Role: d.Role, Language: d.Language})
		if err != nil {
			return err
		}
		was, err := s.insertUser(ctx, &u, line(d.Name) != "")
		if err != nil {
			return err
		}
		if err := s.auditAdded(ctx, by, u, was); err != nil {
			return err
		}
		for _, m := range d.Projects {
			m.UserID = u.ID
			if err := s.joins(ctx, by, m); err != nil {
				return err
			}
		}
		out, err = s.newLink(ctx, by, u, models.InviteLink, d.HandOver)
		out.Contact = was != ""
		return err
	})
	if err != nil {
		return Invitation{}, fmt.Errorf("invite: %w", err)
	}
	s.tell(ctx, object("user", out.User.ID))
	return out, nil
}

// joins makes a new person a member of a project, in the transaction in ctx.
func (s *Service) joins(ctx context.Context, by *models.User, m models.Member) error {
	if _, err := s.store.ProjectByID(ctx, m.ProjectID); errors.Is(err, models.ErrNotFound) {
		return invalid("projects", "E-INVITE-02")
	} else if err != nil {
		return err
	}
	if err := s.store.SetMember(ctx, m); err != nil {
		return err
	}
	return s.audit(ctx, by, "member.set", object("project", m.ProjectID), map[string]any{"user": m.UserID, "role": m.Role})
}

// InviteAnew makes another link for a person who is here already, also for one who has a password and has lost it; the link from
// before is worth nothing then. The password stays what it is until another one is chosen. Admins only; who may not sign in is
// a models.InvalidList.
func (s *Service) InviteAnew(ctx context.Context, by *models.User, id int64, handOver bool) (Invitation, error) {
	if err := s.admin(ctx, by); err != nil {
		return Invitation{}, err
	}
	var out Invitation
	err := s.store.WithTx(ctx, func(ctx context.Context) error {
		u, err := s.store.UserByID(ctx, id)
		if err != nil {
			return err
		}
		if !maySignIn(u) || u.Login == nil {
			return invalid("user", "E-INVITE-03")
		}
		out, err = s.newLink(ctx, by, u, models.InviteLink, handOver)
		return err
	})
	if err != nil {
		return Invitation{}, fmt.Errorf("invite anew: %w", err)
	}
	s.tell(ctx, object("user", id))
	return out, nil
}

// newLink makes a link and hands it to the mail, in the transaction in ctx.
func (s *Service) newLink(ctx context.Context, by *models.User, u models.User, kind models.PasswordLinkKind, handOver bool) (Invitation, error) {
	life := inviteLife
	if kind == models.ResetLink {
		life = resetLife
	}
	token, at := random(), now()
	l := models.PasswordLink{UserID: u.ID, Kind: kind, TokenHash: digest(token), CreatedAt: at, ExpiresAt: at.Add(life)}
	if by != nil && by.ID != 0 {
		l.CreatedBy = &by.ID
	}
	if err := s.store.AddPasswordLink(ctx, &l); err != nil {
		return Invitation{}, err
	}
	out := Invitation{User: u, ExpiresAt: l.ExpiresAt, Token: token, id: l.ID}
	if s.mail != nil && s.secrets != nil && !handOver {
		var err error
		if out.Mailed, err = s.mail(ctx, u, l); err != nil {
			return Invitation{}, err
		}
	}
	if out.Mailed {
		sealed, err := s.secrets.Seal(token, models.PasswordLinkPlace(l.ID))
		if err != nil {
			return Invitation{}, fmt.Errorf("seal link: %w", err)
		}
		if err := s.store.SealPasswordLink(ctx, l.ID, sealed); err != nil {
			return Invitation{}, err
		}
		out.Token = ""
	}
	return out, s.audit(ctx, by, "user."+string(kind), object("user", u.ID), map[string]bool{"mailed": out.Mailed})
}

// InvitationOf returns when the link of a person ends by which an admin has invited it; models.ErrNotFound when there is none.
// Admins only.
func (s *Service) InvitationOf(ctx context.Context, by *models.User, id int64) (models.PasswordLink, error) {
	if err := s.admin(ctx, by); err != nil {
		return models.PasswordLink{}, err
	}
	l, err := s.store.PasswordLinkOf(ctx, id, models.InviteLink)
	l.TokenHash, l.TokenEnc = nil, ""
	return l, err
}

// RevokeInvitation makes all links of a person worthless at once. Admins only; models.ErrNotFound when it was not invited.
func (s *Service) RevokeInvitation(ctx context.Context, by *models.User, id int64) error {
	if err := s.admin(ctx, by); err != nil {
		return err
	}
	err := s.store.WithTx(ctx, func(ctx context.Context) error {
		if _, err := s.store.PasswordLinkOf(ctx, id, models.InviteLink); err != nil {
			return err
		}
		if err := s.store.DeletePasswordLinksOf(ctx, id); err != nil {
			return err
		}
		return s.audit(ctx, by, "user.uninvite", object("user", id), map[string]string{})
	})
	if err != nil {
		return fmt.Errorf("revoke invitation: %w", err)
	}
	s.tell(ctx, object("user", id))
	return nil
}
