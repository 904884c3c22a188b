package hybrid_test

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/hybrid"
)

func TestSwitch(t *testing.T) {
	a, b := tableOf(false, []float32{-1, 2, 0}), tableOf(true, []float32{0, 5, 1})
	m, err := hybrid.NewSwitch(func(q recommend.Query) int { return len(q.Items) - 1 }, a, b)
	if err != nil {
		t.Fatal(err)
	}
	inf := float32(math.Inf(-1))
	dst := make([]float32, 3)
	for n, want := range [][]float32{nil, {-1, 2, 0}, {inf, 5, 1}, nil} {
		err := m.Score(dst, recommend.Query{User: 0, Items: []int32{0, 1, 2}[:n]})
		if want == nil {
			if !errors.Is(err, recommend.ErrEmpty) {
				t.Errorf("%d items: %v", n, err)
			}
		} else if err != nil || !slices.Equal(dst, want) {
			t.Errorf("%d items: %v, %v", n, dst, err)
		}
	}
	if _, err := hybrid.NewSwitch(nil, a); !errors.Is(err, recommend.ErrOption) {
		t.Errorf("no rule: %v", err)
	}
	if _, err := hybrid.NewSwitch(func(recommend.Query) int { return 0 }); !errors.Is(err, recommend.ErrOption) {
		t.Errorf("no model: %v", err)
	}
	if _, err := hybrid.NewSwitch(func(recommend.Query) int { return 0 }, a, tableOf(false, []float32{1})); !errors.Is(err, recommend.ErrMismatch) {
		t.Errorf("other catalogue: %v", err)
	}
}

func TestCascade(t *testing.T) {
	first, second := tableOf(false, []float32{5, 4, 3, 2, 1}), tableOf(false, []float32{-9, 1, 7, 9, 9})
	m, err := hybrid.NewCascade(first, second, hybrid.CascadeOptions{Depth: 3})
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]float32, 5)
	inf := float32(math.Inf(-1))
	if err := m.Score(dst, recommend.Query{}); err != nil || !slices.Equal(dst, []float32{-9, 1, 7, inf, inf}) {
		t.Errorf("%v, %v", dst, err)
	}
	// A second that knows nothing leaves the first one's scores.
	m, _ = hybrid.NewCascade(first, &tableModel{items: 5}, hybrid.CascadeOptions{Depth: 2})
	if err := m.Score(dst, recommend.Query{}); err != nil || !slices.Equal(dst, []float32{5, 4, inf, inf, inf}) {
		t.Errorf("%v, %v", dst, err)
	}
	// In an engine the rest goes to the next source.
	b, _ := recommend.NewBuilder[int, int](recommend.BuilderOptions{})
	for i := range 5 {
		_ = b.Add(0, i, 1)
	}
	d, _ := b.Build()
	e, err := recommend.NewEngine(d, recommend.EngineOptions{Sources: []recommend.Source{{Name: "cascade", Model: m}}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.Recommend(nil, recommend.Request[int, int]{User: 0, K: 3, Seen: recommend.KeepSeen})
	if err != nil || len(got) != 3 || got[1].Source != "cascade" || got[2].Source != recommend.SourcePopular {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := hybrid.NewCascade(first, second, hybrid.CascadeOptions{Depth: -1}); !errors.Is(err, recommend.ErrOption) {
		t.Errorf("depth: %v", err)
	}
	if _, err := hybrid.NewCascade(nil, second, hybrid.CascadeOptions{}); !errors.Is(err, recommend.ErrOption) {
		t.Errorf("nil: %v", err)
	}
}

// CombMNZ and Borda against their definitions, computed with maps and sorts.
func TestFusionProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, parts := rapid.IntRange(1, 40).Draw(t, "items"), rapid.IntRange(1, 4).Draw(t, "parts")
		depth := rapid.IntRange(1, 50).Draw(t, "depth")
		g := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
		var weighted []hybrid.Weighted
		var tables [][]float32
		for range parts {
			row := make([]float32, n)
			for i := range row {
				row[i] = float32(g.Intn(7) - 1)
			}
			tables = append(tables, row)
			weighted = append(weighted, hybrid.Weighted{Model: tableOf(false, row), Weight: float32(1 + g.Intn(3))})
		}
		mnz, err := hybrid.NewBlend(weighted, hybrid.BlendOptions{MNZ: true})
		if err != nil {
			t.Fatal(err)
		}
		borda, err := hybrid.NewBorda(weighted, hybrid.BordaOptions{Depth: depth})
		if err != nil {
			t.Fatal(err)
		}
		total := 0.0
		sum, votes, points := make([]float64, n), make([]float64, n), make([]float64, n)
		d := min(depth, n)
		for p, row := range tables {
			w := float64(weighted[p].Weight)
			total += w
			lo, hi := float64(slices.Min(row)), float64(slices.Max(row))
			order := make([]int, n)
			for i := range order {
				order[i] = i
				if hi > lo {
					v := (float64(row[i]) - lo) / (hi - lo)
					sum[i] += w * v
					if v > 0 {
						votes[i]++
					}
				}
			}
			slices.SortStableFunc(order, func(a, b int) int { return int(row[b] - row[a]) })
			for r, i := range order[:d] {
				points[i] += w * float64(d-r) / float64(d)
			}
		}
		dst := make([]float32, n)
		if err := mnz.Score(dst, recommend.Query{}); err != nil {
			t.Fatal(err)
		}
		for i, v := range dst {
			if want := votes[i] * sum[i] / total; !testkit.Close(float64(v), want, 1e-5, 1e-5) {
				t.Fatalf("MNZ of item %d is %v, want %v", i, v, want)
			}
		}
		if err := borda.Score(dst, recommend.Query{}); err != nil {
			t.Fatal(err)
		}
		for i, v := range dst {
			if want := points[i] / total; !testkit.Close(float64(v), want, 1e-5, 1e-5) {
				t.Fatalf("points of item %d are %v, want %v", i, v, want)
			}
		}
	})
	if _, err := hybrid.NewBlend([]hybrid.Weighted{{Model: tableOf(false, []float32{1})}}, hybrid.BlendOptions{MNZ: true, Normalize: hybrid.ZScore}); !errors.Is(err, recommend.ErrOption) {
		t.Errorf("MNZ of z-scores: %v", err)
	}
	if _, err := hybrid.NewBorda(nil, hybrid.BordaOptions{Depth: -1}); !errors.Is(err, recommend.ErrOption) {
		t.Errorf("bad options: %v", err)
	}
}

