package hybrid_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/hybrid"
)

func stackFit(ctx context.Context, x *recommend.Interactions) ([]recommend.Source, error) {
	knn, err := recommend.FitItemKNN(ctx, x, recommend.ItemKNNOptions{})
	if err != nil {
		return nil, err
	}
	als, err := recommend.FitALS(ctx, x, recommend.ALSOptions{Factors: 6, Iterations: 3})
	return []recommend.Source{{Name: "knn", Model: knn}, {Name: "als", Model: als}}, err
}

// stackFolds returns the parts that StackFeatures deals x into; that they are those of
// split.Folds is tested in package recommend.
func stackFolds(t *testing.T, x *recommend.Interactions, k int, seed uint64) (trains, tests []*recommend.Interactions) {
	t.Helper()
	_, err := hybrid.StackFeatures(context.Background(), x, k, seed, func(ctx context.Context, train *recommend.Interactions) ([]recommend.Source, error) {
		m, err := recommend.FitPopular(ctx, train, recommend.PopularOptions{})
		trains, tests = append(trains, train), append(tests, must(x.Without(train))(t))
		return []recommend.Source{{Name: "popular", Model: m}}, err
	}, hybrid.StackOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return trains, tests
}

func TestStackFeatures(t *testing.T) {
	x := groups(60, 80, 10, 7)
	ctx := context.Background()
	rows, err := hybrid.StackFeatures(ctx, x, 4, 11, stackFit, hybrid.StackOptions{Depth: 15})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"knn.score", "knn.rank", "knn.knows", "als.score", "als.rank", "als.knows"}; !slices.Equal(rows.Names, want) {
		t.Errorf("names are %v", rows.Names)
	}
	trains, tests := stackFolds(t, x, 4, 11)
	positives := 0
	// Slow oracle: every row from models fitted by hand on the other folds.
	at := 0
	for f := range 4 {
		train, test := trains[f], tests[f]
		sources, err := stackFit(ctx, train)
		if err != nil {
			t.Fatal(err)
		}
		for u := range x.Users() {
			held, _ := test.Row(u)
			if len(held) == 0 {
				continue
			}
			q := train.Query(u)
			want := map[int32][]float64{}
			for k, src := range sources {
				top, err := recommend.NewRanker(src.Model).AppendTop(nil, q, 15, recommend.Filter{Items: q.Items})
				if errors.Is(err, recommend.ErrEmpty) {
					continue
				}
				for r, s := range top {
					if k == 0 && s.Score <= 0 {
						break
					}
					if want[s.Item] == nil {
						want[s.Item] = make([]float64, 6)
					}
					want[s.Item][3*k+1] = 1 / float64(r+1)
				}
				scores := make([]float32, x.Items())
				if err := src.Model.Score(scores, q); err != nil {
					t.Fatal(err)
				}
			}
			for ; at < len(rows.Items) && rows.Folds[at] == int32(f) && rows.Users[at] == int32(u); at++ {
				i := rows.Items[at]
				w, ok := want[i]
				if !ok || rows.Features[at][1] != w[1] || rows.Features[at][4] != w[4] {
					t.Fatalf("fold %d user %d item %d: %v, want ranks of %v", f, u, i, rows.Features[at], w)
				}
				if slices.Contains(q.Items, i) {
					t.Fatalf("fold %d user %d: item %d of the history is a candidate", f, u, i)
				}
				if rows.Labels[at] != test.Has(u, i) {
					t.Fatalf("fold %d user %d item %d: label %v", f, u, i, rows.Labels[at])
				}
				if rows.Labels[at] {
					positives++
				}
				delete(want, i)
			}
			if len(want) > 0 {
				t.Fatalf("fold %d user %d: candidates are missing: %v", f, u, want)
			}
		}
	}
	if at != len(rows.Items) || positives == 0 {
		t.Fatalf("%d rows of %d explained, %d positive", at, len(rows.Items), positives)
	}
}

