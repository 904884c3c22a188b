package tree_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/bits"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict/tree"
	"pgregory.net/rapid"
)

var partyNames = []string{"a", "b", "c", "d", "e"}

// deal gives the rows to parties, by any rule.
func deal(rows [][]float64, y, weights []float64, parties int, to func(i int) int) []*tree.BoostParty {
	x, labels, w := make([][][]float64, parties), make([][]float64, parties), make([][]float64, parties)
	for i := range rows {
		k := to(i)
		x[k], labels[k] = append(x[k], rows[i]), append(labels[k], y[i])
		if weights != nil {
			w[k] = append(w[k], weights[i])
		}
	}
	var out []*tree.BoostParty
	for k := range x {
		if len(x[k]) > 0 {
			out = append(out, must(tree.NewBoostParty(x[k], labels[k], tree.PartyOptions{Weights: w[k]})))
		}
	}
	return out
}

// wired brings a round to another place.
func wired(r *tree.BoostRound) *tree.BoostRound {
	out := new(tree.BoostRound)
	if err := out.UnmarshalBinary(must(r.MarshalBinary())); err != nil {
		panic(err)
	}
	return out
}

// among asks parties in an order that changes, over the wire, but those that absent names in an exchange.
func among(parties []*tree.BoostParty, absent func(exchange, party int) bool) tree.BoostAsk {
	exchange := 0
	return func(ctx context.Context, at *tree.BoostRound) (*tree.BoostRound, error) {
		exchange++
		for k := range parties {
			k = (k + exchange) % len(parties)
			if absent != nil && absent(exchange, k) {
				continue
			}
			mine := wired(at.Empty())
			if err := mine.Add(ctx, parties[k]); err != nil {
				return nil, err
			}
			if err := at.Merge(wired(mine)); err != nil {
				return nil, err
			}
		}
		return at, nil
	}
}

func bytesOf(t testing.TB, names []string, ask tree.BoostAsk, opt tree.BoostOptions) []byte {
	t.Helper()
	m, err := tree.FitBoostParties(bg, names, ask, opt)
	if err != nil {
		t.Fatal(err)
	}
	return must(m.MarshalBinary())
}

// partySample are rows of numbers, categories and missing values with labels or amounts, and some weights.
func partySample(n int, seed uint64, loss tree.Loss, weighted bool) (rows [][]float64, y, weights []float64) {
	rows, margin := mixed(n, seed)
	y = labels(margin, seed)
	r := rng.New(seed, 7, 0)
	for i := range margin {
		if loss == tree.LossSquared {
			y[i] = 100*margin[i] + 10*r.Normal() + 1e4
		}
		if weighted {
			weights = append(weights, float64(r.Intn(4))/2)
		}
	}
	return rows, y, weights
}

// answeredRound is what forty rows answer to the last question about the second tree.
func answeredRound(t testing.TB) *tree.BoostRound {
	rows, y, _ := partySample(40, 2, tree.LossLogistic, false)
	for _, row := range rows {
		for _, j := range []int{0, 2, 4} {
			row[j] = math.Round(row[j])
		}
	}
	var last *tree.BoostRound
	ask := among(deal(rows, y, nil, 2, func(i int) int { return i % 2 }), nil)
	bytesOf(t, partyNames, func(ctx context.Context, at *tree.BoostRound) (*tree.BoostRound, error) {
		var err error
		last, err = ask(ctx, at)
		return last, err
	}, tree.BoostOptions{Iterations: 2, Leaves: 5, MinRows: 3, Categorical: []int{3}, MinCategory: 1, CategorySmooth: -1})
	return last
}

