package profile_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/profile"
)

func shopItem() *profile.Item[string] {
	return &profile.Item[string]{
		ID: "boot", Path: []string{"shoes", "boots"}, Brand: "acme", Price: 500, Currency: "EUR", Attributes: map[string]string{"colour": "red"},
		Extra: map[string]string{"supplier": "s1"}, From: cut.Add(-9 * day), Until: cut,
	}
}

func TestItem(t *testing.T) {
	x := shopItem()
	for at, want := range map[time.Time]bool{x.From: true, x.From.Add(-1): false, cut: false, cut.Add(-1): true} {
		if x.Listed(at) != want {
			t.Errorf("listed at %v: %v", at, !want)
		}
	}
	if x.Category() != "boots" || x.Band([]int64{100, 500}) != 2 || x.Band([]int64{501}) != 0 || (&profile.Item[int]{}).Band(nil) != -1 || !(&profile.Item[int]{}).Listed(cut) {
		t.Error(x.Category(), x.Band([]int64{100, 500}))
	}
	for name, change := range map[string]func(*profile.Item[string]){
		"price":    func(x *profile.Item[string]) { x.Price = -1 },
		"currency": func(x *profile.Item[string]) { x.Currency = "" },
		"path":     func(x *profile.Item[string]) { x.Path[1] = "" },
		"until":    func(x *profile.Item[string]) { x.Until = x.From },
		"from":     func(x *profile.Item[string]) { x.From = time.Unix(1717200000000, 0) },
	} {
		x := shopItem()
		change(x)
		if err := x.Validate(); !errors.Is(err, profile.ErrRange) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Of several facts the one known last counts, in any order; one known after the cut-off none.
func TestFacts(t *testing.T) {
	told := []user{
		{ID: "ann", Region: "north", At: cut.Add(-9 * day), Source: "form"},
		{ID: "ann", Region: "south", At: cut.Add(-2 * day), Source: "crm", BirthYear: 1990, Tags: []string{"vip", "b2b", "vip"}},
		{ID: "ann", Region: "west", At: cut, Source: "late"},
		{ID: "ann", Sex: "f", Registered: cut.Add(-3 * day), Extra: map[string]string{"score": "7"}},
	}
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}} {
		b := newBuilder(t, profile.BuilderOptions{})
		for _, i := range order {
			if err := b.AddUser(&told[i]); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		for _, f := range b.Facts("ann") {
			got = append(got, f.Field+"="+f.Value+"/"+f.Source+"/"+f.At.Format(time.DateOnly))
		}
		want := "birth_year=1990/crm/2024-05-30 extra:score=7//2024-05-29 region=south/crm/2024-05-30 sex=f//2024-05-29 tags=b2b, vip/crm/2024-05-30"
		if strings.Join(got, " ") != want || b.Late() != 1 {
			t.Errorf("%v, late %d", got, b.Late())
		}
		tab, err := b.Table(profile.TableOptions{Columns: []string{"age_years"}})
		if err != nil || tab.Rows[0][0] != 34 {
			t.Error(tab, err)
		}
		b.Forget("ann")
		if len(b.Facts("ann")) != 0 {
			t.Error("facts of one who was forgotten")
		}
	}
	if err := newBuilder(t, profile.BuilderOptions{}).AddUser(&user{ID: "ann", BirthYear: 85}); !errors.Is(err, profile.ErrRange) {
		t.Error(err)
	}
}

// What a table was fitted on is what a later one has, and other settings are refused.
func TestSchema(t *testing.T) {
	opt := profile.BuilderOptions{AsOf: cut.Add(-20 * day)}
	train, serve := newBuilder(t, opt), newBuilder(t, profile.BuilderOptions{})
	log := shopLog(3, cut, 50)
	for i := range log.Events {
		log.Events[i].Dwell, log.Events[i].Query = 0, ""
		if e := log.Events[i]; e.At.After(opt.AsOf) {
			log.Events[i].Category, log.Events[i].Dwell = "new", time.Second
		}
	}
	if err := errors.Join(train.AddAll(log), serve.AddAll(log)); err != nil {
		t.Fatal(err)
	}
	fitted := promised(train.Table(profile.TableOptions{}))
	if fitted.Column("dwell_seconds") >= 0 || fitted.Column("category=new") >= 0 {
		t.Error("columns that nobody had a value in")
	}
	data, err := fitted.Schema.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var s profile.Schema
	if err := s.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	served, err := serve.Table(profile.TableOptions{Schema: &s})
	if err != nil || strings.Join(served.Names, " ") != strings.Join(fitted.Names, " ") {
		t.Errorf("%v, want %v: %v", served, fitted.Names, err)
	}
	if again, _ := served.Schema.MarshalBinary(); !bytes.Equal(again, data) {
		t.Error("the schema of the later table is another one")
	}
	if part := promised(served.Select("paid", "orders")); strings.Join(part.Schema.Names(), " ") != "paid orders" {
		t.Error(part.Schema.Names())
	}
	for name, opt := range map[string]profile.BuilderOptions{
		"windows": {Windows: []int{7}}, "half-life": {HalfLife: day}, "bands": {PriceBands: []int64{5}}, "features": {Features: []profile.Feature{cartRate{}}},
		"weights": {KindWeights: map[profile.Kind]float64{profile.View: 2}}, "currency": {Currency: "USD"},
	} {
		b := newBuilder(t, opt)
		if err := b.AddUser(&user{ID: "ann", Registered: cut.Add(-day)}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Table(profile.TableOptions{Schema: &s}); !errors.Is(err, profile.ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, o := range map[string]profile.TableOptions{"none": {Schema: new(profile.Schema)}, "both": {Schema: &s, Columns: []string{"paid"}}} {
		if _, err := serve.Table(o); !errors.Is(err, profile.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The schema of a table without decay is read again too.
func TestSchemaNoDecay(t *testing.T) {
	b := newBuilder(t, profile.BuilderOptions{HalfLife: -1})
	if err := b.AddUser(&user{ID: "ann", Registered: cut.Add(-day)}); err != nil {
		t.Fatal(err)
	}
	data := promised(promised(b.Table(profile.TableOptions{})).Schema.MarshalBinary())
	var s profile.Schema
	if err := s.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Table(profile.TableOptions{Schema: &s}); err != nil {
		t.Error(err)
	}
}

// A record after the label changes nothing, whatever its currency and place in the log.
func TestJoinLabelsLaterCurrency(t *testing.T) {
	buy := func(id, currency string, at time.Time) order {
		return order{ID: id, User: "ann", At: at, Currency: currency, Lines: []line{{Quantity: 1, Price: 5}}}
	}
	give := func(id, currency string, at time.Time) refund {
		return refund{ID: id, OrderID: "a", User: "ann", At: at, Currency: currency, Amount: 1}
	}
	log := profile.Log[string, int]{
		Orders:  []order{buy("a", "EUR", cut.Add(-day)), buy("b", "USD", cut.Add(day))},
		Refunds: []refund{give("a", "EUR", cut.Add(-day)), give("b", "USD", cut.Add(day))},
	}
	for range 2 {
		got, err := profile.JoinLabels(context.Background(), &log, []profile.Label[string]{{User: "ann", AsOf: cut}}, profile.JoinOptions{Table: profile.TableOptions{Columns: []string{"net"}}})
		if err != nil || got.Rows[0][0] != 4 {
			t.Errorf("%v, %v", got, err)
		}
		slices.Reverse(log.Orders)
		slices.Reverse(log.Refunds)
	}
	b := newBuilder(t, profile.BuilderOptions{Currency: "USD"})
	if err := b.AddOrder(&order{ID: "c", User: "ann", At: cut.Add(-day), Currency: "EUR", Lines: []line{{Quantity: 1, Price: 5}}}); !errors.Is(err, profile.ErrMismatch) {
		t.Error(err)
	}
}

// Each row is that of a Builder at the moment of its label, and what comes later changes none.
func TestJoinLabelsProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		log := shopLog(rapid.Uint64Range(0, 1<<20).Draw(r, "seed"), cut, 30)
		var labels []profile.Label[string]
		for i, u := range []string{"u0", "u1", "u2", "nobody", "u1"} {
			labels = append(labels, profile.Label[string]{User: u, AsOf: cut.Add(-time.Duration(10*(i%2)+20*(i/4)) * day), Value: float64(i)})
		}
		opt := profile.BuilderOptions{Features: []profile.Feature{cartRate{}, lastTwo{}}}
		got, err := profile.JoinLabels(context.Background(), log, labels, profile.JoinOptions{Builder: opt})
		if errors.Is(err, profile.ErrEmpty) {
			return
		}
		if err != nil {
			r.Fatal(err)
		}
		for i, l := range labels {
			o := opt
			o.AsOf = l.AsOf
			b := newBuilder(t, o)
			for _, x := range log.Events {
				if x.At.Before(l.AsOf) && b.Add(&x) != nil {
					r.Fatal("event")
				}
			}
			for _, x := range log.Orders {
				if x.At.Before(l.AsOf) && b.AddOrder(&x) != nil {
					r.Fatal("order")
				}
			}
			for _, x := range log.Refunds {
				if x.At.Before(l.AsOf) && b.AddRefund(&x) != nil {
					r.Fatal("refund")
				}
			}
			for _, x := range log.Users {
				if x.Registered.Before(l.AsOf) && b.AddUser(&x) != nil {
					r.Fatal("user")
				}
			}
			tab, err := b.Table(profile.TableOptions{Columns: got.Names})
			row := -1
			if err == nil {
				row = tab.Row(l.User)
			} else if !errors.Is(err, profile.ErrEmpty) {
				r.Fatal(err)
			}
			if got.Known[i] != (row >= 0) {
				r.Fatalf("label %d known %v, row %d", i, got.Known[i], row)
			}
			for j, x := range got.Rows[i] {
				want := math.NaN()
				if row >= 0 {
					want = tab.Rows[row][j]
				}
				if math.Float64bits(x) != math.Float64bits(want) && !(math.IsNaN(x) && math.IsNaN(want)) {
					r.Fatalf("label %d %s: %v, want %v", i, got.Names[j], x, want)
				}
			}
		}
	})
	log := shopLog(1, cut, 30)
	for name, c := range map[string]struct {
		labels []profile.Label[string]
		opt    profile.BuilderOptions
		want   error
	}{
		"none":      {nil, profile.BuilderOptions{}, profile.ErrEmpty},
		"as of":     {[]profile.Label[string]{{User: "u1", AsOf: cut}}, profile.BuilderOptions{AsOf: cut}, profile.ErrOption},
		"no moment": {[]profile.Label[string]{{User: "u1"}}, profile.BuilderOptions{}, profile.ErrRange},
		"no value":  {[]profile.Label[string]{{User: "u1", AsOf: cut, Value: math.NaN()}}, profile.BuilderOptions{}, profile.ErrNotFinite},
		"twice":     {[]profile.Label[string]{{User: "u1", AsOf: cut}, {User: "u1", AsOf: cut}}, profile.BuilderOptions{}, profile.ErrDuplicate},
		"stranger":  {[]profile.Label[string]{{User: "x", AsOf: cut}}, profile.BuilderOptions{}, profile.ErrEmpty},
	} {
		if _, err := profile.JoinLabels(context.Background(), log, c.labels, profile.JoinOptions{Builder: c.opt}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// T of RFMT: the mean gap.
func TestRFMGap(t *testing.T) {
	b := newBuilder(t, profile.BuilderOptions{})
	for i, days := range []int{9, 5, 2} {
		feed(t, b, []record{{order: &order{ID: "1", User: "ann", At: cut.Add(-time.Duration(days) * day), Currency: "EUR", Lines: []line{{Quantity: 1, Price: 5}}}}})
		rows, err := b.RFM()
		if want := []float64{math.NaN(), 4, 3.5}[i]; err != nil || rows[0].Gap != want && !(math.IsNaN(want) && math.IsNaN(rows[0].Gap)) {
			t.Errorf("gap of %d orders is %v, want %v: %v", i+1, rows[0].Gap, want, err)
		}
	}
}
