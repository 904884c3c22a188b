package profile_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/aislekit/aisle/profile"
)

// nights is a feature of a shop's own: how many of a customer's acts fell into the night.
type nights struct{}

func (nights) Name() string      { return "nights" }
func (nights) Days() []int       { return []int{30} }
func (nights) Columns() []string { return []string{"nights", "nights_30d"} }

func (nights) Add(state []int64, r *profile.Record) []int64 {
	if hour := r.Clock.Time().Hour(); r.Source == profile.FromLine || hour >= 5 {
		return state
	}
	return nights{}.Merge(state, []int64{1})
}

func (nights) Merge(state, other []int64) []int64 {
	if len(state) == 0 {
		return append(state, other...)
	}
	for i := range other {
		state[i] += other[i]
	}
	return state
}

func (nights) Valid(state []int64) bool { return len(state) == 1 && state[0] > 0 }

// Result takes the moment of the cut-off, a profile.Clock, for features that need ages.
func (nights) Result(dst []float64, states [][]int64, _ profile.Clock) []float64 {
	for _, s := range [][]int64{states[1], states[0]} { // all time, 30 days
		if len(s) == 0 {
			s = []int64{0}
		}
		dst = append(dst, float64(s[0]))
	}
	return dst
}

func night() (*profile.Log[string, string], time.Time) {
	asOf := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	at := func(days, hour int) time.Time { return asOf.AddDate(0, 0, -days).Add(time.Duration(hour) * time.Hour) }
	return &profile.Log[string, string]{
		Users: []profile.User[string]{{ID: "ann", Registered: at(90, 8)}},
		Events: []profile.Event[string, string]{
			{User: "ann", Item: "lamp", Kind: profile.View, At: at(50, 3), Query: "red lamp"},
			{User: "ann", Item: "lamp", Kind: profile.Cart, At: at(9, 2), Channel: "app"},
			{User: "ann", Item: "sofa", Kind: profile.View, At: at(5, 14)},
		},
		Orders: []profile.Order[string, string]{
			{ID: "1", User: "ann", At: at(8, 20), Currency: "EUR", Lines: []profile.OrderLine[string]{{Item: "lamp", Quantity: 2, Price: 1500}}},
			{ID: "2", User: "ann", At: at(2, 20), Currency: "EUR", Lines: []profile.OrderLine[string]{{Item: "rug", Quantity: 1, Price: 9000}}},
		},
		Refunds: []profile.Refund[string, string]{{ID: "r", OrderID: "1", User: "ann", At: at(1, 9), Currency: "EUR", Amount: 1500}},
	}, asOf
}

// A feature of the caller's own stands beside the built-in ones.
func ExampleFeature() {
	log, asOf := night()
	list, err := profile.Features([]int{30}, "distinct", "gaps")
	if err != nil {
		panic(err)
	}
	b, err := profile.NewBuilder[string, string](profile.BuilderOptions{AsOf: asOf, Features: append(list, nights{})})
	if err != nil {
		panic(err)
	}
	if err := b.AddAll(log); err != nil {
		panic(err)
	}
	t, err := b.Table(profile.TableOptions{Columns: []string{"nights", "nights_30d", "distinct_items_30d", "gap_mean", "term=lamp"}})
	if err != nil {
		panic(err)
	}
	fmt.Println(t.IDs[0], t.Rows[0])
	var epoch profile.Clock // what a Record and a Result carry: here 1970
	fmt.Println(epoch.Time().Year(), epoch.Day(), epoch.CalendarDaysSince(-36e5*24e6))
	// Output:
	// ann [2 1 3 6 0.5]
	// 1970 0 1
}

// A test of a feature is one call.
func ExampleCheckFeature() {
	log, asOf := night()
	fmt.Println(profile.CheckFeature(nights{}, log, profile.BuilderOptions{AsOf: asOf}))
	// Output: <nil>
}

func ExampleFeatureNames() {
	fmt.Println(strings.Join(profile.FeatureNames(), " "))
	// Output: activity base basket clicks clock discount distinct dwell funnel gaps opinion pages recency refunds totals trend
}

