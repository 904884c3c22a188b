package api

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// strict reads a body as the document describes it, where encoding/json is lenient: a field
// that is required and missing, null, a name in other letters, and a field that stands twice
// are faults. It hands the body back with whole numbers such as 17.0 or 1e3 written as
// integers, which they are in JSON Schema and not to encoding/json. It goes as deep as
// the type, however deep the body is.
type strict struct {
	dec   *json.Decoder
	body  []byte
	kept  int // bytes of body that are in out
	out   bytes.Buffer
	fault *Fault
}

// normal is the body for encoding/json, or the first fault in it.
func normal(body []byte, t reflect.Type) ([]byte, *Fault) {
	s := &strict{dec: json.NewDecoder(bytes.NewReader(body)), body: body}
	s.dec.UseNumber()
	if !s.value(t, "") {
		return nil, s.fault
	}
	if _, err := s.dec.Token(); err != io.EOF {
		return nil, fault(http.StatusBadRequest, "malformed_json", "there is more than one value")
	}
	if s.kept == 0 {
		return body, nil
	}
	s.out.Write(body[s.kept:])
	return s.out.Bytes(), nil
}

func (s *strict) fail(f *Fault) bool {
	s.fault = f
	return false
}

// token is the next one; false at the end and for what is no JSON.
func (s *strict) token() (json.Token, bool) {
	t, err := s.dec.Token()
	if err != nil {
		return nil, s.fail(jsonFault(err))
	}
	return t, true
}

var kinds = map[reflect.Kind]string{
	reflect.Struct: "an object", reflect.Slice: "a list", reflect.String: "a text", reflect.Bool: "true or false",
	reflect.Int: "a whole number", reflect.Int64: "a whole number", reflect.Float64: "a number",
}

// value reads one value of a type.
func (s *strict) value(t reflect.Type, field string) bool {
	token, ok := s.token()
	if !ok {
		return false
	}
	wrong := func() bool { return s.fail(invalid(field, "want %s", kinds[t.Kind()])) }
	if t == reflect.TypeFor[time.Time]() {
		text, ok := token.(string)
		if _, err := time.Parse(time.RFC3339, text); !ok || err != nil {
			return s.fail(invalid(field, "want a time of RFC 3339"))
		}
		return true
	}
	switch t.Kind() {
	case reflect.Struct:
		return token == json.Delim('{') && s.fields(t, field) || s.fault == nil && wrong()
	case reflect.Slice:
		if token != json.Delim('[') {
			return wrong()
		}
		for i := 0; s.dec.More(); i++ {
			if !s.value(t.Elem(), field+"["+strconv.Itoa(i)+"]") {
				return false
			}
		}
		_, ok := s.token()
		return ok
	case reflect.String:
		_, ok = token.(string)
	case reflect.Bool:
		_, ok = token.(bool)
	default:
		var n json.Number
		if n, ok = token.(json.Number); ok && t.Kind() != reflect.Float64 {
			ok = s.whole(n)
		}
	}
	return ok || wrong()
}

// whole puts an integer in the place of a number that is one, and reports whether it is.
// Above 2^53 a fraction or an exponent leaves open which is meant.
func (s *strict) whole(n json.Number) bool {
	if _, err := n.Int64(); err == nil {
		return true
	}
	x, err := n.Float64()
	if err != nil || !strings.ContainsAny(string(n), ".eE") || x < -1<<53 || x > 1<<53 || x != float64(int64(x)) {
		return false
	}
	end := int(s.dec.InputOffset())
	s.out.Write(s.body[s.kept : end-len(n)])
	s.out.WriteString(strconv.FormatInt(int64(x), 10))
	s.kept = end
	return true
}

// fields reads the rest of an object.
func (s *strict) fields(t reflect.Type, field string) bool {
	within := ""
	if field != "" {
		within = field + "."
	}
	seen := make([]bool, t.NumField())
	for s.dec.More() {
		token, ok := s.token()
		if !ok {
			return false
		}
		name, _ := token.(string)
		at := -1
		for i := range seen {
			if of, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); of == name {
				at = i
			}
		}
		if at < 0 {
			f := fault(http.StatusBadRequest, "unknown_field", "no such field")
			f.Field = name
			return s.fail(f)
		}
		if seen[at] {
			return s.fail(invalid(within+name, "stands twice"))
		}
		seen[at] = true
		if !s.value(t.Field(at).Type, within+name) {
			return false
		}
	}
	if _, ok := s.token(); !ok {
		return false
	}
	for i := range seen {
		if name, option, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); !seen[i] && option != "omitempty" {
			return s.fail(invalid(within+name, "is missing"))
		}
	}
	return true
}
