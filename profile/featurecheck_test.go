package profile_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile"
)

// The three features of somebody who did not build the package.

// cartRate is a ratio: carts over views, of all time and of the last ten days.
type cartRate struct{}

func (cartRate) Name() string      { return "cart_rate" }
func (cartRate) Days() []int       { return []int{10} }
func (cartRate) Columns() []string { return []string{"cart_rate", "cart_rate_10d"} }

func (cartRate) Add(state []int64, r *profile.Record) []int64 {
	if r.Source != profile.FromEvent || r.Kind != profile.View && r.Kind != profile.Cart {
		return state
	}
	if len(state) == 0 {
		state = append(state, 0, 0)
	}
	state[r.Kind/profile.Cart]++
	return state
}

func (cartRate) Merge(state, other []int64) []int64 {
	if len(state) == 0 {
		return append(state, other...)
	}
	for i, x := range other {
		state[i] += x
	}
	return state
}

func (cartRate) Valid(state []int64) bool { return len(state) == 2 && state[0] >= 0 && state[1] >= 0 }

func (cartRate) Result(dst []float64, states [][]int64, _ profile.Clock) []float64 {
	for _, s := range [][]int64{states[1], states[0]} {
		if len(s) == 0 || s[0] == 0 {
			dst = append(dst, math.NaN())
		} else {
			dst = append(dst, float64(s[1])/float64(s[0]))
		}
	}
	return dst
}

// cities is a distinct count, of a field that the package does not know.
type cities struct{}

func (cities) Name() string      { return "cities" }
func (cities) Days() []int       { return nil }
func (cities) Columns() []string { return []string{"cities"} }

func (cities) Add(state []int64, r *profile.Record) []int64 {
	if r.Extra["city"] == "" {
		return state
	}
	return cities{}.Merge(state, []int64{int64(profile.ItemKey(r.Extra["city"]))})
}

func (cities) Merge(state, other []int64) []int64 {
	state = append(state, other...)
	slices.Sort(state)
	return slices.Compact(state)
}

func (cities) Valid(state []int64) bool { return slices.IsSorted(state) }

func (cities) Result(dst []float64, states [][]int64, _ profile.Clock) []float64 {
	return append(dst, float64(len(states[0])))
}

// lastTwo is a sequence: what the last two acts were, as one number, and how old the last is.
type lastTwo struct{}

func (lastTwo) Name() string      { return "last_two" }
func (lastTwo) Days() []int       { return []int{5, 20} }
func (lastTwo) Columns() []string { return []string{"last_two", "last_two_5d", "last_age_20d"} }

func (lastTwo) Add(state []int64, r *profile.Record) []int64 {
	return lastTwo{}.Merge(state, []int64{r.At.UnixNano(), int64(r.Kind)})
}

func (lastTwo) Merge(state, other []int64) []int64 {
	type act struct{ at, kind int64 }
	var acts []act
	for _, s := range [][]int64{state, other} {
		for i := 0; i < len(s); i += 2 {
			acts = append(acts, act{s[i], s[i+1]})
		}
	}
	slices.SortFunc(acts, func(a, b act) int {
		if a.at != b.at {
			return int(min(max(b.at-a.at, -1), 1))
		}
		return int(b.kind - a.kind)
	})
	state = state[:0]
	for _, a := range acts[:min(2, len(acts))] {
		state = append(state, a.at, a.kind)
	}
	return state
}

func (lastTwo) Valid(state []int64) bool { return len(state) == 2 || len(state) == 4 }

func (lastTwo) Result(dst []float64, states [][]int64, at profile.Clock) []float64 {
	pair := func(s []int64) float64 {
		if len(s) < 4 {
			return math.NaN()
		}
		return float64(10*s[3] + s[1])
	}
	dst = append(dst, pair(states[2]), pair(states[0]))
	if s := states[1]; len(s) > 0 {
		return append(dst, at.DaysSince(s[0]))
	}
	return append(dst, math.NaN())
}

