package recommend_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/hybrid"
)

// shop is a dataset of three groups of three items each, and of 60 users.
func shop(t testing.TB, items ...string) *recommend.Dataset[int, string] {
	t.Helper()
	return must(shopEvents(t, 60, items...).Build())(t)
}

func shopEvents(t testing.TB, users int, items ...string) *recommend.Builder[int, string] {
	t.Helper()
	b := must(recommend.NewBuilder[int, string](recommend.BuilderOptions{}))(t)
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for u := range users {
		for j, item := range items {
			if j/3 == u%3 && (u+j)%4 != 0 {
				at = at.Add(time.Minute)
				if err := b.AddAt(u, item, 1, at); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return b
}

var (
	oldItems = []string{"bread", "butter", "jam", "nail", "hammer", "screw", "pen", "paper", "ink"}
	nowItems = []string{"bread", "butter", "zinc", "nail", "hammer", "screw", "pen", "paper", "ink"}
)

func reread(t testing.TB, m recommend.Persistent) recommend.Persistent {
	t.Helper()
	var buf bytes.Buffer
	must(recommend.WriteModel(&buf, m))(t)
	return must(recommend.ReadModel(&buf))(t)
}

// A catalogue of equal size with other items is another catalogue, wherever it meets the
// first, and the error says which item is the first that differs.
func TestOtherCatalogue(t *testing.T) {
	old, now := shop(t, oldItems...), shop(t, nowItems...)
	knn := must(recommend.FitItemKNN(context.Background(), old.Interactions, recommend.ItemKNNOptions{}))(t)
	sources := func(m recommend.Model) recommend.EngineOptions {
		return recommend.EngineOptions{Sources: []recommend.Source{{Name: "knn", Model: m}}}
	}
	saved := reread(t, knn)
	blend := must(hybrid.NewBlend([]hybrid.Weighted{{Model: saved}}, hybrid.BlendOptions{}))(t)
	e := must(recommend.NewEngine(now, recommend.EngineOptions{}))(t)
	set, _ := old.ItemSet("bread", "nail")
	mine, _ := now.ItemSet("bread", "nail")
	facts := func(d *recommend.Dataset[int, string]) *recommend.Catalogue {
		return must(recommend.NewCatalogue(d.Items, nil, recommend.CatalogueOptions{}))(t)
	}
	ask := func(r recommend.Request[int, string]) error {
		r.User, r.K = 999, 5
		_, err := e.Recommend(nil, r)
		return err
	}
	catalogueSet := must(facts(old).Select(recommend.Rule{}))(t)
	for _, c := range []struct {
		name string
		err  error
		says string
	}{
		{"NewEngine", second(recommend.NewEngine(now, sources(saved))), "item nail"},
		{"NewEngine, a blend", second(recommend.NewEngine(now, sources(blend))), "item nail"},
		{"Swap", e.Swap(now, sources(saved)), "item nail"},
		{"catalogue", second(recommend.NewEngine(now, recommend.EngineOptions{Catalogue: facts(old)})), "item nail"},
		{"Allow", ask(recommend.Request[int, string]{Allow: set}), "item nail"},
		{"Deny", ask(recommend.Request[int, string]{Deny: set}), "item nail"},
		{"Boost", ask(recommend.Request[int, string]{Boosts: []recommend.Boost{{Set: set, Multiply: 2}}}), "item nail"},
		{"Similar", second(e.Similar(nil, "nail", recommend.Request[int, string]{K: 2, Allow: set})), "item nail"},
		{"Similar, zero set", second(e.Similar(nil, "nail", recommend.Request[int, string]{K: 2, Deny: &recommend.ItemSet{}})), "0 items"},
		{"a selection", ask(recommend.Request[int, string]{Allow: catalogueSet}), "item nail"},
		{"zero set", ask(recommend.Request[int, string]{Allow: &recommend.ItemSet{}}), "0 items"},
		{"And", second(set.And(mine)), "9"},
		{"And with a zero set", second(set.And(&recommend.ItemSet{})), "zero"},
		{"And of a zero set", second((&recommend.ItemSet{}).And(set)), "zero"},
		{"Or with nil", second(set.Or(nil)), "nil"},
		{"Ranker", second(recommend.NewRanker(knn).AppendTop(nil, old.Interactions.Query(0), 2, recommend.Filter{Allow: mine})), "another catalogue"},
		{"Ranker, zero set", second(recommend.NewRanker(knn).AppendTop(nil, old.Interactions.Query(0), 2, recommend.Filter{Deny: &recommend.ItemSet{}})), "0 items"},
		{"parts of two catalogues", second(hybrid.NewBlend([]hybrid.Weighted{
			{Model: knn},
			{Model: must(recommend.FitPopular(context.Background(), now.Interactions, recommend.PopularOptions{}))(t)},
		}, hybrid.BlendOptions{})), "item 4 is the first"},
	} {
		// In order of id the lists part where one goes on with jam and the other with nail.
		if !errors.Is(c.err, recommend.ErrMismatch) || !strings.Contains(c.err.Error(), c.says) {
			t.Errorf("%s: %v, want ErrMismatch that says %q", c.name, c.err, c.says)
		}
	}
	if err := ask(recommend.Request[int, string]{Allow: mine}); err != nil {
		t.Errorf("a set of the catalogue: %v", err)
	}
	bare := must(recommend.NewItemSet(9, 1))(t)
	if err := ask(recommend.Request[int, string]{Allow: bare}); err != nil {
		t.Errorf("a set of indices: %v", err)
	}
	// The same ids in the same order are the same catalogue, in whatever dataset.
	again := must(recommend.NewEngine(shop(t, oldItems...), sources(saved)))(t)
	top := must(again.Similar(nil, "hammer", recommend.Request[int, string]{K: 2}))(t)
	if len(top) != 2 || top[0].Item+top[1].Item != "nailscrew" && top[0].Item+top[1].Item != "screwnail" {
		t.Errorf("similar to hammer: %v", top)
	}
	if e.Dataset() != now {
		t.Error("a refused Swap changed the engine")
	}
}

// Users of other ids are refused by models that keep something about single users, and
// no error names one.
func TestOtherUsers(t *testing.T) {
	d := shop(t, oldItems...)
	b := must(recommend.NewBuilder[int, string](recommend.BuilderOptions{}))(t)
	for u := range d.Interactions.Users() {
		items, _ := d.Interactions.Row(u)
		for _, i := range items {
			if err := b.Add(7000+d.Users.ID(int32(u)), d.Items.ID(i), 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	other := must(b.Build())(t)
	als := must(recommend.FitALS(context.Background(), d.Interactions, recommend.ALSOptions{Factors: 2}))(t)
	knn := must(recommend.FitItemKNN(context.Background(), d.Interactions, recommend.ItemKNNOptions{}))(t)
	_, err := recommend.NewEngine(other, recommend.EngineOptions{Sources: []recommend.Source{{Name: "als", Model: reread(t, als)}}})
	if !errors.Is(err, recommend.ErrMismatch) || strings.Contains(err.Error(), "7000") {
		t.Errorf("vectors of other users: %v", err)
	}
	if _, err := recommend.NewEngine(other, recommend.EngineOptions{Sources: []recommend.Source{{Name: "knn", Model: reread(t, knn)}}}); err != nil {
		t.Errorf("a model without users: %v", err)
	}
}

// A model serves a dataset that grew from its own: what it says of the first items and
// users is the same, new items come from the sources after it, new users are folded in.
func TestGrownCatalogue(t *testing.T) {
	old := shop(t, oldItems...)
	grow := must(old.Grow())(t)
	at := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	for u := 100; u < 104; u++ {
		for _, item := range []string{"axe", "hammer"} {
			if err := grow.AddAt(u, item, 1, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	now := must(grow.Build())(t)
	for _, m := range []recommend.Persistent{
		must(recommend.FitItemKNN(context.Background(), old.Interactions, recommend.ItemKNNOptions{}))(t),
		must(recommend.FitALS(context.Background(), old.Interactions, recommend.ALSOptions{Factors: 3}))(t),
		must(recommend.FitEASE(context.Background(), old.Interactions, recommend.EASEOptions{}))(t),
		must(recommend.FitMarkov(context.Background(), must(old.Interactions.Sequences())(t), recommend.MarkovOptions{}))(t),
		must(hybrid.NewBlend([]hybrid.Weighted{
			{Model: must(recommend.FitSessionKNN(context.Background(), must(old.Interactions.Sequences())(t), recommend.SessionKNNOptions{}))(t)},
			{Model: must(recommend.FitItemKNN(context.Background(), old.Interactions, recommend.ItemKNNOptions{}))(t)},
		}, hybrid.BlendOptions{}))(t),
	} {
		engines := [2]*recommend.Engine[int, string]{}
		for k, d := range []*recommend.Dataset[int, string]{old, now} {
			engines[k] = must(recommend.NewEngine(d, recommend.EngineOptions{Sources: []recommend.Source{{Name: "m", Model: reread(t, m)}}}))(t)
		}
		for _, r := range []recommend.Request[int, string]{
			{User: 4, K: 9, Reasons: 2},
			{Anonymous: true, K: 9, Reasons: 2, Seen: recommend.KeepSeen, History: []recommend.Event[string]{{Item: "hammer"}, {Item: "axe"}}},
		} {
			want, got := must(engines[0].Recommend(nil, r))(t), must(engines[1].Recommend(nil, r))(t)
			for k := range want {
				if want[k].Source != "m" {
					break
				}
				if got[k].Item != want[k].Item || got[k].Score != want[k].Score || len(got[k].Reasons) != len(want[k].Reasons) {
					t.Errorf("%T: place %d is %+v, want %+v", m, k, got[k], want[k])
				}
			}
		}
		similar := must(engines[1].Similar(nil, "hammer", recommend.Request[int, string]{K: 2}))(t)
		if s := must(engines[0].Similar(nil, "hammer", recommend.Request[int, string]{K: 2}))(t); len(s) != len(similar) || len(s) > 0 && s[0].Item != similar[0].Item {
			t.Errorf("%T: similar %v, want %v", m, similar, s)
		}
		if _, err := engines[1].Recommend(nil, recommend.Request[int, string]{User: 101, K: 3}); err != nil {
			t.Errorf("%T: a new user: %v", m, err)
		}
		all := must(engines[1].Recommend(nil, recommend.Request[int, string]{User: 4, K: 20}))(t)
		found := false
		for _, r := range all {
			found = found || r.Item == "axe" && r.Source == recommend.SourcePopular
		}
		if !found {
			t.Errorf("%T: the new item is not offered: %v", m, all)
		}
	}
	// A smaller catalogue is another one.
	m := must(recommend.FitItemKNN(context.Background(), now.Interactions, recommend.ItemKNNOptions{}))(t)
	if _, err := recommend.NewEngine(old, recommend.EngineOptions{Sources: []recommend.Source{{Name: "m", Model: m}}}); !errors.Is(err, recommend.ErrMismatch) {
		t.Errorf("a model of a grown catalogue on the old one: %v", err)
	}
}

// Every model that is fitted on a dataset knows over which ids it is, in memory and
// in its frame. TFIDF is of texts, and a Switch of functions.
func TestModelsKnowTheirIDs(t *testing.T) {
	d := shop(t, "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l")
	_, want := d.Interactions.Fingerprints()
	if users, _ := d.Interactions.Fingerprints(); want == 0 || users == 0 || users == want {
		t.Fatalf("fingerprints %x and %x", users, want)
	}
	for _, m := range models {
		if strings.HasPrefix(m.name, "tfidf") || m.name == "switch" {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			fitted := must(m.Fit(context.Background(), d.Interactions))(t)
			check := func(m recommend.Model) {
				t.Helper()
				f, ok := m.(interface{ Fingerprints() (users, items uint64) })
				if !ok {
					t.Fatalf("%T does not know its ids: embed origin", m)
				}
				if _, items := f.Fingerprints(); items != want {
					t.Errorf("%T: fingerprint of items %x, want %x", m, items, want)
				}
			}
			check(fitted)
			if p, ok := fitted.(recommend.Persistent); ok {
				check(reread(t, p))
			}
		})
	}
}

// A snapshot goes onto a catalogue that has its items, and onto no other but by RestoreByID.
func TestRestoreOtherCatalogue(t *testing.T) {
	engine := func(d *recommend.Dataset[int, string]) *recommend.Engine[int, string] {
		return must(recommend.NewEngine(d, recommend.EngineOptions{}))(t)
	}
	e := engine(shop(t, oldItems...))
	if err := e.Observe(recommend.Observation[int, string]{User: 1000, Item: "jam"}); err != nil {
		t.Fatal(err)
	}
	frame := must(e.Snapshot())(t)
	grow := must(shop(t, oldItems...).Grow())(t)
	if err := grow.Add(1, "abacus", 1); err != nil {
		t.Fatal(err)
	}
	more := shopEvents(t, 60, oldItems...)
	if err := more.Add(1, "abacus", 1); err != nil {
		t.Fatal(err)
	}
	turned := shopEvents(t, 60, oldItems[6:]...)
	behind := must(must(turned.Build())(t).Grow())(t)
	for _, item := range oldItems {
		if err := behind.Add(1, item, 1); err != nil {
			t.Fatal(err)
		}
	}
	for name, d := range map[string]*recommend.Dataset[int, string]{
		"the same": shop(t, oldItems...), "grown": must(grow.Build())(t), "permuted": must(behind.Build())(t),
		"built anew with more": must(more.Build())(t),
	} {
		if o := engine(d); o.Restore(frame) != nil || o.Live().Events != 1 {
			t.Errorf("%s: %v, %d events", name, o.Restore(frame), o.Live().Events)
		}
	}
	for name, c := range map[string]struct {
		data *recommend.Dataset[int, string]
		want []string
	}{
		"equal size": {shop(t, nowItems...), []string{"item nail", "9 items", "has 9"}},
		"shrunk":     {shop(t, oldItems[:6]...), []string{"item jam", "9 items", "has 6"}},
		"cut":        {shop(t, "bread", "butter", "hammer", "ink", "jam", "nail"), []string{"item nail", "9 items", "has 6"}},
		"others":     {shop(t, "x", "y", "z"), []string{"item x", "9 items", "has 3"}},
	} {
		o := engine(c.data)
		err := o.Restore(frame)
		if !errors.Is(err, recommend.ErrMismatch) || o.Live().Events != 0 {
			t.Errorf("%s: %v, %d events", name, err, o.Live().Events)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v does not say %q", name, err, want)
			}
		}
		if err := o.RestoreByID(frame); err != nil || o.Live().Events != 1 {
			t.Errorf("%s by id: %v, %d events", name, err, o.Live().Events)
		}
	}
}
