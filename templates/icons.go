package templates

import (
	"fmt"
	"html/template"
)

// icons are strokes on a grid of 16 by 16. They stand beside a word or carry no meaning of their own.
func icons(name string) string {
	switch name {
	case "issues":
		return `<circle cx="8" cy="8" r="5.5"/><circle cx="8" cy="8" r="1.2" fill="currentColor"/>`
	case "mail":
		return `<rect x="2" y="3.5" width="12" height="9" rx="1.5"/><path d="m2.5 4.5 5.5 4 5.5-4"/>`
	case "inbox":
		return `<path d="M2 9.5 4 4h8l2 5.5V12a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1z"/><path d="M2 9.5h3.5l1 1.5h3l1-1.5H14"/>`
	case "out":
		return `<path d="M8 9V2.5M5.2 5.2 8 2.4l2.8 2.8M2 9.5h3.5l1 1.5h3l1-1.5H14V12a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1z"/>`
	case "send":
		return `<path d="M14 2.5 2 7.2l4.6 2.2L8.8 14z"/><path d="M14 2.5 6.6 9.4"/>`
	case "hook":
		return `<circle cx="4" cy="11.5" r="2"/><circle cx="12" cy="11.5" r="2"/><circle cx="8" cy="4" r="2"/><path d="M7 5.8 4.9 9.7M9 5.8l2.1 3.9M6 11.5h4"/>`
	case "person":
		return `<circle cx="8" cy="5.3" r="2.7"/><path d="M3 13.5c.3-2.8 2.2-4.3 5-4.3s4.7 1.5 5 4.3"/>`
	case "clock":
		return `<circle cx="8" cy="8" r="5.5"/><path d="M8 4.8V8l2.2 1.6"/>`
	case "record":
		return `<rect x="3" y="2.5" width="10" height="11" rx="1"/><path d="M5.5 5.5h5M5.5 8h5M5.5 10.5h3"/>`
	case "project":
		return `<path d="M2 12.5v-9h4l1.5 2H14v7z"/>`
	case "people":
		return `<circle cx="6" cy="5.5" r="2.5"/><path d="M1.5 13c.3-2.6 2-4 4.5-4s4.2 1.4 4.5 4M10.5 3.3a2.5 2.5 0 0 1 0 4.4M12 9.3c1.5.5 2.3 1.8 2.5 3.7"/>`
	case "more":
		return `<circle cx="3" cy="8" r="1" fill="currentColor"/><circle cx="8" cy="8" r="1" fill="currentColor"/><circle cx="13" cy="8" r="1" fill="currentColor"/>`
	case "plus":
		return `<path d="M8 3v10M3 8h10"/>`
	case "search":
		return `<circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 3.5 3.5"/>`
	case "check":
		return `<path d="m3 8.5 3.3 3.3L13 5"/>`
	case "cross":
		return `<path d="m4 4 8 8M12 4l-8 8"/>`
	case "warn":
		return `<path d="M8 2.5 14.5 13h-13z"/><path d="M8 6.5v3M8 11.2v.1"/>`
	case "pause":
		return `<path d="M5.5 3.5v9M10.5 3.5v9"/>`
	case "dots":
		return `<circle cx="8" cy="8" r="5.5" stroke-dasharray="2 2.3"/>`
	case "clip":
		return `<path d="m13 7.5-5.3 5.3a3 3 0 0 1-4.3-4.3l5.5-5.5a2 2 0 0 1 2.9 2.9l-5.4 5.4a1 1 0 0 1-1.5-1.5L9.7 5"/>`
	case "lock":
		return `<rect x="3.5" y="7" width="9" height="6.5" rx="1"/><path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2"/>`
	case "download":
		return `<path d="M8 2.5v7.5m-3.2-3L8 10.2 11.2 7M3 13.5h10"/>`
	case "again":
		return `<path d="M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3"/>`
	case "arrow":
		return `<path d="M3 8h9.5M9 4.5 12.5 8 9 11.5"/>`
	case "globe":
		return `<circle cx="8" cy="8" r="5.5"/><path d="M2.5 8h11M8 2.5c2 1.7 2.5 3.5 2.5 5.5s-.5 3.8-2.5 5.5C6 11.8 5.5 10 5.5 8S6 4.2 8 2.5z"/>`
	case "sun":
		return `<circle cx="8" cy="8" r="2.7"/><path d="M8 1.5v1.7M8 12.8v1.7M1.5 8h1.7M12.8 8h1.7M3.4 3.4l1.2 1.2M11.4 11.4l1.2 1.2M12.6 3.4l-1.2 1.2M4.6 11.4l-1.2 1.2"/>`
	case "key":
		return `<circle cx="5" cy="8" r="2.5"/><path d="M7.5 8H14v2.5M11.5 8v2"/>`
	case "copy":
		return `<rect x="5.5" y="5.5" width="8" height="8" rx="1"/><path d="M10.5 5.5v-3h-8v8h3"/>`
	}
	return ""
}

// icon returns a picture that screen readers leave out.
func icon(name string) (template.HTML, error) {
	strokes := icons(name)
	if strokes == "" {
		return "", fmt.Errorf("no icon %q", name)
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" ` +
		`stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">` + strokes + `</svg>`), nil //nolint:gosec // Constants only.
}
