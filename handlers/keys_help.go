package handlers

import (
	"net/http"
	"slices"
	"strings"
)

// keysView is the help on keys.
type keysView struct {
	Asked string // What was looked for.
	Keys  []keyHelp
	None  bool // Nothing has it.
}

// keyHelp is one key and what it does.
type keyHelp struct {
	option
	Hidden bool // It is not what was looked for.
}

// keysHelp lists the keys, those that have all words of q in what they do, or are q.
func keysHelp(v *visit) error {
	data := keysView{Asked: strings.TrimSpace(v.Query("q")), None: true}
	words := strings.Fields(strings.ToLower(data.Asked))
	for _, k := range v.keys() {
		text := strings.ToLower(k.Text)
		fits := k.Value == data.Asked || !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
		data.Keys, data.None = append(data.Keys, keyHelp{k, !fits}), data.None && !fits
	}
	return v.render(http.StatusOK, "keys_help", view{Title: v.l.T("keys.title"), Data: data})
}

// keys are all keys and what they do.
func (v *visit) keys() []option {
	return []option{
		{"?", v.l.T("keys.help")}, {v.l.T("key.ctrl") + " K", v.l.T("keys.palette")}, {"/ f", v.l.T("keys.search")}, {"c", v.l.T("keys.new")}, {"g w", v.l.T("keys.go_work")},
		{"g i", v.l.T("keys.go_issues")}, {"g b", v.l.T("keys.go_board")}, {"g t", v.l.T("keys.go_triage")}, {"g n", v.l.T("keys.go_notifications")},
		{"g m", v.l.T("keys.go_messages")}, {"g p", v.l.T("keys.go_inboxes")}, {"j k", v.l.T("keys.walk")}, {"o " + v.l.T("key.enter"), v.l.T("keys.open")}, {"x", v.l.T("keys.choose")}, {v.l.T("key.shift") + " x", v.l.T("keys.choose_run")},
		{"[ ]", v.l.T("keys.neighbours")},
		{"e", v.l.T("keys.edit")}, {"a", v.l.T("keys.assign")}, {"i", v.l.T("keys.assign_me")}, {"s", v.l.T("keys.state")},
		{"p", v.l.T("keys.priority")}, {"l", v.l.T("keys.labels")}, {"w", v.l.T("keys.watch")}, {"r", v.l.T("keys.comment")},
		{"n", v.l.T("keys.note")}, {"q", v.l.T("keys.quoted")}, {".", v.l.T("keys.copy")}, {v.l.T("key.ctrl") + " " + v.l.T("key.enter"), v.l.T("keys.send")},
		{"a", v.l.T("keys.triage_accept")}, {"m", v.l.T("keys.triage_move")}, {"d", v.l.T("keys.triage_merge")}, {"l", v.l.T("keys.triage_link")},
		{"s", v.l.T("keys.triage_spam")}, {"b", v.l.T("keys.bulk")}, {"Esc", v.l.T("keys.close")},
	}
}
