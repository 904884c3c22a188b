package recommend

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// Who and what comes after the fit is scored as the formula of the paper has it, with its double sum, in
// float64: of its features, of those of the situation, and of no id.
func TestFMByFeaturesProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		r := rng.New(seed, 7, 7)
		const f, ofUsers, ofItems, contexts = 5, 3, 4, 2
		m := &FM{task: rapid.SampledFrom([]FMTask{FMRanking, FMClicks, FMRatings}).Draw(t, "task"), context: make([]float32, contexts*f), contextLin: make([]float32, contexts)}
		m.ofUsers = fmTable{make([]float32, ofUsers*f), make([]float32, ofUsers)}
		m.ofItems = fmTable{make([]float32, ofItems*f), make([]float32, ofItems)}
		m.factors, m.mean, m.y, m.bias = f, 0.5, make([]float32, f), make([]float32, 1)
		slow := &slowFM{f: f}
		for _, table := range []fmTable{m.ofUsers, m.ofItems, {m.context, m.contextLin}} {
			for g := range table.w {
				table.w[g] = float32(r.Normal())
				row := make([]float64, f)
				for k := range row {
					table.v[g*f+k] = float32(r.Normal())
					row[k] = float64(table.v[g*f+k])
				}
				slow.w, slow.v = append(slow.w, float64(table.w[g])), append(slow.v, row)
			}
		}
		pick := func(n, base int) (features []int32, values []float32, all []slowFeature) {
			for g := range n {
				if g == n-1 && all == nil || r.Bool(0.6) {
					z := float32(r.Normal())
					features, values, all = append(features, int32(g)), append(values, z), append(all, slowFeature{base + g, float64(z)})
				}
			}
			return features, values, all
		}
		mine, mineValues, all := pick(ofUsers, 0)
		its, itsValues, more := pick(ofItems, ofUsers)
		all = append(all, more...)
		joined := make([]float32, f+1)
		if err := m.ItemByFeatures(joined, its, itsValues); err != nil {
			t.Fatal(err)
		}
		copy(m.y, joined) // as if it were the item of the fit
		m.bias[0] = joined[f]
		var score [1]float32
		var in []int32
		if rapid.Bool().Draw(t, "in a context") {
			in, all = []int32{1}, append(all, slowFeature{ofUsers + ofItems + 1, 1})
		}
		if err := m.ScoreByFeatures(score[:], Query{User: Stranger}, mine, mineValues, in...); err != nil {
			t.Fatal(err)
		}
		want := 0.5 + slow.score(all)
		if math.Abs(float64(score[0])-want) > 1e-4*(1+math.Abs(want)) {
			t.Fatalf("score %v, want %v", score[0], want)
		}
	})
}

// fmWithCold fits groups of four, of which the last eight users and items have features alone.
func fmWithCold(t *testing.T, task FMTask) (m *FM, x *Interactions, users, items, cold int) {
	t.Helper()
	users, items, cold = 64, 48, 8
	x = groups(users-cold+1, items-cold+1, 8, 3)
	ptr := slices.Clone(x.users.Ptr)
	for len(ptr) <= users {
		ptr = append(ptr, ptr[len(ptr)-1])
	}
	vals := make([]float32, x.Len())
	for k := range vals {
		vals[k] = float32(1 + k%5)
	}
	x, err := NewInteractions(users, items, ptr, x.users.Col, vals)
	if err != nil {
		t.Fatal(err)
	}
	m, err = FitFM(context.Background(), x, FMOptions{Task: task, Factors: 8, Epochs: 40, UserFeatures: fourKinds(t, users), ItemFeatures: fourKinds(t, items)})
	if err != nil {
		t.Fatal(err)
	}
	return m, x, users, items, cold
}

