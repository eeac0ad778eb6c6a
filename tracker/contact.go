package tracker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"letterbox/models"
	"letterbox/models/store"
)

// ContactFilter selects contacts.
type ContactFilter struct {
	Text         string // A part of name or address.
	Organisation int64  // 0: all.
	Limit        int    // At most 200; 50 when 0.
	Cursor       string
}

// Contact is a customer with what is known of it.
type Contact struct {
	models.User
	Organisation *models.Organisation // Nil: of none.
}

// ContactView is a contact with its issues, as far as the person sees them.
type ContactView struct {
	Contact
	Open, Done int
	Issues     []IssueRow // The latest 20.
}

// Contacts lists customers, the latest first, and returns the cursor of the next page. Admins see all, others those who
// have reported an issue of a project that they work on; reporters see none: models.ErrForbidden.
func (s *Service) Contacts(ctx context.Context, by *models.User, f ContactFilter) ([]Contact, string, error) {
	a, err := s.worker(ctx, by)
	if err != nil {
		return nil, "", err
	}
	q := store.ContactFilter{Text: strings.ToLower(line(f.Text)), ProjectIDs: a.working(), Limit: pageSize(f.Limit), Cursor: f.Cursor}
	if f.Organisation != 0 {
		o, err := s.store.Organisation(ctx, f.Organisation)
		if err != nil {
			return nil, "", err
		}
		q.Entries = append([]string{}, o.Entries...)
	}
	users, next, err := s.store.Contacts(ctx, q)
	if err != nil {
		return nil, "", err
	}
	list, err := s.organised(ctx, users)
	return list, next, err
}

// Contact returns one customer with its issues; models.ErrNotFound when there is none that the person sees.
func (s *Service) Contact(ctx context.Context, by *models.User, id int64) (ContactView, error) {
	a, err := s.worker(ctx, by)
	if err != nil {
		return ContactView{}, err
	}
	u, err := s.contact(ctx, id)
	if err != nil {
		return ContactView{}, err
	}
	projects := a.working()
	counts, err := s.store.CountByState(ctx, id, projects)
	if err != nil {
		return ContactView{}, fmt.Errorf("count issues of the contact: %w", err)
	}
	if projects != nil && len(counts) == 0 {
		return ContactView{}, models.ErrNotFound
	}
	list, err := s.organised(ctx, []models.User{u})
	if err != nil {
		return ContactView{}, err
	}
	v := ContactView{Contact: list[0]}
	for state, n := range counts {
		if state.Done() {
			v.Done += n
		} else {
			v.Open += n
		}
	}
	issues, _, err := s.store.Issues(ctx, store.IssueQuery{
		ProjectIDs: projects, Sort: store.SortUpdated, Limit: 20, Where: []store.Condition{{Field: store.ByReporter, IDs: []int64{id}}},
	})
	if err != nil {
		return v, fmt.Errorf("list issues of the contact: %w", err)
	}
	v.Issues, err = s.rows(ctx, issues, s.people())
	return v, err
}

// contact returns a customer that was not erased or merged.
func (s *Service) contact(ctx context.Context, id int64) (models.User, error) {
	u, err := s.store.UserByID(ctx, id)
	if err == nil && (u.Role != models.RoleCustomer || u.Name == "" && len(u.Addresses) == 0) {
		err = models.ErrNotFound
	}
	u.PasswordHash = ""
	return u, err
}

// worker returns the access of somebody who works on a project; models.ErrForbidden for others.
func (s *Service) worker(ctx context.Context, by *models.User) (Access, error) {
	a, err := s.Access(ctx, by)
	if err == nil && !a.WorksAnywhere() {
		err = models.ErrForbidden
	}
	return a, err
}

// working returns the projects that the person works on; nil for all.
func (a Access) working() []int64 {
	if a.admin {
		return nil
	}
	ids, _ := a.Projects()
	return slices.DeleteFunc(ids, func(id int64) bool { return !a.WorksOn(id) })
}

