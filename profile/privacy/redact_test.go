package privacy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/profile/privacy"
)

type address struct {
	Street string `privacy:"redact"`
	Zip    string `privacy:"generalize=zip,1" json:"zip"`
}

type base struct {
	ID int `privacy:"pseudonym" json:"id"`
}

// person marshals itself, and so would tell all.
type person struct {
	base
	Name    string             `privacy:"drop"`
	Age     int                `privacy:"generalize=age,1"`
	Mails   []string           `privacy:"pseudonym" json:"mails,omitempty"`
	Home    *address           `json:"home"`
	Others  map[string]address `json:"others"`
	Since   time.Time          `json:"since"`
	Any     any
	secret  string
	Skipped string `json:"-"`
	Odd     string `privacy:"generalize=age,1"`
}

func (person) MarshalJSON() ([]byte, error) { return []byte(`"jane doe, 47"`), nil }

func redactor(t testing.TB, strict bool) *privacy.Redactor {
	h := hierarchy(t)
	r, err := privacy.NewRedactor(privacy.RedactorOptions{
		Pseudonyms: pseudonyms(t, 1), Strict: strict,
		Hierarchies: map[string]*privacy.Hierarchy{"age": h(privacy.NewRanges(0, 10)), "zip": h(privacy.NewPrefixes(false, 2))},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRedact(t *testing.T) {
	of := func(id string) string { s, _ := pseudonyms(t, 1).Of(id); return s }
	jane := &person{
		base: base{4711}, Name: "jane doe", Age: 47, Mails: []string{"jane@x.example", ""}, Home: &address{"High Street", "12345"},
		Others: map[string]address{"work": {"Low Street", "67890"}, "a": {}}, Since: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
		Any: []any{&address{"Side Street", "11"}, 7}, secret: "jane", Skipped: "jane", Odd: "jane",
	}
	got, err := redactor(t, false).JSON(jane)
	want := `{"id":"` + of("4711") + `","Age":"[40, 50)","mails":["` + of("jane@x.example") + `",""],"home":{"Street":"[redacted]","zip":"12***"},` +
		`"others":{"a":{"Street":"[redacted]","zip":""},"work":{"Street":"[redacted]","zip":"67***"}},"since":"2026-01-02T00:00:00Z",` +
		`"Any":[{"Street":"[redacted]","zip":"11"},7],"Odd":"[redacted]"}`
	if string(got) != want || err != nil {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
	got, err = redactor(t, true).JSON(jane)
	if want := `{"id":"` + of("4711") + `","Age":"[40, 50)","mails":["` + of("jane@x.example") + `",""],"Odd":"[redacted]"}`; string(got) != want || err != nil {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
	_ = jane.secret
	// What marshals itself by a pointer, and an embedded nil, as encoding/json has them.
	type Inner struct{ A int }
	v := struct {
		*Inner
		N big.Int
		P *big.Int
	}{N: *big.NewInt(7), P: big.NewInt(8)}
	if got, err := redactor(t, false).JSON(&v); string(got) != `{"N":7,"P":8}` || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}

// Nothing is null under every tag that reads a value, not a panic and not an error.
func TestRedactNil(t *testing.T) {
	type all struct {
		Time  *time.Time     `privacy:"pseudonym"`
		Day   *time.Time     `privacy:"generalize=age,1"`
		Text  *string        `privacy:"pseudonym"`
		Deep  **string       `privacy:"pseudonym"`
		Any   any            `privacy:"pseudonym"`
		Range any            `privacy:"generalize=age,1"`
		List  []string       `privacy:"pseudonym"`
		Ages  []int          `privacy:"generalize=age,1"`
		Map   map[string]int `privacy:"pseudonym"`
		Some  []*string      `privacy:"pseudonym"`
		Shut  *string        `privacy:"redact"`
		Keys  map[*time.Time]int
	}
	got, err := redactor(t, false).JSON(all{Deep: new(*string), Some: []*string{nil, new(string)}, Keys: map[*time.Time]int{nil: 1}})
	want := `{"Time":null,"Day":null,"Text":null,"Deep":null,"Any":null,"Range":null,"List":null,"Ages":null,"Map":null,"Some":[null,""],"Shut":"[redacted]","Keys":{"":1}}`
	if string(got) != want || err != nil {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
}

// A text by a pointer receiver is a text, of a pointer and of a value.
func TestRedactTextByPointer(t *testing.T) {
	of := func(id string) string { s, _ := pseudonyms(t, 1).Of(id); return s }
	type account struct {
		P    *big.Int   `privacy:"pseudonym"`
		V    big.Int    `privacy:"pseudonym"`
		List []*big.Int `privacy:"generalize=age,1"`
	}
	got, err := redactor(t, false).JSON(account{P: big.NewInt(12), V: *big.NewInt(13), List: []*big.Int{big.NewInt(47), nil}})
	if want := `{"P":"` + of("12") + `","V":"` + of("13") + `","List":["[40, 50)",null]}`; string(got) != want || err != nil {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

type (
	mailed struct{ Email, Name string }
	shut   struct {
		Email string `privacy:"drop"`
	}
	renamed struct {
		Other string `json:"Email"`
	}
	odd struct {
		//lint:ignore SA5008 encoding/json takes the tag in its own way
		A int `json:"a\"b,omitempty"`
		//lint:ignore SA5008 encoding/json takes the tag in its own way
		B int `json:"-,"`
		C int `json:"-"`
	}
	loop struct {
		*loop
		Name string
	}
	left  struct{ mailed }
	right struct{ mailed }
)

// Of fields of one name that of least depth is told or not, as its own tag says.
func TestRedactShadows(t *testing.T) {
	for name, x := range map[string]struct {
		v            any
		want, strict string
	}{
		"redacted": {struct {
			mailed
			Email string `privacy:"redact"`
		}{mailed{"jane@x", "n"}, "jane"}, `{"Name":"n","Email":"[redacted]"}`, `{"Email":"[redacted]"}`},
		"dropped": {struct {
			*mailed
			Email string `privacy:"drop"`
		}{&mailed{"jane@x", "n"}, "jane"}, `{"Name":"n"}`, `{}`},
		"by name": {struct {
			mailed
			Mine string `privacy:"redact" json:"Email"`
		}{mailed{"jane@x", "n"}, "jane"}, `{"Name":"n","Email":"[redacted]"}`, `{"Email":"[redacted]"}`},
		"outer says": {struct {
			shut
			Email string
		}{shut{"jane"}, "e"}, `{"Email":"e"}`, `{}`},
		"named of two": {struct {
			shut
			renamed
		}{shut{"jane"}, renamed{"e"}}, `{"Email":"e"}`, `{}`},
		"tie": {struct {
			shut
			mailed
		}{shut{"jane"}, mailed{"jane@x", "n"}}, `{"Name":"n"}`, `{}`},
		"nil below": {struct {
			*mailed
			Age int `privacy:"public"`
		}{nil, 7}, `{"Age":7}`, `{"Age":7}`},
	} {
		for strict, want := range map[bool]string{false: x.want, true: x.strict} {
			if got, err := redactor(t, strict).JSON(x.v); string(got) != want || err != nil {
				t.Errorf("%s, strict %v: %s, %v, want %s", name, strict, got, err, want)
			}
		}
	}
	// Without tags all is as encoding/json has it.
	for _, v := range []any{
		struct {
			mailed
			Email string
		}{mailed{"a", "b"}, "c"},
		struct {
			mailed
			renamed
		}{mailed{"a", "b"}, renamed{"c"}},
		struct {
			left
			right
		}{left{mailed{"a", "b"}}, right{mailed{"c", "d"}}},
		struct {
			left
			mailed
		}{left{mailed{"a", "b"}}, mailed{"c", "d"}},
		struct {
			renamed
			R renamed
			odd
		}{renamed{"a"}, renamed{"b"}, odd{0, 2, 3}},
		struct{ Mailed *mailed }{},
		odd{1, 2, 3},
		loop{&loop{nil, "a"}, "b"},
		[]string(nil), map[string]int(nil),
	} {
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := redactor(t, false).JSON(v); string(got) != string(want) || err != nil {
			t.Errorf("%T: %s, %v, want %s", v, got, err, want)
		}
	}
}

type (
	customers map[string]customer
	crowd     []customer
	customer  struct {
		Email string `privacy:"drop"`
		Age   int
	}
	deep1   struct{ X map[string][]*deep2 }
	deep2   struct{ X [1]deep3 }
	deep3   struct{ X *deep4 }
	deep4   struct{ X deep5 }
	deep5   struct{ X deep6 }
	deep6   struct{ X deep7 }
	deep7   struct{ X deep8 }
	deep8   struct{ X deep9 }
	deep9   struct{ X deepest }
	deepest struct {
		Up *deep1
		In deeper
	}
	deeper struct{ C customer }
	tags   []string
	ring   []ring
	stamp  struct {
		time.Time
		Name string `privacy:"redact"`
	}
	hidden struct{ time.Time }
)

func (customers) MarshalJSON() ([]byte, error) { return []byte(`"jane"`), nil }
func (crowd) MarshalJSON() ([]byte, error)     { return []byte(`"jane"`), nil }
func (deep1) MarshalJSON() ([]byte, error)     { return []byte(`"jane"`), nil }
func (tags) MarshalJSON() ([]byte, error)      { return []byte(`"whole"`), nil }
func (*ring) MarshalText() ([]byte, error)     { return []byte("ring"), nil }

// What marshals itself is told whole without tags below it, and never with one.
func TestRedactMarshalers(t *testing.T) {
	day := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	jane := customer{"jane", 7}
	d := deep1{map[string][]*deep2{"a": {{[1]deep3{{&deep4{}}}}}}}
	d.X["a"][0].X[0].X.X.X.X.X.X.X.In.C = jane
	for name, x := range map[string]struct {
		v    any
		want string
	}{
		"map":           {customers{"a": jane}, `{"a":{"Age":7}}`},
		"nil map":       {customers(nil), `null`},
		"slice":         {crowd{jane}, `[{"Age":7}]`},
		"deep":          {d, `{"X":{"a":[{"X":[{"X":{"X":{"X":{"X":{"X":{"X":{"X":{"Up":null,"In":{"C":{"Age":7}}}}}}}}}}]}]}}`},
		"whole slice":   {tags{"a"}, `"whole"`},
		"whole nil":     {struct{ T tags }{}, `{"T":"whole"}`},
		"circle":        {ring{nil}, `"ring"`},
		"embedded time": {stamp{day, "jane"}, `{"Time":"2026-01-02T00:00:00Z","Name":"[redacted]"}`},
		"in unexported": {struct {
			hidden
			Name string `privacy:"drop"`
		}{hidden{day}, "jane"}, `{"Time":"2026-01-02T00:00:00Z"}`},
		"embedded nil": {struct {
			*time.Time
			Name string `privacy:"drop"`
		}{nil, "jane"}, `{"Time":null}`},
	} {
		r := redactor(t, false)
		for range 2 { // what was found of a type the first time is used the second
			if got, err := r.JSON(x.v); string(got) != x.want || err != nil {
				t.Errorf("%s: %s, %v, want %s", name, got, err, x.want)
			}
		}
	}
	if got, err := redactor(t, true).JSON(stamp{day, "jane"}); string(got) != `{"Name":"[redacted]"}` || err != nil {
		t.Errorf("strict: %s, %v", got, err)
	}
}

// boxed marshals itself, and what it holds is behind an interface.
type boxed struct{ X any }

func (b boxed) MarshalJSON() ([]byte, error) { return json.Marshal(b.X) }

type hoop struct {
	Next *hoop
	X    any
}

func (r *hoop) MarshalJSON() ([]byte, error) { return []byte(`"hoop"`), nil }

// TestRedactBehindInterfaces: a type that marshals itself tells nothing that is tagged behind its
// interfaces, at any depth, and is told whole where nothing is.
func TestRedactBehindInterfaces(t *testing.T) {
	r, err := privacy.NewRedactor(privacy.RedactorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	type note struct {
		Mail string `privacy:"redact"`
	}
	secret := note{"a@b"}
	circle := &hoop{}
	circle.Next = circle
	closed := &hoop{X: &secret}
	closed.Next = closed
	for name, v := range map[string]any{
		"value": boxed{secret}, "pointer": &boxed{&secret}, "list": boxed{[]any{1, secret}}, "map": boxed{map[string]any{"k": []*note{&secret}}},
		"box in box": boxed{boxed{secret}}, "list of boxes": []boxed{{secret}}, "field": struct{ B boxed }{boxed{secret}}, "embedded": struct{ boxed }{boxed{secret}}, "circle": closed,
	} {
		out, err := r.JSON(v)
		if strings.Contains(string(out), "a@b") || err == nil && !strings.Contains(string(out), "[redacted]") {
			t.Errorf("%s: %s, %v", name, out, err)
		}
	}
	for want, v := range map[string]any{`[1,"x",null]`: boxed{[]any{1, "x", nil}}, `"hoop"`: circle} {
		if out, err := r.JSON(v); string(out) != want || err != nil {
			t.Errorf("%s, %v, want %s", out, err, want)
		}
	}
}

// TestRedactOptions: omitzero and string are those of encoding/json.
func TestRedactOptions(t *testing.T) {
	type day int
	type odd struct {
		ID   int64    `json:"id,string"`
		Flag bool     `json:",string"`
		Rate *float64 `json:",string"`
		Nil  *int     `json:",string"`
		Text string   `json:",string"`
		//lint:ignore SA5008 encoding/json leaves it out for a list
		Not   []int     `json:",string"`
		Day   day       `json:",omitempty,string"`
		Since time.Time `json:",omitzero"`
		Zero  [2]int    `json:",omitzero"`
		Ptr   *day      `json:",omitzero"`
		Any   any       `json:",omitzero"`
		Last  time.Time `json:",omitzero"`
	}
	r, err := privacy.NewRedactor(privacy.RedactorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rate := .5
	for _, v := range []odd{{}, {ID: 1 << 60, Flag: true, Rate: &rate, Text: `a"b`, Not: []int{1}, Day: 3, Zero: [2]int{0, 1}, Ptr: new(day), Any: 0, Last: time.Unix(1, 0).UTC()}} {
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.JSON(v); string(got) != string(want) || err != nil {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
	id := struct {
		ID int `json:",string" privacy:"redact"`
	}{7}
	if got, err := r.JSON(id); string(got) != `{"ID":"[redacted]"}` || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}

func TestRedactRefuses(t *testing.T) {
	type circle struct{ Next *circle }
	c := &circle{}
	c.Next = c
	for name, x := range map[string]struct {
		v    any
		want error
	}{
		"unknown tag": {struct {
			A string `privacy:"secrett"`
		}{"jane"}, privacy.ErrOption},
		"empty tag": {struct {
			A string `privacy:""`
		}{"jane"}, privacy.ErrOption},
		"no such hierarchy": {struct {
			A string `privacy:"generalize=town,1"`
		}{"jane"}, privacy.ErrOption},
		"no such level": {struct {
			A string `privacy:"generalize=age,9"`
		}{"jane"}, privacy.ErrOption},
		"a struct as pseudonym": {struct {
			A address `privacy:"pseudonym"`
		}{address{"jane", "jane"}}, privacy.ErrOption},
		"circle":   {c, privacy.ErrRange},
		"NaN":      {math.NaN(), privacy.ErrRange},
		"function": {struct{ F func() }{func() {}}, privacy.ErrRange},
	} {
		if out, err := redactor(t, false).JSON(x.v); !errors.Is(err, x.want) || out != nil || strings.Contains(err.Error(), "jane") {
			t.Errorf("%s: %s, %v", name, out, err)
		}
	}
	bare, err := privacy.NewRedactor(privacy.RedactorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := bare.JSON(base{1}); !errors.Is(err, privacy.ErrOption) || out != nil {
		t.Errorf("pseudonyms without keys: %s, %v", out, err)
	}
}

func TestGeohash(t *testing.T) {
	// The worked example of the Wikipedia article, and corners.
	for _, c := range []struct {
		lat, lon float64
		want     string
	}{{57.64911, 10.40744, "u4pruydqqvj"}, {42.605, -5.603, "ezs42"}, {-90, -180, "000"}, {90, 180, "zzz"}, {0, 0, "s00"}, {math.Copysign(0, -1), 0, "s00"}} {
		if got, err := privacy.Geohash(c.lat, c.lon, len(c.want)); got != c.want || err != nil {
			t.Errorf("%v %v: %q, %v, want %q", c.lat, c.lon, got, err, c.want)
		}
	}
	for _, x := range []float64{math.NaN(), math.Inf(1), 91} {
		if s, err := privacy.Geohash(x, 0, 5); err == nil || s != "" {
			t.Errorf("%v: %q", x, s)
		}
	}
}

// Every cell that is told, at whatever precision, is told of enough customers.
func TestPlaces(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var all []privacy.Place[int]
	for i := range 3000 {
		all = append(all, privacy.Place[int]{User: i / 2, Lat: 50 + r.NormFloat64()/3, Lon: 8 + r.NormFloat64()/2})
	}
	all = append(all, privacy.Place[int]{User: -1, Lat: -33, Lon: 151})
	for range 100 { // one customer, seen often, is one
		all = append(all, privacy.Place[int]{User: -2, Lat: 10, Lon: 10})
	}
	out, err := privacy.Places(all, privacy.PlacesOptions{Precision: 4, Coarsest: 2, MinAudience: 30})
	if err != nil {
		t.Fatal(err)
	}
	people, lengths := map[string]map[int]bool{}, map[int]int{}
	for i, cell := range out {
		lengths[len(cell)]++
		full, _ := privacy.Geohash(all[i].Lat, all[i].Lon, 4)
		if !strings.HasPrefix(full, cell) {
			t.Fatalf("%q of %q", cell, full)
		}
		if people[cell] == nil {
			people[cell] = map[int]bool{}
		}
		people[cell][all[i].User] = true
	}
	for cell, who := range people {
		if cell != "" && len(who) < 30 {
			t.Errorf("%q tells %d customers", cell, len(who))
		}
	}
	if lengths[4] == 0 || lengths[3] == 0 || lengths[1] != 0 || !slices.Equal(out[3000:3002], []string{"", ""}) {
		t.Errorf("%v", lengths)
	}
	for name, opt := range map[string]privacy.PlacesOptions{"fine": {Precision: 13}, "coarse": {Precision: 3, Coarsest: 4}, "negative": {MinAudience: -2}} {
		if _, err := privacy.Places(all, opt); !errors.Is(err, privacy.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	all[1].Lon = math.NaN()
	var field *privacy.FieldError
	if _, err := privacy.Places(all, privacy.PlacesOptions{}); !errors.As(err, &field) || field.Row != 1 || !errors.Is(err, privacy.ErrNotFinite) {
		t.Errorf("%v, %+v", err, field)
	}
	all[1].Lon = 0
	all[7].Lat = 4711
	if _, err := privacy.Places(all, privacy.PlacesOptions{}); !errors.Is(err, privacy.ErrRange) || strings.Contains(fmt.Sprint(err), "4711") || !strings.Contains(fmt.Sprint(err), "row 7") {
		t.Errorf("%v", err)
	}
}
