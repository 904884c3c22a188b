package testkit

import (
	"slices"
	"testing"
)

func TestZeroFields(t *testing.T) {
	type part struct{ A, b float64 }
	type state struct {
		Name  string
		parts []part
		index map[string]*part
		Hook  func()
		Skip  part
		None  []int
	}
	s := &state{Name: "x", parts: []part{{A: 1}, {b: 2}}, index: map[string]*part{"k": {A: 3}}}
	got := ZeroFields(s, []string{".Skip: not stored"})
	if want := []string{".None", ".index[value].b"}; !slices.Equal(got, want) {
		t.Errorf("ZeroFields = %v, want %v", got, want)
	}
}

func TestDiffers(t *testing.T) {
	a := map[string]any{"x": []any{1.0, "s", nil}}
	if d := differs("", a, map[string]any{"x": []any{1.0 + 1e-12, "s", nil}}, 1e-9); d != "" {
		t.Errorf("differs at %q", d)
	}
	for _, b := range []any{map[string]any{"x": []any{1.1, "s", nil}}, map[string]any{"x": []any{1.0, "s"}}, map[string]any{"y": 1.0}, 3.0} {
		if differs("", a, b, 1e-9) == "" {
			t.Errorf("no difference to %v", b)
		}
	}
}
