package profile_test

import (
	"encoding/binary"
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

const day = 24 * time.Hour

var cut = time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)

type (
	event  = profile.Event[string, int]
	order  = profile.Order[string, int]
	line   = profile.OrderLine[int]
	refund = profile.Refund[string, int]
	user   = profile.User[string]
)

// record is one call of a Builder.
type record struct {
	event  *event
	order  *order
	refund *refund
	user   *user
}

func (r record) time() time.Time {
	switch {
	case r.event != nil:
		return r.event.At
	case r.order != nil:
		return r.order.At
	case r.refund != nil:
		return r.refund.At
	}
	return r.user.Registered
}

func feed(t testing.TB, b *profile.Builder[string, int], records []record) {
	t.Helper()
	for _, r := range records {
		var err error
		switch {
		case r.event != nil:
			err = b.Add(r.event)
		case r.order != nil:
			err = b.AddOrder(r.order)
		case r.refund != nil:
			err = b.AddRefund(r.refund)
		default:
			err = b.AddUser(r.user)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func newBuilder(t testing.TB, opt profile.BuilderOptions) *profile.Builder[string, int] {
	t.Helper()
	if opt.AsOf.IsZero() {
		opt.AsOf = cut
	}
	b, err := profile.NewBuilder[string, int](opt)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fingerprint is everything a Builder says, as bytes.
func fingerprint(t testing.TB, b *profile.Builder[string, int]) []byte {
	t.Helper()
	var out []byte
	tab, err := b.Table(profile.TableOptions{Labels: 100})
	if errors.Is(err, profile.ErrEmpty) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	out = fmt.Appendf(out, "%q %q", tab.IDs, tab.Names)
	for _, r := range tab.Rows {
		for _, x := range r {
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(x))
		}
	}
	rfm, err := b.RFM()
	if err != nil && !errors.Is(err, profile.ErrEmpty) {
		t.Fatal(err)
	}
	pop, err := b.Population()
	if err != nil {
		t.Fatal(err)
	}
	out = fmt.Appendf(out, "%+v %+v", rfm, *pop)
	for _, id := range tab.IDs {
		p, err := b.Individual(id)
		if err != nil {
			t.Fatal(err)
		}
		out = fmt.Appendf(out, "%+v", *p)
	}
	return out
}

func drawRecord(t *rapid.T) record {
	id := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "user")
	at := cut.Add(-time.Duration(rapid.Int64Range(-int64(20*day), int64(150*day)).Draw(t, "age")))
	if rapid.IntRange(0, 9).Draw(t, "exact") == 0 {
		at = cut // the boundary itself is outside
	}
	label := rapid.SampledFrom([]string{"", "x", "y", "z"})
	switch rapid.IntRange(0, 5).Draw(t, "sort") {
	case 0:
		n := rapid.IntRange(1, 3).Draw(t, "lines")
		o := &order{ID: "o", User: id, At: at, Currency: "EUR"}
		for range n {
			o.Lines = append(o.Lines, line{
				Item: 1, Category: label.Draw(t, "category"), Brand: label.Draw(t, "brand"),
				Quantity: rapid.Int64Range(1, 9).Draw(t, "quantity"), Price: rapid.Int64Range(0, 999).Draw(t, "price"),
			})
		}
		return record{order: o}
	case 1:
		return record{refund: &refund{ID: "r", OrderID: "o", User: id, At: at, Currency: "EUR", Amount: rapid.Int64Range(0, 500).Draw(t, "amount")}}
	case 2:
		u := &user{ID: id, Registered: at}
		if rapid.Bool().Draw(t, "facts") {
			u.BirthYear, u.Sex, u.Region = rapid.SampledFrom([]int{0, 1980, 1990}).Draw(t, "born"), label.Draw(t, "sex"), label.Draw(t, "region")
			u.Source, u.Tags, u.Extra = label.Draw(t, "source"), []string{"z", label.Draw(t, "tag")}, map[string]string{"score": label.Draw(t, "extra")}
		}
		return record{user: u}
	}
	return record{event: &event{
		User: id, Item: 1, Kind: profile.Kind(rapid.IntRange(1, 10).Draw(t, "kind")), At: at,
		Category: label.Draw(t, "category"), Brand: label.Draw(t, "brand"),
		Dwell: time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "dwell")), Position: rapid.Int32Range(0, 50).Draw(t, "position"),
		Rating: rapid.Float64Range(-5, 5).Draw(t, "rating"), Sentiment: rapid.Float64Range(-1, 1).Draw(t, "sentiment"),
		Query: rapid.SampledFrom([]string{"", "x", "x y", " y  z "}).Draw(t, "query"), Channel: label.Draw(t, "channel"), Campaign: label.Draw(t, "campaign"), Device: label.Draw(t, "device"),
	}}
}