// shopLog is a log in which every field of a record occurs.
func shopLog(seed uint64, asOf time.Time, n int) *profile.Log[string, int] {
	r := rand.New(rand.NewPCG(seed, 7))
	at := func() time.Time {
		return asOf.Add(-time.Duration(r.Int64N(int64(70*day))) + 3*day).Truncate(time.Second)
	}
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	log := &profile.Log[string, int]{}
	for u := range 5 {
		log.Users = append(log.Users, user{ID: fmt.Sprint("u", u), Registered: at()})
	}
	for i := range n {
		who := fmt.Sprint("u", r.IntN(5))
		log.Events = append(log.Events, event{
			User: who, Item: 1 + r.IntN(9), Kind: profile.Kind(1 + r.IntN(10)), At: at(), Category: pick("", "shoes", "hats"), Brand: pick("", "acme", "zeta"),
			Dwell: time.Duration(r.IntN(4)) * 1500 * time.Millisecond, Position: int32(r.IntN(7)), Pages: int32(r.IntN(4)),
			Rating: float64(1 + r.IntN(5)), Sentiment: r.Float64()*2 - 1, Query: pick("", "red shoes", "hat"), Channel: pick("", "app", "web"),
			Campaign: pick("", "spring"), Device: pick("", "phone", "desk"), Extra: map[string]string{"city": pick("", "rome", "oslo", "cork")},
		})
		if i%4 == 0 {
			q, price := int64(1+r.IntN(3)), int64(100+r.IntN(900))
			log.Orders = append(log.Orders, order{ID: fmt.Sprint("o", i), User: who, At: at(), Currency: "EUR", Discount: int64(r.IntN(50)), Channel: pick("", "app"), Lines: []line{
				{Item: 1 + r.IntN(9), Category: "shoes", Brand: "acme", Quantity: q, Price: price, Discount: int64(r.IntN(20))},
				{Item: 1 + r.IntN(9), Quantity: 1, Price: 10},
			}})
		}
		if i%9 == 0 {
			log.Refunds = append(log.Refunds, refund{ID: fmt.Sprint("r", i), OrderID: "o0", User: who, At: at(), Currency: "EUR", Amount: int64(r.IntN(300))})
		}
	}
	return log
}

