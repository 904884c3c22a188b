package modeltest

import (
	"errors"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
)

func checkShape(t testing.TB, s *subject) {
	if m := s.model(t); m.Users() != s.x.Users() || m.Items() != s.x.Items() {
		t.Fatalf("model is %d×%d, want %d×%d", m.Users(), m.Items(), s.x.Users(), s.x.Items())
	}
}

func checkAbilities(t testing.TB, s *subject) {
	m := s.model(t)
	if a, ok := m.(recommend.Meaner); !ok {
		t.Error("has no Meaning: it does not say what a score stands for")
	} else if a.Meaning() == "" {
		t.Error("Meaning is empty")
	}
	if _, ok := m.(recommend.SparseScorer); !ok {
		t.Error("has no SparseScores: it does not say whether a score of 0 means nothing")
	}
	if _, ok := m.(recommend.OrderReader); !ok {
		t.Error("has no ReadsOrder: it does not say whether histories are sequences")
	}
}

func checkSparse(t testing.TB, s *subject) {
	m := s.model(t)
	if a, ok := m.(recommend.SparseScorer); !ok || !a.SparseScores() {
		return
	}
	for _, q := range known(s.x) {
		if slices.ContainsFunc(scores(t, m, q), func(v float32) bool { return v <= 0 }) {
			return
		}
	}
	t.Error("says that its scores are sparse, and knows every item for every user")
}

// checkLearns: among items the user does not have, those of the own group must come
// first far more often than by chance.
func checkLearns(t testing.TB, s *subject) {
	if !s.Learns {
		return
	}
	r := recommend.NewRanker(s.model(t))
	own, all := 0, 0
	for u, q := range known(s.x) {
		top, err := r.AppendTop(nil, q, 3, recommend.Filter{Items: q.Items})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range top {
			all++
			if int(o.Item)%4 == u%4 {
				own++
			}
		}
	}
	if float64(own) < 0.8*float64(all) {
		t.Errorf("%d of %d recommendations are of the user's group", own, all)
	}
}

// checkBadQueries breaks each rule of Model.Score once, at both ends where there are
// two.
func checkBadQueries(t testing.TB, s *subject) {
	m := s.model(t)
	dst := make([]float32, m.Items())
	for _, wrong := range [][]float32{nil, dst[:len(dst)-1], make([]float32, len(dst)+1)} {
		if err := m.Score(wrong, s.x.Query(0)); !errors.Is(err, recommend.ErrShape) {
			t.Errorf("dst of %d for %d items: %v, want ErrShape", len(wrong), len(dst), err)
		}
	}
	for _, bad := range []int32{-1, int32(m.Items()), math.MaxInt32, math.MinInt32} {
		if err := m.Score(dst, recommend.Query{User: recommend.Stranger, Items: []int32{0, bad}}); !errors.Is(err, recommend.ErrRange) {
			t.Errorf("history item %d: %v, want ErrRange", bad, err)
		}
	}
	if err := m.Score(dst, recommend.Query{User: recommend.Stranger, Items: []int32{0}, Weights: []float32{1, 2}}); !errors.Is(err, recommend.ErrShape) {
		t.Errorf("weights of another length: %v, want ErrShape", err)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		err := m.Score(dst, recommend.Query{User: recommend.Stranger, Items: []int32{0, 1}, Weights: []float32{1, float32(bad)}})
		if !errors.Is(err, recommend.ErrRange) || !errors.Is(err, recommend.ErrNotFinite) {
			t.Errorf("weight %v: %v, want ErrRange and ErrNotFinite", bad, err)
		}
	}
}

// checkStrangers asks for an unknown index, without a history, and for the user
// without entries.
func checkStrangers(t testing.TB, s *subject) {
	m := s.model(t)
	dst := make([]float32, m.Items())
	for name, q := range map[string]recommend.Query{
		"stranger":   {User: recommend.Stranger},
		"beyond":     {User: int32(s.x.Users())},
		"empty user": s.x.Query(s.x.Users() - 1),
	} {
		err := m.Score(dst, q)
		switch {
		case s.Everybody && err != nil:
			t.Errorf("%s: %v, but everybody is to be answered", name, err)
		case s.Everybody && slices.ContainsFunc(dst, s.wrong):
			t.Errorf("%s: scores %v", name, dst)
		case !s.Everybody && !errors.Is(err, recommend.ErrEmpty):
			t.Errorf("%s: error is %v, want ErrEmpty (see Case.Everybody)", name, err)
		}
	}
	for u, q := range known(s.x) {
		q.User = recommend.Stranger
		for i, v := range scores(t, m, q) {
			if s.wrong(v) {
				t.Fatalf("stranger with the history of user %d: score of item %d is %v", u, i, v)
			}
		}
	}
}

// checkAllocations asks as a known user and as a stranger, who is folded in.
func checkAllocations(t testing.TB, s *subject) {
	m := s.model(t)
	dst := make([]float32, m.Items())
	q, h := s.x.Query(0), s.x.Query(1)
	h.User = recommend.Stranger
	h.Items, h.Weights = slices.Clone(h.Items), slices.Clone(h.Weights)
	items, weights := slices.Clone(h.Items), slices.Clone(h.Weights)
	var err error
	n := testing.AllocsPerRun(50, func() {
		err = errors.Join(err, m.Score(dst, q), m.Score(dst, h))
	})
	if err != nil {
		t.Fatal(err)
	}
	if n > 0 && !testkit.Race {
		t.Errorf("Score allocates %v times", n)
	}
	if !slices.Equal(items, h.Items) || !slices.Equal(weights, h.Weights) {
		t.Error("Score changed the history of the query")
	}
}

