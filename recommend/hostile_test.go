package recommend

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
)

// fitter hides the option type of a Fit function behind reflection: fit calls it
// with options of that type.
type fitter struct {
	name    string
	options any
	fit     func(ctx context.Context, opt any) (Model, error)
}

// over makes a fitter of fit on data.
func over[D, O any, M Model](fit func(context.Context, D, O) (M, error), data D, opt O) fitter {
	name := "Fit" + strings.TrimSuffix(reflect.TypeOf(opt).Name(), "Options")
	return fitter{name, opt, func(ctx context.Context, o any) (Model, error) {
		m, err := fit(ctx, data, o.(O))
		if err != nil {
			return nil, err
		}
		return m, nil
	}}
}

func fitters(t *testing.T, x *Interactions) []fitter {
	x, err := x.WithTimes(make([]int64, x.Len()))
	if err != nil {
		t.Fatal(err)
	}
	s, err := inOrder(x)
	if err != nil {
		t.Fatal(err)
	}
	cats, err := groupCategories(x)
	if err != nil {
		t.Fatal(err)
	}
	texts := make([]string, x.Items())
	for i := range texts {
		texts[i] = fmt.Sprintf("red shoe size%d", i%4)
	}
	return []fitter{
		over(FitPopular, x, PopularOptions{}),
		over(FitRising, x, RisingOptions{}),
		over(func(ctx context.Context, x *Interactions, o PopularOptions) (*CategoryPopular, error) {
			return FitCategoryPopular(ctx, x, cats, o)
		}, x, PopularOptions{}),
		over(FitItemKNN, x, ItemKNNOptions{}),
		over(FitUserKNN, x, UserKNNOptions{}),
		over(FitALS, x, ALSOptions{Factors: 4, Iterations: 2}),
		over(FitRP3Beta, x, RP3BetaOptions{}),
		over(FitTurboCF, x, TurboCFOptions{}),
		over(FitEASE, x, EASEOptions{}),
		over(FitSparseEASE, x, SparseEASEOptions{}),
		over(FitSLIM, x, SLIMOptions{}),
		over(FitBPR, x, BPROptions{Factors: 4, Epochs: 3}),
		over(FitWARP, x, WARPOptions{Factors: 4, Epochs: 3}),
		over(FitLMF, x, LMFOptions{Factors: 4, Epochs: 3}),
		over(FitMF, x, MFOptions{Factors: 4, Epochs: 3}),
		over(FitMF, x, MFOptions{Factors: 4, Epochs: 3, Alternating: true}),
		over(FitSVDPP, x, SVDPPOptions{Factors: 4, Epochs: 3}),
		over(FitFM, x, FMOptions{Factors: 4, Epochs: 3}),
		over(FitFM, x, FMOptions{Factors: 4, Epochs: 3, Task: FMClicks}),
		over(FitFM, x, FMOptions{Factors: 4, Epochs: 3, Task: FMRatings}),
		over(FitPureSVD, x, PureSVDOptions{Factors: 4}),
		over(FitGFCF, x, GFCFOptions{Factors: 4}),
		over(FitBSPM, x, BSPMOptions{Factors: 4}),
		over(FitNMF, x, NMFOptions{Factors: 4}),
		over(FitSessionKNN, s, SessionKNNOptions{}),
		over(FitMarkov, s, MarkovOptions{}),
		over(FitItem2Vec, s, Item2VecOptions{Factors: 4, Epochs: 2}),
		over(FitEmbeddings, ItemVectors(RowVectors{Rows: slices.Repeat([]float32{1, 2, -3, 2}, x.Items()), N: 4}), EmbeddingsOptions{}),
		over(func(ctx context.Context, s *Sequences, o NextBasketOptions) (*NextBasket, error) {
			return FitNextBasket(ctx, s, nil, o)
		}, s, NextBasketOptions{}),
		over(func(ctx context.Context, texts []string, o TFIDFOptions) (*TFIDFModel, error) {
			return FitTFIDF(ctx, texts, o)
		}, texts, TFIDFOptions{}),
	}
}

