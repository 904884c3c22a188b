package recommend

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

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
	scales := []struct{ from, to float64 }{{0, 10}, {1, 100}, {-10, 10}, {-1e6, -1e5}, {1e-6, 1e-5}, {0, 1e9}, {0, 1e29}, {-1e30, 1e30}, {1e28, 5e28}, {-5e29, -1e29}, {0, 1e-30}, {0, 1e18}, {1e19, 1e20}}
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
					t.Errorf("%s, ratings from %g to %g: stranger like user %d: %v", name, s.from, s.to, u, err)
					break
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
						t.Errorf("%s, ratings from %g to %g: user %d item %d: %v, want %v", name, s.from, s.to, u, i, back(b), a)
					}
					if math.Abs(back(scores[i])-float64(like[i])) > 0.01 {
						t.Errorf("%s, ratings from %g to %g: stranger like user %d, item %d: %v, want %v", name, s.from, s.to, u, i, back(scores[i]), like[i])
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