// Where a customer stands among items: the mean of their vectors, the fresher the heavier.
func ExampleNewEmbedding() {
	log, asOf := night()
	vectors := map[uint64][]float32{
		profile.ItemKey("lamp"): {1, 0},
		profile.ItemKey("rug"):  {0, 1},
	}
	f, err := profile.NewEmbedding(profile.EmbeddingOptions{Name: "taste", Dim: 2, HalfLife: 6 * 24 * time.Hour, Vector: func(r *profile.Record) []float32 {
		if r.Source == profile.FromLine {
			return vectors[r.Item]
		}
		return nil
	}})
	if err != nil {
		panic(err)
	}
	b, err := profile.NewBuilder[string, string](profile.BuilderOptions{AsOf: asOf, Features: []profile.Feature{f}})
	if err != nil {
		panic(err)
	}
	if err := b.AddAll(log); err != nil {
		panic(err)
	}
	t, err := b.Table(profile.TableOptions{Columns: []string{"taste=0", "taste=1"}})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.3f\n", t.Rows[0])
	// Output: [0.333 0.667]
}

// Two half-lives of one taste beside each other: what is new and what stays.
func ExampleNewAffinity() {
	log, asOf := night()
	log.Orders[1].Lines[0].Category, log.Events[0].Category = "rugs", "lamps"
	var features []profile.Feature
	for name, days := range map[string]int{"lately": 7, "ever": 365} {
		f, err := profile.NewAffinity(profile.AffinityOptions{
			Name: name, Dimension: profile.Category, Labels: []string{"rugs"}, HalfLife: time.Duration(days) * 24 * time.Hour,
		})
		if err != nil {
			panic(err)
		}
		features = append(features, f)
	}
	b, err := profile.NewBuilder[string, string](profile.BuilderOptions{AsOf: asOf, Features: features})
	if err != nil {
		panic(err)
	}
	if err := b.AddAll(log); err != nil {
		panic(err)
	}
	t, err := b.Table(profile.TableOptions{Columns: []string{"lately=rugs", "ever=rugs"}})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.3f\n", t.Rows[0])
	// Output: [0.998 0.846]
}

// How far from a store a customer is when he comes, and in which region.
func ExampleNewGeo() {
	log, asOf := night()
	log.Events[0].Extra = map[string]string{"city": "rome"}
	log.Events[1].Extra = map[string]string{"city": "florence"}
	cities := map[string][2]float64{"rome": {41.9028, 12.4964}, "florence": {43.7696, 11.2558}}
	f, err := profile.NewGeo(profile.GeoOptions{
		Stores:  [][2]float64{{43.7228, 10.4017}}, // Pisa
		Regions: []string{"srb", "sr2"},
		Place: func(r *profile.Record) (lat, lon float64, ok bool) {
			p, ok := cities[r.Extra["city"]]
			return p[0], p[1], ok
		},
	})
	if err != nil {
		panic(err)
	}
	b, err := profile.NewBuilder[string, string](profile.BuilderOptions{AsOf: asOf, Features: []profile.Feature{f}})
	if err != nil {
		panic(err)
	}
	if err := b.AddAll(log); err != nil {
		panic(err)
	}
	t, err := b.Table(profile.TableOptions{Columns: []string{"place_km", "place_km_least", "place=srb", "place=sr2"}})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.1f\n", t.Rows[0])
	// Output: [166.8 68.8 0.5 0.5]
}

// What goes with the things that a customer looked at and bought.
func ExampleNewNeighbors() {
	log, asOf := night()
	counts := map[uint64][]profile.Neighbor{ // such as those of recommend.Cooccurrence
		profile.ItemKey("lamp"): {{Target: 0, Count: 6}, {Target: -1, Count: 2}},
		profile.ItemKey("rug"):  {{Target: 1, Count: 8}},
	}
	f, err := profile.NewNeighbors(profile.NeighborsOptions{
		Name: "with", Targets: []string{"bulb", "sofa"}, Neighbors: func(item uint64) []profile.Neighbor { return counts[item] },
	})
	if err != nil {
		panic(err)
	}
	b, err := profile.NewBuilder[string, string](profile.BuilderOptions{AsOf: asOf, Features: []profile.Feature{f}})
	if err != nil {
		panic(err)
	}
	if err := b.AddAll(log); err != nil {
		panic(err)
	}
	t, err := b.Table(profile.TableOptions{Columns: []string{"with_count", "with=bulb", "with=sofa"}})
	if err != nil {
		panic(err)
	}
	fmt.Println(t.Rows[0])
	// Output: [32 0.5625 0.25]
}

// A picture and a text of one thing as one vector; the text counts three times as much.
func ExampleFuse() {
	picture, text := []float32{3, 4}, []float32{0, 0, 20}
	v, err := profile.Fuse(nil, profile.FuseOptions{Dims: []int{2, 3}, Weights: []float64{1, 3}}, picture, text)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.3f\n", v)
	// Output: [0.300 0.400 0.000 0.000 0.866]
}