// TestPartiesSameBytes: any number of parties, any split, any order, over the wire or by masked words, and one party that has all
// rows give one model, to the byte.
func TestPartiesSameBytes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		loss := rapid.SampledFrom([]tree.Loss{tree.LossLogistic, tree.LossSquared}).Draw(rt, "loss")
		rows, y, weights := partySample(rapid.IntRange(60, 300).Draw(rt, "n"), rapid.Uint64().Draw(rt, "seed"), loss, rapid.Bool().Draw(rt, "weighted"))
		y[0], y[1] = 0, 1
		if weights != nil {
			weights[0], weights[1] = 1, 1
		}
		opt := tree.BoostOptions{
			Loss: loss, Iterations: 3, MinRows: 3, Leaves: rapid.IntRange(2, 9).Draw(rt, "leaves"), LevelWise: rapid.Bool().Draw(rt, "level"),
			MaxDepth: rapid.SampledFrom([]int{0, 2}).Draw(rt, "depth"), Categorical: []int{3}, MinCategory: 2, ColumnShare: .7,
		}
		if rapid.Bool().Draw(rt, "bound") {
			opt.Monotone, opt.Interactions = []int{1, 0, 0, 0, -1}, [][]int{{0, 1, 3}, {2, 3}}
		}
		want := bytesOf(t, partyNames, among(deal(rows, y, weights, 1, func(int) int { return 0 }), nil), opt)
		k := rapid.IntRange(2, 6).Draw(rt, "parties")
		parties := deal(rows, y, weights, k, func(i int) int { return (i*i + i/3) % k })
		if got := bytesOf(t, partyNames, among(parties, nil), opt); !bytes.Equal(got, want) {
			rt.Fatalf("%d parties give other bytes", k)
		}
	})
}

// TestPartiesWords: words with masks that vanish from the sum give the same bytes, and a mask left in the sum is found.
func TestPartiesWords(t *testing.T) {
	rows, y, _ := partySample(400, 3, tree.LossLogistic, false)
	opt := tree.BoostOptions{Iterations: 2, Leaves: 5, Categorical: []int{3}}
	want := bytesOf(t, partyNames, among(deal(rows, y, nil, 1, func(int) int { return 0 }), nil), opt)
	parties := deal(rows, y, nil, 3, func(i int) int { return i % 3 })
	r := rng.New(8, 0, 0)
	add := func(to, words []uint64) {
		for i := 0; i < len(to); i += 2 {
			low, carry := bits.Add64(to[i], words[i], 0)
			to[i], to[i+1] = low, to[i+1]+words[i+1]+carry
		}
	}
	got := bytesOf(t, partyNames, func(ctx context.Context, at *tree.BoostRound) (*tree.BoostRound, error) {
		var sum, masks []uint64
		for _, p := range parties {
			mine := at.Empty()
			if err := mine.Add(ctx, p); err != nil {
				return nil, err
			}
			words := mine.Words(nil)
			if sum == nil {
				sum, masks = make([]uint64, len(words)), make([]uint64, len(words))
			}
			mask := make([]uint64, len(words))
			for i := range mask {
				mask[i] = r.Uint64()
			}
			add(masks, mask)
			add(words, mask)
			add(sum, words)
		}
		before := must(at.MarshalBinary())
		if err := at.SetWords(sum); !errors.Is(err, tree.ErrCorrupt) || !bytes.Equal(before, must(at.MarshalBinary())) {
			t.Errorf("a sum with masks in it: %v", err)
		}
		for i := 0; i < len(masks); i += 2 { // their negative
			low, borrow := bits.Sub64(0, masks[i], 0)
			masks[i], masks[i+1] = low, -masks[i+1]-borrow
		}
		add(sum, masks)
		return at, at.SetWords(sum)
	}, opt)
	if !bytes.Equal(got, want) {
		t.Error("masked sums give other bytes")
	}
}

// TestPartiesLikeBoost: where columns have few values the model is that of FitBoost on all rows, but for what gradients are
// rounded to.
func TestPartiesLikeBoost(t *testing.T) {
	for _, loss := range []tree.Loss{tree.LossLogistic, tree.LossSquared} {
		for _, level := range []bool{false, true} {
			rows, y, _ := partySample(2000, 5, loss, false)
			for _, row := range rows {
				for _, j := range []int{0, 2, 4} {
					row[j] = math.Round(8*row[j]) / 8
				}
			}
			opt := tree.BoostOptions{Loss: loss, Iterations: 5, Leaves: 12, LevelWise: level, Categorical: []int{3}, Monotone: []int{1, 0, 0, 0, 0}}
			got := must(tree.FitBoostParties(bg, partyNames, among(deal(rows, y, nil, 4, func(i int) int { return i % 4 }), nil), opt))
			want := must(tree.FitBoost(bg, rows, y, opt))
			a, b := must(got.Margins(nil, rows)), must(want.Margins(nil, rows))
			far := 0
			for i := range a {
				if math.Abs(a[i]-b[i]) > 1e-3*math.Abs(b[i]-a[0])+1e-3 {
					far++
				}
			}
			if far > 20 {
				t.Errorf("%v, level %v: %d of 2000 margins differ", loss, level, far)
			}
		}
	}
}

