package privacy

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/aislekit/aisle/internal/check"
)

// RedactorOptions configures NewRedactor.
type RedactorOptions struct {
	// Pseudonyms make those of fields tagged pseudonym.
	Pseudonyms *Pseudonyms
	// Hierarchies are those that generalize tags name.
	Hierarchies map[string]*Hierarchy
	// Strict leaves out fields without a tag, so that a new field is private until somebody
	// says otherwise.
	Strict bool
}

// Redactor writes structs as JSON in which each field is told as its tag says:
//
//	privacy:"public"            as it is
//	privacy:"drop"              not at all
//	privacy:"redact"            "[redacted]"
//	privacy:"pseudonym"         its pseudonym; "" stays ""
//	privacy:"generalize=age,2"  as level 2 of the hierarchy age tells it
//
// Names, omitempty and - of the json tag hold as in encoding/json; structs, pointers, maps and
// slices are looked into at any depth up to 64. The tag of a slice holds for its elements. Keys of
// maps are told as they are: do not keep ids there.
// Immutable and safe for concurrent use. Make it with NewRedactor.
type Redactor struct {
	opt RedactorOptions
	ok  bool
}

// redacted stands for what is not told.
const redacted = "[redacted]"

// maxDepth bounds what JSON looks into, so that a circle of pointers ends.
const maxDepth = 64

// NewRedactor returns a redactor. A hierarchy that is nil is ErrOption.
func NewRedactor(opt RedactorOptions) (*Redactor, error) {
	hierarchies := make(map[string]*Hierarchy, len(opt.Hierarchies))
	for name, h := range opt.Hierarchies {
		if h == nil || h.tell == nil {
			return nil, fmt.Errorf("privacy: NewRedactor: Hierarchies[%q] is nil: %w", name, ErrOption)
		}
		hierarchies[name] = h
	}
	opt.Hierarchies = hierarchies
	return &Redactor{opt: opt, ok: true}, nil
}

// JSON returns v as JSON, redacted. A tag that is none, or that names a hierarchy or
// pseudonyms that are not there, is ErrOption: nothing is told in doubt. A value its hierarchy cannot
// read is told as "[redacted]". Depth beyond 64 is ErrRange, and so is what JSON cannot
// say (NaN, functions). A type that marshals itself is told whole, unless a field of it has a privacy tag.
func (r *Redactor) JSON(v any) ([]byte, error) {
	if r == nil || !r.ok {
		return nil, fmt.Errorf("privacy: Redactor.JSON: not made by NewRedactor: %w", ErrEmpty)
	}
	var out bytes.Buffer
	if err := r.write(&out, reflect.ValueOf(v), "public", 0); err != nil {
		return nil, fmt.Errorf("privacy: Redactor.JSON: %w", err)
	}
	return out.Bytes(), nil
}

// write appends v as rule tells it.
func (r *Redactor) write(out *bytes.Buffer, v reflect.Value, rule string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("deeper than %d: %w", maxDepth, ErrRange)
	}
	for v.IsValid() && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && !v.IsNil() {
		if depth++; depth > maxDepth {
			return fmt.Errorf("deeper than %d: %w", maxDepth, ErrRange)
		}
		v = v.Elem()
	}
	if !v.IsValid() {
		out.WriteString("null")
		return nil
	}
	switch list := v.Kind() == reflect.Slice || v.Kind() == reflect.Array; {
	case rule == "redact":
		return plain(out, redacted)
	case list && v.Type().Elem().Kind() != reflect.Uint8 && (v.Kind() == reflect.Array || !v.IsNil()):
		out.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				out.WriteByte(',')
			}
			if err := r.write(out, v.Index(i), rule, depth+1); err != nil {
				return err
			}
		}
		out.WriteByte(']')
		return nil
	case rule != "public":
		return r.told(out, v, rule)
	case v.Kind() == reflect.Struct && (tagged(v.Type(), 0) || !marshals(v.Type())):
		return r.object(out, v, depth)
	case v.Kind() == reflect.Map && !v.IsNil() && !marshals(v.Type()):
		return r.entries(out, v, depth)
	}
	if v.Kind() == reflect.Struct { // some marshal themselves by a pointer only
		p := reflect.New(v.Type())
		p.Elem().Set(v)
		v = p
	}
	return plain(out, v.Interface())
}

func plain(out *bytes.Buffer, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("a %T that JSON cannot say: %w", v, ErrRange)
	}
	out.Write(data)
	return nil
}

