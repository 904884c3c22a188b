package predict_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
	"pgregory.net/rapid"
)

func bools(xs []int) []bool {
	out := make([]bool, len(xs))
	for i, x := range xs {
		out[i] = x == 1
	}
	return out
}

func compress(rows [][]float64) *predict.SparseRows {
	s := &predict.SparseRows{Cols: len(rows[0])}
	for _, r := range rows {
		var idx []int32
		var val []float64
		for j, v := range r {
			if v != 0 {
				idx, val = append(idx, int32(j)), append(val, v)
			}
		}
		if err := s.AddRow(idx, val); err != nil {
			panic(err)
		}
	}
	return s
}

func values(cs []predict.Coefficient) []float64 {
	out := make([]float64, len(cs))
	for i, c := range cs {
		out[i] = c.Value
	}
	return out
}

func near(t *testing.T, name string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", name, len(got), len(want))
	}
	for i := range got {
		if !testkit.Close(got[i], want[i], tol, tol) {
			t.Errorf("%s[%d] = %.10g, want %.10g", name, i, got[i], want[i])
		}
	}
}

// planted draws rows of d normal columns and labels of known coefficients.
func planted(n, d int, seed uint64) ([][]float64, []bool) {
	r := rng.New(seed, 0, 0)
	rows, y := make([][]float64, n), make([]bool, n)
	w := make([]float64, d)
	for j := range w {
		w[j] = 2 * r.Normal() / math.Sqrt(float64(d))
	}
	for i := range rows {
		rows[i] = make([]float64, d)
		s := -0.5
		for j := range rows[i] {
			rows[i][j] = r.Normal()
			s += w[j] * rows[i][j]
		}
		y[i] = r.Bool(predict.Sigmoid(s))
	}
	return rows, y
}

// objective computes F of the documentation, the slow way.
func objective(m *predict.Logistic, rows [][]float64, y []bool, l1, l2 float64) float64 {
	f := 0.0
	for _, c := range m.Coefficients() {
		f += l1*math.Abs(c.Value) + l2/2*c.Value*c.Value
	}
	s, _ := m.Score(nil, rows)
	for i, v := range s {
		if !y[i] {
			v = -v
		}
		f += math.Log1p(math.Exp(-v))
	}
	return f
}

// TestLogisticPaths compares the solvers with each other where several can
// answer: sampled Hessian, diagonal preconditioner, proximal Newton, OWL-QN.
func TestLogisticPaths(t *testing.T) {
	const d = 40
	rows, y := planted(40000, d, 3) // beyond plain Newton: sampled Hessian
	wide := make([][]float64, len(rows[:1500]))
	for i := range wide { // 600 more empty columns: above the Newton limit
		wide[i] = append(slices.Clone(rows[i]), make([]float64, 600)...)
		wide[i][d+i%600] = 1e-9 // hardly matters
	}
	for _, c := range []struct {
		name   string
		l1, l2 float64
	}{{"l2", 0, 1}, {"l1", 20, -1}, {"both", 10, 10}, {"none", 0, -1}} {
		o := predict.LogisticOptions{L1: c.l1, L2: c.l2}
		m, err := predict.FitLogistic(context.Background(), rows, y, o)
		if err != nil || !m.Converged() {
			t.Fatalf("%s: %v %v", c.name, err, m)
		}
		l2 := math.Max(0, c.l2)
		if f := objective(m, rows, y, c.l1, l2); !testkit.Close(m.Objective(), f, 0, 1e-10) {
			t.Errorf("%s: objective %v, recomputed %v", c.name, m.Objective(), f)
		}
		checkKKT(t, c.name, m, rows, y, c.l1, l2)
		if c.name == "none" {
			continue
		}
		small, err := predict.FitLogistic(context.Background(), rows[:1500], y[:1500], o)
		if err != nil {
			t.Fatal(err)
		}
		big, err := predict.FitLogistic(context.Background(), wide, y[:1500], o)
		if err != nil || !big.Converged() {
			t.Fatalf("%s: wide: %v", c.name, err)
		}
		near(t, c.name+": wide coef", values(big.Coefficients())[:d], values(small.Coefficients()), 1e-5)
	}
}

