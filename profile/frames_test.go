package profile_test

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile"
)

// printable replaces NaN, which JSON cannot say.
func printable(rows [][]float64) [][]any {
	out := make([][]any, len(rows))
	for i, r := range rows {
		for _, x := range r {
			if math.IsNaN(x) {
				out[i] = append(out[i], "NaN")
			} else {
				out[i] = append(out[i], x)
			}
		}
	}
	return out
}

func filledBuilder(t testing.TB) *profile.Builder[string, int] {
	t.Helper()
	b, err := profile.NewBuilder[string, int](profile.BuilderOptions{
		CutOff: cut, Zone: time.FixedZone("shop", 3600), Windows: []int{7, 30}, HalfLife: 20 * day,
		Weights:  map[profile.Kind]float64{1: 1, 2: 1.5, 3: .5, 4: 3, 5: 2.5, 6: 2, 7: .75, 8: .25, 9: 5, 10: .125},
		Currency: "EUR", PriceBands: []int64{100, 500},
	})
	if err != nil {
		t.Fatal(err)
	}
	for k := profile.View; k <= profile.Return; k++ {
		for i, id := range []string{"ann", "bob", "cid"} {
			e := &event{
				User: id, Item: int(k), Kind: k, Time: cut.Add(-time.Duration(int(k)*9+i) * day), Category: fmt.Sprintf("c%d", int(k)%3), Brand: fmt.Sprintf("b%d", i),
				Dwell: time.Duration(int(k)+i) * time.Second, Position: int32(k), Pages: int32(i + 1), Rating: 3.5 + float64(i)/2, Sentiment: .25 - float64(i)/8,
			}
			if err := b.Add(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, price := range []int64{99, 100, 499, 500, 2500} {
		o := &order{
			ID: fmt.Sprint("o", i), User: []string{"ann", "bob"}[i%2], Time: cut.Add(-time.Duration(3+11*i) * day), Currency: "EUR", Discount: 9,
			Lines: []line{{Item: i, Category: "c0", Brand: "b2", Quantity: 2, Price: price, Discount: 1}, {Item: 7, Category: "c4", Quantity: 1, Price: 50}},
		}
		r := &refund{ID: fmt.Sprint("r", i), OrderID: o.ID, User: o.User, Time: o.Time.Add(2 * day), Currency: "EUR", Amount: 40 + int64(i)}
		if err := errors.Join(b.AddOrder(o), b.AddRefund(r)); err != nil {
			t.Fatal(err)
		}
	}
	err = errors.Join(
		b.AddUser(&user{ID: "ann", Registered: cut.Add(-300 * day)}),
		b.AddUser(&user{ID: "dan", Registered: cut.Add(-10 * day)}),
		b.AddUser(&user{ID: "eve", Registered: cut.Add(day)}), // late
	)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// person is one Individual in plain values.
func person(p *profile.Individual) map[string]any {
	var likes []any
	for _, a := range p.Affinities {
		likes = append(likes, map[string]any{"label": fmt.Sprintf("%v=%s", a.Dimension, a.Label), "weight": a.Weight, "share": a.Share})
	}
	return map[string]any{
		"users": p.Users, "registered": p.Registered, "seen": []time.Time{p.FirstSeen, p.LastSeen}, "ordered": []time.Time{p.FirstOrder, p.LastOrder},
		"orders": p.Orders, "units": p.Units, "paid": p.Paid, "refunded": p.Refunded, "currency": p.Currency, "events": p.Events, "affinities": likes,
		"means": printable([][]float64{{p.DwellMean, p.RatingMean, p.SentimentMean}})[0],
	}
}

func builderValues(t testing.TB, b *profile.Builder[string, int]) any {
	t.Helper()
	tab, err := b.Table(profile.TableOptions{Labels: 100})
	if err != nil {
		t.Fatal(err)
	}
	all, err := b.Population()
	if err != nil {
		t.Fatal(err)
	}
	people := map[string]any{"": person(all)}
	for _, id := range tab.IDs {
		p, err := b.Individual(id)
		if err != nil {
			t.Fatal(err)
		}
		people[id] = person(p)
	}
	rfm, err := b.RFM()
	if err != nil {
		t.Fatal(err)
	}
	var buyers []any
	for _, r := range rfm {
		buyers = append(buyers, []any{r.User, r.Recency, r.Frequency, r.Monetary, r.First, r.Last})
	}
	return map[string]any{
		"cutoff": b.CutOff(), "late": b.Late(), "currency": b.Currency(),
		"ids": tab.IDs, "names": tab.Names, "rows": printable(tab.Rows), "people": people, "rfm": buyers,
	}
}

func momentsValues(m *profile.Moments) any {
	return map[string]any{
		"count": m.Count(), "missing": m.Missing(), "mean": m.Mean(), "sum": m.Sum(), "min": m.Min(), "max": m.Max(),
		"variance": m.Variance(), "population": m.PopulationVariance(),
	}
}

// TestFrames reads the golden frame of every kind of this package.
func TestFrames(t *testing.T) {
	nan := math.NaN()
	rows := [][]float64{{1, 3, 7, 0, nan, 4}, {2, 3, nan, 5, -2, 2}, {4, 3, 9, 1, 8, 5}, {9, 3, 1, 2, 6, nan}}
	names := []string{"z", "flat", "range", "robust", "abs", "log"}
	testkit.Frames(t, "profile", []testkit.Frame{
		{
			Kind:   codec.KindBuilder,
			Fill:   func(t testing.TB) encoding.BinaryMarshaler { return filledBuilder(t) },
			Values: func(t testing.TB, s any) any { return builderValues(t, s.(*profile.Builder[string, int])) },
		},
		{
			Kind: codec.KindProfileMoments,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				var m profile.Moments
				for _, x := range []float64{1.5, 4, nan, -2.25, 8} {
					if err := m.Add(x); err != nil {
						t.Fatal(err)
					}
				}
				return &m
			},
			Values: func(_ testing.TB, s any) any { return momentsValues(s.(*profile.Moments)) },
		},
		{
			Kind: codec.KindQuality,
			Fill: func(testing.TB) encoding.BinaryMarshaler {
				var q profile.Quality
				q.Keep(cut)
				q.Keep(cut.Add(day))
				for row := range int64(12) {
					q.Reject(40-row, profile.Missing)
				}
				q.Reject(7, profile.Future)
				q.Flag(8, profile.Outlier)
				q.Field("user", profile.Missing)
				q.Field("user", profile.Kept)
				q.Field("price", profile.Malformed)
				return &q
			},
			Values: func(_ testing.TB, s any) any {
				r := s.(*profile.Quality).Result()
				list := func(in []profile.ReasonCount) (out []any) {
					for _, c := range in {
						out = append(out, []any{c.Reason, c.Rows, c.First})
					}
					return out
				}
				var fields []any
				for _, f := range r.Fields {
					fields = append(fields, []any{f.Name, f.Seen, f.Missing, f.Malformed})
				}
				return map[string]any{"rows": r.Rows, "kept": r.Kept, "rejected": list(r.Rejected), "flagged": list(r.Flagged), "fields": fields, "first": r.First, "last": r.Last}
			},
		},
		{
			Kind: codec.KindScaler,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				s, err := profile.FitScaler(context.Background(), rows, profile.ScalerOptions{
					Names: names, Lo: -1, Hi: 2, ClipToRange: true,
					Methods: map[string]profile.ScaleMethod{"range": profile.MinMax, "robust": profile.Robust, "abs": profile.MaxAbs, "log": profile.Log1p},
				})
				if err != nil {
					t.Fatal(err)
				}
				return s
			},
			Values: func(t testing.TB, s any) any {
				x := s.(*profile.Scaler)
				in := [][]float64{{1, 2, 30, 4, 5, 6}, {-1, nan, -3, 0, 7, -9}}
				out, err := x.Transform(nil, in)
				if err != nil {
					t.Fatal(err)
				}
				back, err := x.Inverse(nil, out)
				if err != nil {
					t.Fatal(err)
				}
				return map[string]any{"constant": x.Constant(), "transform": printable(out), "inverse": printable(back)}
			},
		},
		{
			Kind: codec.KindImputer,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				p, err := profile.FitImputer(context.Background(), rows, profile.ImputerOptions{
					Names: names, Indicators: true, Groups: []string{"g", "h", "g", "h"}, Value: -7,
					Methods: map[string]profile.ImputeMethod{"z": profile.Median, "range": profile.Constant, "robust": profile.Mode, "abs": profile.LastObservation, "log": profile.GroupMean},
				})
				if err != nil {
					t.Fatal(err)
				}
				return p
			},
			Values: func(t testing.TB, s any) any {
				p := s.(*profile.Imputer)
				out, err := p.Transform(nil, [][]float64{{nan, nan, nan, nan, nan, nan}, {1, 2, 3, 4, 5, 6}, {nan, 1, nan, nan, nan, nan}}, []string{"g", "h", "h"})
				if err != nil {
					t.Fatal(err)
				}
				return map[string]any{"names": p.Names(), "transform": printable(out)}
			},
		},
	})
}
