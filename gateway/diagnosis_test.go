package gateway

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"letterbox/models"
)

// Whatever a person writes into a setting, be it one that is added one day, an outline does not repeat it.
func TestOutlineRepeatsNothingThatAPersonWrote(t *testing.T) {
	const canary = "canary@example.org"
	for _, settings := range []any{&models.InboxSettings{}, &models.Rules{}, &models.SendingSettings{}} {
		n := fill(reflect.ValueOf(settings).Elem(), canary)
		if n < 3 {
			t.Fatalf("%T has %d texts, want it filled", settings, n)
		}
		raw, err := json.Marshal(outline(settings))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), "canary") {
			t.Errorf("the outline of %T repeats what was written: %s", settings, raw)
		}
	}
	s := models.DefaultInboxSettings()
	s.Host = "imap.example.org"
	got := outline(s)
	if got["security"] != "auto" || got["host_set"] != true || got["folders_count"] != 1 || got["idle"] != true {
		t.Errorf("outline = %v, want choices, switches and counts", got)
	}
}

// fill puts a text into every text below v and returns how many there were.
func fill(v reflect.Value, text string) (n int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
		return 1
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				n += fill(v.Field(i), text)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		return fill(v.Index(0), text)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		if v.Type().Key().Kind() == reflect.String && v.Type().Elem().Kind() == reflect.String {
			v.SetMapIndex(reflect.ValueOf(text).Convert(v.Type().Key()), reflect.ValueOf(text).Convert(v.Type().Elem()))
			return 1
		}
	}
	return n
}
