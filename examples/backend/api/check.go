package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Rules of fields, in a tag: "id" a text of 1 to 128 characters without control characters,
// "name" letters, digits and -_. up to 64, "text" up to 2000 characters without control
// characters but line ends and tabs, "opt" may be left out, "enum=a|b", "range=lo:hi" of a
// number, "len=lo:hi" of a list. A list hands its other rules to its elements.
type rule struct {
	kind   string
	opt    bool
	enum   []string
	lo, hi float64
	ranged bool
	least  int
	most   int
	listed bool
}

func parseRule(tag string) (r rule) {
	for part := range strings.SplitSeq(tag, ",") {
		key, value, _ := strings.Cut(part, "=")
		lo, hi, _ := strings.Cut(value, ":")
		switch key {
		case "id", "name", "text":
			r.kind = key
		case "opt":
			r.opt = true
		case "enum":
			r.enum = strings.Split(value, "|")
		case "range":
			r.ranged = true
			r.lo, _ = strconv.ParseFloat(lo, 64)
			r.hi, _ = strconv.ParseFloat(hi, 64)
		case "len":
			r.listed = true
			r.least, _ = strconv.Atoi(lo)
			r.most, _ = strconv.Atoi(hi)
		}
	}
	return r
}

const (
	maxID, maxName, maxText = 128, 64, 2000
	namePattern             = `^[A-Za-z0-9_.-]+$`
)

var names = regexp.MustCompile(namePattern)

// invalid is the fault of a field.
func invalid(field, format string, args ...any) *Fault {
	f := fault(http.StatusUnprocessableEntity, "invalid_field", format, args...)
	f.Field = field
	return f
}

// check holds a value, and everything in it, against the rules of its fields.
func check(v reflect.Value, field string, r rule) *Fault {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return check(v.Elem(), field, r)
	case reflect.Struct:
		if _, ok := v.Interface().(time.Time); ok {
			return nil // the handlers know what span they take
		}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if field != "" {
				name = field + "." + name
			}
			if fault := check(v.Field(i), name, parseRule(f.Tag.Get("rule"))); fault != nil {
				return fault
			}
		}
	case reflect.Slice:
		if n := v.Len(); r.listed && (n < r.least || n > r.most) {
			return invalid(field, "%d entries, want %d to %d", n, r.least, r.most)
		}
		r.listed, r.opt = false, false
		for i := range v.Len() {
			if fault := check(v.Index(i), field+"["+strconv.Itoa(i)+"]", r); fault != nil {
				return fault
			}
		}
	case reflect.String:
		return checkText(v.String(), field, r)
	case reflect.Int, reflect.Int64:
		if x := float64(v.Int()); r.ranged && (x < r.lo || x > r.hi) {
			return invalid(field, "%d, want %g to %g", v.Int(), r.lo, r.hi)
		}
	case reflect.Float64:
		if x := v.Float(); r.ranged && !(x >= r.lo && x <= r.hi) {
			return invalid(field, "%g, want %g to %g", x, r.lo, r.hi)
		}
	}
	return nil
}

// checkText is check of a text. The message does not repeat it: it may be anybody's.
func checkText(text, field string, r rule) *Fault {
	if text == "" && r.opt {
		return nil
	}
	n := utf8.RuneCountInString(text)
	most, least := map[string]int{"id": maxID, "name": maxName, "text": maxText}[r.kind], 1
	if r.kind == "text" && r.opt {
		least = 0
	}
	switch {
	case len(r.enum) > 0:
		for _, e := range r.enum {
			if e == text {
				return nil
			}
		}
		return invalid(field, "want one of %s", strings.Join(r.enum, ", "))
	case most > 0 && (n < least || n > most):
		return invalid(field, "%d characters, want %d to %d", n, least, most)
	case r.kind == "name" && !names.MatchString(text):
		return invalid(field, "want letters, digits, -, _ and . only")
	}
	for _, c := range text {
		if unicode.IsControl(c) && (r.kind != "text" || c != '\n' && c != '\r' && c != '\t') {
			return invalid(field, "has a control character")
		}
	}
	return nil
}

// decode reads the one JSON value of a body and checks it.
func decode(r *http.Request, into any) *Fault {
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(strings.ToLower(kind)) != "application/json" {
		return fault(http.StatusUnsupportedMediaType, "wrong_content_type", "want Content-Type: application/json")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return fault(http.StatusRequestEntityTooLarge, "body_too_large", "more than %d bytes", large.Limit)
		}
		return fault(http.StatusBadRequest, "malformed_json", "the body ended early")
	}
	if !utf8.Valid(body) {
		return fault(http.StatusBadRequest, "not_utf8", "the body is not UTF-8")
	}
	body, f := normal(body, reflect.TypeOf(into).Elem())
	if f != nil {
		return f
	}
	if err := json.Unmarshal(body, into); err != nil {
		return jsonFault(err)
	}
	return check(reflect.ValueOf(into), "", rule{})
}

// jsonFault says what is wrong with the JSON, and where, without its values.
func jsonFault(err error) *Fault {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fault(http.StatusBadRequest, "malformed_json", "malformed at byte %d", syntax.Offset)
	}
	return fault(http.StatusBadRequest, "malformed_json", "no JSON value, or it ends early")
}

// instant checks that a time is one that a shop may have lived.
func instant(at, now time.Time, field string) *Fault {
	if at.Year() < 2000 || at.After(now.Add(time.Minute)) {
		f := fault(http.StatusUnprocessableEntity, "time_out_of_range", "want a time from 2000 until a minute from now")
		f.Field = field
		return f
	}
	return nil
}

func place(field string, i int, of string) string { return fmt.Sprintf("%s[%d].%s", field, i, of) }