// An item and a user that come after the fit are those that the fit had with the same features and no
// entry, and a model that was read knows as much.
func TestFMAfterTheFit(t *testing.T) {
	for _, task := range []FMTask{FMRanking, FMClicks, FMRatings} {
		fitted, x, users, items, cold := fmWithCold(t, task)
		raw, err := fitted.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		read := &FM{}
		if err := read.UnmarshalBinary(raw); err != nil {
			t.Fatal(err)
		}
		if n := len(fitted.cold); n != cold || fitted.UserFeatures() != 4 || fitted.ItemFeatures() != 4 {
			t.Fatalf("%d users of features alone, %d and %d features", n, fitted.UserFeatures(), fitted.ItemFeatures())
		}
		tol := 0.0
		if task == FMRatings { // in another unit while it is fitted
			tol = 1e-5
		}
		for _, m := range []*FM{fitted, read} {
			joined, want, got := make([]float32, 9), make([]float32, items), make([]float32, items)
			for k := range cold {
				i, u := items-cold+k, users-cold+k
				if err := m.ItemByFeatures(joined, []int32{int32(i % 4)}, nil); err != nil {
					t.Fatal(err)
				}
				for d, v := range append(slices.Clone(m.ItemVector(i)), m.ItemBias(i)) {
					testkit.Near(t, fmt.Sprintf("task %d item %d at %d", task, i, d), float64(joined[d]), float64(v), tol)
				}
				for _, q := range []Query{{User: int32(u)}, {User: int32(u), Items: []int32{3, 5}, Weights: []float32{4, 1}}, {User: int32(u), Items: []int32{3}, Weights: []float32{0}}} {
					if err := errors.Join(m.Score(want, q), m.ScoreByFeatures(got, q, []int32{int32(u % 4)}, nil)); err != nil {
						t.Fatal(err)
					}
					for j := range got {
						testkit.Near(t, fmt.Sprintf("task %d user %d item %d", task, u, j), float64(got[j]), float64(want[j]), tol)
					}
				}
			}
			// An unknown feature says nothing: of an item the least, of a user what the history does.
			if err := m.ItemByFeatures(joined, nil, nil); err != nil || !isZero(joined[:8]) || task != FMRatings && joined[8] != slices.Min(m.bias) || task == FMRatings && joined[8] != 0 {
				t.Errorf("task %d: of no features: %v, %v", task, joined, err)
			}
			q := x.Query(5)
			q.User = Stranger
			if err := errors.Join(m.Score(want, q), m.ScoreByFeatures(got, q, nil, nil)); err != nil || !slices.Equal(got, want) {
				t.Errorf("task %d: a history alone is another answer: %v", task, err)
			}
			for name, c := range map[string]struct {
				err  error
				want error
			}{
				"nothing":            {m.ScoreByFeatures(got, Query{}, nil, nil), ErrEmpty},
				"no feature":         {m.ScoreByFeatures(got, q, []int32{4}, nil), ErrRange},
				"out of order":       {m.ScoreByFeatures(got, q, []int32{2, 1}, nil), ErrRange},
				"twice":              {m.ScoreByFeatures(got, q, []int32{2, 2}, nil), ErrDuplicate},
				"values":             {m.ScoreByFeatures(got, q, []int32{2}, []float32{1, 1}), ErrShape},
				"NaN":                {m.ScoreByFeatures(got, q, []int32{2}, []float32{float32(math.NaN())}), ErrNotFinite},
				"huge":               {m.ScoreByFeatures(got, q, []int32{2}, []float32{1e29}), ErrRange},
				"scores":             {m.ScoreByFeatures(got[1:], q, []int32{2}, nil), ErrShape},
				"context":            {m.ScoreByFeatures(got, q, []int32{2}, nil, 0), ErrRange},
				"an item's vector":   {m.ItemByFeatures(joined[1:], nil, nil), ErrShape},
				"an item's feature":  {m.ItemByFeatures(joined, []int32{-1}, nil), ErrRange},
				"an item, huge":      {m.ItemByFeatures(joined, []int32{1}, []float32{1e29}), ErrRange},
				"an item of nothing": {(&FM{}).ItemByFeatures(joined, nil, nil), ErrEmpty},
			} {
				if !errors.Is(c.err, c.want) {
					t.Errorf("task %d, %s: %v, want %v", task, name, c.err, c.want)
				}
			}
		}
	}
}

// A history that comes after the features moves their vector as one moves zero in a model whose items
// have what the vector gives them added to their biases.
func TestFMHistoryAfterFeatures(t *testing.T) {
	for _, task := range []FMTask{FMRanking, FMClicks, FMRatings} {
		m, _, users, items, cold := fmWithCold(t, task)
		for k := range cold {
			u := users - cold + k
			from, fromBias := m.latent.UserVector(u), m.userBias[u]
			moved := &FM{task: task, rule: m.rule, ridge: m.ridge}
			moved.factors, moved.mean, moved.y, moved.drawn = m.factors, m.mean, m.y, m.drawn
			moved.bias = make([]float32, items)
			for i := range moved.bias {
				moved.bias[i] = m.bias[i]
				for d, v := range m.latent.ItemVector(i) {
					moved.bias[i] += from[d] * v
				}
			}
			if task != FMRanking {
				moved.mean += fromBias
			}
			moved.setFallback()
			// What the group does not have, to be learned against the features.
			q := Query{User: int32(u), Items: []int32{int32(u+1) % 4, 4 + int32(u+1)%4, 8 + int32(u+1)%4}, Weights: []float32{5, 4, 5}}
			stranger := q
			stranger.User = Stranger
			got, want, before := make([]float32, items), make([]float32, items), make([]float32, items)
			if err := errors.Join(m.Score(got, q), moved.Score(want, stranger), m.Score(before, Query{User: int32(u)})); err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if task == FMRanking {
					want[i] += fromBias
				}
				if math.Abs(float64(got[i]-want[i])) > 2e-3*(1+math.Abs(float64(want[i]))) {
					t.Fatalf("task %d user %d item %d: %v, want %v", task, u, i, got[i], want[i])
				}
			}
			if a, b := got[12+int32(u+1)%4]-got[12+u%4], before[12+int32(u+1)%4]-before[12+u%4]; task != FMRatings && a <= b {
				t.Errorf("task %d user %d: what the history is like is %v ahead of what the features are like, without it %v", task, u, a, b)
			}
		}
	}
}

