package handlers

import (
	"context"

	"letterbox/gateway"
	"letterbox/gateway/inboxfile"
	"letterbox/models"
)

// scriptConfigOf is the shared scripts as a file.
func (v *visit) scriptConfigOf() (configOf, error) {
	of := v.h.configOfScripts(v.ctx(), v.me)
	of.configPage = configPage{
		File: "/scripts/file", Download: "/scripts/file/download", Up: "/scripts", UpText: v.l.T("scripts.title"), Section: "integrations",
		Heading: v.l.T("scripts.file_title"), Lead: v.l.T("scripts.file_lead"), About: v.l.T("scripts.file_about"), Conflict: v.l.T("scripts.file_conflict"),
		Labels: "scripts.file.", Applied: "flash.scripts_applied",
	}
	return of, nil
}

func (h *Handlers) configOfScripts(ctx context.Context, by *models.User) configOf {
	return configOf{
		many: true, download: "letterbox-scripts.yaml",
		export: func() ([]byte, error) {
			all, err := h.Gateway.SharedScripts(ctx)
			if err != nil {
				return nil, err
			}
			return gateway.ScriptFile(all)
		},
		take: func(raw []byte, dry bool, shown string) ([]gateway.ConfigChange, error) {
			entries, err := inboxfile.ReadScripts(raw)
			if err != nil {
				return nil, err
			}
			return h.Gateway.ImportScripts(ctx, by, gateway.ScriptImport{Entries: entries, Dry: dry, Shown: shown})
		},
	}
}