// checkKKT checks the optimality conditions from scratch.
func checkKKT(t *testing.T, name string, m *predict.Logistic, rows [][]float64, y []bool, l1, l2 float64) {
	t.Helper()
	p, _ := m.Prob(nil, rows)
	cs := m.Coefficients()
	g, norm := make([]float64, len(cs)+1), make([]float64, len(cs))
	for i, row := range rows {
		r := p[i]
		if y[i] {
			r--
		}
		for j, v := range row {
			g[j] += r * v
			norm[j] += v * v
		}
		g[len(cs)] += r
	}
	for j, c := range cs {
		tol := 1e-6 * (1 + math.Sqrt(norm[j])) // about 1e-5 standard errors
		v := g[j] + l2*c.Value
		switch {
		case c.Value == 0 && math.Abs(v) > l1+tol:
			t.Errorf("%s: coefficient %d is 0 with gradient %v", name, j, v)
		case c.Value != 0 && math.Abs(v+math.Copysign(l1, c.Value)) > tol:
			t.Errorf("%s: coefficient %d has gradient %v", name, j, v)
		}
	}
	if math.Abs(g[len(cs)]) > 1e-6*math.Sqrt(float64(len(rows))) {
		t.Errorf("%s: intercept has gradient %v", name, g[len(cs)])
	}
}

func shuffled(seed uint64, n int) []int { return rand.New(rand.NewPCG(seed, 1)).Perm(n) }

// TestLogisticBytes: same bytes at any GOMAXPROCS and for permuted rows, with
// weights and offsets, on every path.
func TestLogisticBytes(t *testing.T) {
	rows, y := planted(6000, 12, 9)
	for i := range rows {
		rows[i] = rows[i%4500] // duplicate rows
		if i%7 == 0 {
			rows[i][3] = math.Copysign(0, float64(i%2)-0.5) // 0 and -0
		}
	}
	r := rng.New(5, 5, 5)
	w, off := make([]float64, len(rows)), make([]float64, len(rows))
	for i := range w {
		w[i], off[i] = float64(r.Intn(4)), r.Normal()
	}
	wide := func(rows [][]float64) *predict.SparseRows {
		s := compress(rows)
		s.Cols = 5000 // too wide for the dense path
		return s
	}
	for _, c := range []struct {
		name   string
		sparse bool
		o      predict.LogisticOptions
	}{
		{"newton", false, predict.LogisticOptions{StdErrors: true}},
		{"l1", false, predict.LogisticOptions{L1: 3}},
		{"sparse", true, predict.LogisticOptions{Standardize: true}},
		{"sparse l1", true, predict.LogisticOptions{L1: 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			fit := func(perm []int) []byte {
				o := c.o
				o.Weights, o.Offset = predict.Pick(w, perm), predict.Pick(off, perm)
				o.Balanced = true
				var m *predict.Logistic
				var err error
				if c.sparse {
					m, err = predict.FitLogisticSparse(context.Background(), wide(predict.Pick(rows, perm)), predict.Pick(y, perm), o)
				} else {
					m, err = predict.FitLogistic(context.Background(), predict.Pick(rows, perm), predict.Pick(y, perm), o)
				}
				if err != nil {
					t.Fatal(err)
				}
				b, err := m.MarshalBinary()
				if err != nil {
					t.Fatal(err)
				}
				return b
			}
			id := make([]int, len(rows))
			for i := range id {
				id[i] = i
			}
			testkit.AtGOMAXPROCS(t, func() []byte { return fit(id) })
			want := fit(id)
			for seed := range uint64(3) {
				if !bytes.Equal(want, fit(shuffled(seed, len(rows)))) {
					t.Fatal("permuted rows give other bytes")
				}
			}
		})
	}
}

