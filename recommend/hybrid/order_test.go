package hybrid_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/hybrid"
)

var orderStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// sessions is a dataset in which every user is one session, and models of order with
// hybrids that contain them, each with models that read a set beside them.
type sessions struct {
	data   *recommend.Dataset[int, int]
	names  []string
	models []recommend.Model
}

// fitSessions fits the models named; nil means all.
func fitSessions(t testing.TB, train [][]int, names []string) *sessions {
	t.Helper()
	ctx := context.Background()
	b, err := recommend.NewBuilder[int, int](recommend.BuilderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for u, items := range train {
		for k, i := range items {
			if err := b.AddAt(u, i, 1, orderStart.Add(time.Duration(u)*time.Minute+time.Duration(k))); err != nil {
				t.Fatal(err)
			}
		}
	}
	s := &sessions{}
	if s.data, err = b.Build(); err != nil {
		t.Fatal(err)
	}
	seqs, err := s.data.Interactions.Sequences()
	if err != nil {
		t.Fatal(err)
	}
	must := func(m recommend.Model, err error) recommend.Model {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	knn, err := recommend.FitItemKNN(ctx, s.data.Interactions, recommend.ItemKNNOptions{Neighbors: 50})
	must(knn, err)
	popular, err := recommend.FitPopular(ctx, s.data.Interactions, recommend.PopularOptions{})
	must(popular, err)
	markov, err := recommend.FitMarkov(ctx, seqs, recommend.MarkovOptions{})
	must(markov, err)
	basket, err := recommend.FitNextBasket(ctx, seqs, nil, recommend.NextBasketOptions{})
	must(basket, err)
	session, err := recommend.FitSessionKNN(ctx, seqs, recommend.SessionKNNOptions{})
	must(session, err)
	blend := func(models ...recommend.Model) recommend.Model {
		var parts []hybrid.Weighted
		for _, m := range models {
			parts = append(parts, hybrid.Weighted{Model: m})
		}
		m, err := hybrid.NewBlend(parts, hybrid.BlendOptions{})
		return must(m, err)
	}
	parts := []hybrid.Weighted{{Model: markov}, {Model: knn}}
	rrf, err := hybrid.NewRRF(parts, hybrid.RRFOptions{})
	must(rrf, err)
	borda, err := hybrid.NewBorda(parts, hybrid.BordaOptions{})
	must(borda, err)
	cascade, err := hybrid.NewCascade(knn, markov, hybrid.CascadeOptions{})
	must(cascade, err)
	either, err := hybrid.NewSwitch(func(q recommend.Query) int { return len(q.Items) % 2 }, markov, knn)
	must(either, err)
	for _, c := range []struct {
		name string
		m    recommend.Model
	}{
		{"markov", markov},
		{"sessionknn", session},
		{"nextbasket", basket},
		{"blend/markov", blend(markov, knn)},
		{"blend/sessionknn", blend(session, knn)},
		{"blend/nextbasket", blend(basket, knn)},
		{"blend/nested", blend(popular, blend(knn, markov))},
		{"rrf", rrf},
		{"borda", borda},
		{"cascade", cascade},
		{"switch", either},
	} {
		if names == nil || slices.Contains(names, c.name) {
			s.names, s.models = append(s.names, c.name), append(s.models, c.m)
		}
	}
	return s
}

// check compares what an engine over each model answers to a prefix, sent along and
// observed, with the model asked directly: item for item and score for score.
func (s *sessions) check(t *testing.T, prefixes [][]int, k int) {
	for n, m := range s.models {
		t.Run(s.names[n], func(t *testing.T) {
			e, err := recommend.NewEngine(s.data, recommend.EngineOptions{
				Sources: []recommend.Source{{Name: "m", Model: m}},
				Live:    recommend.LiveOptions{PerUser: 1000, Clock: func() time.Time { return orderStart.AddDate(2, 0, 0) }},
			})
			if err != nil {
				t.Fatal(err)
			}
			ranker := recommend.NewRanker(m)
			sparse := m.(recommend.SparseScorer).SparseScores()
			var top []recommend.Scored
			var got []recommend.Recommendation[int]
			answered := 0
			for p, prefix := range prefixes {
				q := recommend.Query{User: recommend.Stranger}
				r := recommend.Request[int, int]{Anonymous: true, K: k, Seen: recommend.KeepSeen}
				for _, id := range prefix {
					if i := s.data.Items.Of(id); i >= 0 {
						q.Items = append(q.Items, i)
					}
					r.History = append(r.History, recommend.Event[int]{Item: id})
				}
				if top, err = ranker.AppendTop(top[:0], q, k, recommend.Filter{}); err != nil && !errors.Is(err, recommend.ErrEmpty) {
					t.Fatal(err)
				}
				if err == nil {
					answered++
				}
				for _, way := range []string{"history", "observed"} {
					if way == "observed" { // in another order than it happened
						g := rng.New(uint64(p), 0, 0)
						order := make([]int, len(prefix))
						for k := range order {
							at := g.Intn(k + 1)
							order[k], order[at] = order[at], k
						}
						for _, k := range order {
							err := e.Observe(recommend.Observation[int, int]{User: -1 - p, Item: prefix[k], At: orderStart.AddDate(1, 0, 0).Add(time.Duration(k))})
							if err != nil {
								t.Fatal(err)
							}
						}
						r = recommend.Request[int, int]{User: -1 - p, K: k, Seen: recommend.KeepSeen}
					}
					if got, err = e.Recommend(got[:0], r); err != nil {
						t.Fatal(err)
					}
					at := 0
					for _, x := range top {
						if !(x.Score >= -3e38) || sparse && x.Score <= 0 {
							continue
						}
						if at >= len(got) || got[at].Source != "m" || got[at].Item != s.data.Items.ID(x.Item) || got[at].Score != x.Score {
							t.Fatalf("prefix %d, %v, %s: %+v\nwant %v", p, prefix, way, got, top)
						}
						at++
					}
					if at < len(got) && got[at].Source == "m" {
						t.Fatalf("prefix %d, %v, %s: more than the model says: %+v", p, prefix, way, got)
					}
				}
			}
			if answered == 0 {
				t.Error("the model answered nothing")
			}
			t.Logf("%d prefixes, %d answered", len(prefixes), answered)
		})
	}
}

func TestEngineOrderOfHybrids(t *testing.T) {
	g := rng.New(3, 0, 0)
	draw := func(n int) [][]int {
		out := make([][]int, n)
		for u := range out {
			at := g.Intn(30)
			for range 1 + g.Intn(10) {
				at = (at + g.Intn(4)) % 30
				out[u] = append(out[u], (at*11)%30)
			}
		}
		return out
	}
	fitSessions(t, draw(80), nil).check(t, draw(100), 40)
}

// On public sessions: a sample of the test prefixes, or all of them, with
//
//	AISLE_LONG=1 go test -timeout 3h -run EngineOrderShared -v ./recommend/hybrid
func TestEngineOrderShared(t *testing.T) {
	for _, name := range []string{"yoochoose1-64", "retailrocket-sessions", "tmall-sessions"} {
		t.Run(name, func(t *testing.T) {
			train := readSessions(t, testkit.ReadShared(t, "data", name, "train_sessions.txt.gz"))
			prefixes := readSessions(t, testkit.ReadShared(t, "data", name, "test.txt.gz"))
			if os.Getenv("AISLE_LONG") == "" {
				train = train[len(train)-3000:]
				var some [][]int
				for p := 0; p < len(prefixes); p += len(prefixes)/60 + 1 {
					some = append(some, prefixes[p])
				}
				prefixes = some
			}
			names := []string{"markov", "sessionknn", "nextbasket", "blend/markov", "blend/sessionknn", "blend/nextbasket"}
			fitSessions(t, train, names).check(t, prefixes, 20)
		})
	}
}

// readSessions reads lines of items, up to a tab.
func readSessions(t testing.TB, raw []byte) [][]int {
	t.Helper()
	var out [][]int
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "\t")
		var items []int
		for _, f := range strings.Fields(line) {
			id, err := strconv.Atoi(f)
			if err != nil {
				t.Fatal(err)
			}
			items = append(items, id)
		}
		out = append(out, items)
	}
	if lines.Err() != nil || len(out) == 0 {
		t.Fatalf("%d lines, %v", len(out), lines.Err())
	}
	return out
}