// organised adds the organisations: that of an address of the contact first, then that of a domain.
func (s *Service) organised(ctx context.Context, users []models.User) ([]Contact, error) {
	var entries []string
	for _, u := range users {
		for _, address := range u.Addresses {
			entries = append(entries, address, domainOf(address))
		}
	}
	of, err := s.store.OrganisationsByEntry(ctx, entries)
	if err != nil {
		return nil, err
	}
	known := map[int64]*models.Organisation{}
	list := make([]Contact, 0, len(users))
	for _, u := range users {
		u.PasswordHash = ""
		c := Contact{User: u}
		id := int64(0)
		for _, key := range []func(string) string{strings.Clone, domainOf} {
			for _, address := range u.Addresses {
				if id == 0 {
					id = of[key(address)]
				}
			}
		}
		if id != 0 && known[id] == nil {
			o, err := s.store.Organisation(ctx, id)
			if err != nil {
				return nil, err
			}
			known[id] = &o
		}
		c.Organisation = known[id]
		list = append(list, c)
	}
	return list, nil
}

// domainOf is "@" and the domain of an address.
func domainOf(address string) string { return address[strings.LastIndexByte(address, '@'):] }

// MergeContacts gives all that belongs to the contact from to the contact into: addresses, issues, comments. Mail from the
// addresses of both is then from one person. Admins only. It cannot be undone.
func (s *Service) MergeContacts(ctx context.Context, by *models.User, from, into int64) error {
	if err := s.admin(ctx, by); err != nil {
		return err
	}
	if _, err := s.contact(ctx, from); err != nil {
		return err
	}
	if _, err := s.contact(ctx, into); err != nil || from == into {
		return invalid("into", "E-CONTACT-01")
	}
	err := s.store.WithTx(ctx, func(ctx context.Context) error {
		if err := s.store.MergeUsers(ctx, from, into); err != nil {
			return err
		}
		return s.audit(ctx, by, "contact.merge", object("user", into), map[string]int64{"from": from})
	})
	if err != nil {
		return fmt.Errorf("merge contacts: %w", err)
	}
	s.tell(ctx, object("user", into))
	return nil
}

// EraseContact removes a contact: who it is goes everywhere, and with texts also what it wrote. Numbers, states and counts
// stay. See [store.Store.EraseUser]. Admins only. A contact under a legal hold is a models.InvalidList. It cannot be undone; what a message on its way brings afterwards is
// new.
func (s *Service) EraseContact(ctx context.Context, by *models.User, id int64, texts bool) (models.Erasure, error) {
	if err := s.admin(ctx, by); err != nil {
		return models.Erasure{}, err
	}
	var e models.Erasure
	err := s.store.WithTx(ctx, func(ctx context.Context) error {
		u, err := s.contact(ctx, id)
		if err != nil {
			return err
		}
		held, err := s.store.ContactHeld(ctx, u)
		if err != nil {
			return err
		}
		if held {
			return invalid("contact", "E-HOLD-01")
		}
		var issues []int64
		if e, issues, err = s.store.EraseUser(ctx, u, texts); err != nil {
			return err
		}
		for _, number := range issues {
			if !texts {
				break
			}
			i, err := s.store.IssueByNumber(ctx, number)
			if err != nil {
				return err
			}
			if err := s.store.ReindexIssue(ctx, i); err != nil {
				return fmt.Errorf("keep words for the search: %w", err)
			}
		}
		return s.audit(ctx, by, "contact.erase", object("user", id), map[string]any{
			"texts": texts, "issues": e.Issues, "comments": e.Comments, "attachments": e.Attachments, "messages": e.Messages, "outgoing": e.Outgoing,
		})
	})
	if err != nil {
		return models.Erasure{}, fmt.Errorf("erase contact: %w", err)
	}
	s.tell(ctx, object("user", id))
	return e, nil
}