// Reasons of fusions add up to the score where the parts' do.
func TestFusionReasons(t *testing.T) {
	x := groups(60, 48, 8, 3)
	knn, err := recommend.FitItemKNN(context.Background(), x, recommend.ItemKNNOptions{})
	if err != nil {
		t.Fatal(err)
	}
	walk, err := recommend.FitRP3Beta(context.Background(), x, recommend.RP3BetaOptions{})
	if err != nil {
		t.Fatal(err)
	}
	parts := []hybrid.Weighted{{Model: knn, Weight: 2}, {Model: walk}}
	mnz, err := hybrid.NewBlend(parts, hybrid.BlendOptions{MNZ: true})
	if err != nil {
		t.Fatal(err)
	}
	borda, err := hybrid.NewBorda(parts, hybrid.BordaOptions{Depth: 20})
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]interface {
		recommend.Model
		recommend.Explainer
	}{"mnz": mnz, "borda": borda} {
		for u := range 20 {
			q := x.Query(u)
			top, err := recommend.NewRanker(m).AppendTop(nil, q, 5, recommend.Filter{Items: q.Items})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range top {
				reasons, err := m.AppendReasons(nil, q, s.Item, len(q.Items))
				if err != nil {
					t.Fatal(err)
				}
				sum := 0.0
				for _, r := range reasons {
					sum += float64(r.Contribution)
				}
				if !testkit.Close(sum, float64(s.Score), 1e-4, 1e-4) {
					t.Fatalf("%s: user %d item %d: reasons add up to %v, score %v", name, u, s.Item, sum, s.Score)
				}
			}
		}
	}
}

// fixedModel scores the same for everybody.
type fixedModel struct {
	scores []float32
	sparse bool
}

func (m *fixedModel) Users() int         { return 0 }
func (m *fixedModel) Items() int         { return len(m.scores) }
func (m *fixedModel) SparseScores() bool { return m.sparse }
func (m *fixedModel) Score(dst []float32, _ recommend.Query) error {
	copy(dst, m.scores)
	return nil
}

