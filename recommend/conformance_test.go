package recommend

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"sync"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// conformant is a model under the common suite. To add a model, add a line.
type conformant struct {
	name string
	fit  func(ctx context.Context, x *Interactions) (Persistent, error)
	// learns says that the model must rank a planted group structure well.
	learns bool
}

var conformants = []conformant{
	{"popular", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitPopular(ctx, x, PopularOptions{})
	}, false},
	{"itemknn/cosine", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitItemKNN(ctx, x, ItemKNNOptions{})
	}, true},
	{"itemknn/bm25", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitItemKNN(ctx, x, ItemKNNOptions{Weighting: BM25, Neighbors: 20})
	}, true},
	{"itemknn/tfidf", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitItemKNN(ctx, x, ItemKNNOptions{Weighting: TFIDF, Shrinkage: 2})
	}, true},
	{"itemknn/jaccard", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitItemKNN(ctx, x, ItemKNNOptions{Similarity: Jaccard, Shrinkage: 1})
	}, true},
	{"itemknn/loglikelihood", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitItemKNN(ctx, x, ItemKNNOptions{Similarity: LogLikelihood})
	}, true},
	{"itemknn/pearson", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitItemKNN(ctx, x, ItemKNNOptions{Similarity: Pearson})
	}, false}, // the suite is binary, where nothing is like anything
	{"itemknn/pearson,tfidf", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitItemKNN(ctx, x, ItemKNNOptions{Similarity: Pearson, Weighting: TFIDF})
	}, false},
	{"itemknn/adjusted,bm25", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitItemKNN(ctx, x, ItemKNNOptions{Similarity: AdjustedCosine, Weighting: BM25, Shrinkage: 1})
	}, false},
	{"als/cg", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitALS(ctx, x, ALSOptions{Factors: 8, Iterations: 5})
	}, true},
	{"als/cholesky", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitALS(ctx, x, ALSOptions{Factors: 8, Iterations: 5, Solver: Cholesky})
	}, true},
	{"als/subspace", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitALS(ctx, x, ALSOptions{Factors: 24, Iterations: 5, Solver: Subspace, BlockSize: 10})
	}, true},
	{"rp3beta", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitRP3Beta(ctx, x, RP3BetaOptions{Normalize: true})
	}, true},
	{"p3alpha", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitRP3Beta(ctx, x, RP3BetaOptions{Beta: -1, Alpha: 1, UseWeights: true})
	}, true},
	{"userknn/cosine", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitUserKNN(ctx, x, UserKNNOptions{Neighbors: 20})
	}, true},
	{"userknn/bm25", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitUserKNN(ctx, x, UserKNNOptions{Weighting: BM25, Power: 2})
	}, true},
	{"userknn/pearson,bm25", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitUserKNN(ctx, x, UserKNNOptions{Similarity: Pearson, Weighting: BM25})
	}, false},
	{"userknn/adjusted,tfidf", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitUserKNN(ctx, x, UserKNNOptions{Similarity: AdjustedCosine, Weighting: TFIDF})
	}, false},
	{"turbocf", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitTurboCF(ctx, x, TurboCFOptions{})
	}, true},
	{"turbocf/2", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitTurboCF(ctx, x, TurboCFOptions{Order: 2, UseWeights: true})
	}, true},
	{"ease", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitEASE(ctx, x, EASEOptions{L2: 5})
	}, true},
	{"edlae", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitEASE(ctx, x, EASEOptions{L2: 5, Dropout: 0.3, UseWeights: true})
	}, true},
	{"rdlae", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitEASE(ctx, x, EASEOptions{L2: 5, Dropout: 0.3, Diagonal: 0.2})
	}, true},
	{"bpr", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitBPR(ctx, x, BPROptions{Factors: 8})
	}, true},
	{"warp", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitWARP(ctx, x, WARPOptions{Factors: 8})
	}, true},
	{"lmf", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitLMF(ctx, x, LMFOptions{Factors: 8})
	}, true},
	{"mf", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitMF(ctx, x, MFOptions{Factors: 8})
	}, false},
	{"mf/alternating", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitMF(ctx, x, MFOptions{Factors: 8, Alternating: true, Regularization: -1})
	}, false},
	{"svdpp", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitSVDPP(ctx, x, SVDPPOptions{Factors: 8})
	}, false},
	{"fm", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitFM(ctx, x, FMOptions{Factors: 8, Epochs: 100})
	}, true},
	{"fm/clicks", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitFM(ctx, x, FMOptions{Task: FMClicks, Factors: 8})
	}, true},
	{"bpr/dns", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitBPR(ctx, x, BPROptions{Factors: 7, Candidates: 4})
	}, true},
	{"puresvd", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitPureSVD(ctx, x, PureSVDOptions{Factors: 4})
	}, true},
	{"puresvd/scaled", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitPureSVD(ctx, x, PureSVDOptions{Factors: 6, Scale: 0.5, UseWeights: true})
	}, true},
	{"gfcf", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitGFCF(ctx, x, GFCFOptions{Factors: 5})
	}, true},
	{"gfcf/linear", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitGFCF(ctx, x, GFCFOptions{Alpha: -1, Neighbors: -1, UseWeights: true})
	}, true},
	{"bspm", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitBSPM(ctx, x, BSPMOptions{Factors: 5})
	}, true},
	{"bspm/linear", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitBSPM(ctx, x, BSPMOptions{Beta: -1, Neighbors: 7, UseWeights: true})
	}, true},
	{"sparseease", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitSparseEASE(ctx, x, SparseEASEOptions{L2: 5, Neighbors: 20})
	}, true},
	{"sparseease/dropout", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitSparseEASE(ctx, x, SparseEASEOptions{L2: 5, Dropout: 0.3, UseWeights: true})
	}, true},
	{"slim", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitSLIM(ctx, x, SLIMOptions{L2: 5})
	}, true},
	{"slim/signed", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitSLIM(ctx, x, SLIMOptions{L1: -1, L2: 5, Signed: true, UseWeights: true, Candidates: 20})
	}, true},
	{"nmf", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitNMF(ctx, x, NMFOptions{Factors: 6, L2: 0.1, Seed: 4})
	}, true},
	{"nmf/sparse", func(ctx context.Context, x *Interactions) (Persistent, error) {
		return FitNMF(ctx, x, NMFOptions{Factors: 6, L1: 0.05, L2: -1, UseWeights: true})
	}, true},
	{"sessionknn", func(ctx context.Context, x *Interactions) (Persistent, error) {
		s, err := inOrder(x)
		if err != nil {
			return nil, err
		}
		return FitSessionKNN(ctx, s, SessionKNNOptions{})
	}, true},
	{"markov", func(ctx context.Context, x *Interactions) (Persistent, error) {
		s, err := inOrder(x)
		if err != nil {
			return nil, err
		}
		return FitMarkov(ctx, s, MarkovOptions{})
	}, true},
	{"item2vec", func(ctx context.Context, x *Interactions) (Persistent, error) {
		s, err := inOrder(x)
		if err != nil {
			return nil, err
		}
		return FitItem2Vec(ctx, s, Item2VecOptions{Factors: 8, Subsample: -1})
	}, true},
	{"nextbasket", func(ctx context.Context, x *Interactions) (Persistent, error) {
		s, err := inOrder(x)
		if err != nil {
			return nil, err
		}
		return FitNextBasket(ctx, s, nil, NextBasketOptions{Neighbors: 10, Own: 0.3})
	}, true},
	{"categorypopular", func(ctx context.Context, x *Interactions) (Persistent, error) {
		cats, err := groupCategories(x)
		if err != nil {
			return nil, err
		}
		return FitCategoryPopular(ctx, x, cats, PopularOptions{})
	}, true},
}