// told writes a value as a pseudonym, or generalised.
func (r *Redactor) told(out *bytes.Buffer, v reflect.Value, rule string) error {
	text, err := scalar(v)
	if err != nil {
		return err
	}
	if rule == "pseudonym" {
		if text != "" {
			text, err = r.opt.Pseudonyms.Of(text)
		}
		if err != nil {
			return err
		}
		return plain(out, text)
	}
	name, level, _ := strings.Cut(strings.TrimPrefix(rule, "generalize="), ",")
	n, _ := strconv.Atoi(level)
	if text, err = r.opt.Hierarchies[name].Generalize(text, n); err != nil {
		text = redacted
	}
	return plain(out, text)
}

// scalar is the text of a value that is no structure.
func scalar(v reflect.Value) (string, error) {
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		if err != nil {
			return "", fmt.Errorf("a %v without a text: %w", v.Type(), ErrRange)
		}
		return string(text), nil
	}
	switch v.Kind() {
	case reflect.String:
		return v.String(), nil
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return strconv.FormatUint(v.Uint(), 10), nil
	case reflect.Float32, reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits()), nil
	}
	return "", fmt.Errorf("a %v is no single value: tag its fields: %w", v.Type(), ErrOption)
}

// rule reads the tag of a field, "" for one that is left out.
func (r *Redactor) rule(f reflect.StructField) (string, error) {
	tag, ok := f.Tag.Lookup("privacy")
	h, level, generalize := strings.Cut(strings.TrimPrefix(tag, "generalize="), ",")
	n, err := strconv.Atoi(level)
	switch {
	case !ok && r.opt.Strict, tag == "drop":
		return "", nil
	case !ok || tag == "public":
		return "public", nil
	case tag == "redact", tag == "pseudonym" && r.opt.Pseudonyms != nil:
		return tag, nil
	case strings.HasPrefix(tag, "generalize=") && generalize && err == nil && n >= 0 && n <= r.opt.Hierarchies[h].Height() && r.opt.Hierarchies[h] != nil:
		return tag, nil
	}
	return "", fmt.Errorf("field %s: privacy tag %q: %w", f.Name, tag, ErrOption)
}

// object writes a struct, fields of embedded structs among its own.
func (r *Redactor) object(out *bytes.Buffer, v reflect.Value, depth int) error {
	out.WriteByte('{')
	if err := r.fields(out, v, depth); err != nil {
		return err
	}
	out.WriteByte('}')
	return nil
}

// fields writes those of a struct, each after a comma but the first of the object.
func (r *Redactor) fields(out *bytes.Buffer, v reflect.Value, depth int) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		_, own := f.Tag.Lookup("privacy")
		if f.Anonymous && name == "" && !own {
			e := v.Field(i)
			for e.Kind() == reflect.Pointer && !e.IsNil() {
				e = e.Elem()
			}
			if e.Kind() == reflect.Pointer && e.Type().Elem().Kind() == reflect.Struct {
				continue // nil has no fields
			}
			if e.Kind() == reflect.Struct && depth < maxDepth {
				if err := r.fields(out, e, depth+1); err != nil {
					return err
				}
				continue
			}
		}
		if !f.IsExported() || f.Tag.Get("json") == "-" {
			continue
		}
		rule, err := r.rule(f)
		if err != nil {
			return err
		}
		if rule == "" || empty(v.Field(i)) && slices.Contains(strings.Split(options, ","), "omitempty") {
			continue
		}
		if out.Bytes()[out.Len()-1] != '{' {
			out.WriteByte(',')
		}
		if err := plain(out, cmp.Or(name, f.Name)); err != nil {
			return err
		}
		out.WriteByte(':')
		if err := r.write(out, v.Field(i), rule, depth+1); err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	return nil
}

// empty is what omitempty leaves out.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.Array:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// entries writes a map by ascending key.
func (r *Redactor) entries(out *bytes.Buffer, v reflect.Value, depth int) error {
	type entry struct {
		key   string
		value reflect.Value
	}
	var all []entry
	for _, k := range v.MapKeys() {
		key, err := scalar(k)
		if err != nil {
			return fmt.Errorf("key of a map: %w", check.ErrRange)
		}
		all = append(all, entry{key, v.MapIndex(k)})
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	out.WriteByte('{')
	for i, e := range all {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := plain(out, e.key); err != nil {
			return err
		}
		out.WriteByte(':')
		if err := r.write(out, e.value, "public", depth+1); err != nil {
			return err
		}
	}
	out.WriteByte('}')
	return nil
}

func marshals(t reflect.Type) bool {
	for _, x := range []reflect.Type{t, reflect.PointerTo(t)} {
		if x.Implements(reflect.TypeFor[json.Marshaler]()) || x.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
			return true
		}
	}
	return false
}

// tagged reports whether a field of a struct, or of one below it, has a privacy tag.
func tagged(t reflect.Type, depth int) bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || depth > 8 {
		return false
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if _, ok := f.Tag.Lookup("privacy"); ok || tagged(f.Type, depth+1) {
			return true
		}
	}
	return false
}
