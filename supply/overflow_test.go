package supply_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply"
)

// Every eight bytes of a golden frame made as large as a field may be: what the decoder takes
// merges with a copy of itself, and takes a record, into a state that can be read again, or is
// ErrOverflow and leaves both as they were.
func TestMergeHostile(t *testing.T) {
	stride := 1
	if testkit.Race {
		stride = 11
	}
	for _, k := range kinds {
		files, err := filepath.Glob(filepath.Join("testdata", "frames", k.name+".v*.bin"))
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		golden := must(os.ReadFile(files[len(files)-1]))
		taken, over := 0, 0
		for at := 16; at+8 <= len(golden)-4; at += stride {
			for _, x := range []uint64{math.MaxInt64, 1 << 62, math.Float64bits(math.MaxFloat64), math.Float64bits(1e100)} {
				data := bytes.Clone(golden)
				binary.LittleEndian.PutUint64(data[at:], x)
				data = testkit.Refit(data)
				// Hours of a zone, and periods of one, would be refused: the goldens have none.
				s, other := k.fresh(), k.fresh()
				if s.UnmarshalBinary(data) != nil {
					continue
				}
				taken++
				ok(t, other.UnmarshalBinary(data))
				check := func(what string, err error, states ...state) {
					t.Helper()
					if err == nil {
						if err := k.fresh().UnmarshalBinary(must(states[0].MarshalBinary())); err != nil {
							t.Fatalf("%s, byte %d set to %#x: after %s: %v", k.name, at, x, what, err)
						}
						return
					}
					over++
					if !errors.Is(err, supply.ErrOverflow) {
						t.Fatalf("%s, byte %d set to %#x: %s: %v", k.name, at, x, what, err)
					}
					for _, s := range states {
						if !bytes.Equal(must(s.MarshalBinary()), data) {
							t.Fatalf("%s, byte %d set to %#x: a failed %s changed a state", k.name, at, x, what)
						}
					}
				}
				check("Merge", k.merge(s, other), s, other)
				if _, err := k.res(s); err != nil && !errors.Is(err, supply.ErrOverflow) && !errors.Is(err, supply.ErrEmpty) {
					t.Fatalf("%s, byte %d set to %#x: %v", k.name, at, x, err)
				}
			}
		}
		if taken == 0 || stride == 1 && over == 0 {
			t.Errorf("%s: %d frames taken, %d overflows: too few to tell", k.name, taken, over)
		}
	}
}