// TestPartiesMissing: a party that misses any exchange is missing from that one alone: the fit goes on, the party's next answers are those of one that
// has seen all, and where its rows tell nothing of their own the model is about as good.
func TestPartiesMissing(t *testing.T) {
	rows, y, _ := partySample(2000, 9, tree.LossLogistic, false)
	parties := deal(rows, y, nil, 4, func(i int) int { return i % 4 })
	opt := tree.BoostOptions{Iterations: 5, Leaves: 6, Categorical: []int{3}}
	full := must(tree.FitBoostParties(bg, partyNames, among(parties, nil), opt))
	for name, absent := range map[string]func(exchange, party int) bool{
		"the first":   func(e, p int) bool { return p == 1 && e == 1 },
		"one of many": func(e, p int) bool { return p == 2 && e == 9 },
		"every third": func(e, p int) bool { return p == 0 && e%3 == 0 },
		"late":        func(e, p int) bool { return p == 3 && e < 12 },
		"in turn":     func(e, p int) bool { return p == e%4 },
	} {
		m, err := tree.FitBoostParties(bg, partyNames, among(parties, absent), opt)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// The same absences give the same bytes, from parties that know nothing of the fit before.
		again := bytesOf(t, partyNames, among(deal(rows, y, nil, 4, func(i int) int { return i % 4 }), absent), opt)
		if !bytes.Equal(again, must(m.MarshalBinary())) {
			t.Errorf("%s: other bytes", name)
		}
		a, b := auc(must(m.Margins(nil, rows)), y), auc(must(full.Margins(nil, rows)), y)
		if math.Abs(a-b) > .01 || bytes.Equal(again, must(full.MarshalBinary())) {
			t.Errorf("%s: AUC %.4f, of all %.4f", name, a, b)
		}
	}
}

// TestPartiesTimes: a column of times in seconds is cut as finely as one of days.
func TestPartiesTimes(t *testing.T) {
	r := rng.New(4, 0, 0)
	rows, y := make([][]float64, 1500), make([]float64, 1500)
	for i := range rows {
		day := float64(r.Intn(700))
		rows[i] = []float64{1.7e9 + 86400*day + 3600*r.Exp()}
		y[i] = math.Sin(day / 30)
	}
	opt := tree.BoostOptions{Loss: tree.LossSquared, Iterations: 40, LearningRate: .3, MinRows: 5}
	m := must(tree.FitBoostParties(bg, []string{"time"}, among(deal(rows, y, nil, 3, func(i int) int { return i % 3 }), nil), opt))
	worst := 0.0
	for i, p := range must(m.Predict(nil, rows)) {
		worst = max(worst, math.Abs(p-y[i]))
	}
	if worst > .15 {
		t.Errorf("a prediction is off by %.3f", worst)
	}
}

// TestPartiesConstant: columns and amounts of one value, and of none, end in trees without splits.
func TestPartiesConstant(t *testing.T) {
	rows, y := make([][]float64, 60), make([]float64, 60)
	for i := range rows {
		rows[i], y[i] = []float64{3, math.NaN()}, 7.25
	}
	m := must(tree.FitBoostParties(bg, []string{"a", "b"}, among(deal(rows, y, nil, 2, func(i int) int { return i % 2 }), nil), tree.BoostOptions{Loss: tree.LossSquared, Iterations: 2}))
	if p := must(m.Predict(nil, [][]float64{{1, 2}, {math.NaN(), 5}})); p[0] != 7.25 || p[1] != 7.25 {
		t.Errorf("predictions %v", p)
	}
}

