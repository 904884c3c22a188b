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
	"sync"
	"unicode"

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
//	privacy:"pseudonym"         its pseudonym; "" stays "", nil is null
//	privacy:"generalize=age,2"  as level 2 of the hierarchy age tells it; nil is null
//
// Names, omitempty, omitzero, string and - of the json tag hold as in encoding/json, and so does which of the
// fields of one name is told: the outer one before that of an embedded struct, whatever its tag
// says, so that one with drop hides both. Structs, pointers, maps and
// slices are looked into at any depth up to 64. The tag of a slice holds for its elements. Keys of
// maps are told as they are: do not keep ids there.
// Immutable and safe for concurrent use. Make it with NewRedactor.
type Redactor struct {
	opt    RedactorOptions
	shapes *sync.Map // reflect.Type to *shape: what is known of a type is found once
	ok     bool
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
	return &Redactor{opt: opt, shapes: new(sync.Map), ok: true}, nil
}

// JSON returns v as JSON, redacted. A tag that is none, or that names a hierarchy or
// pseudonyms that are not there, is ErrOption: nothing is told in doubt. A value its hierarchy cannot
// read is told as "[redacted]". Depth beyond 64 is ErrRange, and so is what JSON cannot
// say (NaN, functions). A type that marshals itself is told whole, unless a field
// of it, or of what it holds, behind interfaces too, has a privacy tag; one that is embedded stands under the name of its type.
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
	if rule == "redact" {
		return plain(out, redacted)
	}
	list := v.Kind() == reflect.Slice || v.Kind() == reflect.Array
	itself := rule == "public" && r.wholly(v)
	switch {
	case v.Kind() == reflect.Pointer, v.Kind() == reflect.Interface, // of nil
		!itself && (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.IsNil():
		out.WriteString("null")
		return nil
	case !itself && list && v.Type().Elem().Kind() != reflect.Uint8:
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
	case itself:
		return plain(out, pointer(v).Interface())
	case v.Kind() == reflect.Struct:
		return r.object(out, v, depth)
	case v.Kind() == reflect.Map:
		return r.entries(out, v, depth)
	}
	return plain(out, v.Interface())
}

// pointer returns one to v, or to a copy: some types marshal themselves by a pointer only.
func pointer(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v.Addr()
	}
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return p
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
	if m, ok := pointer(v).Interface().(encoding.TextMarshaler); ok {
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
	s := r.shape(v.Type())
	if s.err != nil {
		return s.err
	}
	out.WriteByte('{')
	first := true
	for _, f := range s.fields {
		x, err := v.FieldByIndexErr(f.index)
		if err != nil || f.omit && empty(x) || f.zero && zero(x) { // an embedded nil has no fields
			continue
		}
		if !first {
			out.WriteByte(',')
		}
		first = false
		if err := plain(out, f.name); err != nil {
			return err
		}
		out.WriteByte(':')
		start := out.Len()
		if err := r.write(out, x, f.rule, depth+1); err != nil {
			return fmt.Errorf("field %s: %w", v.Type().FieldByIndex(f.index).Name, err)
		}
		if text := string(out.Bytes()[start:]); f.quote && text != "null" {
			out.Truncate(start)
			if err := plain(out, text); err != nil {
				return err
			}
		}
	}
	out.WriteByte('}')
	return nil
}

// shape is what is known of a type.
type shape struct {
	whole  bool    // marshals itself and has no tags
	open   bool    // has interfaces
	fields []field // that are told, of a struct
	err    error   // of their tags
}

// field is one of a struct or of one embedded in it.
type field struct {
	name  string
	index []int
	named bool // by its json tag
	omit  bool // where it is empty
	zero  bool // where it is zero
	quote bool // as a string
	rule  string
}

func (r *Redactor) shape(t reflect.Type) *shape {
	if s, ok := r.shapes.Load(t); ok {
		return s.(*shape)
	}
	s := &shape{whole: whole(t)}
	_, s.open = inside(t, map[reflect.Type]bool{})
	if t.Kind() == reflect.Struct && (s.open || !s.whole) {
		s.fields, s.err = r.fields(t)
	}
	r.shapes.Store(t, s)
	return s
}

// fields returns those of a struct that are told. As in encoding/json those of embedded
// structs stand among its own, and of one name that of least depth is taken, there the one
// the json tag names, or none of several; only then is left out what its tag says.
func (r *Redactor) fields(t reflect.Type) ([]field, error) {
	type level struct {
		t     reflect.Type
		index []int
	}
	var all []field
	seen, times := map[reflect.Type]bool{}, map[reflect.Type]int{}
	for next := []level{{t, nil}}; len(next) > 0; {
		here, count := next, times
		next, times = nil, map[reflect.Type]int{}
		for _, l := range here {
			if seen[l.t] {
				continue
			}
			seen[l.t] = true
			for i := range l.t.NumField() {
				f := l.t.Field(i)
				index := append(slices.Clone(l.index), i)
				if e := embedded(f); e != nil {
					if times[e]++; times[e] == 1 {
						next = append(next, level{e, index})
					}
					continue
				}
				if !f.IsExported() || f.Tag.Get("json") == "-" {
					continue
				}
				rule, err := r.rule(f)
				if err != nil {
					return nil, err
				}
				name, options := jsonName(f)
				one := field{cmp.Or(name, f.Name), index, name != "", slices.Contains(options, "omitempty"), slices.Contains(options, "omitzero"), rule == "public" && slices.Contains(options, "string") && quotes(f.Type), rule}
				if all = append(all, one); count[l.t] > 1 { // embedded twice: no more than a tie
					all = append(all, one)
				}
			}
		}
	}
	return winners(all), nil
}

