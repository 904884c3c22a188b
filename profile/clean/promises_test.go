package clean_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/profile/clean"
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
	bounds := func() *clean.Outliers { return promised(clean.NewBounds(0, 100)) }
	cleaning := func() clean.CleanerOptions[string] {
		rules := map[string]clean.Rule{}
		for _, f := range []string{"dwell_seconds", "position", "pages", "rating", "price", "quantity"} {
			rules[f] = clean.Rule{Bounds: bounds(), Action: clean.Clip}
		}
		return clean.CleanerOptions[string]{
			AsOf: cut.Add(90 * day), Skew: time.Minute, Earliest: cut.Add(-day), Repeat: time.Minute, Rules: rules,
			Registered: func(string) (time.Time, bool) { return cut, true },
		}
	}
	event := func() *profile.Event[string, int] {
		return &profile.Event[string, int]{
			User: "ann", Item: 7, Kind: profile.Rate, At: cut.Add(day), Category: "Shoes", Brand: "Acme",
			Dwell: time.Minute, Position: 3, Pages: 2, Rating: 4, Sentiment: .5,
		}
	}
	buy := func() *order {
		return &order{
			ID: "new", User: "ann", At: cut.Add(day), Currency: "eur", Discount: 3,
			Lines: []line{{Item: 7, Category: "Shoes", Brand: "Acme", Quantity: 2, Price: 50, Discount: 9}},
		}
	}
	back := func() *refund {
		return &refund{ID: "back", OrderID: "A", User: "ann", At: cut.Add(5 * day), Currency: "eur", Amount: 10, Item: 7, Quantity: 1}
	}
	money := clean.MoneyFormat{Currency: "EUR", Decimal: ',', Symbols: map[string]string{"€": "EUR"}, Multiples: map[string]int64{"k": 1000}, Digits: 3, Round: true}
	parsing := clean.ParserOptions{
		Layouts: []string{time.DateTime, "2006-01-02 15:04 MST"}, Zone: time.UTC, Abbreviations: map[string]time.Duration{"PST": -8 * time.Hour},
		Earliest: cut, Latest: cut.Add(365 * day), Money: money, Null: []string{"", "-"},
	}
	report := func() clean.QualityResult {
		var q clean.Quality
		q.Keep(cut)
		q.Reject(3, clean.Missing)
		q.Flag(4, clean.Outlier)
		q.Field("user", clean.InGap)
		return q.Result()
	}
	types := []func() any{
		func() any {
			d := promised(clean.NewDedupe[string](numbers))
			for i, x := range []float64{1, 1, 2, 3} {
				promised(d.Add("a", cut.Add(time.Duration(i/3)*day), x))
			}
			return d
		},
		func() any { return promised(clean.NewCleaner[string, int](cleaning())) },
		func() any { return promised(clean.NewParser(nil, parsing)) },
		func() any { r := report(); return &r },
		func() any {
			r := promised(filledMonitor(t).Result(t.Context(), nil, cut.Add(6*day)))
			return &r
		},
		func() any { f := report().Fields[0]; return &f },
		func() any { return &clean.Settled[string, int]{Order: *buy(), Paid: 88, Refunded: 8} },
		func() any { return &clean.Total{Currency: "EUR", Orders: 1, Paid: 88, Refunded: 8} },
	}
	for _, f := range frames() {
		if f.Kind != codec.KindDedupe { // whose frame was flushed, which does not merge
			types = append(types, func() any { return f.Fill(t) })
		}
	}
	const counted = "the report counts what is missing and what is malformed"
	testkit.Promises{
		Funcs: map[string]any{
			"Canonical": clean.Canonical, "FitOutliers": clean.FitOutliers, "FoldWidth": clean.FoldWidth, "NewBounds": clean.NewBounds,
			"NewCleaner": clean.NewCleaner[string, int], "NewDedupe": clean.NewDedupe[string, float64], "NewParser": clean.NewParser,
			"NewRates": clean.NewRates, "NewMonitor": clean.NewMonitor, "BinEdges": clean.BinEdges, "ParseKind": clean.ParseKind, "ParseMoney": clean.ParseMoney, "ParseUnits": clean.ParseUnits,
		},
		Types: types,
		Zero:  []string{"Cleaner", "Parser", "Quality", "QualityResult", "MonitorResult", "FieldQuality", "Ledger", "Settled", "Total"},
		Args: map[string]func() []any{
			"FitOutliers": func() []any {
				return []any{[]float64{3, 4, 5, 6, 90}, clean.OutlierOptions{Method: clean.MAD, K: 2, Tail: .1}}
			},
			"BinEdges":   func() []any { return []any{[]float64{1, 2, 3, 4}, 3} },
			"NewMonitor": func() []any { return []any{monitorOptions()} },
			"Monitor.Add": func() []any {
				return []any{cut, []float64{2}, []string{"web", "o9"}}
			},
			"Monitor.Result": func() []any {
				return []any{context.Background(), promised(clean.NewMonitor(monitorOptions())), cut.Add(day)}
			},
			"NewBounds":  func() []any { return []any{0., 100.} },
			"NewCleaner": func() []any { return []any{cleaning()} },
			"NewDedupe":  func() []any { return []any{numbers} },
			"NewParser":  func() []any { return []any{&clean.Quality{}, parsing} },
			"NewRates":   func() []any { return []any{"EUR", map[string]float64{"USD": .92}} },
			"ParseKind":  func() []any { return []any{"view"} },
			"ParseUnits": func() []any { return []any{"1.5 kg"} },
			"ParseMoney": func() []any { return []any{"1.234,50 €", money} },

			"Cleaner.Event":  func() []any { return []any{int64(4), event()} },
			"Cleaner.Order":  func() []any { return []any{int64(4), buy()} },
			"Cleaner.Refund": func() []any { return []any{int64(4), back()} },
			"Dedupe.Flush": func() []any {
				return []any{[]clean.Survivor[string, float64]{{Key: "a", At: cut, Value: 1}}, cut.Add(5 * day)}
			},
			"Outliers.Drop":     func() []any { return []any{nil, []float64{1, 2, 4}} },
			"Outliers.Flag":     func() []any { return []any{nil, []float64{1, 2, 4}} },
			"Dedupe.Add":        func() []any { return []any{"z", cut.Add(day), 3.} },
			"Dedupe.ForgetFunc": func() []any { return []any{func(key string) bool { return key == "a" }} },
			"Ledger.AddLine":    func() []any { return []any{buy()} },
			"Ledger.AddOrder":   func() []any { return []any{buy()} },
			"Ledger.AddRefund":  func() []any { return []any{back()} },
			"Parser.Float":      func() []any { return []any{"price", "12"} },
			"Parser.Int":        func() []any { return []any{"pages", "12"} },
			"Parser.Money":      func() []any { return []any{"price", "12 EUR"} },
			"Parser.Time":       func() []any { return []any{"when", cut.Add(day).Format(time.DateTime)} },
			"Quality.Reject":    func() []any { return []any{int64(3), clean.Missing} },
			"Quality.Field":     func() []any { return []any{"user", clean.Missing} },
			"Rates.Convert":     func() []any { return []any{profile.Money{Minor: 12345, Currency: "usd"}} },
		},
		NaN: map[string]string{
			"Outliers.Bounds": "an open bound is infinite",
			"Outliers.Drop":   "values as they were given",
		},
		Counts: map[string]string{
			"Parser.Float": counted, "Parser.Int": counted, "Parser.Money": counted, "Parser.Text": counted, "Parser.Time": counted,
		},
		Settles: map[string]string{
			"Cleaner.Event":  "a nil Cleaner keeps nothing: Missing",
			"Cleaner.Order":  "a nil Cleaner keeps nothing: Missing",
			"Dedupe.Flush":   "gives dst back",
			"Cleaner.Refund": "a nil Cleaner keeps nothing: Missing",
		},
	}.Check(t)
}