func TestLogisticDegenerate(t *testing.T) {
	ctx := context.Background()
	x := [][]float64{{1}, {2}, {3}, {4}, {5}, {6}}
	step := []bool{false, false, false, true, true, true}
	t.Run("perfect separation", func(t *testing.T) {
		m, err := predict.FitLogistic(ctx, x, step, predict.LogisticOptions{L2: -1})
		if err != nil {
			t.Fatal(err)
		}
		if m.Converged() || len(m.Warnings()) == 0 || !strings.Contains(m.Warnings()[0], "separate") {
			t.Errorf("converged %v, warnings %q", m.Converged(), m.Warnings())
		}
		p, err := m.Prob(nil, x)
		if err != nil {
			t.Fatal(err)
		}
		for i := range p {
			if (p[i] > 0.5) != step[i] || math.IsNaN(p[i]) {
				t.Errorf("p[%d] = %v", i, p[i])
			}
		}
		if m, err = predict.FitLogistic(ctx, x, step, predict.LogisticOptions{}); err != nil || !m.Converged() {
			t.Errorf("with a penalty: %v", err)
		}
	})
	t.Run("quasi separation", func(t *testing.T) {
		// The second column is 1 only on true rows; the first is honest.
		var rows [][]float64
		var y []bool
		r := rng.New(1, 1, 1)
		for i := range 200 {
			v := r.Normal()
			b := 0.0
			yes := r.Bool(predict.Sigmoid(v))
			if i%20 == 0 {
				b, yes = 1, true
			}
			rows, y = append(rows, []float64{v, b}), append(y, yes)
		}
		m, err := predict.FitLogistic(ctx, rows, y, predict.LogisticOptions{L2: -1, StdErrors: true})
		if err != nil {
			t.Fatal(err)
		}
		if m.Converged() || !strings.Contains(strings.Join(m.Warnings(), " "), "separate") {
			t.Errorf("converged %v, warnings %q, coefficients %v", m.Converged(), m.Warnings(), m.Coefficients())
		}
	})
	t.Run("more columns than rows", func(t *testing.T) {
		// A plane separates any 30 rows in general position; where all columns tell the class, one step goes so far
		// that losses and gradients are 0 and nothing but the plane shows it.
		for _, d := range []int{20, 60, 520, 887} {
			telling := 0.0
			if d == 887 {
				telling = 3
			}
			r := rng.New(3, uint64(d), 1)
			rows, y, classes := make([][]float64, 30), make([]bool, 30), make([]int, 30)
			sparse := &predict.SparseRows{Cols: d, Ptr: []int64{0}}
			for i := range rows {
				rows[i] = make([]float64, d)
				for j := range rows[i] {
					rows[i][j] = r.Normal() + telling*float64(2*(i%2)-1)
					sparse.Index = append(sparse.Index, int32(j))
				}
				sparse.Value = append(sparse.Value, rows[i]...)
				sparse.Ptr = append(sparse.Ptr, int64(len(sparse.Index)))
				y[i], classes[i] = i%2 > 0, i%2
			}
			for name, m := range map[string]interface {
				Converged() bool
				Warnings() []string
			}{
				"dense":       promised(predict.FitLogistic(ctx, rows, y, predict.LogisticOptions{L2: -1})),
				"sparse":      promised(predict.FitLogisticSparse(ctx, sparse, y, predict.LogisticOptions{L2: -1})),
				"multinomial": promised(predict.FitMultinomial(ctx, rows, classes, predict.MultinomialOptions{L2: -1})),
			} {
				if m.Converged() || !strings.Contains(strings.Join(m.Warnings(), " "), "separate") {
					t.Errorf("%s, %d columns: converged %v, warnings %q", name, d, m.Converged(), m.Warnings())
				}
			}
			if m := promised(predict.FitLogistic(ctx, rows, y, predict.LogisticOptions{})); strings.Contains(strings.Join(m.Warnings(), " "), "separate") {
				t.Errorf("%d columns with a penalty: %q", d, m.Warnings())
			}
		}
	})
	t.Run("collinear", func(t *testing.T) {
		rows, y := planted(400, 3, 8)
		twin := make([][]float64, len(rows))
		for i, r := range rows {
			twin[i] = []float64{r[0], r[1], r[0] + r[1], r[2], 7}
		}
		m, err := predict.FitLogistic(ctx, twin, y, predict.LogisticOptions{L2: -1, StdErrors: true, Names: []string{"a", "b", "sum", "c", "seven"}})
		if err != nil || !m.Converged() {
			t.Fatalf("%v %v", err, m.Warnings())
		}
		alone, err := predict.FitLogistic(ctx, rows, y, predict.LogisticOptions{L2: -1, StdErrors: true})
		if err != nil {
			t.Fatal(err)
		}
		a, b := m.Coefficients(), alone.Coefficients()
		if math.Abs(a[2].Value) > 1e-8 || a[4].Value != 0 {
			t.Errorf("dependent columns got %v and %v", a[2], a[4])
		}
		if !math.IsNaN(a[2].StdErr) || !math.IsNaN(a[4].StdErr) {
			t.Errorf("standard errors of dependent columns: %v, %v", a[2].StdErr, a[4].StdErr)
		}
		for _, p := range [][2]int{{0, 0}, {1, 1}, {3, 2}} {
			testkit.Near(t, a[p[0]].Name, a[p[0]].Value, b[p[1]].Value, 1e-6)
			testkit.Near(t, a[p[0]].Name+" stderr", a[p[0]].StdErr, b[p[1]].StdErr, 1e-6)
		}
		if w := strings.Join(m.Warnings(), "; "); !strings.Contains(w, "sum") || !strings.Contains(w, "seven") {
			t.Errorf("warnings %q", w)
		}
		// With a penalty twins share the coefficient.
		for i := range twin {
			twin[i] = []float64{rows[i][0], rows[i][0]}
		}
		m, err = predict.FitLogistic(ctx, twin, y, predict.LogisticOptions{})
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, "twins", m.Coefficients()[0].Value, m.Coefficients()[1].Value, 1e-8)
	})
	t.Run("more columns than rows", func(t *testing.T) {
		rows, y := planted(30, 100, 4)
		for _, o := range []predict.LogisticOptions{{}, {L1: 1}} {
			m, err := predict.FitLogistic(ctx, rows, y, o)
			if err != nil || !m.Converged() {
				t.Fatalf("%v", err)
			}
			checkKKT(t, "wide", m, rows, y, o.L1, map[bool]float64{true: 1}[o.L1 == 0])
		}
		m, err := predict.FitLogistic(ctx, rows, y, predict.LogisticOptions{L2: -1})
		if err != nil || m.Converged() || len(m.Warnings()) == 0 {
			t.Errorf("without penalty: %v", err)
		}
	})
	t.Run("no information", func(t *testing.T) {
		m, err := predict.FitLogistic(ctx, [][]float64{{3}, {3}, {3}, {3}}, []bool{true, false, false, false}, predict.LogisticOptions{})
		if err != nil || !m.Converged() {
			t.Fatal(err)
		}
		p, _ := m.Prob(nil, [][]float64{{3}, {99}})
		near(t, "p", p, []float64{0.25, 0.25}, 1e-9)
	})
	t.Run("L1 empties the model", func(t *testing.T) {
		m, err := predict.FitLogistic(ctx, x, step, predict.LogisticOptions{L1: 1e6})
		if err != nil || !m.Converged() || m.Coefficients()[0].Value != 0 {
			t.Errorf("%v %v", m, err)
		}
	})
	t.Run("large offsets in columns", func(t *testing.T) {
		rows, y := planted(500, 2, 6)
		moved := make([][]float64, len(rows))
		for i, r := range rows {
			moved[i] = []float64{r[0]*1e4 + 1.7e9, r[1] * 1e-6}
		}
		o := predict.LogisticOptions{L2: 1, Standardize: true}
		a, err1 := predict.FitLogistic(ctx, rows, y, o)
		b, err2 := predict.FitLogistic(ctx, moved, y, o)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		testkit.Near(t, "first", b.Coefficients()[0].Value*1e4, a.Coefficients()[0].Value, 1e-7)
		testkit.Near(t, "second", b.Coefficients()[1].Value*1e-6, a.Coefficients()[1].Value, 1e-7)
	})
	t.Run("stopped early", func(t *testing.T) {
		rows, y := planted(500, 5, 6)
		calls := 0
		m, err := predict.FitLogistic(ctx, rows, y, predict.LogisticOptions{MaxIter: 1, Progress: func(predict.Progress) { calls++ }})
		if err != nil || m.Converged() || len(m.Warnings()) != 1 || m.Iterations() != 1 || calls != 1 {
			t.Errorf("%v, %v, %d calls", err, m.Warnings(), calls)
		}
	})
}

