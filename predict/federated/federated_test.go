package federated_test

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
	"github.com/aislekit/aisle/predict/federated"
	"pgregory.net/rapid"
)

func get[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// row is a customer of one party.
type row struct {
	x                     []float64
	label, count, amount  float64
	weight, offset, class float64
}

// drawn are customers whose columns tell what they do.
func drawn(n, d int, seed uint64) []row {
	s := rng.New(seed, 1, 0)
	out := make([]row, n)
	for i := range out {
		x := make([]float64, d)
		for j := range x {
			x[j] = s.Normal()*(1+float64(j)) + float64(j)
		}
		eta := .8*x[0] - .4
		r := row{x: x, weight: float64(1 + s.Intn(2)), offset: .1 * s.Normal(), amount: 3*x[0] - x[d-1] + s.Normal(), class: float64(s.Intn(3))}
		if s.Bool(predict.Sigmoid(eta)) {
			r.label = 1
		}
		r.count = float64(s.Poisson(math.Exp(.3*x[0] + r.offset)))
		out[i] = r
	}
	return out
}

// spread deals rows to parties.
func spread(rows []row, parties int) [][]row {
	out := make([][]row, parties)
	for i, r := range rows {
		k := (i*i + i/3) % parties
		out[k] = append(out[k], r)
	}
	return out
}

func outcome(law federated.Law, r row) float64 {
	switch law {
	case federated.Logistic:
		return r.label
	case federated.Poisson:
		return r.count
	}
	return r.amount
}

// asking answers from parties, each of which makes its own Round.
func asking(law federated.Law, parties [][]row) federated.Ask {
	return func(_ context.Context, at *federated.Round) (*federated.Round, error) {
		for _, rows := range parties {
			sent := get(at.Empty().MarshalBinary()) // over the wire, both ways
			var mine federated.Round
			must(mine.UnmarshalBinary(sent))
			for _, r := range rows {
				if err := mine.Add(r.x, outcome(law, r), r.weight, r.offset); err != nil {
					return nil, err
				}
			}
			var back federated.Round
			must(back.UnmarshalBinary(get(mine.MarshalBinary())))
			if err := at.Merge(&back); err != nil {
				return nil, err
			}
		}
		return at, nil
	}
}

func fit(ctx context.Context, law federated.Law, names []string, ask federated.Ask, opt federated.Options) (encoding.BinaryMarshaler, error) {
	switch law {
	case federated.Logistic:
		return federated.FitLogistic(ctx, names, ask, opt)
	case federated.Poisson:
		return federated.FitPoisson(ctx, names, ask, opt)
	}
	return federated.FitLinear(ctx, names, ask, opt)
}

var names = []string{"visits", "pages", "age"}

// TestSameBytes: four parties, the same in another order, rows in another order and one party that has all rows are one model, to the
// byte.
func TestSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := drawn(rapid.IntRange(40, 120).Draw(t, "n"), 3, rapid.Uint64().Draw(t, "seed"))
		law := rapid.SampledFrom([]federated.Law{federated.Logistic, federated.Poisson, federated.Linear}).Draw(t, "law")
		opt := federated.Options{L2: rapid.SampledFrom([]float64{.01, 1}).Draw(t, "L2")}
		ctx := context.Background()
		want := get(get(fit(ctx, law, names, asking(law, [][]row{rows}), opt)).MarshalBinary())
		four := spread(rapid.Permutation(rows).Draw(t, "rows"), 4)
		for _, parties := range [][][]row{four, {four[2], four[0], four[3], four[1]}} {
			if got := get(get(fit(ctx, law, names, asking(law, parties), opt)).MarshalBinary()); !slices.Equal(got, want) {
				t.Fatalf("law %d: other bytes", law)
			}
		}
	})
}