// TestCleanerRefuses asks for the verdict on what a Cleaner is not to keep, which returns
// no error.
func TestCleanerRefuses(t *testing.T) {
	at := cut.Add(day)
	rate := func(x float64) *profile.Event[string, int] {
		return &profile.Event[string, int]{User: "ann", Kind: profile.Rate, At: at, Rating: x}
	}
	var c clean.Cleaner[string, int] // the defaults
	for name, got := range map[string]clean.Reason{
		"no event": c.Event(1, nil), "no order": c.Order(2, nil), "no refund": c.Refund(3, nil), "no user": c.Event(4, &profile.Event[string, int]{At: at, Kind: profile.View}),
	} {
		if got != clean.Missing {
			t.Errorf("%s: %q", name, got)
		}
	}
	for _, x := range []float64{math.Inf(1), math.Inf(-1), 1e308, -1001} {
		if got := c.Event(5, rate(x)); got != clean.OutOfRange {
			t.Errorf("rating %v: %q", x, got)
		}
	}
	old := rate(3)
	old.At = time.Date(1989, 1, 1, 0, 0, 0, 0, time.UTC)
	if a, b, again := c.Event(9, old), c.Event(10, rate(3)), c.Event(11, rate(3)); a != clean.TooOld || b != clean.Kept || again != clean.DuplicateRow {
		t.Errorf("the defaults of a zero Cleaner: %q, %q, %q", a, b, again)
	}
	if r := c.Quality().Result(); r.Rows != 11 || r.Kept != 1 || r.Count(clean.Missing) != 4 {
		t.Errorf("counted %+v", r)
	}
	if got := (*clean.Cleaner[string, int])(nil).Event(1, rate(3)); got != clean.Missing {
		t.Errorf("nil Cleaner: %q", got)
	}

	bounds := promised(clean.NewBounds(12.5, 99.5))
	clip := promised(clean.NewCleaner[string, int](clean.CleanerOptions[string]{Rules: map[string]clean.Rule{"price": {Bounds: bounds, Action: clean.Clip}}}))
	for price, want := range map[int64]int64{1: 13, 500: 99, 20: 20} {
		o := &order{ID: "o", User: "ann", At: at, Currency: "EUR", Lines: []line{{Item: 7, Quantity: 1, Price: price}}}
		if got := clip.Order(1, o); got != clean.Kept || o.Lines[0].Price != want || bounds.Is(float64(o.Lines[0].Price)) {
			t.Errorf("price %d: %q, %d, want %d", price, got, o.Lines[0].Price, want)
		}
	}
}

// TestRefusesOptions holds what the variations of the table do not reach: what is in maps,
// and bounds that float64 does not hold.
func TestRefusesOptions(t *testing.T) {
	big := []float64{-1e308, -1e308, -1e308, 1e308, 1e308, 1e308}
	for name, m := range map[string]clean.OutlierMethod{"IQR": clean.IQR, "MAD": clean.MAD} {
		if _, err := clean.FitOutliers(big, clean.OutlierOptions{Method: m}); !errors.Is(err, clean.ErrOverflow) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, zero := clean.NewCleaner[string, int](clean.CleanerOptions[string]{Rules: map[string]clean.Rule{"price": {Bounds: new(clean.Outliers)}}})
	_, none := clean.ParseMoney("5 k eur", clean.MoneyFormat{Multiples: map[string]int64{"k": 0}})
	_, less := clean.NewParser(nil, clean.ParserOptions{Money: clean.MoneyFormat{Multiples: map[string]int64{"k": -1}}})
	_, mark := clean.ParseMoney("5;3 eur", clean.MoneyFormat{Decimal: ';'})
	for name, err := range map[string]error{"rule of zero bounds": zero, "multiple of 0": none, "multiple of -1": less, "another mark": mark} {
		if !errors.Is(err, clean.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