// An engine ranks an item that joins by features as the model has one of these, bias and all, and takes the
// events of somebody who had features alone into account without forgetting these.
func TestEngineFMFeatures(t *testing.T) {
	type rec = Recommendation[int]
	ctx := context.Background()
	b, err := NewBuilder[int, int](BuilderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	x := groups(60, 48, 8, 3)
	for u := range 59 {
		items, _ := x.Row(u)
		for _, i := range items {
			if err := b.Add(u, int(i), 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	const cold = 62 // of group 2, who gave back what was bought
	if err := errors.Join(b.Add(cold, 3, 1), b.Add(cold, 3, -1)); err != nil {
		t.Fatal(err)
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	kinds := func(n int, id func(k int) int) *Interactions {
		rows := make([][]int32, n)
		for k := range rows {
			rows[k] = []int32{int32(id(k) % 4)}
		}
		k, err := InteractionsFromRows(4, rows)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	m, err := FitFM(ctx, d.Interactions, FMOptions{
		Factors: 8, UserFeatures: kinds(d.Users.Len(), func(k int) int { return d.Users.ID(int32(k)) }), ItemFeatures: kinds(d.Items.Len(), func(k int) int { return d.Items.ID(int32(k)) }),
	})
	if err != nil {
		t.Fatal(err)
	}
	opt := EngineOptions{Sources: []Source{{Name: "fm", Model: m}}}
	e, err := NewEngine(d, opt)
	if err != nil {
		t.Fatal(err)
	}
	v := make([]float32, 9)
	for g := range int32(4) {
		if err := m.ItemByFeatures(v, []int32{g}, nil); err != nil {
			t.Fatal(err)
		}
		if err := e.AddItems(Arrival[int]{Item: 1000 + int(g), Vectors: map[string][]float32{"fm": v}}); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	again, err := NewEngine(d, opt)
	if err == nil {
		err = again.Restore(raw)
	}
	if err != nil {
		t.Fatal(err)
	}
	scores := make([]float32, m.Items())
	for u := range 8 {
		dense := d.Users.Of(u)
		if err := m.Score(scores, d.Interactions.Query(int(dense))); err != nil {
			t.Fatal(err)
		}
		lists := [2][]rec{}
		for k, engine := range []*Engine[int, int]{e, again} {
			if lists[k], err = engine.Recommend(nil, Request[int, int]{User: u, K: 60, Seen: KeepSeen}); err != nil {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(lists[0], lists[1]) {
			t.Errorf("user %d: another list after Restore", u)
		}
		for g := range 4 {
			at := slices.IndexFunc(lists[0], func(r rec) bool { return r.Item == 1000+g })
			if err := m.ItemByFeatures(v, []int32{int32(g)}, nil); err != nil {
				t.Fatal(err)
			}
			want := m.userBias[dense] + v[8]
			for k, z := range m.latent.UserVector(int(dense)) {
				want += z * v[k]
			}
			if at < 0 || math.Abs(float64(lists[0][at].Score-want)) > 1e-4*(1+math.Abs(float64(want))) {
				t.Fatalf("user %d, joined item of group %d at %d of %v, want score %v", u, g, at, lists[0], want)
			}
		}
	}
	dense := d.Users.Of(cold)
	for n, item := range []int{1, 5} {
		if err := e.Observe(Observation[int, int]{User: cold, Item: item, Weight: 1, At: time.Unix(int64(n), 0)}); err != nil {
			t.Fatal(err)
		}
		q := Query{User: dense}
		for _, i := range []int{1, 5}[:n+1] {
			q.Items = append(q.Items, d.Items.Of(i))
		}
		slices.Sort(q.Items)
		if err := m.Score(scores, q); err != nil {
			t.Fatal(err)
		}
		list, err := e.Recommend(nil, Request[int, int]{User: cold, K: 60, Seen: KeepSeen})
		if err != nil || len(list) != 51 || len(m.cold) != 1 {
			t.Fatalf("%d items, %v", len(list), err)
		}
		for _, r := range list {
			if r.Item < 1000 && r.Score != scores[d.Items.Of(r.Item)] {
				t.Fatalf("after %d events item %d has %v, the model says %v", n+1, r.Item, r.Score, scores[d.Items.Of(r.Item)])
			}
		}
	}
	like, err := e.Similar(nil, 1001, Request[int, int]{K: 3})
	if err != nil || len(like) != 3 || slices.ContainsFunc(like, func(r rec) bool { return r.Item%4 != 1 }) {
		t.Errorf("like an item of group 1: %v, %v", like, err)
	}
	if err := e.AddItems(Arrival[int]{Item: 2000, Vectors: map[string][]float32{"fm": make([]float32, 10)}}); !errors.Is(err, ErrShape) {
		t.Errorf("two numbers too many: %v", err)
	}
}