func TestBuilderMergeProp(t *testing.T) {
	opt := profile.BuilderOptions{AsOf: cut, PriceBands: []int64{100, 500}}
	rapid.Check(t, func(r *rapid.T) {
		records := rapid.SliceOfN(rapid.Custom(drawRecord), 0, 60).Draw(r, "records")
		whole := newBuilder(t, opt)
		feed(t, whole, records)
		want := fingerprint(t, whole)

		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 0))
		shards := make([][]record, rapid.IntRange(1, 4).Draw(r, "shards"))
		for _, i := range rng.Perm(len(records)) {
			k := rng.IntN(len(shards))
			shards[k] = append(shards[k], records[i])
		}
		sum := newBuilder(t, opt)
		for _, s := range shards {
			part := newBuilder(t, opt)
			feed(t, part, s)
			if err := sum.Merge(part); err != nil {
				r.Fatal(err)
			}
		}
		if !slices.Equal(want, fingerprint(t, sum)) || sum.Late() != whole.Late() {
			r.Fatal("permuted and merged shards differ from one pass")
		}
	})
}

func TestBuilderPointInTimeProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		records := rapid.SliceOfN(rapid.Custom(drawRecord), 0, 60).Draw(r, "records")
		var before []record
		for _, x := range records {
			if x.time().Before(cut) {
				before = append(before, x)
			}
		}
		a, b := newBuilder(t, profile.BuilderOptions{}), newBuilder(t, profile.BuilderOptions{})
		feed(t, a, before)
		feed(t, b, records)
		if !slices.Equal(fingerprint(t, a), fingerprint(t, b)) {
			r.Fatal("records at or after the cut-off changed the profile")
		}
		if b.Late() != int64(len(records)-len(before)) {
			r.Fatalf("Late() = %d, want %d", b.Late(), len(records)-len(before))
		}
	})
}

// TestBuilderOracleProp recomputes columns from the records with plain floats.
func TestBuilderOracleProp(t *testing.T) {
	weights := map[profile.Kind]float64{1: 1, 2: 1, 3: 1, 4: 3, 5: 3, 6: 2, 7: 1, 8: 1, 9: 5}
	rapid.Check(t, func(r *rapid.T) {
		records := rapid.SliceOfN(rapid.Custom(drawRecord), 1, 60).Draw(r, "records")
		b := newBuilder(t, profile.BuilderOptions{})
		feed(t, b, records)
		tab, err := b.Table(profile.TableOptions{})
		if errors.Is(err, profile.ErrEmpty) {
			return
		}
		for i, id := range tab.IDs {
			want := map[string]float64{}
			total, first, last, seen, orders := 0.0, math.NaN(), math.NaN(), math.NaN(), 0.0
			taste := map[string]float64{}
			for _, x := range records {
				if !x.time().Before(cut) {
					continue
				}
				age := cut.Sub(x.time()).Hours() / 24
				in := func(name string, v float64) {
					want[name] += v
					for _, w := range []float64{7, 30, 90} {
						if age <= w {
							want[fmt.Sprintf("%s_%gd", name, w)] += v
						}
					}
				}
				like := func(label string, w float64) {
					if label != "" && w > 0 {
						taste[label] += w * math.Exp2(-age/30)
						total += w * math.Exp2(-age/30)
					}
				}
				old := func() {
					if !(seen >= age) {
						seen = age
					}
				}
				switch {
				case x.event != nil && x.event.User == id:
					in("events", 1)
					in(x.event.Kind.String(), 1)
					like(x.event.Category, weights[x.event.Kind])
					old()
				case x.order != nil && x.order.User == id:
					paid, _ := x.order.Paid()
					units, _ := x.order.Units()
					in("orders", 1)
					in("paid", float64(paid))
					in("net", float64(paid))
					in("units", float64(units))
					orders++
					if !(first >= age) {
						first = age
					}
					if !(last <= age) {
						last = age
					}
					for _, l := range x.order.Lines {
						like(l.Category, 5)
					}
					old()
				case x.refund != nil && x.refund.User == id:
					in("net", -float64(x.refund.Amount))
					old()
				case x.user != nil && x.user.ID == id:
					old()
				}
			}
			for j, name := range tab.Names {
				got := tab.Rows[i][j]
				w, ok := want[name]
				switch {
				case name == "recency_days":
					w, ok = last, true
				case name == "tenure_days":
					w, ok = seen, true
				case name == "gap_days":
					w, ok = (first-last)/(orders-1), true
					if orders < 2 {
						w = math.NaN()
					}
				case len(name) > 9 && name[:9] == "category=":
					w, ok = taste[name[9:]]/total, true
				}
				if ok && !testkit.Close(got, w, 1e-9, 1e-9) {
					r.Fatalf("user %s %s = %v, want %v", id, name, got, w)
				}
			}
		}
	})
}