// Stages of an Engine's hybrids pick their candidates among what the filters
// leave, whatever wraps them: a filter starves none.
func TestStagesSeeFilters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
		n := rapid.SampledFrom([]int{5, 64, 130}).Draw(t, "items")
		depth := rapid.IntRange(1, 12).Draw(t, "depth")
		table := func(sparse bool) *fixedModel {
			row := make([]float32, n)
			for i := range row {
				row[i] = float32(g.Intn(40) - 4)
			}
			return &fixedModel{row, sparse}
		}
		first, second := table(rapid.Bool().Draw(t, "sparse")), table(false)
		cascade, err := hybrid.NewCascade(first, second, hybrid.CascadeOptions{Depth: depth})
		if err != nil {
			t.Fatal(err)
		}
		var m recommend.Model = cascade
		switch rapid.IntRange(0, 3).Draw(t, "wrapped") {
		case 1:
			if m, err = hybrid.NewSwitch(func(recommend.Query) int { return 0 }, cascade); err != nil {
				t.Fatal(err)
			}
		case 2:
			if m, err = recommend.NewFunc(0, n, cascade.Score); err != nil {
				t.Fatal(err)
			}
		case 3:
			// A stack whose only trusted source is the first, ranked by the second.
			s, err := hybrid.NewStack([]recommend.Source{{Name: "first", Model: first}}, hybrid.StackOptions{Depth: depth})
			if err != nil {
				t.Fatal(err)
			}
			stacked, err := s.Model(func(f []float64) float64 { return f[0] })
			if err != nil {
				t.Fatal(err)
			}
			m, second = stacked, first
		}
		b, _ := recommend.NewBuilder[int, int](recommend.BuilderOptions{})
		for i := range n {
			_ = b.Add(0, i, 1)
		}
		d, _ := b.Build()
		e, err := recommend.NewEngine(d, recommend.EngineOptions{Sources: []recommend.Source{{Name: "stages", Model: m}}})
		if err != nil {
			t.Fatal(err)
		}
		share := rapid.SampledFrom([]float64{0, .05, .5, 1}).Draw(t, "share")
		allow := recommend.ItemSetFunc(n, func(int32) bool { return g.Bool(share) })
		denied := g.Perm(n)[:g.Intn(4)]
		var left []int32
		for i := range int32(n) {
			if allow.Has(i) && !slices.Contains(denied, i) {
				left = append(left, i)
			}
		}
		by := func(scores []float32) func(a, b int32) int {
			return func(a, b int32) int { return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b)) }
		}
		slices.SortFunc(left, by(first.scores))
		want := left
		if first.sparse {
			want = slices.DeleteFunc(slices.Clone(left), func(i int32) bool { return first.scores[i] <= 0 })
		}
		want = slices.Clone(want[:min(depth, len(want))])
		slices.SortFunc(want, by(second.scores))
		var deny []int
		for _, i := range denied {
			deny = append(deny, int(i))
		}
		k := rapid.IntRange(1, n+1).Draw(t, "K")
		got, err := e.Recommend(nil, recommend.Request[int, int]{User: 9, K: k, Allow: allow, DenyItems: deny})
		if err != nil || len(got) != min(k, len(left)) {
			t.Fatalf("%d results of %d, %v", len(got), len(left), err)
		}
		for p, x := range got {
			if p < len(want) && (x.Source != "stages" || int32(x.Item) != want[p]) || p >= len(want) && x.Source != recommend.SourcePopular {
				t.Fatalf("place %d: %+v, want %v of %v", p, x, p < len(want), want)
			}
		}
		// A Ranker passes its filter on, too.
		var f recommend.Filter
		f.Allow, f.Items = allow, denied
		list, err := recommend.NewRanker(m).AppendTop(nil, recommend.Query{User: recommend.Stranger}, k, f)
		if err != nil || len(list) != min(k, len(left)) {
			t.Fatalf("Ranker: %d results of %d, %v", len(list), len(left), err)
		}
		for p, x := range list[:min(len(list), len(want))] {
			if x.Item != want[p] {
				t.Fatalf("Ranker: place %d is %v, want %v", p, x, want)
			}
		}
	})
}

// A model that could not be fitted, passed on with its error unread, is refused.
func TestFailedFit(t *testing.T) {
	knn := tableOf(false, []float32{1, 2})
	var failed *recommend.ALS
	second := func(_ any, err error) error { return err }
	for name, err := range map[string]error{
		"blend":   second(hybrid.NewBlend([]hybrid.Weighted{{knn, 1}, {failed, 1}}, hybrid.BlendOptions{})),
		"borda":   second(hybrid.NewBorda([]hybrid.Weighted{{failed, 1}}, hybrid.BordaOptions{})),
		"cascade": second(hybrid.NewCascade(failed, knn, hybrid.CascadeOptions{})),
		"switch":  second(hybrid.NewSwitch(func(recommend.Query) int { return 0 }, failed)),
		"stack":   second(hybrid.NewStack([]recommend.Source{{Name: "a", Model: failed}}, hybrid.StackOptions{})),
	} {
		if !errors.Is(err, recommend.ErrOption) || !strings.HasPrefix(err.Error(), "hybrid: New") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
