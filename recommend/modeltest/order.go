package modeltest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/recommend"
)

// checkOrder asks with histories backwards and shuffled. Models that fold a history in by
// drawing from it differ a little, so a tenth of the spread of the scores is let pass. A
// model that claims to read order has to give some history backwards other scores.
func checkOrder(t testing.TB, s *subject) {
	m := s.model(t)
	o, ok := m.(recommend.OrderReader)
	reads, differs := ok && o.ReadsOrder(), false
	g := rng.New(7, 1, 0)
	for _, q := range known(s.x) {
		for _, user := range []int32{q.User, recommend.Stranger} {
			q.User = user
			want := scores(t, m, q)
			for _, other := range [2]recommend.Query{backwards(q), shuffled(q, g)} {
				i, got := farthest(want, scores(t, m, other))
				differs = differs || i >= 0
				if i >= 0 && !reads {
					t.Fatalf("user %d: score of item %d is %v, and %v for the same history in another order", q.User, i, want[i], got)
				}
			}
		}
	}
	if reads && !differs {
		t.Error("says that it reads order, and answers every history backwards as it answers it")
	}
}

func backwards(q recommend.Query) recommend.Query {
	q.Items, q.Weights = slices.Clone(q.Items), slices.Clone(q.Weights)
	slices.Reverse(q.Items)
	slices.Reverse(q.Weights)
	return q
}

func shuffled(q recommend.Query, g *rng.Stream) recommend.Query {
	q.Items, q.Weights = slices.Clone(q.Items), slices.Clone(q.Weights)
	g.Shuffle(len(q.Items), func(i, j int) {
		q.Items[i], q.Items[j] = q.Items[j], q.Items[i]
		if q.Weights != nil {
			q.Weights[i], q.Weights[j] = q.Weights[j], q.Weights[i]
		}
	})
	return q
}

// farthest returns the first item whose scores differ by more than drawing explains, and
// its second score; -1 when none does.
func farthest(want, got []float32) (item int, score float32) {
	scored := slices.DeleteFunc(slices.Clone(want), infinite)
	if len(scored) == 0 {
		return -1, 0
	}
	tol := 0.1*(slices.Max(scored)-slices.Min(scored)) + 1e-6
	for i, v := range got {
		if v != want[i] && !(v >= want[i]-tol && v <= want[i]+tol) {
			return i, v
		}
	}
	return -1, 0
}

// checkEngine puts the model behind an Engine and wants the lists that it gives when it is
// asked directly, score for score: for histories in an order of their own, one item
// twice in each, as models of order read them, and else as sets.
func checkEngine(t testing.TB, s *subject) {
	b, err := recommend.NewBuilder[int, int](recommend.BuilderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	g := rng.New(7, 2, 0)
	var histories [][]int
	for u, row := range groupRows(60, 48, 8, 3) {
		var history []int
		for _, i := range row {
			at = at.Add(time.Minute)
			if err := b.AddAt(u, int(i), 1, at); err != nil {
				t.Fatal(err)
			}
			history = append(history, int(i))
		}
		if len(history) > 0 {
			g.Shuffle(len(history), func(i, j int) { history[i], history[j] = history[j], history[i] })
			histories = append(histories, append(history, history[0]))
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Fit(context.Background(), d.Interactions)
	if errors.Is(err, recommend.ErrDiverged) && s.MayDiverge {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if m.Users() != d.Users.Len() || m.Items() != d.Items.Len() {
		return // check shape says so
	}
	e, err := recommend.NewEngine(d, recommend.EngineOptions{Sources: []recommend.Source{{Name: "model", Model: m}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, history := range histories {
		request := recommend.Request[int, int]{Anonymous: true, K: m.Items(), Seen: recommend.KeepSeen}
		for k, item := range history {
			request.History = append(request.History, recommend.Event[int]{Item: item, At: at.Add(time.Duration(k) * time.Hour)})
		}
		list, err := e.Recommend(nil, request)
		if err != nil {
			t.Fatal(err)
		}
		want := directly(t, m, d, history)
		for k, x := range list {
			switch {
			case x.Source == "model" && (k >= len(want) || d.Items.Of(x.Item) != want[k].Item || x.Score != want[k].Score):
				t.Fatalf("history %v: place %d behind an Engine is item %d with %v, the model asked directly says %v", history, k+1, x.Item, x.Score, want[min(k, len(want)):min(k+1, len(want))])
			case x.Source != "model" && k < len(want):
				t.Fatalf("history %v: an Engine lists %d items of the model, which asked directly has %d", history, k, len(want))
			}
		}
	}
}

// directly returns the list that m gives for a history of ids, oldest first.
func directly(t testing.TB, m recommend.Model, d *recommend.Dataset[int, int], history []int) []recommend.Scored {
	q := recommend.Query{User: recommend.Stranger}
	o, ok := m.(recommend.OrderReader)
	if ok && o.ReadsOrder() {
		for _, item := range history {
			q.Items, q.Weights = append(q.Items, d.Items.Of(item)), append(q.Weights, 1)
		}
	} else {
		for i := range int32(m.Items()) {
			n := float32(0)
			for _, item := range history {
				if d.Items.Of(item) == i {
					n++
				}
			}
			if n > 0 {
				q.Items, q.Weights = append(q.Items, i), append(q.Weights, n)
			}
		}
	}
	dst := make([]float32, m.Items())
	err := m.Score(dst, q)
	if errors.Is(err, recommend.ErrEmpty) || errors.Is(err, recommend.ErrDiverged) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	a, ok := m.(recommend.SparseScorer)
	sparse := ok && a.SparseScores()
	return slowTop(dst, m.Items(), func(i int32) bool { return !infinite(dst[i]) && (!sparse || dst[i] > 0) })
}
