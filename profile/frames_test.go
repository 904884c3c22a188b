package profile_test

import (
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

// emptyBuilder reads frames of a version: those before 3 have no features.
func emptyBuilder(t testing.TB, version int) *profile.Builder[string, int] {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	var features []profile.Feature
	if version > 2 {
		features = promised(profile.Features([]int{7}, "totals", "distinct", "gaps"))
	}
	b, err := profile.NewBuilder[string, int](profile.BuilderOptions{
		AsOf: cut, Zone: zone, Windows: []int{7, 30}, HalfLife: 20 * day, Rolling: true, Features: features,
		KindWeights: map[profile.Kind]float64{1: 1, 2: 1.5, 3: .5, 4: 3, 5: 2.5, 6: 2, 7: .75, 8: .25, 9: 5, 10: .125},
		Currency:    "EUR", PriceBands: []int64{100, 500},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func filledBuilder(t testing.TB) *profile.Builder[string, int] {
	t.Helper()
	b := emptyBuilder(t, 3)
	for k := profile.View; k <= profile.Return; k++ {
		for i, id := range []string{"ann", "bob", "cid"} {
			e := &event{
				User: id, Item: int(k), Kind: k, At: cut.Add(-time.Duration(int(k)*9+i) * day), Category: fmt.Sprintf("c%d", int(k)%3), Brand: fmt.Sprintf("b%d", i),
				Dwell: time.Duration(int(k)+i) * time.Second, Position: int32(k), Pages: int32(i + 1), Rating: 3.5 + float64(i)/2, Sentiment: .25 - float64(i)/8,
				Query: "red shoes", Channel: "app", Campaign: "spring", Device: "phone",
			}
			if err := b.Add(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, price := range []int64{99, 100, 499, 500, 2500} {
		o := &order{
			ID: fmt.Sprint("o", i), User: []string{"ann", "bob"}[i%2], At: cut.Add(-time.Duration(3+11*i) * day), Currency: "EUR", Discount: 9,
			Lines: []line{{Item: i, Category: "c0", Brand: "b2", Quantity: 2, Price: price, Discount: 1}, {Item: 7, Category: "c4", Quantity: 1, Price: 50}},
		}
		r := &refund{ID: fmt.Sprint("r", i), OrderID: o.ID, User: o.User, At: o.At.Add(2 * day), Currency: "EUR", Amount: 40 + int64(i)}
		if err := errors.Join(b.AddOrder(o), b.AddRefund(r)); err != nil {
			t.Fatal(err)
		}
	}
	err := errors.Join(
		b.AddUser(&user{ID: "ann", Registered: cut.Add(-300 * day), BirthYear: 1990, Sex: "f", Region: "north", Channel: "app", Tags: []string{"vip"}, Extra: map[string]string{"score": "7"}, Source: "crm"}),
		b.AddUser(&user{ID: "dan", Registered: cut.Add(-10 * day)}),
		b.AddUser(&user{ID: "eve", Registered: cut.Add(day)}), // late
	)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// filledSchema is that of the table of filledBuilder.
func filledSchema(t testing.TB) *profile.Schema {
	t.Helper()
	return promised(filledBuilder(t).Table(profile.TableOptions{Columns: []string{"paid", "brand=b2", "gap_mean"}})).Schema
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
		"cutoff": b.AsOf(), "late": b.Late(), "currency": b.Currency(),
		"ids": tab.IDs, "names": tab.Names, "rows": printable(tab.Rows), "people": people, "rfm": buyers,
	}
}

func momentsValues(t testing.TB, m *profile.Moments) any {
	t.Helper()
	value := func(x float64, err error) float64 {
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	return map[string]any{
		"count": m.N(), "missing": m.Missing(), "mean": value(m.Mean()), "sum": value(m.Sum()), "min": value(m.Min()), "max": value(m.Max()),
		"variance": value(m.Variance()), "population": value(m.PopulationVariance()),
	}
}

// TestFrames reads the golden frame of every kind of this package.
func TestFrames(t *testing.T) { testkit.Frames(t, "profile", frames(t)) }

func TestDamage(t *testing.T) { testkit.Damage(t, frames(t)) }

func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames(f)) }

// frames are the kinds of this package with a state in which no field is zero.
func frames(t testing.TB) []testkit.Frame {
	nan := math.NaN()
	return []testkit.Frame{
		{
			Kind:   codec.KindBuilder,
			Fill:   func(t testing.TB) encoding.BinaryMarshaler { return filledBuilder(t) },
			Values: func(t testing.TB, s any) any { return builderValues(t, s.(*profile.Builder[string, int])) },
			Read: func(frame []byte) (any, error) {
				version := 3
				if len(frame) > 7 {
					version = int(frame[6])
				}
				b := emptyBuilder(t, version)
				return b, b.UnmarshalBinary(frame)
			},
			Zero: []string{
				".days.runs: version 1 has the begins of windows, here of days of 24 hours", ".cells: nor days", ".opt.Rolling: nor this",
				".opt.Zone: never stored", ".touched: of AddAll", ".recent: of Add", ".facts: nor facts", ".facts.of.slots[].value.source: not said", ".extra: nor features, as version 2", ".opt.Features: nor these", ".labels[]: nor some dimensions",
				".global[]: as labels", ".taste.slots[].value.hi: of large sums",
			},
		},
		{
			Kind:   codec.KindSchema,
			Fill:   func(t testing.TB) encoding.BinaryMarshaler { return filledSchema(t) },
			Values: func(_ testing.TB, s any) any { return s.(*profile.Schema).Names() },
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
			Values: func(t testing.TB, s any) any { return momentsValues(t, s.(*profile.Moments)) },
			Zero:   []string{".values.rel.mean: version 1 had no origin, so the mean became it"},
		},
		{
			Kind: codec.KindGroupBy,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				var g profile.GroupBy[string]
				for i, x := range []float64{1.5, 4, nan, -2.25, 8, 1e6, 1e6 + 1} {
					if err := g.Add([]string{"web", "shop"}[i%2], x); err != nil {
						t.Fatal(err)
					}
				}
				return &g
			},
			Values: func(t testing.TB, s any) any {
				out := map[string]any{}
				for _, r := range s.(*profile.GroupBy[string]).Result() {
					out[r.Key] = momentsValues(t, &r.Moments)
				}
				return out
			},
		},
		{
			Kind: codec.KindDecayed,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				d, err := profile.NewDecayed(3 * day)
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(d.Add(cut, 4), d.Add(cut.Add(5*day), 1), d.Add(cut.Add(time.Nanosecond), .3)); err != nil {
					t.Fatal(err)
				}
				return d
			},
			Values: func(_ testing.TB, s any) any {
				d := s.(*profile.Decayed)
				return []float64{d.Value(cut), d.Value(cut.Add(5 * day)), d.Value(cut.Add(50 * day))}
			},
		},
	}
}
