package recommend_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/recommend"
)

var day0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

type (
	shopEvent = recommend.Event[string]
	shopSaw   = recommend.Observation[int, string]
	shopAsks  = recommend.Request[int, string]
	shopList  = []recommend.Recommendation[string]
)

// orderShop is a dataset of random sessions, some items coming twice, with models of
// order fitted on it and blends of them.
type orderShop struct {
	data    *recommend.Dataset[int, string]
	seqs    *recommend.Sequences
	models  map[string]recommend.Model
	history [][]string
}

func newOrderShop(t testing.TB, users, items int) *orderShop {
	t.Helper()
	b, err := recommend.NewBuilder[int, string](recommend.BuilderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s := &orderShop{history: make([][]string, users)}
	g := rng.New(7, 0, 0)
	for u := range users {
		at := g.Intn(items)
		for k := range 3 + g.Intn(12) {
			if at = (at + 1 + g.Intn(3)) % items; g.Bool(.3) {
				at = g.Intn(items)
			}
			id := fmt.Sprintf("i%02d", (at*7)%items) // the order of ids is none of the shop
			s.history[u] = append(s.history[u], id)
			if err := b.AddAt(u, id, 1, day0.Add(time.Duration(u)*time.Hour+time.Duration(k)*time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if s.data, err = b.Build(); err != nil {
		t.Fatal(err)
	}
	if s.seqs, err = b.Sequences(s.data); err != nil {
		t.Fatal(err)
	}
	s.models = orderModels(t, s.data.Interactions, s.seqs)
	return s
}

// orderModels are models that read order.
func orderModels(t testing.TB, x *recommend.Interactions, seqs *recommend.Sequences) map[string]recommend.Model {
	t.Helper()
	ctx := context.Background()
	must := func(m recommend.Model, err error) recommend.Model {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	markov, err := recommend.FitMarkov(ctx, seqs, recommend.MarkovOptions{})
	must(markov, err)
	knn, err := recommend.FitSessionKNN(ctx, seqs, recommend.SessionKNNOptions{})
	must(knn, err)
	basket, err := recommend.FitNextBasket(ctx, seqs, nil, recommend.NextBasketOptions{})
	must(basket, err)
	last, err := recommend.NewFunc(seqs.Len(), seqs.Items(), func(dst []float32, q recommend.Query) error {
		if len(q.Items) == 0 {
			return recommend.ErrEmpty
		}
		for i := range dst { // the place of the last visit, and a word for its weight
			dst[i] = float32(slices.Index(q.Items, int32(i)))*4 + float32(i)/float32(len(dst))
		}
		for k, i := range q.Items {
			dst[i] += float32(k) * q.Weight(k)
		}
		return nil
	})
	must(last, err)
	return map[string]recommend.Model{"markov": markov, "sessionknn": knn, "nextbasket": basket, "func": last}
}

func (s *orderShop) engine(t testing.TB, m recommend.Model) *recommend.Engine[int, string] {
	t.Helper()
	e, err := recommend.NewEngine(s.data, recommend.EngineOptions{
		Sources: []recommend.Source{{Name: "m", Model: m}},
		Live:    recommend.LiveOptions{Clock: func() time.Time { return day0.AddDate(1, 0, 0) }},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// direct is what the model answers to a stranger with that history.
func (s *orderShop) direct(t testing.TB, m recommend.Model, ids []string, k int) shopList {
	t.Helper()
	q := recommend.Query{User: recommend.Stranger}
	for _, id := range ids {
		q.Items = append(q.Items, s.data.Items.Of(id))
	}
	return directTop(t, s.data, m, q, k)
}

// directTop is the list of a model, of what it knows anything about.
func directTop[U recommend.ID](t testing.TB, d *recommend.Dataset[U, string], m recommend.Model, q recommend.Query, k int) shopList {
	t.Helper()
	top, err := recommend.NewRanker(m).AppendTop(nil, q, k, recommend.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	sparse := m.(recommend.SparseScorer).SparseScores()
	var out shopList
	for _, x := range top {
		if !sparse || x.Score > 0 {
			out = append(out, recommend.Recommendation[string]{Item: d.Items.ID(x.Item), Score: x.Score})
		}
	}
	return out
}

// sameList compares items and scores, with the part of an answer that a model gave.
func sameList(got, want shopList) bool {
	got = slices.DeleteFunc(slices.Clone(got), func(r recommend.Recommendation[string]) bool { return r.Source != "m" })
	return slices.EqualFunc(got, want, func(a, b recommend.Recommendation[string]) bool { return a.Item == b.Item && a.Score == b.Score })
}

func ask(t testing.TB, e *recommend.Engine[int, string], r shopAsks) shopList {
	t.Helper()
	got, err := e.Recommend(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// The last click of a session decides, in whichever order the request lists it.
func TestEngineOrderLastClick(t *testing.T) {
	b, _ := recommend.NewBuilder[int, string](recommend.BuilderOptions{})
	for u := 0; u < 60; u += 2 {
		for k, i := range []string{"a", "b"} {
			_ = b.AddAt(u, i, 1, day0.Add(time.Duration(u*100+k)*time.Minute))
		}
		for k, i := range []string{"c", "d"} {
			_ = b.AddAt(u+1, i, 1, day0.Add(time.Duration(u*100+k)*time.Minute))
		}
	}
	d, _ := b.Build()
	seqs, err := b.Sequences(d)
	if err != nil {
		t.Fatal(err)
	}
	s := &orderShop{data: d, seqs: seqs}
	markov, err := recommend.FitMarkov(context.Background(), seqs, recommend.MarkovOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for user, c := range map[int]struct {
		session []string
		next    string
	}{100: {[]string{"a", "c"}, "d"}, 101: {[]string{"c", "a"}, "b"}} {
		e := s.engine(t, markov)
		var h []shopEvent
		for k, i := range c.session {
			h = append(h, shopEvent{Item: i, At: day0.Add(time.Duration(k) * time.Hour)})
			if err := e.Observe(shopSaw{User: user, Item: i, At: day0.AddDate(0, 6, 0).Add(time.Duration(k) * time.Nanosecond)}); err != nil {
				t.Fatal(err)
			}
		}
		reversed := slices.Clone(h)
		slices.Reverse(reversed)
		undated := []shopEvent{{Item: c.session[0]}, {Item: c.session[1]}}
		numbered := []shopEvent{{Item: c.session[1], At: day0, Seq: 2}, {Item: c.session[0], At: day0, Seq: 1}}
		for name, r := range map[string]shopAsks{
			"history": {Anonymous: true, History: h}, "listed backwards": {Anonymous: true, History: reversed},
			"without times": {Anonymous: true, History: undated}, "by number": {Anonymous: true, History: numbered}, "observed": {User: user},
		} {
			r.K = 1
			if got := ask(t, e, r); len(got) != 1 || got[0].Item != c.next || got[0].Score < .69 || got[0].Score > .71 {
				t.Errorf("%v, %s: %+v, want %s with .7", c.session, name, got, c.next)
			}
		}
	}
}

// Whatever is stored, observed and sent along, a model of order behind an engine
// answers what it answers to the sequence.
func TestEngineOrderIsTheModels(t *testing.T) {
	s := newOrderShop(t, 40, 20)
	const all = 40
	for name, m := range s.models {
		e := s.engine(t, m)
		for u, h := range s.history {
			want := directTop(t, s.data, m, s.seqs.Query(u), all)
			if got := ask(t, e, shopAsks{User: u, K: all, Seen: recommend.KeepSeen}); !sameList(got, want) {
				t.Fatalf("%s, user %d as stored: %v\nwant %v", name, u, got, want)
			}
			when := day0.AddDate(0, 6, 0)
			live := []string{h[0], "i03", h[0], "i11"}
			for k, id := range live { // the third arrives last
				k = (k + 1) % len(live)
				id = live[k]
				if err := e.Observe(shopSaw{User: u, Item: id, Weight: float32(k + 1), At: when.Add(time.Duration(k) * time.Nanosecond)}); err != nil {
					t.Fatal(err)
				}
			}
			want = s.direct(t, m, append(slices.Clone(h), live...), all)
			r := shopAsks{User: u, K: all, Seen: recommend.KeepSeen}
			if name != "func" { // which reads weights
				if got := ask(t, e, r); !sameList(got, want) {
					t.Fatalf("%s, user %d with live events: %v\nwant %v", name, u, got, want)
				}
			}
			r.History = []shopEvent{{Item: h[1]}, {Item: "i05"}, {Item: h[1]}}
			want = s.direct(t, m, append(append(slices.Clone(h), live...), h[1], "i05", h[1]), all)
			if name != "func" {
				if got := ask(t, e, r); !sameList(got, want) {
					t.Fatalf("%s, user %d with a history: %v\nwant %v", name, u, got, want)
				}
			}
			r.SessionStart = when.Add(2)
			if name != "nextbasket" && name != "func" {
				want = s.direct(t, m, []string{h[0], "i11", h[1], "i05", h[1]}, all)
			}
			if got := ask(t, e, r); name != "func" && !sameList(got, want) {
				t.Fatalf("%s, user %d with a session: %v\nwant %v", name, u, got, want)
			}
			r = shopAsks{Anonymous: true, K: all, Seen: recommend.KeepSeen}
			for _, id := range h {
				r.History = append(r.History, shopEvent{Item: id})
			}
			if got, want := ask(t, e, r), s.direct(t, m, h, all); !sameList(got, want) {
				t.Fatalf("%s, history of user %d: %v\nwant %v", name, u, got, want)
			}
		}
	}
}
