package testkit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// planted is a package as its author might write it.
const planted = `package shelf

type Options struct {
	Depth float64
	secret int
}

type Box struct{ Left int }

type Kept struct{ Width float64 }

func Fit(x []float64, opt Options) (*Box, error) { return nil, nil }

func (b *Box) Add(k Kept) error { return nil }

func (b *Box) grow() {}

func New(list ...Box) {}

type hidden struct{}

func (hidden) Shown() {}
`

// The tester sees what the package exports, and that a name has no case.
func TestSurface(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "shelf.go"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(planted)
	names, err := surface(dir)
	if want := []string{"Box.Add", "Box.Left", "Fit", "Kept.Width", "New", "Options.Depth"}; err != nil || !slices.Equal(names, want) {
		t.Fatalf("%v, want %v (%v)", names, want, err)
	}
	seen := map[string]int{}
	for _, n := range names {
		seen[n] = 1
	}
	if bad := (Promises{}).missing(names, seen); len(bad) > 0 {
		t.Error(bad)
	}
	// A function more, a method more, a field more: each turns the test red.
	for plant, name := range map[string]string{
		planted + "func Planted(x float64) float64 { return x }\n": "Planted",
		planted + "func (b *Box) Planted() {}\n":                   "Box.Planted",
		strings.Replace(planted, "secret int", "Planted int", 1):   "Options.Planted",
	} {
		write(plant)
		names, err := surface(dir)
		if err != nil {
			t.Fatal(err)
		}
		if bad := (Promises{}).missing(names, seen); len(bad) != 1 || !strings.HasPrefix(bad[0], name+": ") {
			t.Errorf("%s planted: %v", name, bad)
		}
		if bad := (Promises{Exempt: map[string]string{name: "shown elsewhere"}}).missing(names, seen); len(bad) != 0 {
			t.Errorf("%s exempt: %v", name, bad)
		}
	}
	for _, p := range []Promises{
		{NaN: map[string]string{"Gone": "why"}},
		{Settles: map[string]string{"Fit": ""}},
		{Exempt: map[string]string{"Fit": "why", "New": "why"}},
	} {
		if len(p.missing(names, seen)) == 0 {
			t.Errorf("%+v passes", p)
		}
	}
}

// box breaks a promise, or none.
type box struct {
	fault string
	n     int
}

func (b *box) Add(x float64, ids []string) (float64, error) {
	if b == nil {
		return 0, fmt.Errorf("nil: %w", check.ErrEmpty)
	}
	if b.n == 0 {
		return 0, fmt.Errorf("zero: %w", check.ErrEmpty)
	}
	if b.fault == "panics" {
		_ = ids[0]
	}
	switch {
	case b.fault == "NaN":
		return x, nil
	case math.IsNaN(x) || math.IsInf(x, 0):
		if b.fault == "changed" {
			b.n++
		}
		if b.fault == "result" {
			return 7, check.ErrNotFinite
		}
		if b.fault == "no sentinel" {
			return 0, errors.New("bad")
		}
		return 0, check.ErrNotFinite
	}
	return 1, nil
}

func (b *box) Len() int {
	if b == nil {
		return 0
	}
	return b.n
}

type careless struct{ N int }

func (c *careless) Len() int { return c.N } // panics for nil

type settled struct{ N int }

func (s *settled) Add(int) error { return nil } // as if nil and zero held something

func stops(ctx context.Context, n int) error {
	for ctx.Err() == nil && n > 0 {
		time.Sleep(time.Millisecond)
	}
	return context.Cause(ctx)
}

// The tester finds each kind of broken promise, and nothing where all are kept.
func TestPromises(t *testing.T) {
	on := func(fault string) func() any { return func() any { return &box{fault, 3} } }
	for name, c := range map[string]struct {
		p    Promises
		want string
	}{
		"kept":            {Promises{Types: []func() any{on("")}}, ""},
		"panics":          {Promises{Types: []func() any{on("panics")}}, "panics"},
		"NaN":             {Promises{Types: []func() any{on("NaN")}}, "returns NaN"},
		"changed":         {Promises{Types: []func() any{on("changed")}}, "the receiver has changed"},
		"result":          {Promises{Types: []func() any{on("result")}}, "returns 7 as result 0 beside"},
		"no sentinel":     {Promises{Types: []func() any{on("no sentinel")}}, "is no sentinel"},
		"nil panics":      {Promises{Types: []func() any{func() any { return new(careless) }}, Zero: []string{"careless"}}, "nil receiver: panics"},
		"zero is no zero": {Promises{Types: []func() any{func() any { return new(settled) }}}, "want ErrEmpty"},
		"stops":           {Promises{Funcs: map[string]any{"Stops": stops}, Args: map[string]func() []any{"Stops": func() []any { return []any{context.Background(), 0} }}}, ""},
		"does not stop":   {Promises{Funcs: map[string]any{"Stops": func(context.Context) error { return nil }}}, "not the cause"},
		"invalid":         {Promises{Funcs: map[string]any{"Fit": func() error { return check.ErrShape }}}, "the valid call fails"},
		"NaN in a struct": {Promises{Funcs: map[string]any{"Fit": func() struct{ X []float64 } { return struct{ X []float64 }{[]float64{1, math.NaN()}} }}}, ".X [1] NaN"},
		"NaN with reason": {Promises{Funcs: map[string]any{"Fit": math.NaN}, NaN: map[string]string{"Fit": "always"}}, ""},
	} {
		r := c.p.run()
		if c.want == "" && len(r.bad) > 0 || c.want != "" && !slices.ContainsFunc(r.bad, func(s string) bool { return strings.Contains(s, c.want) }) {
			t.Errorf("%s: %q, want %q", name, r.bad, c.want)
		}
		if len(r.lines) == 0 && c.want == "" {
			t.Errorf("%s: no case", name)
		}
	}
}

// A goroutine that does not end is seen, one that ends is not.
func TestLeaked(t *testing.T) {
	before := goroutines()
	if left := leaked(before, time.Second); len(left) > 0 {
		t.Fatal(left)
	}
	stop := make(chan struct{})
	go func() { <-stop }()
	if left := leaked(before, 20*time.Millisecond); len(left) != 1 || !strings.Contains(left[0], "TestLeaked") {
		t.Errorf("%d goroutines are left", len(left))
	}
	close(stop)
	if left := leaked(before, 5*time.Second); len(left) > 0 {
		t.Error(left)
	}
}