// checkTop: the ranker equals a full sort for random filters.
func checkTop(t testing.TB, s *subject) {
	m := s.model(t)
	r := recommend.NewRanker(m)
	g := rng.New(5, 0, 0)
	n := m.Items()
	before := recommend.Scored{Item: -7, Score: 7}
	for range 200 {
		q := s.x.Query(g.Intn(s.x.Users() - 1))
		f := recommend.Filter{}
		if g.Bool(0.5) {
			f.Items = slices.Clone(q.Items)
			g.Shuffle(len(f.Items), func(i, j int) { f.Items[i], f.Items[j] = f.Items[j], f.Items[i] })
		}
		if g.Bool(0.5) {
			f.Allow = recommend.ItemSetFunc(n, func(int32) bool { return g.Bool(0.6) })
		}
		if g.Bool(0.5) {
			f.Deny = recommend.ItemSetFunc(n, func(int32) bool { return g.Bool(0.3) })
		}
		k := g.Intn(n + 3)
		got, err := r.AppendTop([]recommend.Scored{before}, q, k, f)
		if err != nil {
			t.Fatal(err)
		}
		want := slowTop(scores(t, m, q), k, func(i int32) bool {
			return !slices.Contains(f.Items, i) && (f.Allow == nil || f.Allow.Has(i)) && (f.Deny == nil || !f.Deny.Has(i))
		})
		if got[0] != before {
			t.Fatal("dst was not appended to")
		}
		if !slices.Equal(got[1:], want) {
			t.Fatalf("the best %d are %v, want %v", k, got[1:], want)
		}
	}
	other, err := recommend.NewItemSet(n + 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.AppendTop(nil, s.x.Query(0), 3, recommend.Filter{Allow: other}); !errors.Is(err, recommend.ErrMismatch) {
		t.Errorf("set of another catalogue: %v", err)
	}
}

// slowTop is the oracle: take the best remaining item k times.
func slowTop(scores []float32, k int, eligible func(int32) bool) []recommend.Scored {
	var out []recommend.Scored
	used := make([]bool, len(scores))
	for range k {
		best := -1
		for i, v := range scores {
			if !used[i] && eligible(int32(i)) && (best < 0 || v > scores[best]) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		used[best] = true
		out = append(out, recommend.Scored{Item: int32(best), Score: scores[best]})
	}
	return out
}

// checkReaders lets eight goroutines make the lists that one has made before. Run it
// under the race detector too.
func checkReaders(t testing.TB, s *subject) {
	m := s.model(t)
	lists := func(stranger bool) (out []recommend.Scored, err error) {
		r := recommend.NewRanker(m)
		for _, q := range known(s.x) {
			if stranger {
				q.User = recommend.Stranger
			}
			if out, err = r.AppendTop(out, q, 5, recommend.Filter{}); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	var want [2][]recommend.Scored
	for k := range want {
		var err error
		if want[k], err = lists(k == 1); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for w := range errs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			got, err := lists(w%2 == 1)
			if err == nil && !slices.Equal(got, want[w%2]) {
				err = errors.New("lists differ from those of one reader alone")
			}
			errs[w] = err
		}()
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

// checkHostileWeights: weights of a history come from the host. What cannot be used
// is refused; the rest gives finite scores, reasons and vectors.
func checkHostileWeights(t testing.TB, s *subject) {
	m := s.model(t)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, weights := range [][]float32{
		{nan, 1, 1},
		{1, inf, 1},
		{1, 1, -inf},
		{math.MaxFloat32, 1, 1},
		{1e30, 1e30, 1e30},
		{1e-42, 1e-42, 0},
		{0, 0, 0},
		{-1, 1, -1},
		{-1e30, 1, 1},
		{math.MaxFloat32, -math.MaxFloat32, 1},
	} {
		usable := !slices.ContainsFunc(weights, func(w float32) bool { return !(w >= -1e30 && w <= 1e30) })
		for _, items := range [][]int32{{0, 4, 8}, {5, 5, 5}} {
			for _, user := range []int32{0, recommend.Stranger, math.MaxInt32, math.MinInt32} {
				q := recommend.Query{User: user, Items: items, Weights: weights}
				answer := func(what string, err error, values []float32, wrong func(float32) bool) {
					switch {
					case !usable && !errors.Is(err, recommend.ErrRange):
						t.Errorf("%s of user %d, weights %v: error is %v, want ErrRange", what, user, weights, err)
					case usable && err != nil && !errors.Is(err, recommend.ErrRange) && !errors.Is(err, recommend.ErrEmpty) && !errors.Is(err, recommend.ErrDiverged):
						t.Errorf("%s of user %d, weights %v: %v", what, user, weights, err)
					case err == nil && slices.ContainsFunc(values, wrong):
						t.Errorf("%s of user %d, weights %v: %v", what, user, weights, values)
					}
				}
				dst := make([]float32, m.Items())
				answer("Score", m.Score(dst, q), dst, s.wrong)
				if e, ok := m.(recommend.Explainer); ok {
					reasons, err := e.AppendReasons(nil, q, 12, 3)
					var parts []float32
					for _, r := range reasons {
						parts = append(parts, r.Contribution)
					}
					answer("AppendReasons", err, parts, infinite)
				}
				if f, ok := m.(recommend.Folder); ok {
					v := make([]float32, f.Factors())
					answer("FoldIn", f.FoldIn(v, items, weights), v, infinite)
				}
			}
		}
	}
}
