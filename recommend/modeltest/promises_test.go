package modeltest_test

import (
	"fmt"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/modeltest"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// Check is one of the package that returns what it reports.
type Check struct{ of modeltest.Check }

func (k *Check) Run(c modeltest.Case) error {
	if k == nil {
		return recommend.ErrEmpty
	}
	if k.of.Name == "" && reports(k.of, c) {
		return recommend.ErrEmpty
	}
	if reports(k.of, c) {
		return fmt.Errorf("reported: %w", recommend.ErrMismatch)
	}
	return nil
}

func TestPromises(t *testing.T) {
	full := modeltest.Case{Fit: planted(func(m shelf) *shelf { return &m }), Learns: true, Skip: map[string]string{"top": "not asked"}}
	testkit.Promises{
		Funcs: map[string]any{"Checks": modeltest.Checks, "Groups": modeltest.Groups},
		Types: []func() any{func() any { return &Check{modeltest.Checks()[0]} }},
		Args: map[string]func() []any{
			"Check.Run": func() []any { return []any{full} },
			"Groups":    func() []any { return []any{8, 8, 2, uint64(1)} },
		},
		Settles: map[string]string{"Groups": "panics like make, as its comment says"},
		Exempt:  map[string]string{"Run": "takes a *testing.T, which fails with it; it is Check.Run of every check"},
	}.Check(t)
}