// winners takes one field a name, or none, and of these the ones that are told, in order of the struct.
func winners(all []field) []field {
	rank := func(a, b field) int {
		named := 0
		switch {
		case a.named && !b.named:
			named = -1
		case b.named && !a.named:
			named = 1
		}
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(len(a.index), len(b.index)), named)
	}
	slices.SortFunc(all, rank)
	var out []field
	for i, f := range all {
		first := i == 0 || all[i-1].name != f.name
		tie := i+1 < len(all) && rank(f, all[i+1]) == 0
		if first && !tie && f.rule != "" {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b field) int { return slices.Compare(a.index, b.index) })
	return out
}

// embedded returns the struct whose fields stand among those of the one f is a field of, or
// nil. What marshals itself has no fields that would tell it: it stays one field.
func embedded(f reflect.StructField) reflect.Type {
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name, _ := jsonName(f)
	_, own := f.Tag.Lookup("privacy")
	if !f.Anonymous || name != "" || own || f.Tag.Get("json") == "-" || t.Kind() != reflect.Struct || f.IsExported() && whole(t) {
		return nil
	}
	return t
}

// jsonName returns name and options of the json tag; a name that encoding/json does not take is none.
func jsonName(f reflect.StructField) (string, []string) {
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	if strings.ContainsFunc(name, func(r rune) bool {
		return !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		name = ""
	}
	return name, strings.Split(options, ",")
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

// quotes reports whether the option string of a json tag holds for a type.
func quotes(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	single := t.Kind() >= reflect.Bool && t.Kind() <= reflect.Float64 || t.Kind() == reflect.String
	return single && !marshals(t)
}

// zero is what omitzero leaves out: by its own IsZero where a type has one.
func zero(v reflect.Value) bool {
	type zeroer interface{ IsZero() bool }
	if nilable := v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface; nilable && v.IsNil() {
		return true
	} else if z, ok := v.Interface().(zeroer); ok {
		return z.IsZero()
	}
	if z, ok := pointer(v).Interface().(zeroer); ok {
		return z.IsZero()
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
		e := entry{value: v.MapIndex(k)}
		if k.Kind() != reflect.Pointer || !k.IsNil() { // nil is "", as in encoding/json
			var err error
			if e.key, err = scalar(k); err != nil {
				return fmt.Errorf("key of a map: %w", check.ErrRange)
			}
		}
		all = append(all, e)
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

// whole reports whether a type is told as it marshals itself, as far as types say.
func whole(t reflect.Type) bool {
	tagged, _ := inside(t, map[reflect.Type]bool{})
	return marshals(t) && !tagged
}

// wholly reports whether a value is told as it marshals itself: what it has behind interfaces,
// where no type tells of it, has no privacy tag either.
func (r *Redactor) wholly(v reflect.Value) bool {
	s := r.shape(v.Type())
	return s.whole && !(s.open && hides(v, map[visit]bool{}))
}

// visit is where hides has been.
type visit struct {
	at uintptr
	n  int
	t  reflect.Type
}

// hides reports whether something with a privacy tag is behind an interface in v. Values go
// in circles: seen are those that were looked into.
func hides(v reflect.Value, seen map[visit]bool) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		here := visit{v.Pointer(), 0, v.Type()}
		if v.Kind() != reflect.Pointer {
			here.n = v.Len()
		}
		if v.IsNil() || seen[here] {
			return false
		}
		seen[here] = true
	}
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return false
		}
		tagged, open := inside(v.Elem().Type(), map[reflect.Type]bool{})
		return tagged || open && hides(v.Elem(), seen)
	case reflect.Pointer:
		return hides(v.Elem(), seen)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if hides(v.Index(i), seen) {
				return true
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if hides(it.Value(), seen) {
				return true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if hides(v.Field(i), seen) {
				return true
			}
		}
	}
	return false
}

// inside reports whether a field of a struct, or of one below it, has a privacy tag, and whether
// there are interfaces, which may hold anything. Types go in circles: seen are those that
// were looked into.
func inside(t reflect.Type, seen map[reflect.Type]bool) (tagged, open bool) {
	if seen[t] {
		return false, false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Interface:
		return false, true
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return inside(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			_, own := f.Tag.Lookup("privacy")
			below, holes := inside(f.Type, seen)
			tagged, open = tagged || own || below, open || holes
		}
	}
	return tagged, open
}
