package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"letterbox/models"
)

// Held is a legal hold with what people call it.
type Held struct {
	models.Hold
	Name string // Of the contact or inbox, or the title of the issue; "" when it has none or is not there any more.
	Who  string // Who has set it; "" for a command line.
}

// Holds returns the legal holds, the latest first.
func (g *Gateway) Holds(ctx context.Context) ([]Held, error) {
	list, err := g.Store.Holds(ctx)
	if err != nil {
		return nil, err
	}
	var people []int64
	for _, h := range list {
		if h.UserID != nil {
			people = append(people, *h.UserID)
		}
	}
	names, err := g.People(ctx, people)
	if err != nil {
		return nil, err
	}
	out := make([]Held, 0, len(list))
	for _, h := range list {
		one := Held{Hold: h}
		if h.UserID != nil {
			one.Who = names[*h.UserID]
		}
		if one.Name, err = g.heldName(ctx, h); err != nil && !errors.Is(err, models.ErrNotFound) {
			return nil, fmt.Errorf("name what is held: %w", err)
		}
		out = append(out, one)
	}
	return out, nil
}

func (g *Gateway) heldName(ctx context.Context, h models.Hold) (string, error) {
	switch h.Kind {
	case models.HoldIssue:
		i, err := g.Store.IssueByNumber(ctx, h.ObjectID)
		return i.Title, err
	case models.HoldContact:
		u, err := g.Store.UserByID(ctx, h.ObjectID)
		if u.Name == "" && len(u.Addresses) > 0 {
			return u.Addresses[0], err
		}
		return u.Name, err
	case models.HoldInbox:
		ib, err := g.Store.InboxByID(ctx, h.ObjectID)
		return ib.Name, err
	}
	return "", models.ErrNotFound
}

// SetHold keeps the mails of an issue, a contact or an inbox from retention and erasure until the hold is released. What
// is not there, or a hold without a reason, is a models.InvalidList. It is audited.
func (g *Gateway) SetHold(ctx context.Context, by *models.User, h models.Hold) error {
	h.Reason = strings.TrimSpace(h.Reason)
	var list models.InvalidList
	if h.Reason == "" {
		list = append(list, &models.Invalid{Field: "reason", Code: "E-HOLD-03"})
	}
	_, err := g.heldName(ctx, h)
	if errors.Is(err, models.ErrNotFound) {
		list = append(list, &models.Invalid{Field: "object", Code: "E-HOLD-02"})
	} else if err != nil {
		return fmt.Errorf("look for what is to be held: %w", err)
	}
	if list != nil {
		return list
	}
	if by != nil && by.ID != 0 {
		h.UserID = &by.ID
	}
	return g.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := g.Store.SetHold(ctx, &h); err != nil {
			return err
		}
		return g.audit(ctx, by, "hold.set", heldObject(h.Kind, h.ObjectID), map[string]string{"reason": h.Reason})
	})
}

// ReleaseHold ends a legal hold; models.ErrNotFound when there is none. It is audited.
func (g *Gateway) ReleaseHold(ctx context.Context, by *models.User, kind models.HoldKind, object int64) error {
	return g.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := g.Store.ReleaseHold(ctx, kind, object); err != nil {
			return err
		}
		return g.audit(ctx, by, "hold.release", heldObject(kind, object), nil)
	})
}

func heldObject(kind models.HoldKind, id int64) string {
	if kind == models.HoldContact {
		kind = "user"
	}
	return string(kind) + ":" + itoa(id)
}
