package handlers

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"letterbox/internal/spelling"
	"letterbox/models"
)

// apiReadObject reads the JSON object in the body of a request. Anything else, more than one value, a body that is too
// large or of another type is an error to be written as it is.
func apiReadObject(c *gin.Context) (map[string]json.RawMessage, error) {
	if kind, _, err := mime.ParseMediaType(c.ContentType()); c.GetHeader("Content-Type") != "" && (err != nil || kind != "application/json") {
		return nil, &apiBadRequest{status: http.StatusUnsupportedMediaType, code: "E-API-11"}
	}
	raw, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, apiBody))
	if err != nil {
		return nil, apiReadError(err)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil || object == nil {
		return nil, &apiBadRequest{status: http.StatusBadRequest, code: "E-API-03"}
	}
	return object, nil
}

// apiReadError keeps the error that names a limit, and says of any other one that the body did not arrive.
func apiReadError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return large
	}
	return &apiBadRequest{status: http.StatusBadRequest, code: "E-API-04"}
}

// apiDecode reads the body of a request into dto, a pointer to a flat struct with json tags. A field is taken by its exact
// name; null is as good as left out. What is unknown or of the wrong type is a models.InvalidList. It returns the names
// of the fields that were given.
func apiDecode(c *gin.Context, dto any) (given map[string]bool, err error) {
	object, err := apiReadObject(c)
	if err != nil {
		return nil, err
	}
	v := reflect.ValueOf(dto).Elem()
	fields := map[string]reflect.Value{}
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		fields[name] = v.Field(i)
	}
	given = map[string]bool{}
	var faults models.InvalidList
	for _, key := range slices.Sorted(maps.Keys(object)) {
		field, ok := fields[key]
		if !ok {
			faults = append(faults, apiUnknownField(key, slices.Collect(maps.Keys(fields))))
			continue
		}
		if string(object[key]) == "null" {
			continue
		}
		given[key] = true
		if err := json.Unmarshal(object[key], field.Addr().Interface()); err != nil {
			faults = append(faults, apiWrongType(key, apiTypeName(field.Type())))
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return given, nil
}

func apiUnknownField(key string, known []string) *models.Invalid {
	shown := key
	if r := []rune(key); len(r) > 60 {
		shown = string(r[:60]) + "…"
	}
	args := map[string]string{"field": shown}
	if near := spelling.Nearest(key, known); near != "" {
		args["nearest"] = near
		return &models.Invalid{Field: shown, Code: "E-API-01", Args: args}
	}
	return &models.Invalid{Field: shown, Code: "E-API-12", Args: args}
}

func apiWrongType(key, want string) *models.Invalid {
	return &models.Invalid{Field: key, Code: "E-API-02", Args: map[string]string{"field": key, "type": want}}
}

// apiMissing notes a field that has to be given.
func apiMissing(key string) *models.Invalid {
	return &models.Invalid{Field: key, Code: "E-API-08", Args: map[string]string{"field": key}}
}

// apiTypeName names a type as JSON does.
func apiTypeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return apiTypeName(t.Elem())
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64:
		return "integer"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "string (base64)"
		}
		return "array"
	case reflect.Map:
		return "object"
	case reflect.Struct: // An apiExact.
		if of := t.Field(0).Type; of.Kind() == reflect.Slice {
			return apiTypeName(of)
		}
		return "object"
	default:
		return "string"
	}
}