// TestLikePredict: the models are those of package predict on all rows.
func TestLikePredict(t *testing.T) {
	ctx := context.Background()
	rows := drawn(3000, 3, 5)
	parties := spread(rows, 4)
	var x [][]float64
	var y []bool
	var count, amount, weights, offset []float64
	for _, r := range rows {
		x, y, count, amount, weights, offset = append(x, r.x), append(y, r.label == 1), append(count, r.count), append(amount, r.amount), append(weights, r.weight), append(offset, r.offset)
	}
	type model interface {
		Coefficients() []predict.Coefficient
		Intercept() predict.Coefficient
		Warnings() []string
	}
	for name, pair := range map[string][2]model{
		"logistic": {get(federated.FitLogistic(ctx, names, asking(federated.Logistic, parties), federated.Options{})), get(predict.FitLogistic(ctx, x, y, predict.LogisticOptions{L2: -1, Weights: weights, Offset: offset, Names: names, StdErrors: true}))},
		"Poisson":  {get(federated.FitPoisson(ctx, names, asking(federated.Poisson, parties), federated.Options{L2: 2})), get(predict.FitPoisson(ctx, x, count, predict.PoissonOptions{L2: 2, Weights: weights, Offset: offset, Names: names, StdErrors: true}))},
		"linear":   {get(federated.FitLinear(ctx, names, asking(federated.Linear, parties), federated.Options{})), get(predict.FitLinear(ctx, x, amount, predict.LinearOptions{Weights: weights, Offset: offset, Names: names}))},
	} {
		got, want := append(pair[0].Coefficients(), pair[0].Intercept()), append(pair[1].Coefficients(), pair[1].Intercept())
		if len(pair[0].Warnings()) > 0 {
			t.Errorf("%s: %v", name, pair[0].Warnings())
		}
		for j, c := range want {
			if got[j].Name != c.Name || !testkit.Close(got[j].Value, c.Value, 1e-9, 1e-9) || !testkit.Close(got[j].StdErr, c.StdErr, 1e-6, 1e-6) {
				t.Errorf("%s: %+v, package predict has %+v", name, got[j], c)
			}
		}
	}
	a := get(federated.FitLinear(ctx, names, asking(federated.Linear, parties), federated.Options{}))
	b := get(predict.FitLinear(ctx, x, amount, predict.LinearOptions{Weights: weights, Offset: offset}))
	if math.Abs(a.RSquared()-b.RSquared()) > 1e-9 {
		t.Errorf("R² %v, package predict has %v", a.RSquared(), b.RSquared())
	}
}

func bayesOptions() predict.NaiveBayesOptions {
	return predict.NaiveBayesOptions{
		Classes: 2, Counts: []int{1}, Binary: []int{2}, Alpha: .5, Smoothing: 1e-6, Priors: []float64{.25, .75},
		Columns: append(predict.Numbers("visits", "orders", "member"), predict.Column{Name: "city", Kind: predict.Categorical, Levels: []string{"a", "b", "c"}}),
	}
}

// counted adds rows to a fresh accumulator.
func counted(rows []row) *federated.Bayes {
	b := get(federated.NewBayes(bayesOptions()))
	for _, r := range rows {
		must(b.Add([]float64{r.x[0], r.count, r.label, r.class}, int(r.label), r.weight))
	}
	return b
}

// TestBayes: any parties give the same bytes, and the model is that of package predict.
func TestBayes(t *testing.T) {
	rows := drawn(500, 2, 9)
	all := counted(rows)
	merged := get(federated.NewBayes(bayesOptions()))
	for _, k := range []int{2, 0, 3, 1} {
		must(merged.Merge(counted(spread(rows, 4)[k])))
	}
	if !slices.Equal(get(all.MarshalBinary()), get(merged.MarshalBinary())) {
		t.Fatal("parties give other bytes")
	}
	own := get(predict.NewNaiveBayes(bayesOptions()))
	var x [][]float64
	for _, r := range rows {
		x = append(x, []float64{r.x[0], r.count, r.label, r.class})
		must(own.Add(x[len(x)-1], int(r.label), r.weight))
	}
	got, want := get(get(get(merged.NaiveBayes()).Result()).Score(nil, x)), get(get(own.Result()).Score(nil, x))
	for i, v := range want {
		if !testkit.Close(got[i], v, 1e-10, 1e-10) {
			t.Fatalf("score %d: %v, package predict has %v", i, got[i], v)
		}
	}
}

// ring makes masks of parties whose secrets are as X25519 would have them.
func ring(names ...string) map[string]*federated.Masks {
	out := make(map[string]*federated.Masks)
	for _, me := range names {
		secrets := make(map[string][]byte)
		for _, other := range names {
			if other != me {
				secrets[other] = []byte(fmt.Sprintf("secret of %s and %s, 16 bytes", min(me, other), max(me, other)))
			}
		}
		out[me] = get(federated.NewMasks(me, secrets))
	}
	return out
}

