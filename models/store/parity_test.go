package store_test

import (
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm/schema"

	"letterbox/internal/testdb"
	"letterbox/models"
)

// shape is what both dialects must have in common: table to columns ("name" or "name?" when it may be NULL) and indexes
// ("unique(a,b)" or "index(a,b)").
type shape map[string][]string

func TestDialectsHaveTheSameTables(t *testing.T) {
	lite := "sqlite:" + filepath.Join(t.TempDir(), "x.db")
	must(t, open(t, lite).Migrate(t.Context()))
	my := testdb.StartMariaDB(t)
	must(t, open(t, my).Migrate(t.Context()))
	if d := cmp.Diff(sqliteShape(t, raw(t, lite)), mysqlShape(t, raw(t, my))); d != "" {
		t.Errorf("tables (-sqlite +mysql):\n%s", d)
	}
}

func TestModelsFitTheirTables(t *testing.T) {
	lite := "sqlite:" + filepath.Join(t.TempDir(), "x.db")
	must(t, open(t, lite).Migrate(t.Context()))
	tables := sqliteShape(t, raw(t, lite))
	for _, m := range []any{
		models.SignInStep{}, models.SecondFactor{}, models.Identity{}, models.Organisation{}, models.AnswerTemplate{},
		models.Project{}, models.User{}, models.Member{}, models.Session{}, models.Token{}, models.Audit{}, models.Issue{}, models.Comment{},
		models.Attachment{}, models.Watcher{}, models.Participant{}, models.Inbox{}, models.RuleVersion{}, models.InboxVersion{}, models.TemplateVersion{}, models.InboxStatus{},
		models.FolderMark{}, models.Label{}, models.IssueLabel{}, models.IssueLink{}, models.IssueEvent{}, models.View{}, models.Draft{},
		models.Notification{}, models.Mute{}, models.Message{}, models.Trace{}, models.MessageIDRef{}, models.Lease{}, models.Blob{},
		models.SendingAccount{}, models.Outgoing{}, models.Suppression{}, models.Breaker{},
		models.NotifySettings{},
		models.IssueField{}, models.MergeKey{},
		models.OAuthCredential{}, models.OAuthGrant{}, models.SMIMEKey{}, models.SMIMECertificate{}, models.Webhook{}, models.Delivery{},
	} {
		sc, err := schema.Parse(m, &sync.Map{}, schema.NamingStrategy{})
		must(t, err)
		var got []string
		for _, f := range sc.Fields {
			if f.DBName != "" {
				got = append(got, f.DBName)
			}
		}
		var columns []string
		for _, c := range tables[sc.Table] {
			if !strings.Contains(c, "(") {
				columns = append(columns, strings.TrimSuffix(c, "?"))
			}
		}
		slices.Sort(got)
		slices.Sort(columns)
		if d := cmp.Diff(got, columns); d != "" {
			t.Errorf("%s (-model +table):\n%s", sc.Table, d)
		}
	}
}

func rowsOf(t *testing.T, db *sql.DB, query string, args ...any) [][]string {
	t.Helper()
	rows, err := db.Query(query, args...)
	must(t, err)
	defer rows.Close()
	var out [][]string
	for rows.Next() {
		names, err := rows.Columns()
		must(t, err)
		line, to := make([]string, len(names)), make([]any, len(names))
		for i := range to {
			to[i] = &line[i]
		}
		must(t, rows.Scan(to...))
		out = append(out, line)
	}
	must(t, rows.Err())
	return out
}

func (s shape) add(table string, entry string) {
	if table != "goose_db_version" && table != "sqlite_sequence" {
		s[table] = append(s[table], entry)
		slices.Sort(s[table])
	}
}

func sqliteShape(t *testing.T, db *sql.DB) shape {
	t.Helper()
	out := shape{}
	for _, r := range rowsOf(t, db, "SELECT name FROM sqlite_master WHERE type = 'table'") {
		for _, c := range rowsOf(t, db, "SELECT name, \"notnull\" + pk FROM pragma_table_info(?)", r[0]) {
			out.add(r[0], c[0]+map[bool]string{true: "?"}[c[1] == "0"])
		}
		if pk := rowsOf(t, db, "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", r[0]); len(pk) > 0 {
			out.add(r[0], "unique("+join(pk)+")")
		}
		for _, i := range rowsOf(t, db, "SELECT name, \"unique\" FROM pragma_index_list(?) WHERE origin = 'c'", r[0]) {
			columns := join(rowsOf(t, db, "SELECT name FROM pragma_index_info(?) ORDER BY seqno", i[0]))
			out.add(r[0], map[string]string{"0": "index", "1": "unique"}[i[1]]+"("+columns+")")
		}
	}
	return out
}

func join(rows [][]string) string {
	var names []string
	for _, r := range rows {
		names = append(names, r[0])
	}
	return strings.Join(names, ",")
}

func mysqlShape(t *testing.T, db *sql.DB) shape {
	t.Helper()
	out := shape{}
	for _, c := range rowsOf(t, db, "SELECT table_name, column_name, is_nullable FROM information_schema.columns WHERE table_schema = DATABASE()") {
		out.add(c[0], c[1]+map[string]string{"YES": "?"}[c[2]])
	}
	for _, i := range rowsOf(t, db, `SELECT table_name, non_unique, GROUP_CONCAT(column_name ORDER BY seq_in_index)
		FROM information_schema.statistics WHERE table_schema = DATABASE() GROUP BY table_name, index_name, non_unique`) {
		out.add(i[0], map[string]string{"1": "index", "0": "unique"}[i[1]]+"("+i[2]+")")
	}
	return out
}
