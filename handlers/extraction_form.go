package handlers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"letterbox/gateway"
	"letterbox/gateway/extract"
	"letterbox/models"
)

// mostFormatFields is how many fields of formats the form shows; whoever has more edits them as JSON.
const mostFormatFields = 400

// formatRow is one format of text recognition as the form shows it.
type formatRow struct {
	models.Profile
	ID          string // Prefix of the names of its fields: "p0".
	Index, N    int    // From 0, from 1.
	First, Last bool
	Matched     bool
	Rows        []formatField // With an empty one at the end for the next.
	Furthers    []option
	wrong       map[string]bool
}

// Wrong reports whether a field of the form is to be checked.
func (r formatRow) Wrong(name string) bool { return r.wrong[r.ID+"_"+name] }

// Lines is what priorities are called, one to a line.
func (r formatRow) Lines() string { return strings.Join(r.Priorities, "\n") }

// formatField is one field of a format, with what it is in the mail of the form.
type formatField struct {
	models.ProfileField
	ID                string
	N                 int // From 1.
	Froms, Bys, Types []option
	Found, Problem    string
	wrong             map[string]bool
}

// Wrong reports whether a field of the form is to be checked.
func (f formatField) Wrong(name string) bool { return f.wrong[f.ID+"_"+name] }

// fingerprint tells whether a text was changed by hand since the page was made.
func fingerprint(text string) string {
	sum := sha256.Sum256([]byte(strings.TrimSpace(text)))
	return hex.EncodeToString(sum[:8])
}

// inRows reports whether the form can show formats field by field without changing them.
func inRows(list []models.Profile) bool {
	n := 0
	oneLine := func(all ...string) bool {
		return !slices.ContainsFunc(all, func(s string) bool { return strings.ContainsAny(s, "\r\n\x00") })
	}
	for _, p := range list {
		n += len(p.Fields) + 2
		if len(p.Fields) > extract.MaxFields || strings.ContainsAny(p.Text, "\r\x00") || strings.ContainsAny(strings.Join(p.Priorities, ""), "\r\n\x00") ||
			!oneLine(p.Name, p.About, p.Title, p.Priority, p.Labels, p.Assignee, p.Due, p.Key, p.Further) {
			return false
		}
		for _, f := range p.Fields {
			if !oneLine(f.Name, f.From, f.File, f.By, f.Expr, f.Type, f.Format) {
				return false
			}
		}
	}
	return n <= mostFormatFields && len(list) <= extract.MaxProfiles
}

// formatsOf reads the formats that stand in the form field by field. What is empty is left out.
func (v *visit) formatsOf() []models.Profile {
	var out []models.Profile
	whole := func(parts ...string) string {
		return strings.ToValidUTF8(strings.ReplaceAll(v.Request.PostForm.Get(strings.Join(parts, "_")), "\r\n", "\n"), "\ufffd")
	}
	get := func(parts ...string) string { return strings.TrimSpace(whole(parts...)) }
	for i := range extract.MaxProfiles + 1 {
		id := fmt.Sprintf("p%d", i)
		p := models.Profile{
			Name: get(id, "name"), About: get(id, "about"), Title: whole(id, "title"), Text: whole(id, "text"), Priority: whole(id, "priority"),
			Labels: whole(id, "labels"), Assignee: whole(id, "assignee"), Due: whole(id, "due"), Key: whole(id, "key"), Further: get(id, "further"),
		}
		for line := range strings.Lines(whole(id, "priorities")) {
			if line = strings.TrimRight(line, "\n"); strings.TrimSpace(line) != "" {
				p.Priorities = append(p.Priorities, line)
			}
		}
		for j := range extract.MaxFields + 1 {
			f := fmt.Sprintf("f%d", j)
			one := models.ProfileField{
				Name: get(id, f, "name"), From: get(id, f, "from"), File: get(id, f, "file"), By: get(id, f, "by"), Expr: whole(id, f, "expr"),
				Type: get(id, f, "type"), Format: whole(id, f, "format"), Required: get(id, f, "required") == "true",
			}
			if one.Name == "" && strings.TrimSpace(one.Expr) == "" {
				continue
			}
			if one.From == "fields" {
				one.By = "whole"
			}
			p.Fields = append(p.Fields, one)
		}
		if p.Name != "" || len(p.Fields) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// formatRows are the formats as the form shows them. wrong are the names of fields that are to be checked.
func (v *visit) formatRows(list []models.Profile, read gateway.Reading, wrong map[string]bool) []formatRow {
	rows := make([]formatRow, 0, len(list))
	for i, p := range list {
		row := formatRow{Profile: p, ID: "p" + strconv.Itoa(i), Index: i, N: i + 1, First: i == 0, Last: i == len(list)-1, wrong: wrong}
		found := map[string]extract.Field{}
		if i < len(read.Attempts) {
			row.Matched = read.Attempts[i].Matched
			for _, f := range read.Attempts[i].Fields {
				found[f.Name] = f
			}
		}
		row.Furthers = v.formatOptions("extraction.further.", p.Further, "update", "comment")
		for j, f := range append(slices.Clip(p.Fields), models.ProfileField{From: "text", By: "line"}) {
			one := formatField{ProfileField: f, ID: fmt.Sprintf("%s_f%d", row.ID, j), N: j + 1, wrong: wrong}
			one.Froms = v.formatOptions("extraction.from.", "-", "subject", "text", "file", "fields")
			one.Bys = v.formatOptions("extraction.by.", "-", "line", "pattern", "xml", "json", "whole")
			one.Types = v.formatOptions("extraction.type.", f.Type, "text", "number", "date", "list", "coordinates")
			if got, ok := found[f.Name]; ok && f.Name != "" {
				if one.Found = got.Value; got.Problem != nil {
					one.Problem = v.l.T("extract."+got.Problem.Code, inWords(v.l, got.Problem.Args))
				}
			}
			row.Rows = append(row.Rows, one)
		}
		rows = append(rows, row)
	}
	return rows
}

// formatOptions are the choices of a field. The first one is what counts when nothing is chosen; it is written as it was.
func (v *visit) formatOptions(area, now string, values ...string) []option {
	var out []option
	for i, value := range values {
		text := v.l.T(area + value)
		if i == 0 && now == "" {
			value = ""
		}
		out = append(out, option{value, text})
	}
	return out
}

// formatPath is the name of the field of the form for an entry of a format: "p0_f1_expr" for "profiles.0.fields.1.expr";
// "profiles" where the formats are not shown field by field.
func formatPath(path string, rows bool) string {
	parts := strings.Split(path, ".")
	switch {
	case !rows || len(parts) < 3 || parts[0] != "profiles":
		return "profiles"
	case len(parts) == 5 && parts[2] == "fields":
		return "p" + parts[1] + "_f" + parts[3] + "_" + parts[4]
	case parts[2] == "fields":
		return "p" + parts[1] + "_f0_name"
	}
	return "p" + parts[1] + "_" + parts[2]
}
