package past_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"letterbox/tracker/past"
)

// told reads all records and writes each as "line system number title", or "line field code" for what is wrong.
func told(t *testing.T, r past.Reader) string {
	t.Helper()
	var out []string
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return strings.Join(out, "\n")
		}
		if err != nil {
			return strings.Join(append(out, "broken: "+fmt.Sprint(errors.Is(err, past.ErrBroken))+" "+strings.SplitN(err.Error(), ":", 2)[0]), "\n")
		}
		if len(rec.Faults) > 0 {
			out = append(out, fmt.Sprint(rec.Line, " ", rec.Faults[0].Field, " ", rec.Faults[0].Code))
			continue
		}
		out = append(out, fmt.Sprintf("%d %s %s %s", rec.Line, rec.Issue.System, rec.Issue.Number, rec.Issue.Title))
	}
}

func TestFormsAreReadWithTheLineOfEachRecord(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":       {"", ""},
		"empty array":   {" \n [ ]\n", ""},
		"lines":         {"{\"system\":\"Redmine\",\"number\":7,\"title\":\"a\"}\n\n{\"system\":\"rt\",\"number\":\"8\",\"title\":\"b\"}", "1 Redmine 7 a\n3 rt 8 b"},
		"byte order":    {"\xEF\xBB\xBF{\"number\":1}\r\n{\"number\":2}\r\n", "1  1 \n2  2 "},
		"array":         {"[{\"number\":1,\n\"title\":\"a\"},\n\n{\"number\":2}]", "1  1 a\n4  2 "},
		"unknown field": {"{\"number\":1,\"titel\":\"a\"}\n{\"number\":2}", "1 titel E-PAST-03\n2  2 "},
		"wrong type":    {"{\"number\":1,\"comments\":[{\"body\":5}]}\n{\"number\":2}", "1 comments.body E-PAST-02\n2  2 "},
		"no JSON":       {"{\"number\":1}\nnonsense\n{\"number\":2}{}\n{\"number\":3}", "1  1 \n2 record E-PAST-01\n3 record E-PAST-01\n4  3 "},
		"no object":     {"5\n\"x\"", "1 record E-PAST-02\n2 record E-PAST-02"},
		"cut array":     {"[{\"number\":1},\n{\"num", "1  1 \nbroken: true after line 1"},
		"cut line":      {"{\"number\":1}\n{\"num", "1  1 \n2 record E-PAST-01"},
		"array, more":   {"[{\"number\":1}] {}", "1  1 \nbroken: true after line 1"},
		"wrong in one":  {"[{\"number\":[]},\n{\"number\":2}]", "1 number E-PAST-02\n2  2 "},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := past.NewJSON(strings.NewReader(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := told(t, r); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestTableIsReadByTheNamesOfItsColumns(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"commas":     {"number,Title,system\n1,\"a, b\",Redmine\n2,\"c\nd\",Redmine\n3,e,Redmine\n", "2 Redmine 1 a, b\n3 Redmine 2 c\nd\n5 Redmine 3 e"},
		"semicolons": {"\xEF\xBB\xBFnumber;title\r\n1;ä\r\n", "2  1 ä"},
		"too few":    {"number,title\n1\n2,b\n", "2 record E-PAST-01\n3  2 b"},
		"latin 1":    {"number,title\n1,\xE4\n2,b\n", "2 record E-PAST-01\n3  2 b"},
		"broken":     {"number,title\n1,\"a\n2,b\n", "broken: true record on line 2; parse error on line 3, column 5"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := past.NewCSV(strings.NewReader(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := told(t, r); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	for _, head := range []string{"", "number,subject\n", "number,number\n"} {
		if _, err := past.NewCSV(strings.NewReader(head)); !errors.Is(err, past.ErrBroken) {
			t.Errorf("first line %q: error = %v, want one", head, err)
		}
	}
	r, err := past.NewCSV(strings.NewReader("labels,message_ids,participants,reporter_name,reporter_address\n\"a b; c\",<1@x> <2@x>,\"p@x.example, q@x.example\",Anna,anna@x.example\n"))
	if err != nil {
		t.Fatal(err)
	}
	rec, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%q %q %q %v", rec.Issue.Labels, rec.Issue.MessageIDs, rec.Issue.Participants, rec.Issue.Reporter)
	if want := `["a b" "c"] ["<1@x>" "<2@x>"] ["p@x.example" "q@x.example"] {Anna anna@x.example}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPersonIsAnAddressOrAnObject(t *testing.T) {
	r, err := past.NewJSON(strings.NewReader(`{"reporter":"a@x.example","comments":[{"author":{"name":"B","address":"b@x.example"}},{"author":null}]}
{"reporter":{"mail":"a@x.example"}}`))
	if err != nil {
		t.Fatal(err)
	}
	rec, err := r.Next()
	if err != nil || len(rec.Faults) > 0 {
		t.Fatal(err, rec.Faults)
	}
	if i := rec.Issue; i.Reporter.Address != "a@x.example" || i.Comments[0].Author != (past.Person{Name: "B", Address: "b@x.example"}) || i.Comments[1].Author != (past.Person{}) {
		t.Errorf("got %+v", i)
	}
	if rec, err = r.Next(); err != nil || len(rec.Faults) != 1 || rec.Faults[0].Code != "E-PAST-03" {
		t.Errorf("got %v %v, want an unknown field", rec.Faults, err)
	}
}

// endless writes issues one after the other and counts what was asked for.
type endless struct{ given int }

func (e *endless) Read(p []byte) (int, error) {
	const one = "{\"number\":1,\"title\":\"x\"},\n"
	for i := range p {
		p[i] = one[(e.given+i)%len(one)]
	}
	e.given += len(p)
	return len(p), nil
}

func TestReaderKeepsNoMoreThanItNeeds(t *testing.T) {
	e := &endless{}
	r, err := past.NewJSON(io.MultiReader(strings.NewReader("["), e))
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if e.given > 1<<20 {
		t.Errorf("read %d octets ahead for a thousand small issues", e.given)
	}
}

func FuzzReaders(f *testing.F) {
	f.Add([]byte("[{\"number\":1}]"))
	f.Add([]byte("{\"number\":1}\n{\"reporter\":{\"name\":\"x\"}}"))
	f.Add([]byte("number,title\n1,\"a\nb\"\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, open := range []func(io.Reader) (past.Reader, error){past.NewJSON, past.NewCSV} {
			r, err := open(strings.NewReader(string(raw)))
			if err != nil {
				continue
			}
			last := 0
			for range len(raw) + 2 {
				rec, err := r.Next()
				if err != nil {
					last = -1
					break
				}
				if rec.Line < last {
					t.Fatalf("line %d after %d", rec.Line, last)
				}
				last = rec.Line
			}
			if last != -1 {
				t.Fatal("a file with no end")
			}
		}
	})
}
