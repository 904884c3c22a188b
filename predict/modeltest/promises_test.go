package modeltest_test

import (
	"fmt"
	"testing"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/modeltest"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// Check is one of the package that returns what it reports.
type Check struct{ of modeltest.Check }

func (k *Check) Run(c modeltest.Case) error {
	switch {
	case k == nil:
		return check.ErrEmpty
	case !reports(k.of, c):
		return nil
	case k.of.Name == "":
		return check.ErrEmpty
	}
	return fmt.Errorf("reported: %w", check.ErrMismatch)
}

func TestPromises(t *testing.T) {
	c := exact{missing: true}.caseOf()
	c.Skip, c.Permuted = map[string]string{"learns": "not asked"}, 1e-9
	c.Data = func(n int, seed uint64) (d modeltest.Data) {
		for i := range n {
			d.Rows, d.Y = append(d.Rows, []float64{float64(i)}), append(d.Y, float64(i)+float64(seed))
		}
		return d
	}
	testkit.Promises{
		Funcs:  map[string]any{"Checks": modeltest.Checks},
		Types:  []func() any{func() any { return &Check{modeltest.Checks()[0]} }},
		Args:   map[string]func() []any{"Check.Run": func() []any { return []any{c} }},
		Exempt: map[string]string{"Run": "takes a *testing.T, which fails with it; it is Check.Run of every check"},
	}.Check(t)
}
