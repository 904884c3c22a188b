package profile_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// promised is a value that needs no error handled: what it makes is fixed.
func promised[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func TestPromises(t *testing.T) {
	buy := func() *order {
		return &order{
			ID: "new", User: "ann", At: cut.Add(-day), Currency: "eur", Discount: 3,
			Lines: []line{{Item: 7, Category: "shoes", Brand: "acme", Quantity: 2, Price: 50, Discount: 9}},
		}
	}
	click := func() *event {
		return &event{
			User: "ann", Item: 7, Kind: profile.Rate, At: cut.Add(-day), Category: "shoes", Brand: "acme",
			Dwell: time.Minute, Position: 3, Pages: 2, Rating: 4, Sentiment: .5,
		}
	}
	comment := func() *event {
		e := click()
		e.Kind = profile.Comment
		return e
	}
	back := func() *refund {
		return &refund{ID: "back", OrderID: "A", User: "ann", At: cut.Add(-day), Currency: "eur", Amount: 10, Item: 7, Quantity: 1}
	}
	options := profile.BuilderOptions{
		AsOf: cut, Zone: time.UTC, Windows: []int{7, 30}, HalfLife: 20 * day, KindWeights: map[profile.Kind]float64{profile.View: 1},
		Currency: "EUR", Rolling: true, PriceBands: []int64{100, 500},
	}
	types := []func() any{
		func() any {
			return promised(filledBuilder(t).Table(profile.TableOptions{Columns: []string{"orders", "paid", "active_days_ago"}}))
		},
		func() any { return click() },
		func() any { return buy() },
		func() any { return back() },
		func() any { return &profile.Money{Minor: 1250, Currency: "GBP"} },
		func() any { k := profile.View; return &k },
		func() any { return &profile.Clock{} },
		func() any {
			return &user{ID: "new", Registered: cut.Add(-day), BirthYear: 1990, Sex: "f", Region: "north", Channel: "app", Tags: []string{"vip"}, Extra: map[string]string{"a": "b"}, At: cut.Add(-day), Source: "crm"}
		},
		func() any { return shopItem() },
		func() any { return promised(filledBuilder(t).Individual("ann")) },
		func() any { d := profile.Brand; return &d },
	}
	for _, f := range frames(t) {
		types = append(types, func() any { return f.Fill(t) })
	}
	testkit.Promises{
		Funcs: map[string]any{
			"MinorDigits": profile.MinorDigits, "NewBuilder": profile.NewBuilder[string, int], "NewDecayed": profile.NewDecayed,
			"CheckFeature": profile.CheckFeature[string, int], "JoinLabels": profile.JoinLabels[string, int], "Features": profile.Features, "FeatureNames": profile.FeatureNames,
			"ItemKey": profile.ItemKey[string], "NewEmbedding": profile.NewEmbedding, "NewAffinity": profile.NewAffinity,
			"NewGeo": profile.NewGeo, "NewNeighbors": profile.NewNeighbors, "Fuse": profile.Fuse,
		},
		Types: types,
		Zero:  []string{"Moments", "GroupBy", "Money", "Kind", "Clock", "User", "Item", "Individual", "Dimension", "Table", "Event", "Order", "Refund"},
		Args: map[string]func() []any{
			"NewBuilder": func() []any { return []any{options} },

			"CheckFeature": func() []any {
				return []any{cartRate{}, shopLog(1, cut, 8), profile.BuilderOptions{AsOf: cut}}
			},
			"Features": func() []any { return []any{[]int{7, 30}, []string{"gaps"}} },
			"ItemKey":  func() []any { return []any{"shoe"} },
			"NewGeo": func() []any {
				return []any{profile.GeoOptions{Name: "at", Days: []int{7}, Place: townOf, Stores: [][2]float64{{1, 2}}, Regions: []string{"u"}}}
			},
			"NewNeighbors": func() []any {
				return []any{profile.NeighborsOptions{Name: "with", Days: []int{7}, Targets: []string{"belt"}, Neighbors: func(uint64) []profile.Neighbor { return nil }}}
			},
			"Fuse": func() []any {
				return []any{[]float32{1}, profile.FuseOptions{Dims: []int{1, 1}, Weights: []float64{1, 2}, Mean: true}, [][]float32{{1}, {2}}}
			},
			"NewAffinity": func() []any {
				return []any{profile.AffinityOptions{Name: "taste", Dimension: profile.Brand, Labels: []string{"acme"}, HalfLife: day, KindWeights: map[profile.Kind]float64{profile.View: 1}, PriceBands: []int64{100, 500}}}
			},
			"Clock.CalendarDaysSince": func() []any { return []any{int64(-5e15)} },
			"Clock.DaysSince":         func() []any { return []any{int64(5)} },
			"Builder.AddAll":          func() []any { return []any{shopLog(1, cut, 8)} },
			"NewEmbedding": func() []any {
				return []any{profile.EmbeddingOptions{Name: "vec", Dim: 3, HalfLife: day, Vector: func(*profile.Record) []float32 { return nil }}}
			},

			"JoinLabels": func() []any {
				return []any{context.Background(), shopLog(1, cut, 8), []profile.Label[string]{{User: "u1", AsOf: cut, Value: 1}}, profile.JoinOptions{Table: profile.TableOptions{Columns: []string{"orders"}}}}
			},
			"Builder.Facts": func() []any { return []any{"ann"} },
			"Item.Band":     func() []any { return []any{[]int64{100, 500}} },
			"Item.Listed":   func() []any { return []any{cut} },

			"Builder.Add":        func() []any { return []any{click()} },
			"Builder.AddIndexed": func() []any { return []any{int32(0), comment()} },
			"Builder.AddOrder":   func() []any { return []any{buy()} },
			"Builder.AddRefund":  func() []any { return []any{back()} },
			"Builder.AddUser": func() []any {
				return []any{&user{ID: "new", Registered: cut.Add(-day), BirthYear: 1990, Sex: "f", At: cut.Add(-day)}}
			},
			"Builder.Advance":    func() []any { return []any{cut.Add(day)} },
			"Builder.Forget":     func() []any { return []any{"ann"} },
			"Builder.Individual": func() []any { return []any{"ann"} },
			"Builder.Table": func() []any {
				return []any{profile.TableOptions{Columns: []string{"orders", "brand=b2"}, Labels: 2}}
			},
			"Decayed.Add":   func() []any { return []any{cut, 2.} },
			"Decayed.Value": func() []any { return []any{cut} },
			"Money.Add":     func() []any { return []any{profile.Money{Minor: 1, Currency: "gbp"}} },
			"Table.Column":  func() []any { return []any{"paid"} },
			"Table.Row":     func() []any { return []any{"ann"} },
			"Table.Select":  func() []any { return []any{[]string{"paid", "orders"}} },
			"Table.Values":  func() []any { return []any{"paid"} },
		},
		Counts: map[string]string{"Builder.AddAll": "what stands before the row at fault has been taken, as its comment says"},
		NaN: map[string]string{
			"Builder.Table":      "what is not known of a user",
			"JoinLabels":         "what is not known of a user",
			"Builder.Individual": "means without anything to divide by",
			"Decayed.Value":      "NaN at no credible time, infinite long before the last term, as its comment says",
		},
		Settles: map[string]string{
			"Item.Band":    "-1 where the price is not known",
			"Table.Column": "-1 of a column that is not there",
			"Table.Row":    "-1 of a user who is not there",
		},
	}.Check(t)
}

// TestDecayedCenturies: what lies further apart than a Duration holds decays by all of it.
func TestDecayedCenturies(t *testing.T) {
	century := time.Date(1800, 1, 1, 0, 0, 0, 0, time.UTC).Sub(time.Date(1700, 1, 1, 0, 0, 0, 0, time.UTC))
	d := promised(profile.NewDecayed(century))
	old := time.Date(1700, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := errors.Join(d.Add(old, 1), d.Add(old.Add(century).Add(century).Add(century).Add(century), 2)); err != nil {
		t.Fatal(err)
	}
	late := old.Add(century).Add(century).Add(century).Add(century).Add(century)
	testkit.Near(t, "after five centuries", d.Value(late), 1./32+1, 1e-12)
	testkit.Near(t, "before the first", d.Value(old), 1+2*16, 1e-9)
	if got := d.Value(time.Time{}); !math.IsNaN(got) {
		t.Errorf("at no time: %v", got)
	}
}
