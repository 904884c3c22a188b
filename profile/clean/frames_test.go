package clean_test

import (
	"cmp"
	"encoding"
	"encoding/binary"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile"
	"github.com/aislekit/aisle/profile/clean"
)

// TestFrames reads the golden frame of every kind of this package.
func TestFrames(t *testing.T) { testkit.Frames(t, "profile/clean", frames()) }

func TestDamage(t *testing.T) { testkit.Damage(t, frames()) }

func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

// frames are the kinds of this package with a state in which no field is zero.
func frames() []testkit.Frame {
	return []testkit.Frame{
		{
			Kind: codec.KindQuality,
			Fill: func(testing.TB) encoding.BinaryMarshaler {
				var q clean.Quality
				q.Keep(cut)
				q.Keep(cut.Add(day))
				for row := range int64(12) {
					q.Reject(40-row, clean.Missing)
				}
				q.Reject(7, clean.Future)
				q.Flag(8, clean.Outlier)
				q.Field("user", clean.Missing)
				q.Field("user", clean.Kept)
				q.Field("price", clean.Malformed)
				q.Field("when", clean.InGap)
				q.Field("when", clean.InOverlap)
				return &q
			},
			Values: func(_ testing.TB, s any) any {
				r := s.(*clean.Quality).Result()
				list := func(in []clean.ReasonCount) (out []any) {
					for _, c := range in {
						out = append(out, []any{c.Reason, c.Rows, c.First})
					}
					return out
				}
				var fields []any
				for _, f := range r.Fields {
					row := []any{f.Name, f.Seen, f.Missing, f.Malformed}
					if f.InGap+f.InOverlap > 0 { // version 1 has none
						row = append(row, f.InGap, f.InOverlap)
					}
					fields = append(fields, row)
				}
				return map[string]any{"rows": r.Rows, "kept": r.Kept, "rejected": list(r.Rejected), "flagged": list(r.Flagged), "fields": fields, "first": r.First, "last": r.Last}
			},
			Zero: []string{".fields[value].InGap: version 1 has none", ".fields[value].InOverlap: version 1 has none"},
		},
		{
			Kind: codec.KindLedger,
			Fill: func(t testing.TB) encoding.BinaryMarshaler { return filledLedger(t) },
			Values: func(t testing.TB, s any) any {
				l := s.(*clean.Ledger[string, int])
				all, err := l.Settle(time.Time{})
				if err != nil {
					t.Fatal(err)
				}
				early, err := l.Settle(cut.Add(3 * day))
				if err != nil {
					t.Fatal(err)
				}
				out := testkit.Plain([]any{all, early}).([]any)
				for _, s := range out { // counted after version 1
					delete(s.(map[string]any), "RefundsUser")
					dropUnsaid(s)
				}
				return out
			},
			Zero: []string{
				".parts[value].heads[].Lines: a head has none", ".orders[value].lo.Channel: version 2 has none", ".orders[value].lo.Campaign: nor this", ".orders[value].lo.Device: nor this",
				".orders[value].hi.Channel: nor this", ".orders[value].hi.Campaign: nor this", ".orders[value].hi.Device: nor this",
				".parts[value].heads[].Channel: nor this", ".parts[value].heads[].Campaign: nor this", ".parts[value].heads[].Device: nor this",
			},
		},
		{
			Kind: codec.KindDedupe,
			Fill: func(t testing.TB) encoding.BinaryMarshaler { return filledDedupe(t) },
			Read: func(frame []byte) (any, error) {
				d, err := clean.NewDedupe[string](numbers)
				if err != nil {
					return nil, err
				}
				return d, d.UnmarshalBinary(frame)
			},
			Values: func(_ testing.TB, s any) any {
				d := s.(*clean.Dedupe[string, float64])
				var all []any
				for _, x := range d.All() {
					all = append(all, []any{x.Key, x.At, x.Value})
				}
				return map[string]any{"result": testkit.Plain(d.Result()), "held": d.Len(), "all": all}
			},
		},
		{
			Kind: codec.KindOutliers,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				o, err := clean.FitOutliers([]float64{3, 3, 3, 3, 900}, clean.OutlierOptions{})
				if err != nil {
					t.Fatal(err)
				}
				return o
			},
			Values: func(_ testing.TB, s any) any {
				o := s.(*clean.Outliers)
				lo, hi := o.Bounds()
				return testkit.Plain([]any{lo, hi, o.Degenerate(), o.Is(1e300)})
			},
		},
		{
			Kind:   codec.KindMonitor,
			Fill:   func(t testing.TB) encoding.BinaryMarshaler { return filledMonitor(t) },
			Values: func(t testing.TB, s any) any { return monitorLines(t, s.(*clean.Monitor)) },
			Zero: []string{
				".opt.Columns[].Bounds.degenerate: a monitor keeps the ends alone", ".opt.Columns[].Categories: of texts", ".opt.Columns[].Edges: of numbers",
			},
		},
		{
			Kind: codec.KindRates,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				r, err := clean.NewRates("EUR", map[string]float64{"USD": .92, "JPY": .0061, "KWD": 3.03})
				if err != nil {
					t.Fatal(err)
				}
				return r
			},
			Values: func(t testing.TB, s any) any {
				var out []any
				for _, c := range []string{"EUR", "USD", "JPY", "KWD"} {
					m, err := s.(*clean.Rates).Convert(profile.Money{Minor: 123_457, Currency: c})
					if err != nil {
						t.Fatal(err)
					}
					out = append(out, m.String())
				}
				return out
			},
		},
	}
}