// Every number of every options struct at the ends of its range: the fit refuses
// the field by name, is told to stop, or gives finite scores.
func TestHostileOptions(t *testing.T) {
	x := groups(24, 17, 4, 3)
	ints := []int64{-1, math.MinInt64, math.MaxInt64, math.MaxInt64 / 2, math.MaxInt32, 1}
	floats := []float64{-1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 1e-30, 1e30, 1}
	for _, c := range fitters(t, x) {
		typ := reflect.TypeOf(c.options)
		for f := range typ.NumField() {
			field := typ.Field(f)
			try := func(set func(v reflect.Value), label any) {
				opt := reflect.New(typ).Elem()
				opt.Set(reflect.ValueOf(c.options))
				set(opt.Field(f))
				name := fmt.Sprintf("%s: %s %v", c.name, field.Name, label)
				ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
				defer cancel()
				defer func() {
					if p := recover(); p != nil {
						t.Errorf("%s: panic: %v", name, p)
					}
				}()
				start := time.Now()
				m, err := c.fit(ctx, opt.Interface())
				if d := time.Since(start); d > 5*time.Second {
					t.Errorf("%s: took %v after the deadline", name, d)
				}
				switch {
				case errors.Is(err, context.DeadlineExceeded), errors.Is(err, ErrDiverged), errors.Is(err, ErrTooLarge):
				case errors.Is(err, ErrEmpty) && c.name == "FitTFIDF" && strings.HasSuffix(field.Name, "DF"): // no term is left
				case errors.Is(err, ErrOption):
					if !strings.Contains(err.Error(), field.Name) || !strings.HasPrefix(err.Error(), "recommend: ") {
						t.Errorf("%s: the error does not name the field: %v", name, err)
					}
				case err != nil:
					t.Errorf("%s: %v", name, err)
				default:
					hostileScores(t, name, x, m)
				}
			}
			switch field.Type.Kind() {
			case reflect.Int, reflect.Int64:
				for _, n := range ints {
					if field.Name == "Workers" && n > 1 {
						n = 1000
					}
					try(func(v reflect.Value) { v.SetInt(n) }, n)
				}
			case reflect.Float64:
				for _, n := range floats {
					try(func(v reflect.Value) { v.SetFloat(n) }, n)
				}
			case reflect.Bool:
				try(func(v reflect.Value) { v.SetBool(!v.Bool()) }, "flipped")
			}
		}
	}
}

// hostileScores checks that m scores x, and that all it says is finite.
func hostileScores(t *testing.T, name string, x *Interactions, m Model) {
	t.Helper()
	dst := make([]float32, m.Items())
	for u := range x.Users() {
		for _, user := range []int32{int32(u), Stranger} {
			q := x.Query(u)
			q.User = user
			if err := m.Score(dst, q); err != nil {
				if !errors.Is(err, ErrEmpty) && !errors.Is(err, ErrDiverged) {
					t.Errorf("%s: user %d: %v", name, user, err)
					return
				}
				continue
			}
			for i, s := range dst {
				if s-s != 0 {
					t.Errorf("%s: user %d of the fit asked as %d: score of item %d is %v", name, u, user, i, s)
					return
				}
			}
		}
	}
	if s, ok := m.(Similar); ok {
		for i := range m.Items() {
			near, err := s.AppendSimilar(nil, int32(i), math.MaxInt)
			if err != nil {
				t.Errorf("%s: like item %d: %v", name, i, err)
				return
			}
			for _, n := range near {
				if n.Score-n.Score != 0 {
					t.Errorf("%s: item %d is like item %d by %v", name, i, n.Item, n.Score)
					return
				}
			}
		}
	}
}

// plainFM is an FM without contexts.
type plainFM struct{ *FM }

func (m plainFM) Predict(user, item int32) (float32, error) { return m.FM.Predict(user, item) }