func embeddingOf(t testing.TB, life time.Duration) profile.Feature {
	t.Helper()
	f, err := profile.NewEmbedding(profile.EmbeddingOptions{Name: "vec", Dim: 3, HalfLife: life, Vector: func(r *profile.Record) []float32 {
		if r.Item == 0 {
			return nil
		}
		x := float32(r.Item)
		return []float32{x, -x / 3, 1 / x}
	}})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// firstOr counts records, and where it has none yet takes the state of the other as its own.
type firstOr struct{}

func (firstOr) Name() string      { return "first_or" }
func (firstOr) Days() []int       { return []int{7} }
func (firstOr) Columns() []string { return []string{"first_or_7d", "first_or"} }

func (firstOr) Add(state []int64, _ *profile.Record) []int64 {
	return firstOr{}.Merge(state, []int64{1})
}

func (firstOr) Merge(state, other []int64) []int64 {
	switch {
	case len(state) == 0:
		return other
	case len(other) > 0:
		state[0] += other[0]
	}
	return state
}

func (firstOr) Valid(state []int64) bool { return len(state) == 1 }

func (firstOr) Result(dst []float64, states [][]int64, _ profile.Clock) []float64 {
	for _, s := range states {
		if len(s) == 0 {
			s = []int64{0}
		}
		dst = append(dst, float64(s[0]))
	}
	return dst
}

// Reading a Table changes no state, even where Merge returns what it is to add.
func TestFeatureMergeReturnsOther(t *testing.T) {
	for _, rolling := range []bool{false, true} {
		b := newBuilder(t, profile.BuilderOptions{Features: []profile.Feature{firstOr{}}, Rolling: rolling})
		for _, days := range []time.Duration{1, 3, 20} {
			if err := b.Add(&event{User: "ann", Kind: profile.View, At: cut.Add(-days * day)}); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			tab, err := b.Table(profile.TableOptions{Columns: []string{"first_or_7d", "first_or"}})
			if err != nil || tab.Rows[0][0] != 2 || tab.Rows[0][1] != 3 {
				t.Fatalf("rolling %v: %v, %v", rolling, tab, err)
			}
		}
	}
	if err := profile.CheckFeature(firstOr{}, shopLog(5, cut, 60), profile.BuilderOptions{AsOf: cut}); err != nil {
		t.Error(err)
	}
}

// A right feature is not convicted for users of two moments, nor for a midnight that the clock
// skipped, nor for one that it showed twice.
func TestCheckFeatureAcquits(t *testing.T) {
	santiago, havana := location(t, "America/Santiago"), location(t, "America/Havana")
	for name, asOf := range map[string]time.Time{
		"users":                time.Date(2025, 6, 12, 0, 0, 0, 0, time.UTC),
		"skipped":              time.Date(2025, 9, 12, 0, 0, 0, 0, santiago),
		"the first is skipped": time.Date(2025, 9, 19, 0, 0, 0, 0, santiago),
		"shown twice":          time.Date(2025, 11, 5, 0, 0, 0, 0, havana),
	} {
		log := shopLog(3, asOf, 60)
		ago := func(days int) time.Time { return asOf.Add(-time.Duration(days) * day) }
		log.Users = append(
			log.Users,
			user{ID: "u0", Registered: ago(100), Sex: "f", At: ago(3)},
			user{ID: "u1", Registered: ago(2), Sex: "f", At: ago(50)},
			user{ID: "u2", Registered: ago(-2), Sex: "m", At: ago(5)},
			user{ID: "u3", Registered: ago(8), Sex: "m", At: ago(-1)},
			user{ID: "u4", Sex: "f", At: ago(4)},
		)
		for h := range 72 { // around the change
			log.Events = append(log.Events, event{User: "u1", Kind: profile.View, At: asOf.AddDate(0, 0, -5).Add(time.Duration(h-24) * time.Hour / 2)})
		}
		if err := profile.CheckFeature[string, int](lastTwo{}, log, profile.BuilderOptions{AsOf: asOf, Zone: asOf.Location()}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A coordinate and its opposite have opposite means, to the last bit.
func TestEmbeddingNegative(t *testing.T) {
	for _, life := range []time.Duration{-1, 9 * day} {
		f := promised(profile.NewEmbedding(profile.EmbeddingOptions{Name: "vec", Dim: 2, HalfLife: life, Vector: func(r *profile.Record) []float32 {
			x := float32(r.Item) * 1e-4
			return []float32{x, -x}
		}}))
		b := newBuilder(t, profile.BuilderOptions{Features: []profile.Feature{f}})
		for i := range 5 {
			if err := b.Add(&event{User: "ann", Item: i + 1, Kind: profile.View, At: cut.Add(-time.Duration(7*i+1) * day)}); err != nil {
				t.Fatal(err)
			}
		}
		row := promised(b.Table(profile.TableOptions{Columns: []string{"vec=0", "vec=1"}})).Rows[0]
		if row[0] <= 0 || row[1] != -row[0] {
			t.Errorf("half-life %v: %v", life, row)
		}
	}
}

// TestFeatureLaws: every built-in feature and those of a caller keep every law, in several
// zones and with changes of the clock among the days.
func TestFeatureLaws(t *testing.T) {
	list := append(promised(profile.Features([]int{3, 7, 30})), promised(profile.Features([]int{3, 30}, "base"))[0], affinityTo(t, profile.Term, "red", "hat"), cartRate{}, cities{}, lastTwo{}, embeddingOf(t, 9*day), embeddingOf(t, time.Minute), embeddingOf(t, -1))
	customers := 60
	if testkit.Race { // one goroutine
		customers = 15
	}
	for i, zone := range []string{"UTC", "America/New_York"} {
		z := location(t, zone)
		asOf := time.Date(2024, 4, 3, 0, 0, 0, 0, z)
		for k, f := range list {
			if i > 0 && k > 3 && k < len(list)-6 { // setting up a clock takes its time
				continue
			}
			if err := profile.CheckFeature(f, shopLog(uint64(i), asOf, customers), profile.BuilderOptions{AsOf: asOf, Zone: z, HalfLife: 2 * day}); err != nil {
				t.Errorf("%s: %v", zone, err)
			}
		}
	}
}

// broken are features that break one law each.
type broken struct {
	cartRate
	add    func(state []int64, r *profile.Record) []int64
	merge  func(state, other []int64) []int64
	valid  func(state []int64) bool
	result func(dst []float64, states [][]int64, at profile.Clock) []float64
}

func (f broken) Add(state []int64, r *profile.Record) []int64 {
	if f.add != nil {
		return f.add(state, r)
	}
	return f.cartRate.Add(state, r)
}

func (f broken) Merge(state, other []int64) []int64 {
	if f.merge != nil {
		return f.merge(state, other)
	}
	return f.cartRate.Merge(state, other)
}

func (f broken) Valid(state []int64) bool { return f.valid == nil || f.valid(state) }

func (f broken) Result(dst []float64, states [][]int64, at profile.Clock) []float64 {
	if f.result != nil {
		return f.result(dst, states, at)
	}
	if f.add != nil {
		return append(dst, 1, 2)
	}
	return f.cartRate.Result(dst, states, at)
}

func TestCheckFeatureConvicts(t *testing.T) {
	first := func(state []int64, r *profile.Record) []int64 {
		if len(state) == 0 {
			return []int64{int64(r.Kind)}
		}
		return state
	}
	calls := int64(0)
	for name, f := range map[string]broken{
		"order":       {add: first, merge: func(a, b []int64) []int64 { return append(a, b...)[:min(1, len(a)+len(b))] }},
		"merge loses": {merge: func(a, _ []int64) []int64 { return a }},
		"merge takes": {merge: func(a, b []int64) []int64 {
			for i := range b {
				b[i]++
			}
			return cartRate{}.Merge(a, b)
		}},
		"calls":    {add: func([]int64, *profile.Record) []int64 { calls++; return []int64{calls} }},
		"invalid":  {valid: func([]int64) bool { return false }},
		"few":      {result: func(dst []float64, _ [][]int64, _ profile.Clock) []float64 { return append(dst, 1) }},
		"infinite": {result: func(dst []float64, _ [][]int64, _ profile.Clock) []float64 { return append(dst, 1, math.Inf(1)) }},
	} {
		err := profile.CheckFeature(f, shopLog(1, cut, 60), profile.BuilderOptions{AsOf: cut})
		if err == nil || !errors.Is(err, profile.ErrMismatch) && !errors.Is(err, profile.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"no log":     profile.CheckFeature[string, int](cartRate{}, nil, profile.BuilderOptions{AsOf: cut}),
		"no feature": profile.CheckFeature(nil, shopLog(1, cut, 1), profile.BuilderOptions{AsOf: cut}),
		"no records": profile.CheckFeature(cartRate{}, new(profile.Log[string, int]), profile.BuilderOptions{AsOf: cut}),
	} {
		if !errors.Is(err, profile.ErrEmpty) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFeatureValues computes columns of features from the records with plain floats.
func TestFeatureValues(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		z := location(t, "America/New_York")
		asOf := time.Date(2024, 4, 3, 0, 0, 0, 0, z)
		log := shopLog(rapid.Uint64Range(0, 1<<20).Draw(r, "seed"), asOf, 80)
		rolling := rapid.Bool().Draw(r, "rolling")
		b := newBuilder(t, profile.BuilderOptions{
			AsOf: asOf, Zone: z, Rolling: rolling, Windows: []int{30},
			Features: append(promised(profile.Features([]int{7, 30})), cartRate{}, cities{}, lastTwo{}, embeddingOf(t, 9*day)),
		})
		if err := b.AddAll(log); err != nil {
			r.Fatal(err)
		}
		tab, err := b.Table(profile.TableOptions{})
		if err != nil {
			r.Fatal(err)
		}
		for i, id := range tab.IDs {
			for _, days := range []int{7, 30, 36500} {
				from, suffix := asOf.AddDate(0, 0, -days), fmt.Sprintf("_%dd", days)
				if days == 36500 {
					suffix = ""
				}
				for name, want := range recount(log, id, from, asOf, z) {
					if j := tab.Column(name + suffix); j >= 0 && !(math.IsNaN(want) && math.IsNaN(tab.Rows[i][j])) && !testkit.Close(tab.Rows[i][j], want, 1e-12, 1e-9) {
						r.Fatalf("%s%s of %s is %v, want %v", name, suffix, id, tab.Rows[i][j], want)
					}
				}
			}
		}
	})
}

// recount is what features say of one user between two moments.
func recount(log *profile.Log[string, int], id string, from, to time.Time, z *time.Location) map[string]float64 {
	in := func(who string, at time.Time) bool { return who == id && at.Before(to) && !at.Before(from) }
	n := map[string]float64{}
	items, categories, active, towns := map[int]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	var dwells, ratings []float64
	var orders []time.Time
	var x, y, w float64
	seen := func(at time.Time) {
		active[at.In(z).Format(time.DateOnly)] = true
		n["all"]++
		n["weekday="+[]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}[at.In(z).Weekday()]]++
		n[fmt.Sprint("hour=", at.In(z).Hour())]++
	}
	vector := func(item int, at time.Time) {
		k := math.Exp2(-to.Sub(at).Hours() / 24 / 9)
		x, y, w = x+k*float64(item), y-k*float64(float32(item)/3), w+k
	}
	for _, e := range log.Events {
		if !in(e.User, e.At) {
			continue
		}
		seen(e.At)
		n[e.Kind.String()]++
		vector(e.Item, e.At)
		items[e.Item] = true
		if e.Category != "" {
			categories[e.Category] = true
		}
		if e.Extra["city"] != "" {
			towns[e.Extra["city"]] = true
		}
		if e.Dwell > 0 {
			dwells = append(dwells, e.Dwell.Seconds())
		}
		if e.Kind == profile.Click && e.Position > 0 {
			n["placed"]++
			n["place"] += float64(e.Position)
			if e.Position <= 3 {
				n["top"]++
			}
		}
		if e.Pages > 0 {
			n["paged"]++
			n["pages"] += float64(e.Pages)
		}
		if e.Kind == profile.Rate {
			ratings = append(ratings, e.Rating)
		}
		if e.Kind == profile.Comment && e.Sentiment < 0 {
			n["negative"]++
		}
	}
	for _, o := range log.Orders {
		if !in(o.User, o.At) {
			continue
		}
		seen(o.At)
		orders = append(orders, o.At)
		paid, _ := o.Paid()
		units, _ := o.Units()
		n["paid"] += float64(paid)
		n["units"] += float64(units)
		off := o.Discount
		for _, l := range o.Lines {
			off += l.Discount
			n["lines"]++
			n["price"] += float64(l.Price)
			items[l.Item] = true
			vector(l.Item, o.At)
			if l.Category != "" {
				categories[l.Category] = true
			}
		}
		n["off"] += float64(off)
		if off > 0 {
			n["cheap"]++
		}
	}
	for _, x := range log.Refunds {
		if in(x.User, x.At) {
			seen(x.At)
			n["refunds"]++
			n["back"] += float64(x.Amount)
		}
	}
	count := float64(len(orders))
	meanGap, sdGap := gapsOf(orders)
	meanDwell, sdDwell := moments(dwells)
	meanRating, sdRating := moments(ratings)
	return map[string]float64{
		"active_days": float64(len(active)), "distinct_items": float64(len(items)), "distinct_categories": float64(len(categories)), "cities": float64(len(towns)),
		"basket_lines": n["lines"] / count, "basket_units": n["units"] / count, "item_price": n["price"] / n["lines"],
		"click_position": n["place"] / n["placed"], "click_top3": n["top"] / n["placed"], "click_rate": div(n["click"], n["view"]),
		"weekday=wed": n["weekday=wed"] / n["all"], "hour=13": n["hour=13"] / n["all"],
		"discount_share": n["off"] / (n["off"] + n["paid"]), "discount_orders": n["cheap"] / count,
		"dwell_mean": meanDwell, "dwell_sd": sdDwell, "rating_mean": meanRating, "rating_sd": sdRating,
		"sentiment_negative": n["negative"] / n["comment"],
		"search_cart":        div(n["cart"], n["search"]), "cart_order": div(count, n["cart"]), "cart_rate": div(n["cart"], n["view"]),
		"gap_mean": meanGap, "gap_sd": sdGap, "pages_mean": n["pages"] / n["paged"],
		"refund_count": n["refunds"], "refund_share": div(n["back"], n["paid"]), "refund_orders": div(n["refunds"], count),
		"order_count": count, "order_units": n["units"], "order_money": n["paid"], "order_mean": n["paid"] / count,
		"vec=0": x / w, "vec=1": y / w,
	}
}

func div(a, b float64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return a / b
}

// moments is the mean and the standard deviation, dividing by n-1.
func moments(xs []float64) (mean, sd float64) {
	for _, x := range xs {
		mean += x / float64(len(xs))
	}
	for _, x := range xs {
		sd += (x - mean) * (x - mean)
	}
	if len(xs) < 2 {
		sd = math.NaN()
	}
	if len(xs) == 0 {
		mean = math.NaN()
	}
	return mean, math.Sqrt(sd / float64(len(xs)-1))
}

func gapsOf(at []time.Time) (mean, sd float64) {
	slices.SortFunc(at, func(a, b time.Time) int { return a.Compare(b) })
	var xs []float64
	for i := 1; i < len(at); i++ {
		xs = append(xs, at[i].Sub(at[i-1]).Hours()/24)
	}
	return moments(xs)
}