func TestLogisticBadInput(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	ok, y := [][]float64{{1, 2}, {3, 4}, {5, 7}}, []bool{true, false, true}
	type opt = predict.LogisticOptions
	for _, c := range []struct {
		name string
		rows [][]float64
		y    []bool
		o    opt
		want error
		text string
	}{
		{"no rows", nil, nil, opt{}, predict.ErrEmpty, "rows"},
		{"no columns", [][]float64{{}, {}}, []bool{true, false}, opt{}, predict.ErrEmpty, "columns"},
		{"ragged", [][]float64{{1, 2}, {3}, {4, 5}}, y, opt{}, predict.ErrShape, "rows[1]"},
		{"NaN", [][]float64{{1, 2}, {3, nan}, {4, 5}}, y, opt{}, predict.ErrNotFinite, "column 1 of row 1"},
		{"Inf", [][]float64{{1, 2}, {3, 4}, {-inf, 5}}, y, opt{}, predict.ErrNotFinite, "column 0 of row 2"},
		{"huge", [][]float64{{1, 2}, {3, 4}, {1e200, 5}}, y, opt{}, predict.ErrRange, "column 0 of row 2"},
		{"labels", ok, y[:2], opt{}, predict.ErrShape, "2 labels"},
		{"one class", ok, []bool{true, true, true}, opt{}, predict.ErrUndefined, "3× true"},
		{"one class by weight", ok, y, opt{Weights: []float64{1, 0, 1}}, predict.ErrUndefined, "0× false"},
		{"negative weight", ok, y, opt{Weights: []float64{1, -1, 1}}, nil, "Weights[1]"},
		{"NaN weight", ok, y, opt{Weights: []float64{1, nan, 1}}, predict.ErrNotFinite, "Weights[1]"},
		{"zero weights", ok, y, opt{Weights: []float64{0, 0, 0}}, nil, "Weights"},
		{"short weights", ok, y, opt{Weights: []float64{1}}, predict.ErrShape, "Weights"},
		{"short offset", ok, y, opt{Offset: []float64{1}}, predict.ErrShape, "Offset"},
		{"infinite offset", ok, y, opt{Offset: []float64{1, 2, inf}}, predict.ErrNotFinite, "Offset of row 2"},
		{"options", ok, y, opt{L1: -1, Tol: nan}, predict.ErrOption, "L1"},
		{"L2 NaN", ok, y, opt{L2: nan}, predict.ErrOption, "L2"},
		{"class weight", ok, y, opt{ClassWeights: [2]float64{-1, 1}}, predict.ErrOption, "ClassWeights[0]"},
		{"errors with L1", ok, y, opt{L1: 1, StdErrors: true}, predict.ErrOption, "StdErrors"},
		{"names", ok, y, opt{Names: []string{"a"}}, predict.ErrShape, "Names"},
		{"same names", ok, y, opt{Names: []string{"a", "a"}}, predict.ErrDuplicate, "Names[0]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := predict.FitLogistic(context.Background(), c.rows, c.y, c.o)
			if err == nil || m != nil {
				t.Fatal("no error")
			}
			if c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || !strings.HasPrefix(err.Error(), "predict: FitLogistic: ") {
				t.Errorf("got %v", err)
			}
		})
	}
	m, err := predict.FitLogistic(context.Background(), ok, y, opt{})
	if err != nil {
		t.Fatal(err)
	}
	dst := []float64{42}
	for _, rows := range [][][]float64{{{1, 2}, {1}}, {{1, nan}}, {{inf, 1}}} {
		got, err := m.Prob(dst, rows)
		if err == nil || len(got) != 1 {
			t.Errorf("%v: %v, %v", rows, got, err)
		}
		if _, err := m.Reasons(rows[len(rows)-1], 1); err == nil {
			t.Errorf("reasons of %v: no error", rows)
		}
	}
	var zero predict.Logistic
	if _, err := zero.Prob(nil, ok); err == nil {
		t.Error("the zero model answers")
	}
	if _, err := zero.MarshalBinary(); err == nil {
		t.Error("the zero model marshals")
	}
}