// TestMasks: the sum of masked words is that of the words, also where a party is missing, and a fit over masked rounds is the same bytes.
func TestMasks(t *testing.T) {
	ctx := context.Background()
	rows := drawn(200, 3, 3)
	parties := spread(rows, 4)
	who := []string{"north", "south", "east", "west"}
	masks := ring(who...)
	number := uint64(0)
	masked := func(_ context.Context, at *federated.Round) (*federated.Round, error) {
		number++
		var sent [][]uint64
		for k, name := range who {
			mine := at.Empty()
			for _, r := range parties[k] {
				must(mine.Add(r.x, r.label, r.weight, r.offset))
			}
			sent = append(sent, get(masks[name].Hide(nil, mine.Words(nil), number)))
		}
		return at, at.SetWords(get(federated.SumWords(nil, sent...)))
	}
	plain := get(get(federated.FitLogistic(ctx, names, asking(federated.Logistic, parties), federated.Options{})).MarshalBinary())
	if !slices.Equal(get(get(federated.FitLogistic(ctx, names, masked, federated.Options{})).MarshalBinary()), plain) {
		t.Error("masked rounds give another model")
	}
	words := [][]uint64{{1, 0, 7, 0}, {2, 0, 5, 0}, {3, 0, math.MaxUint64, math.MaxUint64}}
	var sent [][]uint64
	for k, w := range words { // west does not answer
		sent = append(sent, get(masks[who[k]].Hide(nil, w, 77)))
	}
	if sum := get(federated.SumWords(nil, sent...)); sum[1] == 0 && sum[3] == 0 {
		t.Error("the sum of three of four parties is not masked")
	}
	for _, name := range who[:3] {
		pair := get(masks[name].Pair(nil, "west", 4, 77))
		federated.Negate(pair)
		sent = append(sent, pair)
	}
	if sum := get(federated.SumWords(nil, sent...)); !slices.Equal(sum, []uint64{6, 0, 11, 0}) {
		t.Errorf("without the missing party: %v", sum)
	}
	left := get(federated.NewRound(federated.Logistic, []float64{0}, 0))
	if err := left.SetWords(get(masks["east"].Hide(nil, left.Words(nil), 5))); !errors.Is(err, federated.ErrCorrupt) {
		t.Errorf("words that are still masked: %v", err)
	}
}

// TestMasksUniform: each bit of what a party sends is 0 and 1 about as often, whatever it hides, bits of one word and of the words of
// two rounds have nothing to do with each other, and bytes are spread evenly.
func TestMasksUniform(t *testing.T) {
	m := ring("north", "south")["south"]
	const n = 4096
	for name, plain := range map[string]uint64{"zeros": 0, "ones": math.MaxUint64, "a number": 12345} {
		words := slices.Repeat([]uint64{plain, 0}, n)
		a, b := get(m.Hide(nil, words, 1)), get(m.Hide(nil, words, 2))
		var ones [64]int
		var bytes [256]float64
		both := 0
		for i, w := range a {
			for k := range 64 {
				ones[k] += int(w >> k & 1)
			}
			for k := range 8 {
				bytes[byte(w>>(8*k))]++
			}
			both += bits.OnesCount64(w ^ b[i])
		}
		for k, c := range ones {
			if z := (float64(c) - n) / math.Sqrt(n/2); math.Abs(z) > 4.5 {
				t.Errorf("%s: bit %d is 1 in %d of %d words", name, k, c, 2*n)
			}
		}
		chi := 0.0
		for _, c := range bytes {
			chi += (c - 8*2*n/256.) * (c - 8*2*n/256.) / (8 * 2 * n / 256.)
		}
		if chi > 255+5*math.Sqrt(2*255) {
			t.Errorf("%s: χ² of bytes is %.0f, want about 255", name, chi)
		}
		if z := (float64(both) - 64*n) / math.Sqrt(64*n/2); math.Abs(z) > 4.5 {
			t.Errorf("%s: two rounds differ in %d of %d bits", name, both, 128*n)
		}
	}
}

