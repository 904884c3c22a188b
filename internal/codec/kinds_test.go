package codec

import (
	"slices"
	"strings"
	"testing"
)

func TestKinds(t *testing.T) {
	inRange := func(k Kind, pkg string) bool {
		top, _, _ := strings.Cut(pkg, "/")
		return slices.ContainsFunc(Ranges, func(r Range) bool {
			// A type keeps its number when it moves to a family.
			return r.First <= k && k <= r.Last && (r.Package == pkg || r.Package == top)
		})
	}
	seen := map[Kind]bool{}
	types := map[string]bool{}
	for _, e := range Table {
		if seen[e.Kind] || types[e.Package+"."+e.Type] {
			t.Errorf("%#04x %s.%s stands twice", e.Kind, e.Package, e.Type)
		}
		seen[e.Kind], types[e.Package+"."+e.Type] = true, true
		if !inRange(e.Kind, e.Package) {
			t.Errorf("%#04x %s.%s is outside the range of its package", e.Kind, e.Package, e.Type)
		}
	}
	for i, r := range Ranges {
		if r.First > r.Last || i > 0 && r.First <= Ranges[i-1].Last {
			t.Errorf("range of %s meets the one before it", r.Package)
		}
	}
}