func TestLogisticCancel(t *testing.T) {
	rows, y := planted(3000, 10, 1)
	why := errors.New("why")
	for name, fit := range map[string]func(ctx context.Context, o predict.LogisticOptions) (*predict.Logistic, error){
		"dense": func(ctx context.Context, o predict.LogisticOptions) (*predict.Logistic, error) {
			return predict.FitLogistic(ctx, rows, y, o)
		},
		"l1": func(ctx context.Context, o predict.LogisticOptions) (*predict.Logistic, error) {
			o.L1 = 1
			return predict.FitLogistic(ctx, rows, y, o)
		},
		"sparse": func(ctx context.Context, o predict.LogisticOptions) (*predict.Logistic, error) {
			s := compress(rows)
			s.Cols = 50000
			return predict.FitLogisticSparse(ctx, s, y, o)
		},
	} {
		ctx, cancel := context.WithCancelCause(context.Background())
		m, err := fit(ctx, predict.LogisticOptions{Progress: func(predict.Progress) { cancel(why) }})
		if m != nil || !errors.Is(err, why) {
			t.Errorf("%s: cancelled in a fit: %v", name, err)
		}
		if m, err = fit(ctx, predict.LogisticOptions{}); m != nil || !errors.Is(err, why) {
			t.Errorf("%s: cancelled before: %v", name, err)
		}
	}
}