// groups returns a matrix in which users of group g take items of group g, with
// a little noise, an empty user and an item nobody took.
func groups(users, items, n int, seed uint64) *Interactions {
	rows := make([][]int32, users)
	for u := range rows {
		r := rng.New(seed, 1, uint64(u))
		if u == users-1 {
			continue
		}
		taken := map[int32]bool{}
		for len(taken) < n {
			i := r.Intn(items - 1)
			if r.Bool(0.95) {
				i = i/4*4 + u%4
			}
			if i < items-1 && !taken[int32(i)] {
				taken[int32(i)] = true
				rows[u] = append(rows[u], int32(i))
			}
		}
	}
	x, err := InteractionsFromRows(items, rows)
	if err != nil {
		panic(err)
	}
	return x
}

func mustFit(t testing.TB, c conformant, x *Interactions) Persistent {
	t.Helper()
	m, err := c.fit(context.Background(), x)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func mustMarshal(t testing.TB, m Persistent) []byte {
	t.Helper()
	b, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestConformance(t *testing.T) {
	x := groups(60, 48, 8, 3)
	for _, c := range conformants {
		t.Run(c.name, func(t *testing.T) {
			m := mustFit(t, c, x)
			if m.Users() != x.Users() || m.Items() != x.Items() {
				t.Fatalf("model is %d×%d, want %d×%d", m.Users(), m.Items(), x.Users(), x.Items())
			}
			t.Run("learns", func(t *testing.T) { conformLearns(t, c, x, m) })
			t.Run("queries", func(t *testing.T) { conformQueries(t, x, m) })
			t.Run("top", func(t *testing.T) { conformTop(t, x, m) })
			t.Run("round trip", func(t *testing.T) { conformRoundTrip(t, x, m) })
			t.Run("similar", func(t *testing.T) { conformSimilar(t, x, m) })
			t.Run("similar users", func(t *testing.T) { conformSimilarUsers(t, c, x, m) })
			t.Run("reasons", func(t *testing.T) { conformReasons(t, x, m) })
			t.Run("readers", func(t *testing.T) { conformReaders(t, x, m) })
			t.Run("same bytes", func(t *testing.T) {
				testkit.AtGOMAXPROCS(t, func() []byte { return mustMarshal(t, mustFit(t, c, groups(60, 48, 8, 3))) })
			})
			t.Run("bad input", func(t *testing.T) { conformBadInput(t, c, x) })
			t.Run("degenerate", func(t *testing.T) { conformDegenerate(t, c) })
		})
	}
}

// conformLearns: among items the user does not have, those of the own group
// must come first far more often than by chance.
func conformLearns(t *testing.T, c conformant, x *Interactions, m Model) {
	if !c.learns {
		return
	}
	r := NewRanker(m)
	own, all := 0, 0
	for u := range x.Users() - 1 {
		q := x.Query(u)
		top, err := r.AppendTop(nil, q, 3, Filter{Items: q.Items})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range top {
			all++
			if int(s.Item)%4 == u%4 {
				own++
			}
		}
	}
	if float64(own) < 0.8*float64(all) {
		t.Errorf("%d of %d recommendations are of the user's group", own, all)
	}
}

func conformQueries(t *testing.T, x *Interactions, m Model) {
	dst := make([]float32, m.Items())
	q := x.Query(0)
	if err := m.Score(dst[:len(dst)-1], q); !errors.Is(err, ErrShape) {
		t.Errorf("short dst: %v", err)
	}
	for _, bad := range []int32{-1, int32(m.Items()), math.MaxInt32, math.MinInt32} {
		if err := m.Score(dst, Query{User: Stranger, Items: []int32{0, bad}}); !errors.Is(err, ErrRange) {
			t.Errorf("history item %d: %v", bad, err)
		}
	}
	if err := m.Score(dst, Query{User: Stranger, Items: []int32{0}, Weights: []float32{1, 2}}); !errors.Is(err, ErrShape) {
		t.Errorf("weights of another length: %v", err)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if err := m.Score(dst, Query{User: Stranger, Items: []int32{0, 1}, Weights: []float32{1, float32(bad)}}); !errors.Is(err, ErrRange) || !errors.Is(err, ErrNotFinite) {
			t.Errorf("weight %v: %v", bad, err)
		}
	}
	// Strangers: unknown index, no history, the user without entries.
	for name, q := range map[string]Query{"stranger": {User: Stranger}, "beyond": {User: int32(x.Users())}, "empty user": x.Query(x.Users() - 1)} {
		err := m.Score(dst, q)
		if _, everybody := m.(*Popular); everybody {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		} else if !errors.Is(err, ErrEmpty) {
			t.Errorf("%s: error is %v, want ErrEmpty", name, err)
		}
	}
	// A stranger with a known user's history is answered, with finite scores.
	h := x.Query(1)
	h.User = Stranger
	if err := m.Score(dst, h); err != nil {
		t.Fatal(err)
	}
	for i, s := range dst {
		if math.IsNaN(float64(s)) || math.IsInf(float64(s), 0) {
			t.Fatalf("score of item %d is %v", i, s)
		}
	}
	if n := testing.AllocsPerRun(50, func() {
		if m.Score(dst, q) != nil || m.Score(dst, h) != nil {
			t.Error("score failed")
		}
	}); n > 0 && !testkit.Race {
		t.Errorf("Score allocates %v times", n)
	}
}

// conformTop: the ranker equals a full sort for random filters.
func conformTop(t *testing.T, x *Interactions, m Model) {
	r := NewRanker(m)
	g := rng.New(5, 0, 0)
	n := m.Items()
	scores := make([]float32, n)
	for range 200 {
		q := x.Query(g.Intn(x.Users() - 1))
		f := Filter{}
		if g.Bool(0.5) {
			f.Items = q.Items
		}
		if g.Bool(0.5) {
			f.Allow = ItemSetFunc(n, func(int32) bool { return g.Bool(0.6) })
		}
		if g.Bool(0.5) {
			f.Deny = ItemSetFunc(n, func(int32) bool { return g.Bool(0.3) })
		}
		k := g.Intn(n + 3)
		got, err := r.AppendTop([]Scored{{-7, 7}}, q, k, f)
		if err != nil {
			t.Fatal(err)
		}
		if got[0] != (Scored{-7, 7}) {
			t.Fatal("dst was not appended to")
		}
		got = got[1:]
		if err := m.Score(scores, q); err != nil {
			t.Fatal(err)
		}
		want := slowTop(scores, k, func(i int32) bool {
			for _, j := range f.Items {
				if i == j {
					return false
				}
			}
			return (f.Allow == nil || f.Allow.Has(i)) && (f.Deny == nil || !f.Deny.Has(i))
		})
		if len(got) != len(want) {
			t.Fatalf("%d results, want %d", len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("result %d is %v, want %v", i, got[i], want[i])
			}
		}
	}
	other, _ := NewItemSet(n + 1)
	if _, err := r.AppendTop(nil, x.Query(0), 3, Filter{Allow: other}); !errors.Is(err, ErrMismatch) {
		t.Errorf("set of another catalogue: %v", err)
	}
}

// slowTop is the oracle: take the best remaining item k times.
func slowTop(scores []float32, k int, eligible func(int32) bool) []Scored {
	var out []Scored
	used := make([]bool, len(scores))
	for range k {
		best := -1
		for i, s := range scores {
			if !used[i] && eligible(int32(i)) && (best < 0 || s > scores[best]) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		used[best] = true
		out = append(out, Scored{int32(best), scores[best]})
	}
	return out
}

func conformRoundTrip(t *testing.T, x *Interactions, m Persistent) {
	data := mustMarshal(t, m)
	stream := append(bytes.Clone(data), "rest"...)
	src := bytes.NewReader(stream)
	back, err := ReadModel(src)
	if err != nil {
		t.Fatal(err)
	}
	if rest, _ := io.ReadAll(src); string(rest) != "rest" {
		t.Errorf("ReadModel left %q", rest)
	}
	if !bytes.Equal(mustMarshal(t, back), data) {
		t.Error("encode, decode, encode gives other bytes")
	}
	a, b := make([]float32, m.Items()), make([]float32, m.Items())
	for u := range x.Users() - 1 {
		if err := errors.Join(m.Score(a, x.Query(u)), back.Score(b, x.Query(u))); err != nil {
			t.Fatal(err)
		}
		for i := range a {
			if a[i] != b[i] {
				t.Fatalf("user %d item %d: %v before, %v after", u, i, a[i], b[i])
			}
		}
	}
	for n := range data {
		cut := data[:n]
		if err := back.UnmarshalBinary(cut); err == nil {
			t.Fatalf("accepted %d of %d bytes", n, len(data))
		}
		flip := bytes.Clone(data)
		flip[n] ^= 0x41
		if err := back.UnmarshalBinary(flip); err == nil {
			t.Fatalf("accepted a flipped byte at %d", n)
		}
	}
	if !bytes.Equal(mustMarshal(t, back), data) {
		t.Error("a failed decode changed the model")
	}
}

func conformSimilar(t *testing.T, x *Interactions, m Model) {
	s, ok := m.(Similar)
	if !ok {
		return
	}
	for _, bad := range []int32{-1, int32(m.Items())} {
		if _, err := s.AppendSimilar(nil, bad, 3); !errors.Is(err, ErrUnknownID) {
			t.Errorf("item %d: %v", bad, err)
		}
	}
	same, all := 0, 0
	for i := range int32(m.Items()) {
		got, err := s.AppendSimilar(nil, i, 4)
		if err != nil || len(got) > 4 {
			t.Fatal(len(got), err)
		}
		for k, o := range got {
			if o.Item == i {
				t.Errorf("item %d is its own neighbour", i)
			}
			if k > 0 && (got[k-1].Score < o.Score || got[k-1].Score == o.Score && got[k-1].Item >= o.Item) {
				t.Errorf("item %d: neighbours out of order: %v", i, got)
			}
			all++
			if o.Item%4 == i%4 {
				same++
			}
		}
	}
	// Equal ratings, as those of the suite are, tell nothing about groups.
	if _, rates := m.(predictor); !rates && float64(same) < 0.7*float64(all) {
		t.Errorf("%d of %d neighbours are of the item's group", same, all)
	}
	for _, k := range []int{0, -1} {
		if got, err := s.AppendSimilar(nil, 0, k); err != nil || len(got) != 0 {
			t.Errorf("k=%d: %v, %v", k, got, err)
		}
	}
}

func conformSimilarUsers(t *testing.T, c conformant, x *Interactions, m Model) {
	s, ok := m.(SimilarUsers)
	if !ok {
		if _, vectors := m.(interface{ UserVector(u int) []float32 }); vectors {
			t.Error("has vectors of users, but names no users like another")
		}
		return
	}
	for _, bad := range []int32{-1, int32(m.Users())} {
		if _, err := s.AppendSimilarUsers(nil, bad, 3); !errors.Is(err, ErrUnknownID) {
			t.Errorf("user %d: %v", bad, err)
		}
	}
	same, all := 0, 0
	for u := range int32(m.Users()) {
		got, err := s.AppendSimilarUsers([]UserScore{{-7, 7}}, u, 4)
		if err != nil || len(got) > 5 || got[0] != (UserScore{-7, 7}) {
			t.Fatal(got, err)
		}
		got = got[1:]
		if items, _ := x.Row(int(u)); len(items) == 0 && len(got) > 0 {
			t.Errorf("user %d has no entries, but is like %v", u, got)
		}
		for k, o := range got {
			if o.User == u {
				t.Errorf("user %d is its own neighbour", u)
			}
			if k > 0 && (got[k-1].Score < o.Score || got[k-1].Score == o.Score && got[k-1].User >= o.User) {
				t.Errorf("user %d: neighbours out of order: %v", u, got)
			}
			all++
			if o.User%4 == u%4 {
				same++
			}
		}
	}
	if c.learns && float64(same) < 0.7*float64(all) {
		t.Errorf("%d of %d neighbours are of the user's group", same, all)
	}
	for _, k := range []int{0, -1} {
		if got, err := s.AppendSimilarUsers(nil, 0, k); err != nil || len(got) != 0 {
			t.Errorf("k=%d: %v, %v", k, got, err)
		}
	}
}

func conformReasons(t *testing.T, x *Interactions, m Model) {
	e, ok := m.(Explainer)
	if !ok {
		return
	}
	scores := make([]float32, m.Items())
	for u := range x.Users() - 1 {
		q := x.Query(u)
		if err := m.Score(scores, q); err != nil {
			t.Fatal(err)
		}
		for _, i := range []int32{0, 7, int32(m.Items() - 1)} {
			all, err := e.AppendReasons(nil, q, i, len(q.Items))
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for k, r := range all {
				sum += float64(r.Contribution)
				if k > 0 && all[k-1].Contribution < r.Contribution {
					t.Errorf("reasons out of order: %v", all)
				}
			}
			if math.Abs(sum-float64(scores[i])) > 1e-3*max(1, math.Abs(float64(scores[i]))) {
				t.Errorf("user %d item %d: reasons add up to %v, score is %v", u, i, sum, scores[i])
			}
			two, err := e.AppendReasons(nil, q, i, 2)
			if err != nil || len(two) > 2 || len(two) > 0 && two[0] != all[0] {
				t.Errorf("two reasons: %v, %v", two, err)
			}
		}
	}
	if _, err := e.AppendReasons(nil, x.Query(0), int32(m.Items()), 1); !errors.Is(err, ErrUnknownID) {
		t.Errorf("unknown item: %v", err)
	}
	if _, err := e.AppendReasons(nil, Query{User: 0, Items: []int32{-1}}, 0, 1); !errors.Is(err, ErrRange) {
		t.Errorf("history out of range: %v", err)
	}
}

func conformReaders(t *testing.T, x *Interactions, m Model) {
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			r := NewRanker(m)
			for u := range x.Users() - 1 {
				q := x.Query(u)
				if w%2 == 1 {
					q.User = Stranger
				}
				if _, err := r.AppendTop(nil, q, 5, Filter{}); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	wg.Wait()
}

func conformBadInput(t *testing.T, c conformant, x *Interactions) {
	stop := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(stop)
	if _, err := c.fit(ctx, x); !errors.Is(err, stop) {
		t.Errorf("cancelled: %v", err)
	}
	none, _ := InteractionsFromRows(4, make([][]int32, 3))
	zero, _ := InteractionsFromRows(0, nil)
	for name, x := range map[string]*Interactions{"nil": nil, "no entries": none, "no rows": zero} {
		if _, err := c.fit(context.Background(), x); !errors.Is(err, ErrEmpty) {
			t.Errorf("%s: %v", name, err)
		}
	}
	negative, err := NewInteractions(2, 2, []int64{0, 1, 2}, []int32{0, 1}, []float32{1, -1})
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.fit(context.Background(), negative)
	if _, rates := m.(predictor); rates && err == nil {
		return // a rating may be negative
	}
	if !errors.Is(err, ErrRange) {
		t.Errorf("negative weight: %v", err)
	}
}

// conformDegenerate: one user, one item, zero weights, everything equal; all with
// more factors and neighbours than items.
func conformDegenerate(t *testing.T, c conformant) {
	one, _ := InteractionsFromRows(1, [][]int32{{0}})
	oneUser, _ := InteractionsFromRows(5, [][]int32{{0, 2, 3}})
	oneItem, _ := InteractionsFromRows(1, [][]int32{{0}, {0}, {}, {0}})
	full, _ := InteractionsFromRows(3, [][]int32{{0, 1, 2}, {0, 1, 2}})
	zeros, _ := NewInteractions(2, 3, []int64{0, 2, 4}, []int32{0, 1, 1, 2}, []float32{0, 0, 0, 0})
	huge, _ := NewInteractions(2, 3, []int64{0, 2, 4}, []int32{0, 1, 1, 2}, []float32{1e6, 1, 1e-6, 1e6})
	for name, x := range map[string]*Interactions{"one": one, "one user": oneUser, "one item": oneItem, "full": full, "zeros": zeros, "huge": huge} {
		m, err := c.fit(context.Background(), x)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		top, err := NewRanker(m).AppendTop(nil, x.Query(0), 10, Filter{})
		if err != nil && !errors.Is(err, ErrEmpty) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && len(top) != x.Items() {
			t.Errorf("%s: %d results, want all %d", name, len(top), x.Items())
		}
	}
}

func FuzzReadModel(f *testing.F) {
	x := groups(12, 9, 3, 1)
	for _, c := range conformants {
		m, err := c.fit(context.Background(), x)
		if err != nil {
			f.Fatal(err)
		}
		data, err := m.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		// The checksum stops almost all damage; repair it, so that the payload
		// checks are reached.
		m, err := ReadModel(bytes.NewReader(testkit.Refit(data)))
		if err != nil {
			return
		}
		dst := make([]float32, m.Items())
		_ = m.Score(dst, Query{User: 0, Items: []int32{0}})
	})
}
