package handlers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// issueWriting tells the other pages of an issue that somebody is writing on it. Nothing is kept: those who look at the
// issue in this moment are told, by the process that they are connected to.
func issueWriting(v *visit) error {
	number, err := v.id("number")
	if err != nil {
		return err
	}
	i, err := v.h.Tracker.Issue(v.ctx(), v.me, number)
	if err != nil {
		return err
	}
	if v.access.WorksOn(i.ProjectID) { // What a reporter writes, nobody has to wait for.
		v.h.live.publish(fmt.Sprintf("writing:%d:%d:%s", number, v.me.ID, v.me.Name))
	}
	v.Status(http.StatusNoContent)
	return nil
}

// writing is the event for a page that shows an issue on which somebody else is writing; "" when the topic is another one,
// or the person does not work on the issue.
func (v *visit) writing(wanted []string, topic string) string {
	parts := strings.SplitN(topic, ":", 4)
	if len(parts) < 4 || parts[0] != "writing" || parts[2] == strconv.FormatInt(v.me.ID, 10) || !slices.Contains(wanted, "issue:"+parts[1]) {
		return ""
	}
	number, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return ""
	}
	i, err := v.h.Tracker.Issue(v.ctx(), v.me, number)
	if err != nil || !v.access.WorksOn(i.ProjectID) {
		return ""
	}
	who, err := json.Marshal(parts[3])
	if err != nil {
		return ""
	}
	return "event: writing\ndata: " + string(who) + "\n\n"
}

// lacksFile reports whether a text speaks of a file that it brings, by one of some words parted by blanks; what it quotes
// does not count.
func lacksFile(text, words string) bool {
	for line := range strings.Lines(strings.ToLower(text)) {
		if strings.HasPrefix(line, ">") {
			continue
		}
		for word := range strings.FieldsFuncSeq(line, func(r rune) bool { return strings.ContainsRune(" \t\r\n.,;:!?()\"'„“”»«", r) }) {
			if slices.Contains(strings.Fields(words), word) {
				return true
			}
		}
	}
	return false
}