func TestBuilderDeterminism(t *testing.T) {
	testkit.AtGOMAXPROCS(t, func() []byte {
		b := newBuilder(t, profile.BuilderOptions{})
		rng := rand.New(rand.NewPCG(1, 2))
		for range 2000 {
			feed(t, b, []record{{event: &event{User: fmt.Sprint(rng.IntN(50)), Kind: profile.View, At: cut.Add(-time.Duration(rng.Int64N(int64(200 * day)))), Category: fmt.Sprint(rng.IntN(9))}}})
		}
		return fingerprint(t, b)
	})
}

func TestBuilderSummerTime(t *testing.T) {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Skip("no time zone data")
	}
	// Clocks went forward on 31 March 2024: the week before 3 April 00:00 local
	// begins on 27 March 00:00 local, 167 hours earlier.
	at := time.Date(2024, 4, 3, 0, 0, 0, 0, zone)
	for _, c := range []struct {
		zone *time.Location
		age  time.Duration
		want float64
	}{{zone, 167 * time.Hour, 1}, {zone, 167*time.Hour + 1, 0}, {time.UTC, 168 * time.Hour, 1}, {time.UTC, 168*time.Hour + 1, 0}} {
		b := newBuilder(t, profile.BuilderOptions{AsOf: at, Zone: c.zone})
		feed(t, b, []record{{event: &event{User: "a", Kind: profile.View, At: at.Add(-c.age)}}})
		tab, err := b.Table(profile.TableOptions{Columns: []string{"view_7d"}})
		if err != nil || tab.Rows[0][0] != c.want {
			t.Errorf("%v, age %v: view_7d = %v, want %v (%v)", c.zone, c.age, tab.Rows, c.want, err)
		}
	}
}

func TestBuilderHalfLife(t *testing.T) {
	b := newBuilder(t, profile.BuilderOptions{HalfLife: 10 * day, KindWeights: map[profile.Kind]float64{profile.View: 3}})
	feed(t, b, []record{
		{event: &event{User: "a", Kind: profile.View, At: cut.Add(-20 * day), Category: "x"}},
		{event: &event{User: "a", Kind: profile.View, At: cut.Add(-10 * day), Category: "y"}},
	})
	p, err := b.Individual("a")
	if err != nil || len(p.Affinities) != 2 || !testkit.Close(p.Affinities[0].Weight, 1.5, 0, 1e-14) || !testkit.Close(p.Affinities[1].Weight, .75, 0, 1e-14) || !testkit.Close(p.Affinities[0].Share, 1.5/2.25, 0, 1e-14) {
		t.Errorf("affinities %+v, %v", p, err)
	}
}

