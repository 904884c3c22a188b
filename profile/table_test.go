package profile_test

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile"
)

func TestTable(t *testing.T) {
	b := newBuilder(t, profile.BuilderOptions{})
	if u, err := b.Index("only a handle"); err != nil || u != 0 {
		t.Fatal(u, err)
	}
	feed(t, b, []record{
		{user: &user{ID: "quiet", Registered: cut.Add(-3 * day)}},
		{event: &event{User: "busy", Kind: profile.View, At: cut.Add(-day), Category: "x"}},
	})
	tab, err := b.Table(profile.TableOptions{Columns: []string{"tenure_days", "orders", "recency_days", "category=x", "category=never"}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(tab.IDs, []string{"busy", "quiet"}) || tab.Row("quiet") != 1 || tab.Row("only a handle") != -1 {
		t.Errorf("ids %q", tab.IDs)
	}
	nan := math.NaN()
	for i, want := range [][]float64{{1, 0, nan, 1, 0}, {3, 0, nan, nan, nan}} {
		if slices.CompareFunc(tab.Rows[i], want, func(a, b float64) int { return cmp.Compare(a, b) }) != 0 {
			t.Errorf("row %d = %v, want %v", i, tab.Rows[i], want)
		}
	}
	sel, err := tab.Select("orders", "tenure_days")
	if err != nil || sel.Rows[1][1] != 3 {
		t.Errorf("Select: %v %v", sel, err)
	}
	if _, err := tab.Select("orders", "orders"); !errors.Is(err, profile.ErrDuplicate) {
		t.Error(err)
	}
	if _, err := tab.Values("x"); !errors.Is(err, profile.ErrUnknownID) {
		t.Error(err)
	}
	if b := append(tab.Rows[0], 9); tab.Rows[1][0] == 9 {
		t.Error("rows grow into each other", b)
	}
}

// TestTableColumns has each column that is no plain count worked out by hand.
func TestTableColumns(t *testing.T) {
	b := newBuilder(t, profile.BuilderOptions{PriceBands: []int64{100, 500}})
	at := func(days float64) time.Time { return cut.Add(-time.Duration(days * float64(day))) }
	feed(t, b, []record{
		{order: &order{ID: "1", User: "ann", At: at(40), Currency: "EUR", Lines: []line{{Item: 1, Quantity: 2, Price: 100, Discount: 20}, {Item: 2, Quantity: 1, Price: 499}}}},
		{order: &order{ID: "2", User: "ann", At: at(10), Currency: "EUR", Discount: 79, Lines: []line{{Item: 1, Quantity: 4, Price: 500}}}},
		{order: &order{ID: "3", User: "ann", At: at(4), Currency: "EUR", Lines: []line{{Item: 3, Quantity: 2, Price: 99}}}},
		{refund: &refund{ID: "r", OrderID: "2", User: "ann", At: at(2.5), Currency: "EUR", Amount: 559}},
		{event: &event{User: "ann", Kind: profile.View, At: at(50), Dwell: 3 * time.Second, Position: 2, Pages: 3}},
		{event: &event{User: "ann", Kind: profile.View, At: at(8), Dwell: 1500 * time.Millisecond, Position: 7, Pages: 4}},
		{event: &event{User: "ann", Kind: profile.View, At: at(7), Pages: 1}},
		{event: &event{User: "ann", Kind: profile.Rate, At: at(3), Rating: 4.5}},
		{event: &event{User: "ann", Kind: profile.Rate, At: at(3), Rating: 2}},
		{event: &event{User: "ann", Kind: profile.Rate, At: at(3), Rating: math.NaN()}},
		{event: &event{User: "ann", Kind: profile.Comment, At: at(2), Sentiment: -.5}},
		{event: &event{User: "ann", Kind: profile.Comment, At: at(2), Sentiment: .25}},
		{event: &event{User: "ann", Kind: profile.Comment, At: at(2), Sentiment: -.125}},
		{user: &user{ID: "ann", Registered: at(60)}},
	})
	want := map[string]float64{
		"tenure_days": 60, "active_days_ago": 2, "recency_days": 4,
		"orders": 3, "orders_7d": 1, "orders_30d": 2, "orders_90d": 3,
		"units": 9, "units_7d": 2, "units_30d": 6, "units_90d": 9,
		"paid": 2798, "paid_7d": 198, "paid_30d": 2119, "paid_90d": 2798,
		"net": 2239, "net_7d": -361, "net_30d": 1560, "net_90d": 2239,
		"order_value": 2798. / 3, "basket_size": 3, "gap_days": 18, "refund_rate": 559. / 2798,
		"events": 9, "events_7d": 7, "events_30d": 8, "events_90d": 9,
		"view": 3, "view_7d": 1, "view_30d": 2, "view_90d": 3,
		"rate": 3, "rate_7d": 3, "rate_30d": 3, "rate_90d": 3, "comment": 3, "comment_7d": 3, "comment_30d": 3, "comment_90d": 3,
		"dwell_seconds": 2.25, "position": 4.5, "pages": 8, "rating": 3.25, "sentiment": -.125,
	}
	// A price on a bound is of the band above it: 100 and 499 of 1, 500 of 2, 99 of 0.
	weight := func(days float64) float64 { return 5 * math.Exp2(-days/30) }
	bands := []float64{weight(4), 2 * weight(40), weight(10)}
	total := bands[0] + bands[1] + bands[2]
	for band, w := range bands {
		want[fmt.Sprintf("price_band=%d", band)] = w / total
	}
	tab, err := b.Table(profile.TableOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for j, name := range tab.Names {
		w, ok := want[name]
		delete(want, name)
		if got := tab.Rows[0][j]; !ok || !testkit.Close(got, w, 0, 1e-14) {
			t.Errorf("%s = %v, want %v (known %v)", name, got, w, ok)
		}
	}
	if len(want) > 0 {
		t.Errorf("no columns %v", want)
	}
}

func TestTableRagged(t *testing.T) {
	for _, tab := range []profile.Table[int]{
		{IDs: []int{1, 2}, Names: []string{"a", "b"}, Rows: [][]float64{{1, 2}, {3}}},
		{IDs: []int{1}, Names: []string{"a", "b"}, Rows: [][]float64{{1, 2}, {3, 4}}},
		{IDs: []int{1, 2, 3}, Names: []string{"a", "b"}, Rows: [][]float64{{1, 2}, {3, 4}}},
	} {
		if _, err := tab.Values("b"); !errors.Is(err, profile.ErrShape) {
			t.Errorf("Values of %v: %v", tab, err)
		}
		if _, err := tab.Select("b"); !errors.Is(err, profile.ErrShape) {
			t.Errorf("Select of %v: %v", tab, err)
		}
	}
}
