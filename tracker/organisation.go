package tracker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"letterbox/models"
)

const maxEntries = 500 // Of one organisation.

// Organisations lists the organisations by name. Those who work on a project may.
func (s *Service) Organisations(ctx context.Context, by *models.User) ([]models.Organisation, error) {
	if _, err := s.worker(ctx, by); err != nil {
		return nil, err
	}
	return s.store.Organisations(ctx)
}

// Organisation returns one organisation. Those who work on a project may.
func (s *Service) Organisation(ctx context.Context, by *models.User, id int64) (models.Organisation, error) {
	if _, err := s.worker(ctx, by); err != nil {
		return models.Organisation{}, err
	}
	return s.store.Organisation(ctx, id)
}

// SaveOrganisation adds an organisation (ID 0) or changes one. Entries are addresses, or domains with or without "@"
// before them; an address counts before a domain. Admins only. What cannot be taken is a models.InvalidList.
func (s *Service) SaveOrganisation(ctx context.Context, by *models.User, o models.Organisation) (models.Organisation, error) {
	if err := s.admin(ctx, by); err != nil {
		return o, err
	}
	var c checks
	switch o.Name = line(o.Name); {
	case o.Name == "":
		c.add("name", "E-ORG-01")
	case len([]rune(o.Name)) > maxName:
		c.add("name", "E-TEXT-01", "max", fmt.Sprint(maxName))
	}
	var entries []string
	for _, e := range o.Entries {
		if entry, ok := organisationEntry(e); !ok {
			c.add("entries", "E-ORG-02", "entry", cut(line(e), 100))
		} else if entry != "" && !slices.Contains(entries, entry) {
			entries = append(entries, entry)
		}
	}
	if len(entries) > maxEntries {
		c.add("entries", "E-ORG-04", "max", fmt.Sprint(maxEntries))
	}
	if err := c.err(); err != nil {
		return o, err
	}
	o.Entries = entries
	action := "organisation.update"
	if o.ID == 0 {
		o.CreatedAt, action = now(), "organisation.create"
	}
	id := o.ID
	err := s.store.WithTx(ctx, func(ctx context.Context) error {
		o.ID = id
		taken, err := s.store.OrganisationsByEntry(ctx, entries)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if other := taken[e]; other != 0 && other != o.ID {
				return invalid("entries", "E-ORG-03", "entry", e)
			}
		}
		if err := s.store.SaveOrganisation(ctx, &o); err != nil {
			return err
		}
		return s.audit(ctx, by, action, object("organisation", o.ID), map[string]any{"name": o.Name, "entries": len(entries)})
	})
	if err != nil {
		return o, fmt.Errorf("save organisation: %w", err)
	}
	return s.store.Organisation(ctx, o.ID)
}

// organisationEntry is an entry as it is compared; "" for an empty line.
func organisationEntry(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", true
	}
	domain := strings.TrimPrefix(text, "@")
	if !strings.Contains(domain, "@") {
		probe, ok := address("x@" + domain)
		return strings.TrimPrefix(probe, "x"), ok && strings.Contains(domain, ".")
	}
	return address(text)
}

// DeleteOrganisation removes an organisation; its contacts stay. Admins only.
func (s *Service) DeleteOrganisation(ctx context.Context, by *models.User, id int64) error {
	if err := s.admin(ctx, by); err != nil {
		return err
	}
	return s.store.WithTx(ctx, func(ctx context.Context) error {
		if err := s.store.DeleteOrganisation(ctx, id); err != nil {
			return err
		}
		return s.audit(ctx, by, "organisation.delete", object("organisation", id), map[string]string{})
	})
}