func TestBuilderBadInput(t *testing.T) {
	good := func() *event { return &event{User: "a", Kind: profile.View, At: cut.Add(-day)} }
	for name, c := range map[string]struct {
		change func(*event)
		want   error
	}{
		"zero time":       {func(e *event) { e.At = time.Time{} }, profile.ErrRange},
		"ms read as s":    {func(e *event) { e.At = time.Unix(1717200000000, 0) }, profile.ErrRange},
		"no kind":         {func(e *event) { e.Kind = 0 }, profile.ErrRange},
		"unknown kind":    {func(e *event) { e.Kind = 99 }, profile.ErrRange},
		"negative dwell":  {func(e *event) { e.Dwell = -1 }, profile.ErrRange},
		"negative place":  {func(e *event) { e.Position = -1 }, profile.ErrRange},
		"negative pages":  {func(e *event) { e.Pages = -1 }, profile.ErrRange},
		"infinite rating": {func(e *event) { e.Kind = profile.Rate; e.Rating = math.Inf(1) }, profile.ErrRange},
		"huge sentiment":  {func(e *event) { e.Kind = profile.Comment; e.Sentiment = 1e9 }, profile.ErrRange},
	} {
		b := newBuilder(t, profile.BuilderOptions{})
		e := good()
		c.change(e)
		if err := b.Add(e); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if _, err := b.Table(profile.TableOptions{}); !errors.Is(err, profile.ErrEmpty) {
			t.Errorf("%s: left a trace: %v", name, err)
		}
	}
	base := order{ID: "1", User: "a", At: cut.Add(-day), Currency: "EUR", Lines: []line{{Quantity: 2, Price: 100}}}
	for name, c := range map[string]struct {
		change func(*order)
		want   error
	}{
		"no id":             {func(o *order) { o.ID = "" }, profile.ErrRange},
		"no time":           {func(o *order) { o.At = time.Time{} }, profile.ErrRange},
		"no currency":       {func(o *order) { o.Currency = "" }, profile.ErrRange},
		"other currency":    {func(o *order) { o.Currency = "USD" }, profile.ErrMismatch},
		"no lines":          {func(o *order) { o.Lines = nil }, profile.ErrEmpty},
		"negative quantity": {func(o *order) { o.Lines = []line{{Quantity: -1, Price: 1}} }, profile.ErrRange},
		"negative price":    {func(o *order) { o.Lines = []line{{Quantity: 1, Price: -1}} }, profile.ErrRange},
		"overflow":          {func(o *order) { o.Lines = []line{{Quantity: math.MaxInt64, Price: 2}} }, profile.ErrOverflow},
		"too much together": {func(o *order) { o.Lines = []line{{Quantity: 1, Price: math.MaxInt64}} }, profile.ErrOverflow},
		"line discount":     {func(o *order) { o.Lines = []line{{Quantity: 1, Price: 5, Discount: 6}} }, profile.ErrRange},
		"order discount":    {func(o *order) { o.Discount = 201 }, profile.ErrRange},
	} {
		b := newBuilder(t, profile.BuilderOptions{})
		first := base
		if err := b.AddOrder(&first); err != nil {
			t.Fatal(err)
		}
		want := fingerprint(t, b)
		o := base
		c.change(&o)
		if err := b.AddOrder(&o); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if !slices.Equal(want, fingerprint(t, b)) {
			t.Errorf("%s: changed the state", name)
		}
	}
	for name, opt := range map[string]profile.BuilderOptions{
		"no cut-off":     {},
		"windows down":   {AsOf: cut, Windows: []int{30, 7}},
		"window zero":    {AsOf: cut, Windows: []int{0}},
		"many windows":   {AsOf: cut, Windows: []int{1, 2, 3, 4, 5, 6, 7, 8}},
		"weight NaN":     {AsOf: cut, KindWeights: map[profile.Kind]float64{profile.View: math.NaN()}},
		"weight of what": {AsOf: cut, KindWeights: map[profile.Kind]float64{77: 1}},
		"bands down":     {AsOf: cut, PriceBands: []int64{2, 1}},
	} {
		if _, err := profile.NewBuilder[string, int](opt); !errors.Is(err, profile.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b := newBuilder(t, profile.BuilderOptions{})
	for name, err := range map[string]error{
		"self":  b.Merge(b),
		"nil":   b.Merge(nil),
		"other": b.Merge(newBuilder(t, profile.BuilderOptions{HalfLife: time.Hour})),
	} {
		if !errors.Is(err, profile.ErrMismatch) {
			t.Errorf("merge %s: %v", name, err)
		}
	}
	if _, err := b.Individual("nobody"); !errors.Is(err, profile.ErrUnknownID) {
		t.Errorf("unknown user: %v", err)
	}
	if err := b.AddIndexed(0, good()); !errors.Is(err, profile.ErrUnknownID) {
		t.Errorf("unknown handle: %v", err)
	}
	if err := b.Add(good()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		columns []string
		want    error
	}{"unknown": {[]string{"x"}, profile.ErrUnknownID}, "twice": {[]string{"orders", "orders"}, profile.ErrDuplicate}, "none": {[]string{}, profile.ErrOption}} {
		if _, err := b.Table(profile.TableOptions{Columns: c.columns}); !errors.Is(err, c.want) {
			t.Errorf("columns %s: %v", name, err)
		}
	}
}
