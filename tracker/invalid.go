package tracker

import "letterbox/models"

// checks collects what is wrong with an input.
type checks struct{ list models.InvalidList }

// add notes a fault of a field. args are pairs: placeholder, value.
func (c *checks) add(field, code string, args ...string) {
	inv := &models.Invalid{Field: field, Code: code}
	for i := 0; i+1 < len(args); i += 2 {
		if inv.Args == nil {
			inv.Args = map[string]string{}
		}
		inv.Args[args[i]] = args[i+1]
	}
	c.list = append(c.list, inv)
}

// err returns the faults as a models.InvalidList, nil when there are none.
func (c *checks) err() error {
	if len(c.list) == 0 {
		return nil
	}
	return c.list
}

// invalid returns one fault.
func invalid(field, code string, args ...string) error {
	var c checks
	c.add(field, code, args...)
	return c.list
}