// TestPartiesErrors: what is asked or answered wrongly.
func TestPartiesErrors(t *testing.T) {
	rows, y, _ := partySample(100, 1, tree.LossLogistic, false)
	fine := among(deal(rows, y, nil, 2, func(i int) int { return i % 2 }), nil)
	mine := errors.New("the line is dead")
	opt := tree.BoostOptions{Iterations: 1, Categorical: []int{3}}
	var first *tree.BoostRound
	for name, c := range map[string]struct {
		names []string
		ask   tree.BoostAsk
		opt   tree.BoostOptions
		want  error
	}{
		"no names":        {nil, fine, opt, tree.ErrEmpty},
		"no ask":          {partyNames, nil, opt, tree.ErrEmpty},
		"name twice":      {[]string{"a", "a", "c", "d", "e"}, fine, opt, tree.ErrDuplicate},
		"columns":         {partyNames[:4], fine, opt, tree.ErrShape},
		"loss":            {partyNames, fine, tree.BoostOptions{Loss: tree.LossPoisson}, tree.ErrOption},
		"rows drawn":      {partyNames, fine, tree.BoostOptions{RowShare: .5}, tree.ErrOption},
		"validation":      {partyNames, fine, tree.BoostOptions{Validation: []int{1}}, tree.ErrOption},
		"names in opt":    {partyNames, fine, tree.BoostOptions{Names: partyNames}, tree.ErrOption},
		"no category":     {partyNames, fine, tree.BoostOptions{Categorical: []int{0}}, tree.ErrRange},
		"nobody answers":  {partyNames, func(_ context.Context, at *tree.BoostRound) (*tree.BoostRound, error) { return at, nil }, opt, tree.ErrEmpty},
		"nothing":         {partyNames, func(context.Context, *tree.BoostRound) (*tree.BoostRound, error) { return nil, nil }, opt, tree.ErrMismatch},
		"its own error":   {partyNames, func(context.Context, *tree.BoostRound) (*tree.BoostRound, error) { return nil, mine }, opt, mine},
		"one class":       {partyNames, among(deal(rows, make([]float64, 100), nil, 1, func(int) int { return 0 }), nil), opt, tree.ErrUndefined},
		"amounts, logist": {partyNames, among(deal(rows, slices.Repeat([]float64{2}, 100), nil, 1, func(int) int { return 0 }), nil), opt, tree.ErrRange},
		"labels beyond 1": {partyNames, func(ctx context.Context, at *tree.BoostRound) (*tree.BoostRound, error) {
			r := must(fine(ctx, at))
			words := r.Words(nil)
			words[7] = 1 // Σ w·y is 2¹⁶ more, of a hundred rows
			return r, r.SetWords(words)
		}, opt, tree.ErrRange},
		"an old answer": {partyNames, func(ctx context.Context, at *tree.BoostRound) (*tree.BoostRound, error) {
			r, err := fine(ctx, at)
			if first == nil {
				first = r
			}
			return first, err
		}, opt, tree.ErrMismatch},
	} {
		if _, err := tree.FitBoostParties(bg, c.names, c.ask, c.opt); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if err := first.Merge(first.Empty()); err != nil {
		t.Error(err)
	}
	ctx, stop := context.WithCancel(bg)
	stop()
	if _, err := tree.FitBoostParties(ctx, partyNames, fine, opt); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for name, bad := range map[string]func() (*tree.BoostParty, error){
		"empty": func() (*tree.BoostParty, error) { return tree.NewBoostParty(nil, nil, tree.PartyOptions{}) },
		"ragged": func() (*tree.BoostParty, error) {
			return tree.NewBoostParty([][]float64{{1}, {1, 2}}, []float64{0, 1}, tree.PartyOptions{})
		},
		"infinite": func() (*tree.BoostParty, error) {
			return tree.NewBoostParty([][]float64{{math.Inf(1)}}, []float64{0}, tree.PartyOptions{})
		},
		"huge": func() (*tree.BoostParty, error) {
			return tree.NewBoostParty([][]float64{{1}}, []float64{1e20}, tree.PartyOptions{})
		},
		"weights": func() (*tree.BoostParty, error) {
			return tree.NewBoostParty([][]float64{{1}}, []float64{1}, tree.PartyOptions{Weights: []float64{0}})
		},
	} {
		if p, err := bad(); err == nil || p != nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// someParty is sixty rows.
func someParty() *tree.BoostParty {
	rows, y, _ := partySample(60, 2, tree.LossLogistic, false)
	return deal(rows, y, nil, 1, func(int) int { return 0 })[0]
}
