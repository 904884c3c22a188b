package profile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/profile"
)

// share of 2⁵⁹, paid days before cut.
func paidBefore(days int, share float64) *order {
	return &order{ID: fmt.Sprint(days, share), User: "ann", At: cut.Add(-time.Duration(days)*day + time.Hour), Currency: "EUR", Lines: []line{{Item: 1, Quantity: 1, Price: int64(share * (1 << 59))}}}
}

// Which orders fit does not depend on their order, on the split into shards nor on the days of an Advance, and
// whatever fits is read again.
func TestMoneyBound(t *testing.T) {
	build := func(orders ...*order) (*profile.Builder[string, int], error) {
		b, err := profile.NewBuilder[string, int](profile.BuilderOptions{AsOf: cut, Rolling: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range orders {
			if err := b.AddOrder(o); err != nil {
				return b, err
			}
		}
		return b, nil
	}
	a, b, c := paidBefore(2, .4), paidBefore(12, .4), paidBefore(2, .3)
	for _, orders := range [][]*order{{a, b, c}, {a, c, b}, {b, a, c}, {b, c, a}, {c, a, b}, {c, b, a}} {
		if _, err := build(orders...); !errors.Is(err, profile.ErrOverflow) {
			t.Errorf("%v, want ErrOverflow", err)
		}
	}
	one, _ := build(a, b)
	two, _ := build(c)
	if err := one.Merge(two); !errors.Is(err, profile.ErrOverflow) {
		t.Errorf("Merge: %v", err)
	}
	if err := two.Merge(one); !errors.Is(err, profile.ErrOverflow) {
		t.Errorf("Merge the other way: %v", err)
	}
	if err := one.AddRefund(&refund{ID: "r", OrderID: "o", User: "ann", At: cut.Add(-day), Currency: "EUR", Amount: 1<<59 - 1}); err != nil {
		t.Errorf("what came back is bounded apart: %v", err)
	}
	small, _ := build(paidBefore(2, .1))
	if err := one.Merge(small); err != nil {
		t.Fatal(err)
	}
	for _, days := range []int{6, 30, 100} {
		if err := one.Advance(one.AsOf().AddDate(0, 0, days)); err != nil {
			t.Fatal(err)
		}
		data, err := one.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := newBuilder(t, profile.BuilderOptions{Rolling: true}).UnmarshalBinary(data); err != nil {
			t.Errorf("after %d days its bytes are not read: %v", days, err)
		}
	}
}

// Merge and Add refuse events that an Advance could not count, over all windows as the decoder does.
func TestEventBound(t *testing.T) {
	b, all := newBuilder(t, profile.BuilderOptions{}), newBuilder(t, profile.BuilderOptions{})
	for _, days := range []int{2, 12} {
		if err := b.Add(&event{User: "ann", Kind: profile.View, At: cut.Add(-time.Duration(days) * day)}); err != nil {
			t.Fatal(err)
		}
	}
	for range 30 {
		data, err := b.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		other := newBuilder(t, profile.BuilderOptions{})
		if err := other.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(all.Merge(other), b.Merge(other)); err != nil {
			t.Fatal(err)
		}
	}
	data, _ := b.MarshalBinary()
	other := newBuilder(t, profile.BuilderOptions{})
	if err := other.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if err := b.Merge(other); !errors.Is(err, profile.ErrOverflow) { // 2³² in two windows
		t.Errorf("%v, want ErrOverflow", err)
	}
	view := &event{User: "ann", Kind: profile.View, At: cut.Add(-2 * day)}
	if err := errors.Join(all.Merge(other), all.Add(view)); err != nil { // 2³²-2 and one
		t.Fatal(err)
	}
	if err := all.Add(view); !errors.Is(err, profile.ErrOverflow) {
		t.Errorf("%v, want ErrOverflow", err)
	}
	if err := other.UnmarshalBinary(promised(all.MarshalBinary())); err != nil {
		t.Error(err)
	}
}

// A weight of -0 is 0, and a kind that is not named weighs 0.
func TestWeightZero(t *testing.T) {
	var data, schema [2][]byte
	var names [3]string
	for i, w := range []float64{0, math.Copysign(0, -1)} {
		weights := map[profile.Kind]float64{profile.View: 1, profile.Click: w}
		b := newBuilder(t, profile.BuilderOptions{KindWeights: weights})
		if err := b.Add(&event{User: "ann", Kind: profile.View, At: cut.Add(-day)}); err != nil {
			t.Fatal(err)
		}
		table, err := b.Table(profile.TableOptions{})
		if err != nil {
			t.Fatal(err)
		}
		data[i], _ = b.MarshalBinary()
		schema[i], _ = table.Schema.MarshalBinary()
		f, err := profile.NewAffinity(profile.AffinityOptions{Labels: []string{"a"}, KindWeights: weights})
		if err != nil {
			t.Fatal(err)
		}
		names[i] = f.Name()
	}
	f, err := profile.NewAffinity(profile.AffinityOptions{Labels: []string{"a"}, KindWeights: map[profile.Kind]float64{profile.View: 1}})
	if err != nil {
		t.Fatal(err)
	}
	names[2] = f.Name()
	if !bytes.Equal(data[0], data[1]) || !bytes.Equal(schema[0], schema[1]) || names[0] != names[1] || names[0] != names[2] {
		t.Errorf("-0 and 0 differ: %q", names)
	}
}

// Rows of two moments are of one currency, and the schema knows it, whichever moment tells.
func TestJoinLabelsCurrency(t *testing.T) {
	log := &profile.Log[string, int]{Orders: []order{*paidBefore(30, 1e-9), *paidBefore(3, 1e-9)}, Events: []event{{User: "cid", Kind: profile.View, At: cut.Add(-day)}}}
	log.Orders[1].User, log.Orders[1].Currency = "bob", "USD"
	opt := profile.JoinOptions{Table: profile.TableOptions{Columns: []string{"paid"}}}
	join := func(last string) (*profile.Training[string], error) {
		return profile.JoinLabels(context.Background(), log, []profile.Label[string]{{User: "ann", AsOf: cut.Add(-20 * day)}, {User: last, AsOf: cut}}, opt)
	}
	if _, err := join("bob"); !errors.Is(err, profile.ErrMismatch) {
		t.Errorf("two currencies: %v, want ErrMismatch", err)
	}
	got, err := join("cid")
	if err != nil {
		t.Fatal(err)
	}
	b := newBuilder(t, profile.BuilderOptions{})
	if err := b.AddOrder(&log.Orders[1]); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Table(profile.TableOptions{Schema: got.Schema}); !errors.Is(err, profile.ErrMismatch) {
		t.Errorf("served in another currency: %v, want ErrMismatch", err)
	}
	served, err := b.Table(profile.TableOptions{Columns: []string{"paid"}})
	if err != nil {
		t.Fatal(err)
	}
	opt.Table = profile.TableOptions{Schema: served.Schema}
	if _, err := join("cid"); !errors.Is(err, profile.ErrMismatch) {
		t.Errorf("a schema of another currency: %v, want ErrMismatch", err)
	}
}

// What users wrote neither breaks a line of a page nor turns it around.
func TestTextControls(t *testing.T) {
	const bad = "\n\r\v\f\x1b\u0085\u009b\u2028\u2029\u200e\u202e\u2066\u2069"
	p := profile.Individual{Users: 1, Facts: []profile.Trait{{Field: "region" + bad, Value: "x" + bad + "y", Source: "crm" + bad}}}
	if s := p.Text(); strings.ContainsAny(s, strings.ReplaceAll(bad, "\n", "")) || !strings.Contains(s, "x             y") {
		t.Errorf("%q", s)
	}
}

// A vector of little weight counts where it is the only one.
func TestFuseLittleWeight(t *testing.T) {
	got, err := profile.Fuse(nil, profile.FuseOptions{Dims: []int{2, 2}, Weights: []float64{1, 1e-9}, Mean: true}, nil, []float32{3, 4})
	if err != nil || math.Abs(float64(got[0])-.6) > 1e-6 || math.Abs(float64(got[1])-.8) > 1e-6 {
		t.Errorf("%v, %v, want (.6, .8)", got, err)
	}
}

// One customer of many items and categories, half of them on both sides of a merge, has as many as a map says.
func TestRobot(t *testing.T) {
	const n = 16_000
	features := append(promised(profile.Features([]int{7}, "distinct")), affinityTo(t, profile.Category, "c1"))
	opt := profile.BuilderOptions{Features: features}
	shards := [2]*profile.Builder[string, int]{newBuilder(t, opt), newBuilder(t, opt)}
	items, categories := make(map[int]bool), make(map[string]bool)
	for i := range n {
		e := event{User: "robot", Kind: profile.View, Item: i*7919%12_000 + 1, Category: fmt.Sprint("c", i*31%5000), At: cut.Add(-time.Hour - time.Duration(i)*time.Second)}
		items[e.Item], categories[e.Category] = true, true
		if err := shards[i%2].Add(&e); err != nil {
			t.Fatal(err)
		}
		if i%4 == 0 {
			if err := shards[1].Add(&e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := shards[0].Merge(shards[1]); err != nil {
		t.Fatal(err)
	}
	table := promised(shards[0].Table(profile.TableOptions{Columns: []string{"distinct_items", "distinct_categories_7d", "affinity_category=c1"}}))
	row := table.Rows[0]
	if row[0] != float64(len(items)) || row[1] != float64(len(categories)) {
		t.Errorf("%v items and %v categories, want %d and %d", row[0], row[1], len(items), len(categories))
	}
	if !(row[2] > 0 && row[2] < 2./float64(len(categories))) {
		t.Errorf("share %v of one of %d categories", row[2], len(categories))
	}
}
