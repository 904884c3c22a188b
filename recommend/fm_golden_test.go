package recommend

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

type goldenCSR struct {
	Ptr []int64
	Col []int32
	Val []float32
}

// fmGolden is written by testdata/golden_fm.py. w and v hold users, items, user
// features, item features and contexts, in this order.
type fmGolden struct {
	Users, Items, Factors int
	Mean                  float64
	Entries               goldenCSR
	UserFeatures          goldenCSR `json:"user_features"`
	ItemFeatures          goldenCSR `json:"item_features"`
	Contexts              int
	Context               []int32
	MyFM                  struct {
		W0     float64
		W, V   []float32
		Cases  [][3]int32
		Scores []float64
	}
	W0, V0 []float32
	Steps  []struct {
		Task         string
		Rate, Lambda float64
		Trace        [][4]int32 // entry, user, item, negative
		W, V         []float64
	}
}

// fit returns a fit that stands at weights w and vectors v.
func (g *fmGolden) fit(t *testing.T, task FMTask, scale ratingScale, lambda float64, w, v []float32) (*fmFit, *Interactions) {
	t.Helper()
	matrix := func(c goldenCSR, rows, cols int) *Interactions {
		x, err := NewInteractions(rows, cols, c.Ptr, c.Col, c.Val)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	x := matrix(g.Entries, g.Users, g.Items)
	nu, ni := len(w)-g.Users-g.Items-3-g.Contexts, 3
	context := goldenCSR{Ptr: make([]int64, len(g.Context)+1), Col: g.Context}
	for k := range context.Ptr {
		context.Ptr[k] = int64(k)
	}
	opt := FMOptions{
		Task: task, Factors: g.Factors, Regularization: lambda,
		UserFeatures:    matrix(g.UserFeatures, g.Users, nu),
		ItemFeatures:    matrix(g.ItemFeatures, g.Items, ni),
		ContextFeatures: matrix(context, len(g.Context), g.Contexts),
	}
	m := &FM{task: task, rule: sgdRule{regularization: lambda, samples: 1}, lo: -1e6, hi: 1e6}
	m.factors = g.Factors
	n := g.Users + g.Items
	m.userBias, m.bias = slices.Clone(w[:g.Users]), slices.Clone(w[g.Users:n])
	m.x, m.y = slices.Clone(v[:g.Users*g.Factors]), slices.Clone(v[g.Users*g.Factors:n*g.Factors])
	f := newFMFit(m, x, &opt, scale)
	if len(f.shared.w) != len(w)-n {
		t.Fatalf("%d features, want %d", len(f.shared.w), len(w)-n)
	}
	copy(f.shared.w, w[n:])
	copy(f.shared.v, v[n*g.Factors:])
	f.copies = make([]fmShared, 1)
	f.learned = false // the trace has no w₀; TestFMStepProp has
	return f, x
}

// The scores of given weights are those of myFM.
func TestFMGoldenMyFM(t *testing.T) {
	var g fmGolden
	testkit.Golden(t, "fm.json", &g)
	f, _ := g.fit(t, FMRatings, ratingScale{mean: g.MyFM.W0, deviation: 1}, 0, g.MyFM.W, g.MyFM.V)
	f.m.mean = float32(g.MyFM.W0)
	f.finish()
	scores := make([]float32, g.Items)
	for k, c := range g.MyFM.Cases {
		var context []int32
		if c[2] >= 0 {
			context = c[2:]
		}
		got, err := f.m.Predict(c[0], c[1], context...)
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, "prediction", float64(got), g.MyFM.Scores[k], 2e-5)
		if err := f.m.ScoreIn(scores, Query{User: c[0]}, context...); err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, "score", float64(scores[c[1]]), g.MyFM.Scores[k], 2e-5)
	}
}

// Sixty steps of each task end where autograd leads.
func TestFMGoldenTorch(t *testing.T) {
	var g fmGolden
	testkit.Golden(t, "fm.json", &g)
	tasks := map[string]FMTask{"ratings": FMRatings, "clicks": FMClicks, "ranking": FMRanking}
	if len(g.Steps) != len(tasks) {
		t.Fatalf("%d tasks, want %d", len(g.Steps), len(tasks))
	}
	for _, c := range g.Steps {
		t.Run(c.Task, func(t *testing.T) {
			task := tasks[c.Task]
			f, x := g.fit(t, task, ratingScale{mean: g.Mean, deviation: 1}, c.Lambda, g.W0, g.V0)
			if task != FMRatings {
				for p := range x.users.Val {
					x.users.Val[p] = 1
				}
			}
			for n, s := range c.Trace {
				p, u, i, j := s[0], s[1], s[2], s[3]
				if x.users.Col[p] != i || x.Has(int(u), j) {
					t.Fatalf("step %d does not fit the entries", n)
				}
				f.cell(0, &sgdCell{
					gridCell: &gridCell{users: []int32{u}, ends: []int32{1}, pos: []int64{int64(p)}},
					items:    []int32{i, j}, rand: rng.New(1, 2, uint64(n)),
				}, float32(c.Rate))
				f.average()
			}
			w := slices.Concat(f.m.userBias, f.m.bias, f.shared.w)
			v := slices.Concat(f.m.x, f.m.y, f.shared.v)
			sameVectors(t, "weight", w, c.W, 2e-5)
			sameVectors(t, "vector", v, c.V, 2e-5)
			if !moved(v, g.V0) {
				t.Error("the trace hardly moves the vectors")
			}
		})
	}
}

// A fit without features reaches the error of a fit by MF on the same ratings:
// the same model, trained by other code.
func TestFMIsMF(t *testing.T) {
	x := rated(t)
	fm, err := FitFM(context.Background(), x, FMOptions{Task: FMRatings, Factors: 6, Epochs: 80, Rate: 0.05})
	if err != nil {
		t.Fatal(err)
	}
	mf, err := FitMF(context.Background(), x, MFOptions{Factors: 6, Epochs: 80, Rate: 0.05})
	if err != nil {
		t.Fatal(err)
	}
	rmse := func(predict func(u, i int32) (float32, error)) float64 {
		sum := 0.0
		for u := range x.Users() {
			items, r := x.Row(u)
			for k, i := range items {
				p, err := predict(int32(u), i)
				if err != nil {
					t.Fatal(err)
				}
				sum += float64(p-r[k]) * float64(p-r[k])
			}
		}
		return math.Sqrt(sum / float64(x.Len()))
	}
	a, b := rmse(func(u, i int32) (float32, error) { return fm.Predict(u, i) }), rmse(mf.Predict)
	if math.Abs(a-b) > 0.02 {
		t.Errorf("RMSE %v of FM, %v of MF", a, b)
	}
}

// rated returns ratings of rank two with a little noise.
func rated(t testing.TB) *Interactions {
	t.Helper()
	r := rng.New(7, 7, 7)
	users, items := 60, 40
	ptr, col, val := []int64{0}, []int32(nil), []float32(nil)
	for u := range users {
		for i := range items {
			if r.Bool(0.4) {
				col = append(col, int32(i))
				val = append(val, float32(3+math.Sin(float64(u))*math.Cos(float64(i))+0.5*math.Sin(float64(i))+0.1*r.Normal()))
			}
		}
		ptr = append(ptr, int64(len(col)))
	}
	x, err := NewInteractions(users, items, ptr, col, val)
	if err != nil {
		t.Fatal(err)
	}
	return x
}
