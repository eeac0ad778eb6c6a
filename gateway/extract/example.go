package extract

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"

	"letterbox/models"
)

//go:embed example/*.json
var examples embed.FS

// Format is the first line of a file of profiles.
const Format = "letterbox-profiles-1"

// Document is a file of profiles, for export and import.
type Document struct {
	Format   string           `json:"format"`
	Profiles []models.Profile `json:"profiles"`
}

// Examples returns the profiles that Letterbox brings along, as starting points.
func Examples() ([]models.Profile, error) {
	names, err := fs.Glob(examples, "example/*.json")
	if err != nil {
		return nil, err
	}
	var all []models.Profile
	for _, name := range names {
		raw, err := examples.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var d Document
		if err := json.Unmarshal(raw, &d); err != nil {
			return nil, fmt.Errorf("read example %s: %w", name, err)
		}
		all = append(all, d.Profiles...)
	}
	return all, nil
}