// Records that a full state has no room for are refused one by one and change nothing.
func TestAddOverflow(t *testing.T) {
	const most = math.MaxInt64
	f := must(supply.NewFulfilment(supply.FulfilmentOptions{AsOf: at(9)}))
	full := supply.Delivery{Placed: at(1), Delivered: at(2), Ordered: most, Received: 3, Lines: most}
	ok(t, f.Add(full))
	s := must(supply.NewService(supply.ServiceOptions{AsOf: at(9)}))
	ok(t, s.AddSoldAt(at(1), 1, most, 1), s.AddReturn(supply.Return{Sold: at(1), At: at(2), Value: most, Reason: "size"}), s.AddInvited(supply.NPS, most))
	before := [][]byte{must(f.MarshalBinary()), must(s.MarshalBinary())}
	for name, err := range map[string]error{
		"ordered":       f.Add(supply.Delivery{Placed: at(1), Delivered: at(2), Ordered: most}),
		"lines":         f.Add(supply.Delivery{Placed: at(1), Delivered: at(2), Lines: 1}),
		"sold":          s.AddSold(0, 1, 0),
		"sold at":       s.AddSoldAt(at(1), 0, 1, 0),
		"returned":      s.AddReturn(supply.Return{Value: 1}),
		"returned sale": s.AddReturn(supply.Return{Sold: at(1), At: at(2), Value: 1}),
		"invited":       s.AddInvited(supply.NPS, 1),
	} {
		if !errors.Is(err, supply.ErrOverflow) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !bytes.Equal(before[0], must(f.MarshalBinary())) || !bytes.Equal(before[1], must(s.MarshalBinary())) {
		t.Error("a refused record changed a state")
	}
	for _, b := range before {
		if errF, errS := new(supply.Fulfilment).UnmarshalBinary(b), new(supply.Service).UnmarshalBinary(b); errF != nil && errS != nil {
			t.Errorf("own frame: %v, %v", errF, errS)
		}
	}
}

// A part of a lot has its share of the value, rounded down, to the last unit of int64.
func TestPickShare(t *testing.T) {
	e := must(supply.NewExpiry[string](supply.ExpiryOptions{AsOf: t0}))
	ok(t, e.Add("a", supply.Lot{Expires: at(1), Units: 100, Value: 100}), e.Add("b", supply.Lot{Expires: at(1), Units: 1<<53 + 3, Value: math.MaxInt64}))
	for n := int64(0); n <= 100; n++ {
		lots, short := must2(e.Pick(nil, "a", n))
		if n > 0 && (len(lots) != 1 || lots[0].Units != n || lots[0].Value != n) || short != 0 {
			t.Fatalf("%d of 100: %v, %d short", n, lots, short)
		}
	}
	lots, _ := must2(e.Pick(nil, "b", 1<<53+2))
	if want := int64(math.MaxInt64 - 1024); lots[0].Value != want { // MaxInt64·(1 − 1/(2⁵³+3)), of which 1024.99… is missing
		t.Errorf("value %d, want %d", lots[0].Value, want)
	}
}

func must2[T, U any](v T, u U, err error) (T, U) {
	if err != nil {
		panic(err)
	}
	return v, u
}

// A level that begins at the end of the window is no part of it; one up to the end is.
func TestInventoryLevelAfter(t *testing.T) {
	for _, later := range []float64{10, 11} {
		v := must(supply.NewInventory[string](supply.InventoryOptions{From: t0, To: at(10)}))
		ok(t, v.AddLevel("a", t0, at(10), 5, 50), v.AddLevel("a", at(later), at(later+1), 100, 900), v.AddLevel("b", at(later), at(later+1), 1, 1))
		if r := must(v.Result()); r.Total.Units != 5 || r.Total.Value != 50 || len(r.IDs) != 1 {
			t.Errorf("from day %v: %d units, %d products", later, r.Total.Units, len(r.IDs))
		}
	}
}

// A score of 3 is not satisfied; averages of nothing are undefined, not 0.
func TestUndefinedKPIs(t *testing.T) {
	s := must(supply.NewService(supply.ServiceOptions{AsOf: at(9)}))
	for score := 1; score <= 5; score++ {
		ok(t, s.AddSurvey(supply.CSAT, score))
	}
	r := must(s.Result()) // surveys without a ticket
	if r.Satisfied != (supply.Ratio{Num: 2, Den: 5}) || r.Tickets != 0 || r.FirstResponse.P50 != supply.Beyond {
		t.Errorf("%+v", r)
	}
	for _, x := range []supply.Ratio{r.Resolved, r.Reopened, r.FirstContact, r.ReturnsByOrder} {
		if _, err := x.Value(); !errors.Is(err, supply.ErrUndefined) {
			t.Errorf("of no tickets: %v", err)
		}
	}
	v := must(supply.NewInventory[string](supply.InventoryOptions{From: t0, To: at(10)}))
	ok(t, v.AddSale("a", at(1), 2, 40, 30))
	f := must(v.Result()).Total
	for name, x := range map[string]supply.Ratio{"turnover": f.Turnover, "GMROI": f.GMROI, "sell-through": f.SellThrough, "carrying": f.Carrying.Rate} {
		if _, err := x.Value(); !errors.Is(err, supply.ErrUndefined) {
			t.Errorf("%s of no stock: %v", name, err)
		}
	}
}

// Of twenty orders in 1 to 20 days the ninth decile and the 95th centile are finite, by hand, and
// stay so with the slowest still under way.
func TestFiniteQuantiles(t *testing.T) {
	f := must(supply.NewFulfilment(supply.FulfilmentOptions{AsOf: at(40)}))
	for d := 1.; d <= 20; d++ {
		ok(t, f.Add(supply.Delivery{Placed: t0, Delivered: at(d)}))
	}
	near := func(got time.Duration, days float64) {
		t.Helper()
		if math.Abs(float64(got)-days*float64(day)) > .005*days*float64(day) {
			t.Errorf("%v, want %v days", got, days)
		}
	}
	r := must(f.Result()).OrderToDelivery
	near(r.P50, 10)
	near(r.P90, 18)
	near(r.P95, 19)
	ok(t, f.Add(supply.Delivery{Placed: t0}))
	r = must(f.Result()).OrderToDelivery
	near(r.P90, 19)
	near(r.P95, 20)
}

// Parts that are more than their whole are no state.
func TestDecodeContradictions(t *testing.T) {
	for _, c := range []struct {
		kind  string
		field int // of the counts
		x     int64
	}{
		{"Service", 1, 9}, {"Service", 2, 8}, {"Service", 3, 5}, {"Service", 4, 7}, {"Service", 5, 7}, // of 8 tickets
		{"Fulfilment", 2, 11}, {"Fulfilment", 6, 9}, {"Fulfilment", 7, 11}, {"Fulfilment", 10, 6}, {"Fulfilment", 14, 11},
	} {
		s, golden := k(c.kind)
		at := 16 + 16 // AsOf and ReopenWindow
		if c.kind == "Fulfilment" {
			at = 16 + 8 + 8 + 8 + 8 + 3*8 + 5 + 5 + 4 + 3*8
		}
		if n := binary.LittleEndian.Uint64(golden[at:]); n != map[string]uint64{"Service": 8, "Fulfilment": 10}[c.kind] {
			t.Fatalf("%s: %d tickets or orders: the counts are elsewhere", c.kind, n)
		}
		data := bytes.Clone(golden)
		binary.LittleEndian.PutUint64(data[at+8*c.field:], uint64(c.x))
		if err := s.UnmarshalBinary(testkit.Refit(data)); !errors.Is(err, supply.ErrCorrupt) {
			t.Errorf("%s, count %d is %d: %v", c.kind, c.field, c.x, err)
		}
	}
}

// Texts beyond 2⁴⁰, whose test would take too long, are ErrOverflow and no frame.
func TestComplaintsMost(t *testing.T) {
	c, golden := &supply.Complaints[string]{}, must(os.ReadFile(filepath.Join("testdata", "frames", "Complaints.v1.bin")))
	ok(t, c.UnmarshalBinary(golden))
	at := 16 // the first of two products of twelve texts
	for ; at+16 <= len(golden); at++ {
		if binary.LittleEndian.Uint64(golden[at:]) == 6 && binary.LittleEndian.Uint64(golden[at+8:]) == 6 {
			break
		}
	}
	most := bytes.Clone(golden)
	binary.LittleEndian.PutUint64(most[at:], 1<<40-18) // with the other 18, all there may be
	ok(t, c.UnmarshalBinary(testkit.Refit(most)))
	if err := c.Add("coat", true, nil); !errors.Is(err, supply.ErrOverflow) {
		t.Errorf("Add: %v", err)
	}
	binary.LittleEndian.PutUint64(most[at:], 1<<40-17)
	if err := c.UnmarshalBinary(testkit.Refit(most)); !errors.Is(err, supply.ErrCorrupt) {
		t.Errorf("UnmarshalBinary: %v", err)
	}
}

// k returns a fresh state of a kind and its newest golden frame.
func k(name string) (state, []byte) {
	for _, k := range kinds {
		if k.name == name {
			return k.fresh(), must(os.ReadFile(filepath.Join("testdata", "frames", name+".v2.bin")))
		}
	}
	panic(name)
}