func TestLogisticReasons(t *testing.T) {
	rows, y := planted(300, 6, 2)
	m, err := predict.FitLogistic(context.Background(), rows, y, predict.LogisticOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[:20] {
		rs, err := m.Reasons(row, 0)
		if err != nil {
			t.Fatal(err)
		}
		sum := m.Baseline()
		for i, r := range rs {
			sum += r.Contribution
			if i > 0 && math.Abs(r.Contribution) > math.Abs(rs[i-1].Contribution) {
				t.Error("not sorted")
			}
			if r.Value != row[r.Column] {
				t.Error("wrong value")
			}
		}
		s, _ := m.Score(nil, [][]float64{row})
		testkit.Near(t, "baseline + contributions", sum, s[0], 1e-12)
		if top, _ := m.Reasons(row, 2); len(top) != 2 || top[0] != rs[0] {
			t.Error("top two differ")
		}
	}
}

// TestLogisticWeightsProp: weight k is the same as k copies, weight 0 as none.
func TestLogisticWeightsProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, y := planted(40, 3, rapid.Uint64().Draw(t, "seed"))
		y[0], y[1] = true, false
		w := make([]float64, len(rows))
		var copies [][]float64
		var labels []bool
		for i := range w {
			k := rapid.IntRange(0, 3).Draw(t, "weight")
			if i < 2 {
				k = 1
			}
			w[i] = float64(k)
			for range k {
				copies, labels = append(copies, rows[i]), append(labels, y[i])
			}
		}
		a, err1 := predict.FitLogistic(context.Background(), rows, y, predict.LogisticOptions{Weights: w})
		b, err2 := predict.FitLogistic(context.Background(), copies, labels, predict.LogisticOptions{})
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		for j, c := range a.Coefficients() {
			if d := math.Abs(c.Value - b.Coefficients()[j].Value); d > 1e-7 {
				t.Fatalf("coefficient %d differs by %v", j, d)
			}
		}
	})
}

// TestLogisticSampled: rows enough for the Hessian to be sampled, with what a
// sample can miss: a column set in five rows of 30,000, and few positive rows.
func TestLogisticSampled(t *testing.T) {
	const d = 48
	rows, y := planted(30000, d, 21)
	r := rng.New(4, 4, 4)
	for i := range rows {
		rare := 0.0
		if i%6000 == 11 {
			rare = 1
		}
		rows[i] = append(rows[i], rare, r.Exp()*1000)
	}
	few := slices.Clone(y)
	for i := range few {
		few[i] = y[i] && i%300 == 0
	}
	for _, c := range []struct {
		name string
		y    []bool
		o    predict.LogisticOptions
	}{
		{"even", y, predict.LogisticOptions{}},
		{"few positive", few, predict.LogisticOptions{}},
		{"few positive, l1", few, predict.LogisticOptions{L1: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := predict.FitLogistic(context.Background(), rows, c.y, c.o)
			if err != nil {
				t.Fatal(err)
			}
			if !m.Converged() || m.Iterations() > 60 {
				t.Errorf("converged %v after %d iterations: %q", m.Converged(), m.Iterations(), m.Warnings())
			}
			l2 := 1.0
			if c.o.L1 > 0 {
				l2 = 0
			}
			checkKKT(t, c.name, m, rows, c.y, c.o.L1, l2)
			perm := shuffled(3, len(rows))
			n, err := predict.FitLogistic(context.Background(), predict.Pick(rows, perm), predict.Pick(c.y, perm), c.o)
			if err != nil {
				t.Fatal(err)
			}
			a, _ := m.MarshalBinary()
			b, _ := n.MarshalBinary()
			if !bytes.Equal(a, b) {
				t.Error("permuted rows give other bytes")
			}
		})
	}
}