// TestAverage: parties that train alone for some steps between rounds come within a tenth of a standard error of the model of all rows where they are alike, also
// where one of them misses a round.
func TestAverage(t *testing.T) {
	ctx := context.Background()
	rows := drawn(4000, 3, 7)
	parties := spread(rows, 4)
	pooled := get(federated.FitLogistic(ctx, names, asking(federated.Logistic, parties), federated.Options{}))
	at := make([]float64, 4) // coefficients, then intercept
	for round := range 40 {
		var updates []federated.Update
		for k, mine := range parties {
			if round == 3 && k == 1 {
				continue // missed
			}
			local := slices.Clone(at)
			for range 5 { // steps of plain gradient descent
				grad := make([]float64, 4)
				for _, r := range mine {
					eta := local[3] + r.offset
					for j, v := range r.x {
						eta += local[j] * v
					}
					e := r.weight * (predict.Sigmoid(eta) - r.label) / float64(len(mine))
					for j, v := range append(slices.Clone(r.x), 1) {
						grad[j] += e * v
					}
				}
				for j := range local {
					local[j] -= .15 * grad[j]
				}
			}
			updates = append(updates, federated.Update{Coef: local, Rows: float64(len(mine))})
		}
		if at = get(federated.Average(updates)); round%2 == 1 {
			slices.Reverse(updates)
			if !slices.Equal(at, get(federated.Average(updates))) {
				t.Fatal("the order of updates matters")
			}
		}
	}
	for j, c := range append(pooled.Coefficients(), pooled.Intercept()) {
		if off := math.Abs(at[j]-c.Value) / c.StdErr; off > .1 {
			t.Errorf("%s: %v, that of all rows %v, %.3f standard errors off", c.Name, at[j], c.Value, off)
		}
	}
}

func TestRefuses(t *testing.T) {
	ctx := context.Background()
	rows := drawn(30, 3, 1)
	one := slices.Clone(rows)
	for i := range one {
		one[i].label, one[i].count = 1, 0
	}
	round := func() *federated.Round {
		return get(federated.NewRound(federated.Poisson, []float64{1}, 0))
	}
	logistic := func(rows []row) error {
		_, err := federated.FitLogistic(ctx, names, asking(federated.Logistic, [][]row{rows}), federated.Options{})
		return err
	}
	for name, c := range map[string]struct {
		err, is error
	}{
		"one class": {logistic(one), federated.ErrUndefined},
		"no rows":   {logistic(nil), federated.ErrEmpty},
		"counts of 0": {func() error {
			_, err := federated.FitPoisson(ctx, names, asking(federated.Poisson, [][]row{one}), federated.Options{})
			return err
		}(), federated.ErrUndefined},
		"another question": {func() error {
			_, err := federated.FitLinear(ctx, names, func(context.Context, *federated.Round) (*federated.Round, error) { return round(), nil }, federated.Options{})
			return err
		}(), federated.ErrMismatch},
		"other coefficients": {round().Merge(get(federated.NewRound(federated.Poisson, []float64{2}, 0))), federated.ErrMismatch},
		"a count below 0":    {round().Add([]float64{1}, -1, 1, 0), federated.ErrRange},
		"a label of .5":      {get(federated.NewRound(federated.Logistic, []float64{1}, 0)).Add([]float64{1}, .5, 1, 0), federated.ErrRange},
		"NaN":                {round().Add([]float64{math.NaN()}, 1, 1, 0), federated.ErrNotFinite},
		"width":              {round().Add([]float64{1, 2}, 1, 1, 0), federated.ErrShape},
		"a short secret":     {func() error { _, err := federated.NewMasks("a", map[string][]byte{"b": []byte("short")}); return err }(), federated.ErrOption},
		"itself":             {func() error { _, err := federated.NewMasks("a", map[string][]byte{"a": make([]byte, 32)}); return err }(), federated.ErrDuplicate},
		"no levels": {func() error {
			_, err := federated.NewBayes(predict.NaiveBayesOptions{Classes: 2, Columns: []predict.Column{{Name: "c", Kind: predict.Categorical}}})
			return err
		}(), federated.ErrOption},
		"a square too large": {get(federated.NewBayes(predict.NaiveBayesOptions{Classes: 2, Columns: predict.Numbers("x")})).Add([]float64{1e12}, 0, 1), federated.ErrRange},
	} {
		if !errors.Is(c.err, c.is) {
			t.Errorf("%s: %v, want %v", name, c.err, c.is)
		}
	}
	far := round()
	must(far.Add([]float64{100}, 1, 1, 0)) // e^100 has no place
	if !math.IsInf(far.Objective(), 1) || far.Rows() != 1 {
		t.Errorf("a row without a place: objective %v, %d rows", far.Objective(), far.Rows())
	}
	separated := slices.Clone(rows)
	for i := range separated {
		if separated[i].label = 0; separated[i].x[0] > 0 {
			separated[i].label = 1
		}
	}
	m := get(federated.FitLogistic(ctx, names, asking(federated.Logistic, [][]row{separated}), federated.Options{}))
	if m.Converged() || len(m.Warnings()) == 0 {
		t.Error("separated classes converge")
	}
}
