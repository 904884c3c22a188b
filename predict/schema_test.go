package predict_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
	"pgregory.net/rapid"
)

// shopColumns have both kinds, with and without levels.
func shopColumns() []predict.Column {
	return []predict.Column{
		{Name: "visits"},
		{Name: "city", Kind: predict.Categorical, Levels: []string{"Linz", "Graz", "Wien"}},
		{Name: "shop", Kind: predict.Categorical},
		{Name: "spent"},
	}
}

func TestSchemaBind(t *testing.T) {
	s := promised(predict.NewSchema(shopColumns()))
	b, err := s.Bind([]predict.Column{
		{Name: "spent"},
		{Name: "unused"},
		{Name: "city", Kind: predict.Categorical, Levels: []string{"Wien", "Bern", "Linz"}},
		{Name: "visits"},
		{Name: "shop", Kind: predict.Categorical},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		row, want []float64
	}{
		{[]float64{9.5, 1, 0, 3, 7}, []float64{3, 2, 7, 9.5}},
		{[]float64{9.5, 1, 2, 3, 7}, []float64{3, 0, 7, 9.5}},
		{[]float64{9.5, 1, 1, 3, 7}, []float64{3, math.NaN(), 7, 9.5}},   // Bern is unknown
		{[]float64{9.5, 1, 1.5, 3, 7}, []float64{3, math.NaN(), 7, 9.5}}, // no code
		{[]float64{9.5, 1, -1, 3, 7}, []float64{3, math.NaN(), 7, 9.5}},
		{[]float64{9.5, 1, 3, 3, 7}, []float64{3, math.NaN(), 7, 9.5}},
		{[]float64{math.NaN(), 1, math.NaN(), 3, 7}, []float64{3, math.NaN(), 7, math.NaN()}},
		{[]float64{9.5, 1, 0, 3}, []float64{math.NaN(), math.NaN(), math.NaN(), math.NaN()}}, // too short
	} {
		got := b.Row(nil, c.row)
		if len(got) != len(c.want) {
			t.Fatalf("Row(%v) = %v, want %v", c.row, got, c.want)
		}
		for j, v := range c.want {
			if got[j] != v && !(math.IsNaN(got[j]) && math.IsNaN(v)) {
				t.Errorf("Row(%v) = %v, want %v", c.row, got, c.want)
			}
		}
	}
	if got := b.Columns(); b.Width() != 5 || !slices.Equal(got, []int{3, 2, 4, 0}) {
		t.Errorf("width %d, columns %v", b.Width(), got)
	}
	// A caller without levels has the codes of the schema.
	own := shopColumns()
	own[1].Levels = nil
	same := promised(s.Bind(own))
	if got := same.Row(nil, []float64{1, 2, 3, 4}); got[1] != 2 {
		t.Errorf("codes of the schema become %v", got)
	}
	if !testkit.Race {
		dst, row := make([]float64, 0, 4), []float64{9.5, 1, 0, 3, 7}
		if n := testing.AllocsPerRun(100, func() { dst = b.Row(dst[:0], row) }); n != 0 {
			t.Errorf("Row allocates %v times", n)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	s := promised(predict.NewSchema(shopColumns()))
	change := func(f func(c []predict.Column) []predict.Column) []predict.Column { return f(shopColumns()) }
	for name, c := range map[string]struct {
		columns []predict.Column
		is      error
		says    []string
	}{
		"missing": {change(func(c []predict.Column) []predict.Column { return c[:3] }), predict.ErrMismatch, []string{`"spent"`, "missing"}},
		"renamed": {change(func(c []predict.Column) []predict.Column { c[3].Name = "Spent"; return c }), predict.ErrMismatch, []string{`"spent"`, `"Spent" is unknown`}},
		"a number for a category": {change(func(c []predict.Column) []predict.Column {
			c[1] = predict.Column{Name: "city"}
			return c
		}), predict.ErrMismatch, []string{`"city"`, "is numeric, want categorical"}},
		"a category for a number": {change(func(c []predict.Column) []predict.Column { c[0].Kind = predict.Categorical; return c }), predict.ErrMismatch, []string{`"visits"`, "is categorical, want numeric"}},
		"levels for codes":        {change(func(c []predict.Column) []predict.Column { c[2].Levels = []string{"a"}; return c }), predict.ErrMismatch, []string{`"shop"`, "levels"}},
		"a name twice":            {change(func(c []predict.Column) []predict.Column { c[1].Name = "visits"; return c }), predict.ErrDuplicate, []string{`"visits"`}},
		"a level twice":           {change(func(c []predict.Column) []predict.Column { c[1].Levels[2] = "Linz"; return c }), predict.ErrDuplicate, []string{`"city"`, "level 2"}},
		"no name":                 {change(func(c []predict.Column) []predict.Column { c[1].Name = ""; return c }), predict.ErrEmpty, []string{"columns[1]"}},
		"levels of a number":      {change(func(c []predict.Column) []predict.Column { c[0].Levels = []string{"a"}; return c }), predict.ErrOption, []string{`"visits"`}},
		"a kind to come":          {change(func(c []predict.Column) []predict.Column { c[0].Kind = 2; return c }), predict.ErrOption, []string{`"visits"`}},
		"none":                    {nil, predict.ErrEmpty, nil},
	} {
		_, err := s.Bind(c.columns)
		if !errors.Is(err, c.is) {
			t.Errorf("%s: %v, want %v", name, err, c.is)
			continue
		}
		for _, part := range c.says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not say %q", name, err, part)
			}
		}
		if _, made := predict.NewSchema(c.columns); c.is != predict.ErrMismatch && !errors.Is(made, c.is) {
			t.Errorf("%s: NewSchema: %v, want %v", name, made, c.is)
		}
	}
}

// TestSchemaHash: every change of the columns is another hash, names that are the default
// ones are none, and the number stays what it is.
func TestSchemaHash(t *testing.T) {
	base := promised(predict.NewSchema(shopColumns()))
	seen := map[uint64]string{base.Hash(): "base"}
	for name, f := range map[string]func(c []predict.Column) []predict.Column{
		"order":      func(c []predict.Column) []predict.Column { c[0], c[3] = c[3], c[0]; return c },
		"fewer":      func(c []predict.Column) []predict.Column { return c[:3] },
		"name":       func(c []predict.Column) []predict.Column { c[0].Name = "visit"; return c },
		"kind":       func(c []predict.Column) []predict.Column { c[0].Kind = predict.Categorical; return c },
		"levels":     func(c []predict.Column) []predict.Column { c[1].Levels[0] = "Lienz"; return c },
		"level gone": func(c []predict.Column) []predict.Column { c[1].Levels = c[1].Levels[:2]; return c },
		"no levels":  func(c []predict.Column) []predict.Column { c[1].Levels = nil; return c },
		"one string": func(c []predict.Column) []predict.Column { c[1].Levels = []string{"LinzGraz", "Wien"}; return c },
	} {
		h := promised(predict.NewSchema(f(shopColumns()))).Hash()
		if other, ok := seen[h]; ok {
			t.Errorf("%s has the hash of %s", name, other)
		}
		seen[h] = name
	}
	m := promised(predict.FitLogistic(context.Background(), visits, bought, predict.LogisticOptions{}))
	if got, want := m.Schema().Hash(), promised(predict.NewSchema(predict.Numbers("x0", "x1"))).Hash(); got != want {
		t.Errorf("unnamed columns have hash %x, x0 and x1 %x", got, want)
	}
	if got := base.Hash(); got != 0xe11d2ed3230fd280 {
		t.Errorf("hash is %#x: it must not change between versions", got)
	}
}

// TestBoundProp: whatever order and company the columns stand in, a bound row is scored as
// the model itself scores the row, bit for bit.
func TestBoundProp(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.IntRange(1, 6).Draw(t, "d")
		extra := rapid.IntRange(0, 3).Draw(t, "extra")
		s := rng.New(rapid.Uint64().Draw(t, "seed"), 1, 0)
		rows, y, amount := make([][]float64, 24), make([]bool, 24), make([]float64, 24)
		for i := range rows {
			rows[i] = make([]float64, d)
			for j := range rows[i] {
				rows[i][j] = s.Normal()
			}
			y[i], amount[i] = s.Bool(.5), s.Normal()
		}
		y[0], y[1] = false, true
		names := []string{"a", "b", "c", "d", "e", "f"}[:d]
		logistic, err := predict.FitLogistic(ctx, rows, y, predict.LogisticOptions{Names: names})
		if err != nil {
			t.Fatal(err)
		}
		linear, err := predict.FitLinear(ctx, rows, amount, predict.LinearOptions{Names: names, L2: 1})
		if err != nil {
			t.Fatal(err)
		}
		order := s.Perm(d + extra)
		columns := make([]predict.Column, d+extra)
		for k, j := range order {
			columns[k].Name = string(rune('a' + j))
		}
		p, q := promised(logistic.Bind(columns)), promised(linear.Bind(columns))
		score, prob, value := promised(logistic.Score(nil, rows)), promised(logistic.Prob(nil, rows)), promised(linear.Predict(nil, rows))
		own := make([]float64, d+extra)
		for i, row := range rows {
			for k, j := range order {
				own[k] = math.NaN() // columns that are not the model's may hold anything
				if int(j) < d {
					own[k] = row[j]
				}
			}
			if p.Score(own) != score[i] || p.Predict(own) != prob[i] || q.Predict(own) != value[i] || q.Score(own) != value[i] {
				t.Fatalf("bound row %d differs", i)
			}
		}
	})
}

func TestBoundEdges(t *testing.T) {
	m := promised(predict.FitLogistic(context.Background(), visits, bought, predict.LogisticOptions{Names: []string{"a", "b"}}))
	b := promised(m.Bind(predict.Numbers("b", "a", "c")))
	for _, row := range [][]float64{nil, {1, 2}, {1, 2, 3, 4}, {math.NaN(), 2, 3}} {
		if !math.IsNaN(b.Score(row)) || !math.IsNaN(b.Predict(row)) {
			t.Errorf("row %v has a score", row)
		}
	}
	if _, err := m.Bind(predict.Numbers("a", "c")); !errors.Is(err, predict.ErrMismatch) || !strings.Contains(err.Error(), `predict: Logistic.Bind: column "b" is missing ("c" is unknown)`) {
		t.Errorf("a renamed column: %v", err)
	}
	if !testkit.Race {
		row := []float64{1, 2, 3}
		if n := testing.AllocsPerRun(100, func() { b.Predict(row) }); n != 0 {
			t.Errorf("Predict allocates %v times", n)
		}
	}
}