// What a held-out entry is cannot be told from the features of its fold: moving
// it to another item leaves them as they are.
func TestStackNoLeakage(t *testing.T) {
	x := groups(60, 80, 10, 7)
	ctx := context.Background()
	trains, tests := stackFolds(t, x, 4, 11)
	train, first := trains[0], tests[0]
	features := func(test *recommend.Interactions) (out [][]float64) {
		sources, err := stackFit(ctx, train)
		if err != nil {
			t.Fatal(err)
		}
		s, err := hybrid.NewStack(sources, hybrid.StackOptions{Depth: 15})
		if err != nil {
			t.Fatal(err)
		}
		for u := range x.Users() {
			if held, _ := test.Row(u); len(held) == 0 {
				continue
			}
			q := train.Query(u)
			c, err := s.Candidates(q, recommend.Filter{Items: q.Items})
			if errors.Is(err, recommend.ErrEmpty) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range c {
				out = append(out, x.Features)
			}
		}
		return out
	}
	rows, err := hybrid.StackFeatures(ctx, x, 4, 11, func(ctx context.Context, got *recommend.Interactions) ([]recommend.Source, error) {
		// fit never sees an entry of the fold that its rows are labelled by.
		for f := range 4 {
			train, test := trains[f], tests[f]
			rest, err := got.Without(test)
			if err == nil && got.Len() == train.Len() && rest.Len() == got.Len() {
				return stackFit(ctx, got)
			}
		}
		t.Error("fit got entries of every fold")
		return stackFit(ctx, got)
	}, hybrid.StackOptions{Depth: 15})
	if err != nil {
		t.Fatal(err)
	}
	moved := make([][]int32, x.Users())
	for u := range moved {
		held, _ := first.Row(u)
		for k := range held { // other items, as many, none of them in training
			for i := int32(k); ; i++ {
				if j := i % int32(x.Items()); !x.Has(u, j) && !slices.Contains(moved[u], j) {
					moved[u] = append(moved[u], j)
					break
				}
			}
		}
	}
	other, err := recommend.InteractionsFromRows(x.Items(), moved)
	if err != nil {
		t.Fatal(err)
	}
	a, b := features(first), features(other)
	n := 0
	for k := range rows.Features {
		if rows.Folds[k] != 0 {
			continue
		}
		if !slices.Equal(rows.Features[k], a[n]) || !slices.Equal(a[n], b[n]) {
			t.Fatalf("row %d: %v, %v, %v", k, rows.Features[k], a[n], b[n])
		}
		n++
	}
	if n != len(a) || n != len(b) || n == 0 {
		t.Fatalf("%d rows, %d and %d by hand", n, len(a), len(b))
	}
}

func TestStackModel(t *testing.T) {
	x := groups(60, 80, 10, 7)
	sources, err := stackFit(context.Background(), x)
	if err != nil {
		t.Fatal(err)
	}
	s, err := hybrid.NewStack(sources, hybrid.StackOptions{Depth: 10})
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Model(func(f []float64) float64 { return f[1] - f[4] })
	if err != nil {
		t.Fatal(err)
	}
	q := x.Query(3)
	scores := make([]float32, x.Items())
	if err := m.Score(scores, q); err != nil {
		t.Fatal(err)
	}
	c, err := s.Candidates(q, recommend.Filter{Items: q.Items})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range scores {
		k, ok := slices.BinarySearchFunc(c, int32(i), func(c hybrid.Candidate, i int32) int { return int(c.Item - i) })
		if want := math.Inf(-1); !ok && float64(v) != want || ok && v != float32(c[k].Features[1]-c[k].Features[4]) {
			t.Fatalf("item %d scores %v", i, v)
		}
	}
	if err := m.Score(scores, recommend.Query{User: recommend.Stranger}); !errors.Is(err, recommend.ErrEmpty) {
		t.Errorf("stranger: %v", err)
	}
	for name, f := range map[string]func() error{
		"no source": func() error { _, err := hybrid.NewStack(nil, hybrid.StackOptions{}); return err },
		"name twice": func() error {
			_, err := hybrid.NewStack([]recommend.Source{sources[0], sources[0]}, hybrid.StackOptions{})
			return err
		},
		"depth":      func() error { _, err := hybrid.NewStack(sources, hybrid.StackOptions{Depth: -1}); return err },
		"no predict": func() error { _, err := s.Model(nil); return err },
		"one fold": func() error {
			_, err := hybrid.StackFeatures(context.Background(), x, 1, 0, stackFit, hybrid.StackOptions{})
			return err
		},
		"no fit": func() error {
			_, err := hybrid.StackFeatures(context.Background(), x, 2, 0, nil, hybrid.StackOptions{})
			return err
		},
	} {
		if err := f(); !errors.Is(err, recommend.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if rows, err := hybrid.StackFeatures(ctx, x, 2, 0, stackFit, hybrid.StackOptions{}); !errors.Is(err, context.Canceled) || rows != nil {
		t.Errorf("canceled: %v", err)
	}
}