// numbers are the settings of a Dedupe that can be stored.
var numbers = clean.DedupeOptions[float64]{
	Window: time.Minute, Policy: clean.KeepLast, Compare: cmp.Compare[float64],
	Append: func(dst []byte, x float64) ([]byte, error) {
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(x)), nil
	},
	Parse: func(data []byte) (float64, error) {
		if len(data) != 8 {
			return 0, errors.New("want 8 bytes")
		}
		return math.Float64frombits(binary.LittleEndian.Uint64(data)), nil
	},
}

func filledDedupe(t testing.TB) *clean.Dedupe[string, float64] {
	t.Helper()
	d, err := clean.NewDedupe[string](numbers)
	if err != nil {
		t.Fatal(err)
	}
	add := func(key string, seconds int, x float64) {
		if _, err := d.Add(key, cut.Add(time.Duration(seconds)*time.Second), x); err != nil {
			t.Fatal(err)
		}
	}
	add("a", 0, 1)
	add("a", 1, 1) // duplicate
	add("b", 2, 2)
	add("b", 3, 2.5) // conflict
	d.Flush(nil, cut.Add(200*time.Second+7*time.Nanosecond))
	add("c", 250, 4)
	add("c", 251, 3)
	add("c", 400, 9)
	add("a", 500, 7)
	return d
}

func filledLedger(t testing.TB) *clean.Ledger[string, int] {
	t.Helper()
	var l clean.Ledger[string, int]
	buy := func(id, user string, days int, lines ...line) *order {
		return &order{ID: id, User: user, At: cut.Add(time.Duration(days) * day), Currency: "EUR", Lines: lines, Channel: "app", Campaign: "spring", Device: "phone"}
	}
	boots := line{Item: 7, Category: "shoes", Brand: "acme", Quantity: 2, Price: 500, Discount: 30}
	socks := line{Item: 8, Quantity: 3, Price: 99}
	a, b, test := buy("A", "ann", 0, boots, socks), buy("B", "bob", 1, boots), buy("T", "ann", 2, socks)
	a.Discount, test.Test = 11, true
	twice, late := *a, *b
	late.At, late.Discount = b.At.Add(time.Hour), 5
	head, other := buy("C", "cid", 2, boots), buy("C", "dan", 3, socks)
	head.Discount, other.Discount, other.Test = 17, 9, false
	try := buy("D", "cid", 2, boots)
	try.Test = true
	for _, o := range []*order{a, &twice, b, &late, test} {
		if _, err := l.AddOrder(o); err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range []*order{other, head, try, buy("C", "dan", 1, socks)} {
		if _, err := l.AddLine(o); err != nil {
			t.Fatal(err)
		}
	}
	back := func(id, orderID string, days int, amount int64) *refund {
		return &refund{ID: id, OrderID: orderID, User: "ann", At: cut.Add(time.Duration(days) * day), Currency: "EUR", Amount: amount}
	}
	anonymous, cancel := back("r3", "", 5, 99), back("r4", "C", 6, 0)
	anonymous.Item, anonymous.Quantity, cancel.Cancel = 8, 1, true
	for _, r := range []*refund{back("r1", "A", 4, 300), back("r1", "A", 4, 300), back("r2", "B", 2, 50), back("r2", "B", 2, 60), anonymous, cancel, back("r5", "nowhere", 3, 5)} {
		if _, err := l.AddRefund(r); err != nil {
			t.Fatal(err)
		}
	}
	return &l
}

// dropUnsaid leaves out the fields of orders that versions before 3 do not hold.
func dropUnsaid(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range []string{"Channel", "Campaign", "Device"} {
			if v[key] == "" {
				delete(v, key)
			}
		}
		for _, x := range v {
			dropUnsaid(x)
		}
	case []any:
		for _, x := range v {
			dropUnsaid(x)
		}
	}
}