// TestLogisticSampledSeparation: a rare column that separates is noticed though
// hardly any sampled row has it; a rare twin column is no separation.
func TestLogisticSampledSeparation(t *testing.T) {
	rows, y := planted(30000, 48, 3)
	twins := make([][]float64, len(rows))
	for i := range rows {
		v := 0.0
		if i%600 == 5 {
			v = 1
		}
		twins[i] = append(slices.Clone(rows[i]), v, v)
	}
	m, err := predict.FitLogistic(context.Background(), twins, y, predict.LogisticOptions{L2: -1})
	if err != nil || !m.Converged() || !strings.Contains(strings.Join(m.Warnings(), ""), "x49") {
		t.Errorf("twins: %v, converged %v, warnings %q", err, m.Converged(), m.Warnings())
	}
	for i := range rows {
		y[i] = y[i] || i%6000 == 5
		rows[i] = append(rows[i], twins[i][48])
		if i%6000 != 5 {
			rows[i][48] = 0
		}
	}
	m, err = predict.FitLogistic(context.Background(), rows, y, predict.LogisticOptions{L2: -1})
	if err != nil || m.Converged() || !strings.Contains(strings.Join(m.Warnings(), ""), "separate") {
		t.Errorf("separated: %v, converged %v, warnings %q", err, m.Converged(), m.Warnings())
	}
}

// TestWorkers: the number of goroutines has no influence on any fit.
func TestWorkers(t *testing.T) {
	ctx := context.Background()
	rows, y := planted(6000, 8, 4)
	target := make([]float64, len(rows))
	for i, row := range rows {
		target[i] = row[0] + row[1]*row[2]
	}
	wide := compress(rows)
	wide.Cols = 3000
	fits := map[string]func(workers int) (predict.Persistent, error){
		"dense": func(workers int) (predict.Persistent, error) {
			return predict.FitLogistic(ctx, rows, y, predict.LogisticOptions{Workers: workers})
		},
		"dense, L1": func(workers int) (predict.Persistent, error) {
			return predict.FitLogistic(ctx, rows, y, predict.LogisticOptions{Workers: workers, L1: 3})
		},
		"sparse": func(workers int) (predict.Persistent, error) {
			return predict.FitLogisticSparse(ctx, wide, y, predict.LogisticOptions{Workers: workers})
		},
		"sparse, L1": func(workers int) (predict.Persistent, error) {
			return predict.FitLogisticSparse(ctx, wide, y, predict.LogisticOptions{Workers: workers, L1: 3})
		},
		"linear": func(workers int) (predict.Persistent, error) {
			return predict.FitLinear(ctx, rows, target, predict.LinearOptions{Workers: workers})
		},
	}
	for name, fit := range fits {
		var want []byte
		for _, workers := range []int{0, 1, 2, 7} {
			m, err := fit(workers)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got, err := m.MarshalBinary()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if want == nil {
				want = got
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: %d workers give other bytes", name, workers)
			}
		}
	}
}

// TestProgress: one report an iteration, of an objective that falls to that of the
// model.
func TestProgress(t *testing.T) {
	rows, y := planted(3000, 6, 9)
	wide := compress(rows)
	wide.Cols = 2000
	for name, fit := range map[string]func(opt predict.LogisticOptions) (*predict.Logistic, error){
		"dense": func(opt predict.LogisticOptions) (*predict.Logistic, error) {
			return predict.FitLogistic(context.Background(), rows, y, opt)
		},
		"sparse": func(opt predict.LogisticOptions) (*predict.Logistic, error) {
			return predict.FitLogisticSparse(context.Background(), wide, y, opt)
		},
	} {
		for _, l1 := range []float64{0, 4} {
			var seen []predict.Progress
			m, err := fit(predict.LogisticOptions{L1: l1, MaxIter: 50, Progress: func(p predict.Progress) { seen = append(seen, p) }})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if len(seen) == 0 || len(seen) != m.Iterations() {
				t.Fatalf("%s, L1 %v: %d reports of %d iterations", name, l1, len(seen), m.Iterations())
			}
			for i, p := range seen {
				if p.Iteration != i+1 || p.MaxIter != 50 || i > 0 && p.Objective > seen[i-1].Objective*(1+1e-9) {
					t.Errorf("%s, L1 %v: report %d is %+v after %+v", name, l1, i, p, seen[max(0, i-1)])
				}
			}
			if last := seen[len(seen)-1]; last.Objective != m.Objective() {
				t.Errorf("%s, L1 %v: the last objective is %v, the model's %v", name, l1, last.Objective, m.Objective())
			}
		}
	}
}