// Ratings of any scale are fitted alike: what a model predicts follows the scale,
// zero and negative ratings included.
func TestRatingScales(t *testing.T) {
	base := reweighed(groups(60, 48, 8, 3), func(u int, i int32, r *rng.Stream) float32 {
		return float32(1 + (u%4+2*int(i)%4+r.Intn(2))%5)
	})
	fits := map[string]func(x *Interactions) (predictor, error){
		"mf": func(x *Interactions) (predictor, error) {
			return FitMF(context.Background(), x, MFOptions{Factors: 8, Epochs: 30})
		},
		"mf/alternating": func(x *Interactions) (predictor, error) {
			return FitMF(context.Background(), x, MFOptions{Factors: 8, Alternating: true})
		},
		"svdpp": func(x *Interactions) (predictor, error) {
			return FitSVDPP(context.Background(), x, SVDPPOptions{Factors: 8, Epochs: 30})
		},
		"fm": func(x *Interactions) (predictor, error) {
			m, err := FitFM(context.Background(), x, FMOptions{Task: FMRatings, Factors: 8, Epochs: 30})
			return plainFM{m}, err
		},
	}
	scales := []struct{ from, to float64 }{{0, 10}, {1, 100}, {-10, 10}, {-1e6, -1e5}, {1e-6, 1e-5}, {0, 1e9}}
	for name, fit := range fits {
		want, err := fit(base)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range scales {
			slope := (s.to - s.from) / 4
			x := reweighed(base, func(u int, i int32, _ *rng.Stream) float32 {
				return float32(s.from + slope*float64(base.users.Val[base.users.Find(u, i)]-1))
			})
			got, err := fit(x)
			if err != nil {
				t.Errorf("%s, ratings from %g to %g: %v", name, s.from, s.to, err)
				continue
			}
			scores := make([]float32, x.Items())
			for u := range int32(x.Users() - 1) {
				// A stranger is folded in on the scale of the ratings, too.
				q := x.Query(int(u))
				q.User = Stranger
				if err := got.Score(scores, q); err != nil {
					t.Fatal(err)
				}
				folded := base.Query(int(u))
				folded.User = Stranger
				like := make([]float32, x.Items())
				if err := want.Score(like, folded); err != nil {
					t.Fatal(err)
				}
				for i := range int32(x.Items()) {
					a, err := want.Predict(u, i)
					if err != nil {
						t.Fatal(err)
					}
					b, err := got.Predict(u, i)
					if err != nil {
						t.Fatal(err)
					}
					back := func(v float32) float64 { return (float64(v)-s.from)/slope + 1 }
					if math.Abs(back(b)-float64(a)) > 0.01 {
						t.Fatalf("%s, ratings from %g to %g: user %d item %d: %v, want %v", name, s.from, s.to, u, i, back(b), a)
					}
					if math.Abs(back(scores[i])-float64(like[i])) > 0.01 {
						t.Fatalf("%s, ratings from %g to %g: stranger like user %d, item %d: %v, want %v", name, s.from, s.to, u, i, back(scores[i]), like[i])
					}
				}
			}
		}
	}
}

// What is made of values of the host refuses those that make no sense.
func TestHostileConstructors(t *testing.T) {
	ctx := context.Background()
	var none *Interactions
	var failed *ALS
	stored := RowVectors{Rows: []float32{1, 2}, N: -1}
	for name, c := range map[string]struct {
		err  error
		want error
	}{
		"set below 0":         {second(NewItemSet(-1)), ErrOption},
		"set too large":       {second(NewItemSet(math.MaxInt)), ErrOption},
		"set member":          {second(NewItemSet(3, 3)), ErrRange},
		"rows below 0":        {second(InteractionsFromRows(-1, nil)), ErrShape},
		"rows too wide":       {second(InteractionsFromRows(math.MaxInt, [][]int32{{0}})), ErrShape},
		"rows twice":          {second(InteractionsFromRows(3, [][]int32{{1, 1}})), ErrDuplicate},
		"pointers from 1":     {second(NewInteractions(1, 3, []int64{1, 1}, []int32{1}, nil)), ErrShape},
		"pointers beyond":     {second(NewInteractions(1, 3, []int64{0, math.MaxInt64}, []int32{1}, nil)), ErrShape},
		"pointers back":       {second(NewInteractions(2, 3, []int64{0, -5, 1}, []int32{1}, nil)), ErrShape},
		"weight NaN":          {second(NewInteractions(1, 3, []int64{0, 1}, []int32{1}, []float32{float32(math.NaN())})), ErrNotFinite},
		"sequences":           {second(NewSequences(3, []int64{0, 9}, []int32{0}, nil)), ErrShape},
		"gramian":             {second(NewGramian(math.MaxInt)), ErrOption},
		"counts":              {second(NewCooccurrence(math.MaxInt, CooccurrenceOptions{})), ErrOption},
		"times of nothing":    {second(none.WithTimes(nil)), ErrEmpty},
		"likeness failed fit": {second(NewVectorLikeness(failed)), ErrEmpty},
		"likeness of -1":      {second(NewVectorLikeness(stored)), ErrShape},
		"cold start":          {second(FitColdStart(ctx, nil, failed, ColdStartOptions{})), ErrMismatch},
	} {
		if !errors.Is(c.err, c.want) || !strings.HasPrefix(c.err.Error(), "recommend: ") {
			t.Errorf("%s: error is %v, want %v", name, c.err, c.want)
		}
	}
	for _, parts := range []int{math.MinInt, 0, 1, math.MaxInt} {
		if p := Partition("id", parts); p < 0 || p >= max(parts, 1) {
			t.Errorf("part %d of %d", p, parts)
		}
	}
}
