package evaluate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/evaluate"
)

var ctx = context.Background()

// matrix makes a matrix of rows.
func matrix(t testing.TB, items int, rows ...[]int32) *recommend.Interactions {
	t.Helper()
	x, err := recommend.InteractionsFromRows(items, rows)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// taste is a model whose scores depend on user, history and item, with many ties; it
// knows nobody without a history.
func taste(t testing.TB, users, items int) *recommend.Func {
	t.Helper()
	m, err := recommend.NewFunc(users, items, func(dst []float32, q recommend.Query) error {
		if len(q.Items) == 0 {
			return recommend.ErrEmpty
		}
		for i := range dst {
			dst[i] = float32((i*7 + int(q.Items[0])*3 + int(q.User+1)*5 + len(q.Items)) % 6)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// judged is what a judge was told.
type judged struct{ recommended, relevant []int32 }

func keep(all *[]judged) func(recommended, relevant []int32) error {
	return func(recommended, relevant []int32) error {
		*all = append(*all, judged{slices.Clone(recommended), slices.Clone(relevant)})
		return nil
	}
}

// slow is what Lists promises for one user, without any of its machinery.
func slow(m recommend.Model, q recommend.Query, banned func(i int32) bool, k int) []int32 {
	scores := make([]float32, m.Items())
	if m.Score(scores, q) != nil {
		return nil
	}
	var list []int32
	for i := range scores {
		if !banned(int32(i)) {
			list = append(list, int32(i))
		}
	}
	slices.SortStableFunc(list, func(a, b int32) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return 0
	})
	return list[:min(k, len(list))]
}

// Every list is that of a slow reference, for any split, length, filter and policy, and
// test parts larger than the training part.
func TestListsAgainstSlow(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		users, items := rapid.IntRange(1, 12).Draw(r, "users"), rapid.IntRange(2, 30).Draw(r, "items")
		moreUsers, moreItems := rapid.IntRange(0, 2).Draw(r, "more users"), rapid.IntRange(0, 3).Draw(r, "more items")
		train, test, known := make([][]int32, users), make([][]int32, users+moreUsers), make([][]int32, users+moreUsers)
		strangers := rapid.Bool().Draw(r, "strangers")
		for u := range test {
			for i := range int32(items + moreItems) {
				switch p := rapid.IntRange(0, 5).Draw(r, "part"); {
				case p == 0 && u < users && int(i) < items && !strangers:
					train[u] = append(train[u], i)
				case p == 0 && int(i) < items:
					known[u] = append(known[u], i)
				case p == 1:
					test[u] = append(test[u], i)
				}
			}
		}
		x, y := matrix(t, items, train...), matrix(t, items+moreItems, test...)
		m := taste(t, users, items)
		opt := evaluate.Options{
			K:    rapid.IntRange(1, 8).Draw(r, "k"),
			Seen: recommend.Seen(rapid.IntRange(0, 2).Draw(r, "seen")), Workers: rapid.IntRange(1, 3).Draw(r, "workers"),
		}
		if strangers {
			opt.Known = matrix(t, items, known...)
		}
		if rapid.Bool().Draw(r, "allow") {
			opt.Allow = recommend.ItemSetFunc(items, func(i int32) bool { return i%3 != 0 })
		}
		if rapid.Bool().Draw(r, "deny") {
			opt.Deny = recommend.ItemSetFunc(items, func(i int32) bool { return i%4 == 1 })
		}
		var got, want []judged
		var result evaluate.Result
		for u := range test {
			if len(test[u]) == 0 {
				result.Skipped++
				continue
			}
			q := recommend.Query{User: recommend.Stranger}
			switch {
			case strangers:
				q.Items = known[u]
			case u < users:
				q = recommend.Query{User: int32(u), Items: train[u]}
			}
			list := slow(m, q, func(i int32) bool {
				return opt.Allow != nil && !opt.Allow.Has(i) || opt.Deny != nil && opt.Deny.Has(i) || opt.Seen == recommend.DropSeen && slices.Contains(q.Items, i)
			}, opt.K)
			want = append(want, judged{list, test[u]})
			result.Users++
			if len(q.Items) == 0 {
				result.ColdUsers++
			}
			if len(list) == 0 {
				result.Unanswered++
			} else if len(list) < opt.K {
				result.Short++
			}
		}
		for i := range int32(items + moreItems) {
			n := 0
			for _, row := range test {
				if slices.Contains(row, i) {
					n++
				}
			}
			if n > 0 && !slices.ContainsFunc(train, func(row []int32) bool { return slices.Contains(row, i) }) {
				result.ColdItems++
				result.Cold += n
			}
		}
		found, err := evaluate.Lists(ctx, m, x, y, keep(&got), opt)
		if result.Users == 0 {
			if !errors.Is(err, evaluate.ErrEmpty) {
				r.Fatalf("error is %v, want ErrEmpty", err)
			}
			return
		}
		if err != nil {
			r.Fatal(err)
		}
		if found != result {
			r.Errorf("result is %+v, want %+v", found, result)
		}
		for k := range max(len(got), len(want)) {
			if k >= len(got) || k >= len(want) || !slices.Equal(got[k].recommended, want[k].recommended) || !slices.Equal(got[k].relevant, want[k].relevant) {
				r.Fatalf("list %d of %v, want %v", k, got, want)
			}
		}
	})
}

// groups are users who each take most items of one of three groups.
func groups(t testing.TB, users, items int) *recommend.Interactions {
	rows := make([][]int32, users)
	for u := range rows {
		for i := range int32(items) {
			if int(i)%3 == u%3 && (u*5+int(i))%4 != 0 {
				rows[u] = append(rows[u], i)
			}
		}
	}
	return matrix(t, items, rows...)
}

// Models of vectors are answered together; the lists are those of a Ranker, and the
// same at any number of processors.
func TestListsDeterministic(t *testing.T) {
	x := groups(t, 700, 60)
	held := func(u, k int) bool { return (u*7+k*5)%10 < 3 }
	train, test := x.Select(func(u, k int) bool { return !held(u, k) }), x.Select(held)
	m, err := recommend.FitALS(ctx, train, recommend.ALSOptions{Factors: 8, Iterations: 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, sampled := range []int{0, 15} {
		testkit.AtGOMAXPROCS(t, func() []byte {
			var all []judged
			if _, err := evaluate.Lists(ctx, m, train, test, keep(&all), evaluate.Options{K: 5, Sampled: sampled, Seed: 3}); err != nil {
				t.Fatal(err)
			}
			if sampled == 0 {
				ranker := recommend.NewRanker(m)
				n := 0
				for u := range test.Users() {
					relevant, _ := test.Row(u)
					if len(relevant) == 0 {
						continue
					}
					q := train.Query(u)
					top, err := ranker.AppendTop(nil, q, 5, recommend.Filter{Items: q.Items})
					if err != nil {
						t.Fatal(err)
					}
					for k, x := range top {
						if all[n].recommended[k] != x.Item {
							t.Fatalf("user %d: %v, want %v", u, all[n].recommended, top)
						}
					}
					n++
				}
				if n != len(all) {
					t.Fatalf("%d lists, want %d", len(all), n)
				}
			}
			return fmt.Append(nil, all)
		})
	}
}

// A list among sampled candidates holds what is relevant, and that many others that are
// neither relevant nor seen; a model that cannot tell gets no credit; other seeds draw
// others, and a user's draw does not depend on who else is asked.
func TestSampled(t *testing.T) {
	train := matrix(t, 50, []int32{0, 1}, []int32{2}, []int32{3})
	test := matrix(t, 50, []int32{7, 9}, nil, []int32{4})
	flat, err := recommend.NewFunc(3, 50, func(dst []float32, _ recommend.Query) error {
		clear(dst)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	lists := func(x *recommend.Interactions, opt evaluate.Options) []judged {
		t.Helper()
		var all []judged
		if _, err := evaluate.Lists(ctx, flat, train, x, keep(&all), opt); err != nil {
			t.Fatal(err)
		}
		return all
	}
	all := lists(test, evaluate.Options{K: 40, Sampled: 10, Seed: 1})
	for n, seen := range [][]int32{{0, 1}, {3}} {
		a := all[n]
		if len(a.recommended) != 10+len(a.relevant) || !slices.Equal(a.recommended[10:], a.relevant) {
			t.Errorf("list %v of relevant %v: want 10 others, then these", a.recommended, a.relevant)
		}
		for _, i := range a.recommended[:10] {
			if slices.Contains(a.relevant, i) || slices.Contains(seen, i) {
				t.Errorf("list %v holds %d, which is relevant or seen", a.recommended, i)
			}
		}
		sorted := slices.Clone(a.recommended)
		slices.Sort(sorted)
		if len(slices.Compact(sorted)) != len(a.recommended) {
			t.Errorf("list %v holds an item twice", a.recommended)
		}
	}
	if b := lists(test, evaluate.Options{K: 40, Sampled: 10, Seed: 2}); slices.Equal(b[0].recommended, all[0].recommended) {
		t.Error("another seed draws the same candidates")
	}
	if b := lists(matrix(t, 50, nil, nil, []int32{4}), evaluate.Options{K: 40, Sampled: 10, Seed: 1}); !slices.Equal(b[0].recommended, all[1].recommended) {
		t.Errorf("alone %v, with others %v", b[0].recommended, all[1].recommended)
	}
	if b := lists(test, evaluate.Options{K: 100, Sampled: 1000}); len(b[0].recommended) != 48 {
		t.Errorf("%d candidates, want all 48 that are left", len(b[0].recommended))
	}
	few := recommend.ItemSetFunc(50, func(i int32) bool { return i < 8 })
	for _, i := range lists(test, evaluate.Options{K: 100, Sampled: 1000, Allow: few})[0].recommended {
		if i >= 8 || i < 2 {
			t.Errorf("%d is not allowed or seen", i)
		}
	}
	// Every item is drawn about as often as any other.
	counts := make([]int, 50)
	for seed := range uint64(2000) {
		for _, i := range lists(test, evaluate.Options{K: 10, Sampled: 10, Seed: seed})[0].recommended {
			counts[i]++
		}
	}
	for i, n := range counts {
		want := 2000 * 10 / 46.0
		if i <= 1 || i == 7 || i == 9 {
			want = 0
		}
		if math.Abs(float64(n)-want) > 6*math.Sqrt(want) {
			t.Errorf("item %d drawn %d times, want about %.0f", i, n, want)
		}
	}
}

// What training has too is leakage, but where items may be bought again.
func TestLeakage(t *testing.T) {
	m := taste(t, 2, 5)
	train, test := matrix(t, 5, []int32{0, 1}, []int32{2}), matrix(t, 5, []int32{3}, []int32{2, 4})
	none := func(_, _ []int32) error { t.Error("somebody was asked"); return nil }
	for _, seen := range []recommend.Seen{recommend.DropSeen, recommend.KeepSeen} {
		if _, err := evaluate.Lists(ctx, m, train, test, none, evaluate.Options{Seen: seen}); !errors.Is(err, evaluate.ErrLeakage) || err.Error() != "evaluate: Lists: user 1 item 2 is in both parts: training and test data overlap" {
			t.Errorf("%v: error is %v", seen, err)
		}
	}
	known := matrix(t, 5, []int32{3}, nil)
	if _, err := evaluate.Lists(ctx, m, matrix(t, 5, []int32{0, 1}, nil), test, none, evaluate.Options{Known: known}); !errors.Is(err, evaluate.ErrLeakage) {
		t.Errorf("history and answer: error is %v", err)
	}
	var all []judged
	r, err := evaluate.Lists(ctx, m, train, test, keep(&all), evaluate.Options{K: 5, Seen: recommend.Repurchase})
	if err != nil || r.Repeats != 1 || len(all) != 2 || !slices.Contains(all[1].recommended, 2) {
		t.Errorf("%+v, %v, %v: want one repeat, in the list", r, all, err)
	}
}

func TestBadInput(t *testing.T) {
	m := taste(t, 2, 5)
	train, test := matrix(t, 5, []int32{0, 1}, []int32{2}), matrix(t, 5, []int32{3}, []int32{4})
	ok := func(_, _ []int32) error { return nil }
	var none *recommend.ALS
	small, err := recommend.NewItemSet(4)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	bad, err := recommend.NewFunc(2, 5, func(_ []float32, q recommend.Query) error {
		if q.User == 1 {
			return broken
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		m           recommend.Model
		train, test *recommend.Interactions
		judge       func(_, _ []int32) error
		opt         evaluate.Options
		want        error
	}{
		"no model":        {nil, train, test, ok, evaluate.Options{}, evaluate.ErrEmpty},
		"nil model":       {none, train, test, ok, evaluate.Options{}, evaluate.ErrEmpty},
		"no train":        {m, nil, test, ok, evaluate.Options{}, evaluate.ErrEmpty},
		"no test":         {m, train, nil, ok, evaluate.Options{}, evaluate.ErrEmpty},
		"empty test":      {m, train, matrix(t, 5, nil, nil), ok, evaluate.Options{}, evaluate.ErrEmpty},
		"no judge":        {m, train, test, nil, evaluate.Options{}, evaluate.ErrEmpty},
		"other model":     {taste(t, 2, 6), train, test, ok, evaluate.Options{}, evaluate.ErrShape},
		"small test":      {m, train, matrix(t, 5, []int32{3}), ok, evaluate.Options{}, evaluate.ErrShape},
		"narrow test":     {m, train, matrix(t, 4, []int32{3}, nil), ok, evaluate.Options{}, evaluate.ErrShape},
		"other known":     {m, train, test, ok, evaluate.Options{Known: matrix(t, 5, nil)}, evaluate.ErrShape},
		"k":               {m, train, test, ok, evaluate.Options{K: -1}, evaluate.ErrOption},
		"seen":            {m, train, test, ok, evaluate.Options{Seen: 3}, evaluate.ErrOption},
		"sampled":         {m, train, test, ok, evaluate.Options{Sampled: -1}, evaluate.ErrOption},
		"allow":           {m, train, test, ok, evaluate.Options{Allow: small}, evaluate.ErrMismatch},
		"deny":            {m, train, test, ok, evaluate.Options{Deny: small}, evaluate.ErrMismatch},
		"judge fails":     {m, train, test, func(_, _ []int32) error { return broken }, evaluate.Options{}, broken},
		"model fails":     {bad, train, test, ok, evaluate.Options{}, broken},
		"model fails few": {bad, train, test, ok, evaluate.Options{Sampled: 1}, broken},
	} {
		_, err := evaluate.Lists(ctx, c.m, c.train, c.test, c.judge, c.opt)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: error is %v, want %v", name, err, c.want)
		}
		if c.m == bad && !bytes.Contains([]byte(err.Error()), []byte("user 1")) {
			t.Errorf("%s: %v does not name user 1", name, err)
		}
	}
	one := func(int) evaluate.Question { return evaluate.Question{Query: recommend.Query{Items: []int32{1}}} }
	outside := func(int) evaluate.Question {
		return evaluate.Question{Query: recommend.Query{Items: []int32{1}}, Among: []int32{9}}
	}
	for name, c := range map[string]struct {
		n    int
		ask  func(int) evaluate.Question
		opt  evaluate.Options
		want error
	}{
		"nothing":   {0, one, evaluate.Options{}, evaluate.ErrEmpty},
		"no ask":    {1, nil, evaluate.Options{}, evaluate.ErrEmpty},
		"sampled":   {1, one, evaluate.Options{Sampled: 1}, evaluate.ErrOption},
		"candidate": {1, outside, evaluate.Options{}, evaluate.ErrRange},
	} {
		if _, err := evaluate.Questions(ctx, m, c.n, c.ask, ok, c.opt); !errors.Is(err, c.want) {
			t.Errorf("Questions, %s: error is %v, want %v", name, err, c.want)
		}
	}
}

// Settings beyond all bounds take no memory.
func TestHugeOptions(t *testing.T) {
	m := taste(t, 2, 5)
	train, test := matrix(t, 5, []int32{0, 1}, []int32{2}), matrix(t, 5, []int32{3}, []int32{4})
	for _, sampled := range []int{0, math.MaxInt} {
		var all []judged
		r, err := evaluate.Lists(ctx, m, train, test, keep(&all), evaluate.Options{K: math.MaxInt, Workers: math.MaxInt, Sampled: sampled})
		if err != nil || r.Users != 2 || len(all[0].recommended) != 3 {
			t.Errorf("%+v, %v, %v", r, all, err)
		}
	}
}

// Questions over the catalogue and among candidates may be mixed; lists come in the
// order of the questions, over more than one chunk of them.
func TestQuestionsMixed(t *testing.T) {
	m := taste(t, 10, 40)
	const n = 10_000
	question := func(q int) evaluate.Question {
		x := evaluate.Question{Query: recommend.Query{User: recommend.Stranger, Items: []int32{int32(q % 40)}}, Relevant: []int32{int32(q % 7)}}
		if q%3 == 0 {
			x.Among = []int32{30, 31, 32}
		}
		return x
	}
	at, last := 0, 0
	scores := make([]float32, 40)
	r, err := evaluate.Questions(ctx, m, n, question, func(recommended, relevant []int32) error {
		q := question(at)
		if !slices.Equal(relevant, q.Relevant) {
			return fmt.Errorf("%d: %v", at, relevant)
		}
		want := slow(m, q.Query, func(int32) bool { return false }, 4)
		if q.Among != nil {
			if err := m.Score(scores, q.Query); err != nil {
				return err
			}
			want = append(slices.Clone(q.Among), q.Relevant...)
			slices.SortStableFunc(want, func(a, b int32) int { return int(scores[b] - scores[a]) })
		}
		if !slices.Equal(recommended, want) {
			return fmt.Errorf("%d: %v, want %v", at, recommended, want)
		}
		at++
		return nil
	}, evaluate.Options{K: 4, Progress: func(p evaluate.Progress) {
		if p.Users != at || p.Of != n || p.Users <= last {
			t.Errorf("%+v after %d", p, at)
		}
		last = p.Users
	}})
	if err != nil || at != n || r.Users != n || last != n {
		t.Errorf("%d judged, %+v, %v", at, r, err)
	}
}

func TestCancel(t *testing.T) {
	m := taste(t, 100, 40)
	train, test := make([][]int32, 100), make([][]int32, 100)
	for u := range train {
		train[u], test[u] = []int32{1}, []int32{2}
	}
	gone, cancel := context.WithCancelCause(ctx)
	why := errors.New("enough")
	cancel(why)
	for _, among := range [][]int32{nil, {1, 2}} { // while lists are made, the next block is the last
		soon, stop := context.WithCancelCause(ctx)
		asked := 0
		_, err := evaluate.Questions(soon, m, 20_000, func(int) evaluate.Question {
			return evaluate.Question{Query: recommend.Query{Items: []int32{1}}, Among: among}
		}, func(_, _ []int32) error {
			asked++
			stop(why)
			return nil
		}, evaluate.Options{K: 4})
		if !errors.Is(err, why) || asked > 4096 {
			t.Errorf("%d judged after the first, error is %v", asked, err)
		}
	}
	for _, sampled := range []int{0, 3} {
		_, err := evaluate.Lists(gone, m, matrix(t, 40, train...), matrix(t, 40, test...), func(_, _ []int32) error { return nil }, evaluate.Options{Sampled: sampled})
		if !errors.Is(err, why) {
			t.Errorf("error is %v, want the cause", err)
		}
	}
}

// What numbers other ids of the same shape is refused: its indices would name others.
func TestOtherCatalogue(t *testing.T) {
	data := shop(t, [2]string{"ann", "tea"}, [2]string{"ann", "milk"}, [2]string{"bob", "tea"}, [2]string{"bob", "jam"})
	items := shop(t, [2]string{"ann", "tea"}, [2]string{"ann", "milk"}, [2]string{"bob", "tea"}, [2]string{"bob", "zinc"})
	users := shop(t, [2]string{"zoe", "tea"}, [2]string{"zoe", "milk"}, [2]string{"bob", "tea"}, [2]string{"bob", "jam"})
	fit := func(d *recommend.Dataset[string, string]) recommend.Model {
		m, err := recommend.FitPopular(ctx, d.Interactions, recommend.PopularOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	set, _ := items.ItemSet("tea")
	m, ok := fit(data), func(_, _ []int32) error { return nil }
	none := data.Interactions.Select(func(_, k int) bool { return k == 0 })
	rest := data.Interactions.Select(func(_, k int) bool { return k != 0 })
	if _, err := evaluate.Lists(ctx, m, none, rest, ok, evaluate.Options{}); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		m    recommend.Model
		test *recommend.Interactions
		opt  evaluate.Options
	}{
		"model":        {fit(items), rest, evaluate.Options{}},
		"test, items":  {m, items.Interactions, evaluate.Options{Seen: recommend.Repurchase}},
		"test, users":  {m, users.Interactions, evaluate.Options{Seen: recommend.Repurchase}},
		"known":        {m, rest, evaluate.Options{Known: items.Interactions}},
		"set":          {m, rest, evaluate.Options{Allow: set}},
		"set, sampled": {m, rest, evaluate.Options{Deny: set, Sampled: 2}},
		"zero set":     {m, rest, evaluate.Options{Deny: &recommend.ItemSet{}}},
	} {
		if _, err := evaluate.Lists(ctx, c.m, none, c.test, ok, c.opt); !errors.Is(err, evaluate.ErrMismatch) {
			t.Errorf("%s: error is %v, want ErrMismatch", name, err)
		}
	}
}

// shop is a dataset of pairs.
func shop(t testing.TB, pairs ...[2]string) *recommend.Dataset[string, string] {
	t.Helper()
	b, err := recommend.NewBuilder[string, string](recommend.BuilderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pairs {
		if err := b.Add(p[0], p[1], 1); err != nil {
			t.Fatal(err)
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// An engine is judged by ids: its lists are those of Recommend, and nobody whom it does
// not know is left out.
func TestServed(t *testing.T) {
	train := shop(t, [2]string{"ann", "tea"}, [2]string{"ann", "milk"}, [2]string{"bob", "tea"}, [2]string{"bob", "jam"}, [2]string{"eve", "milk"})
	test := shop(t, [2]string{"ann", "jam"}, [2]string{"joe", "tea"}, [2]string{"bob", "figs"})
	m, err := recommend.FitItemKNN(ctx, train.Interactions, recommend.ItemKNNOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := recommend.NewEngine(train, recommend.EngineOptions{Sources: []recommend.Source{{Name: "knn", Model: m}}})
	if err != nil {
		t.Fatal(err)
	}
	users := test.Users.IDs()
	at := 0
	r, err := evaluate.Served(ctx, e, test, func(recommended, relevant []string) error {
		user := users[at]
		at++
		want, err := e.Recommend(nil, recommend.Request[string, string]{User: user, K: 2})
		if err != nil {
			return err
		}
		var ids []string
		for _, x := range want {
			ids = append(ids, x.Item)
		}
		items, _ := test.Interactions.Row(at - 1)
		if !slices.Equal(recommended, ids) || len(relevant) != len(items) || relevant[0] != test.Items.ID(items[0]) {
			t.Errorf("%s: %v of %v, want %v", user, recommended, relevant, ids)
		}
		return nil
	}, recommend.Request[string, string]{K: 2}, 2)
	if err != nil || at != 3 || r.Users != 3 || r.ColdUsers != 1 || r.ColdItems != 1 || r.Cold != 1 || r.Unanswered != 0 {
		t.Errorf("%d judged, %+v, %v", at, r, err)
	}
	ok := func(_, _ []string) error { return nil }
	again := shop(t, [2]string{"ann", "tea"}, [2]string{"bob", "milk"})
	if _, err := evaluate.Served(ctx, e, again, ok, recommend.Request[string, string]{}, 0); !errors.Is(err, evaluate.ErrLeakage) || err.Error() != "evaluate: Served: row 0 of test, item tea: in the engine's dataset too: training and test data overlap" {
		t.Errorf("error is %v, want ErrLeakage", err)
	}
	if _, err := evaluate.Served(ctx, e, test, ok, recommend.Request[string, string]{K: -1}, 0); !errors.Is(err, evaluate.ErrOption) {
		t.Errorf("error is %v, want ErrOption", err)
	}
	if _, err := evaluate.Served(ctx, nil, test, ok, recommend.Request[string, string]{}, 0); !errors.Is(err, evaluate.ErrEmpty) {
		t.Errorf("error is %v, want ErrEmpty", err)
	}
	if _, err := evaluate.Served(ctx, e, nil, ok, recommend.Request[string, string]{}, 0); !errors.Is(err, evaluate.ErrEmpty) {
		t.Errorf("error is %v, want ErrEmpty", err)
	}
}
