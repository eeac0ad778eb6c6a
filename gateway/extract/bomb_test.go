package extract_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"letterbox/gateway/extract"
	"letterbox/models"
)

// Whatever a mail holds, the time and the memory for it stay bounded.
func TestBombsStayBounded(t *testing.T) {
	laughs := `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><l>&b;</l>`
	for _, c := range []struct {
		what  string
		field models.ProfileField
		data  string
		want  string
	}{
		{"entities", models.ProfileField{By: "xml", Expr: "/l"}, laughs, "! xml_doctype"},
		{"external entity", models.ProfileField{By: "xml", Expr: "/l"}, `<!DOCTYPE l SYSTEM "file:///etc/hostname"><l>&x;</l>`, "! xml_doctype"},
		{"entity without a type", models.ProfileField{By: "xml", Expr: "/l"}, `<l>&x;</l>`, "! xml"},
		{"deep XML", models.ProfileField{By: "xml", Expr: "//b"}, strings.Repeat("<a>", 100_000), "! xml_large"},
		{"many elements", models.ProfileField{By: "xml", Expr: "//a"}, "<l>" + strings.Repeat("<a/>", 200_000) + "</l>", "! xml_large"},
		{"many attributes", models.ProfileField{By: "xml", Expr: "//a"}, "<l " + strings.Repeat("a='' ", 60_000) + "/>", "! xml_large"},
		{"all elements many times", models.ProfileField{By: "xml", Expr: "//*//*//*//*//*/x"}, strings.Repeat("<a>", 60) + strings.Repeat("<b/>", 40_000) + strings.Repeat("</a>", 60), "! missing"},
		{"deep JSON", models.ProfileField{By: "json", Expr: "a"}, strings.Repeat("[", 1<<20), "! json"},
		{"wide JSON", models.ProfileField{By: "json", Expr: "[*]", Type: "list"}, "[" + strings.Repeat("1,", 400_000) + "1]", ""},
		{"pattern that runs away", models.ProfileField{By: "pattern", Expr: `^(a+)+$`}, strings.Repeat("a", 200_000) + "!", "! slow"},
		{"pattern in many places", models.ProfileField{By: "pattern", Expr: `(.*)(.*)(.*)(.*)x`}, strings.Repeat("a", 1<<18), "! slow"},
		{"file that is too large", models.ProfileField{By: "xml", Expr: "/l"}, "", "! too_large"},
		{"many lines", models.ProfileField{By: "line", Expr: "a", Type: "list"}, strings.Repeat("a: b\n", 200_000), ""},
		{"octets that are no text", models.ProfileField{By: "line", Expr: "a"}, strings.Repeat("\x00\xff\xfe", 1<<18), "! missing"},
	} {
		t.Run(c.what, func(t *testing.T) {
			c.field.Name, c.field.From = "x", "file"
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			file := extract.File{Name: "a.txt", Data: []byte(c.data), Short: c.data == ""}
			got := outcome(t, c.field, extract.Source{Files: []extract.File{file}})
			runtime.ReadMemStats(&after)
			if c.want != "" && got != c.want {
				t.Errorf("got %.80q, want %q", got, c.want)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 256<<20 {
				t.Errorf("%d octets were allocated", used)
			}
		})
	}
}

func TestRunawayPatternsOfAllProfilesShareTheirTime(t *testing.T) {
	x := models.Extraction{}
	for _, name := range []string{"a", "b", "c", "d"} {
		p := models.Profile{Name: name}
		for _, field := range []string{"f", "g", "h", "i", "j", "k", "l", "m"} {
			p.Fields = append(p.Fields, models.ProfileField{Name: field, From: "text", By: "pattern", Expr: `^(a+)+$`})
		}
		x.Profiles = append(x.Profiles, p)
	}
	set, err := extract.Compile(x)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	r := set.Run(extract.Source{Text: strings.Repeat("a", 1000) + "!"})
	if !r.Slow || r.Outcome != nil || len(r.Attempts) != 1 {
		t.Errorf("slow = %v after %d attempts, want a result that is not decided", r.Slow, len(r.Attempts))
	}
	t.Logf("took %v", time.Since(start))
}

func FuzzRun(f *testing.F) {
	f.Add("Stichwort: B2", "<a><b c='d'>e</b></a>", "//b/@c")
	f.Add("a=b", `{"a":[1,{"b":null}]}`, "a[*].b")
	f.Add("\x00", "<!DOCTYPE a>", "a[1]")
	f.Fuzz(func(t *testing.T, text, file, expr string) {
		var p models.Profile
		p.Name = "fuzz"
		for i, by := range []string{"line", "xml", "json", "whole"} {
			for j, kind := range []string{"text", "number", "date", "list", "coordinates"} {
				p.Fields = append(p.Fields, models.ProfileField{Name: by + kind, From: []string{"text", "file"}[(i+j)%2], By: by, Expr: expr, Type: kind})
			}
		}
		p.Title, p.Key, p.Labels, p.Due, p.Priority = "{linetext}{subject}", "{xmltext}", "{linelist}", "{linedate}", "{jsontext}"
		set, err := extract.Compile(models.Extraction{Profiles: []models.Profile{p}})
		if err != nil {
			return
		}
		r := set.Run(extract.Source{Subject: expr, Text: text, Files: []extract.File{{Name: "a.xml", Data: []byte(file)}}})
		if (r.Outcome != nil) != (len(r.Attempts) == 1 && r.Attempts[0].Matched) {
			t.Errorf("outcome %v, attempts %v", r.Outcome, r.Attempts)
		}
	})
}
