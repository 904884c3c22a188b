package profile_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/profile"
)

func TestCleaner(t *testing.T) {
	price, err := profile.NewBounds(0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	pages, err := profile.NewBounds(0, 50)
	if err != nil {
		t.Fatal(err)
	}
	c, err := profile.NewCleaner[string, int](profile.CleanOptions[string]{
		Now: cut, Repeat: time.Minute,
		Registered: func(u string) (time.Time, bool) { return cut.Add(-10 * day), u == "new" },
		Rules:      map[string]profile.Rule{"price": {price, profile.Drop}, "pages": {pages, profile.Clip}},
	})
	if err != nil {
		t.Fatal(err)
	}
	at := cut.Add(-day)
	events := []struct {
		e    event
		want profile.Reason
	}{
		{event{User: "a", Item: 1, Kind: profile.View, Time: at, Category: " ＳＨＯＥＳ "}, profile.Kept},
		{event{User: "a", Item: 1, Kind: profile.View, Time: at.Add(time.Second), Category: "shoes"}, profile.DuplicateRow},
		{event{User: "a", Item: 1, Kind: profile.View, Time: at.Add(2 * time.Second), Category: "boots"}, profile.ConflictRow},
		{event{User: "a", Item: 1, Kind: profile.View, Time: at.Add(2 * time.Hour)}, profile.Kept},
		{event{User: "a", Item: 2, Kind: profile.View, Time: at, Pages: 900}, profile.Kept},
		{event{Item: 1, Kind: profile.View, Time: at}, profile.Missing},
		{event{User: "a", Kind: profile.View}, profile.Missing},
		{event{User: "a", Kind: 0, Time: at}, profile.OutOfRange},
		{event{User: "a", Kind: profile.View, Time: cut.Add(4 * time.Minute)}, profile.Kept},
		{event{User: "a", Kind: profile.View, Time: cut.Add(6 * time.Minute)}, profile.Future},
		{event{User: "a", Kind: profile.View, Time: time.UnixMilli(1717200000)}, profile.TooOld},
		{event{User: "new", Kind: profile.View, Time: cut.Add(-11 * day)}, profile.Kept},
	}
	for i := range events {
		if got := c.Event(int64(i), &events[i].e); got != events[i].want {
			t.Errorf("event %d: %q, want %q", i, got, events[i].want)
		}
	}
	if events[0].e.Category != "shoes" || events[4].e.Pages != 50 {
		t.Errorf("not canonical or not clipped: %+v %+v", events[0].e, events[4].e)
	}
	o := order{ID: "1", User: "a", Time: at, Currency: "EUR", Lines: []line{{Quantity: 1, Price: 5000}}}
	if got := c.Order(100, &o); got != profile.Outlier {
		t.Errorf("order: %q", got)
	}
	o.Test = true
	if got := c.Order(101, &o); got != profile.TestRow {
		t.Errorf("order: %q", got)
	}
	r := refund{ID: "1", User: "a", Time: at, Currency: "EUR", Amount: -5, OrderID: "1"}
	if got := c.Refund(102, &r); got != profile.OutOfRange {
		t.Errorf("refund: %q", got)
	}
	s := c.Quality().Result()
	if s.Rows != 15 || s.Kept != 5 || s.Count(profile.Outlier) != 1 || s.Count(profile.Missing) != 2 {
		t.Errorf("report\n%v", s)
	}
	want := []profile.ReasonCount{{profile.BeforeAccount, 1, []int64{11}}, {profile.Outlier, 1, []int64{4}}}
	if fmt.Sprint(s.Flagged) != fmt.Sprint(want) {
		t.Errorf("flagged %v, want %v", s.Flagged, want)
	}
	if age, err := s.Age(cut); err != nil || age != -4*time.Minute {
		t.Errorf("age %v %v", age, err)
	}
	c.Forget(cut)
	if got := c.Event(200, &event{User: "a", Kind: profile.Click, Time: at}); got != profile.LateRow {
		t.Errorf("after Forget: %q", got)
	}
	if _, err := profile.NewCleaner[string, int](profile.CleanOptions[string]{Rules: map[string]profile.Rule{"what": {price, profile.Drop}}}); !errors.Is(err, profile.ErrOption) {
		t.Error(err)
	}
	if _, err := profile.NewCleaner[string, int](profile.CleanOptions[string]{Rules: map[string]profile.Rule{"price": {}}}); !errors.Is(err, profile.ErrOption) {
		t.Error(err)
	}
}

func TestQualityMergeProp(t *testing.T) {
	reasons := []profile.Reason{profile.Kept, profile.Missing, profile.Future, profile.DuplicateRow}
	rapid.Check(t, func(r *rapid.T) {
		rows := rapid.SliceOfN(rapid.IntRange(0, 11), 0, 60).Draw(r, "rows")
		var one profile.Quality
		parts := make([]profile.Quality, 3)
		for i, x := range rows {
			for _, q := range []*profile.Quality{&one, &parts[rapid.IntRange(0, 2).Draw(r, "part")]} {
				why := reasons[x%4]
				q.Field([]string{"a", "b", "c"}[x/4], why)
				if why == profile.Kept {
					q.Keep(cut.Add(time.Duration(i*x) * time.Hour))
				} else {
					q.Reject(int64(i), why)
				}
			}
		}
		rand.Shuffle(3, func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		var sum profile.Quality
		for i := range parts {
			if err := sum.Merge(&parts[i]); err != nil {
				r.Fatal(err)
			}
		}
		a, b := fmt.Sprintf("%+v", one.Result()), fmt.Sprintf("%+v", sum.Result())
		if a != b {
			r.Fatalf("\n%s\n%s", a, b)
		}
		s := sum.Result()
		total := s.Kept
		for _, c := range s.Rejected {
			total += c.Rows
		}
		if total != s.Rows || s.Rows != int64(len(rows)) {
			r.Fatalf("%d rows, %d accounted for", s.Rows, total)
		}
	})
	var q profile.Quality
	if err := q.Merge(&q); !errors.Is(err, profile.ErrMismatch) {
		t.Error(err)
	}
	s := q.Result()
	if _, err := s.Age(cut); !errors.Is(err, profile.ErrUndefined) {
		t.Error(err)
	}
	if _, err := (profile.FieldQuality{}).Completeness(); !errors.Is(err, profile.ErrUndefined) {
		t.Error(err)
	}
}

type rec struct {
	key string
	at  time.Time
	v   int
}

// slowDedupe sorts and cuts where the gap exceeds the window.
func slowDedupe(rs []rec, window time.Duration, policy profile.Policy) (out []rec, rep profile.DedupeReport) {
	rs = slices.Clone(rs)
	slices.SortFunc(rs, func(a, b rec) int {
		return cmp.Or(cmp.Compare(a.key, b.key), a.at.Compare(b.at), cmp.Compare(a.v, b.v))
	})
	for i := 0; i < len(rs); {
		k := i + 1
		for k < len(rs) && rs[k].key == rs[i].key && (window == 0 || rs[k].at.Sub(rs[k-1].at) <= window) {
			k++
		}
		g := rs[i:k]
		win := g[0]
		same := true
		for _, x := range g {
			same = same && x.v == g[0].v
			if policy == profile.KeepLast || policy == profile.KeepMax && x.v > win.v {
				win = x
			}
		}
		out = append(out, win)
		rep.Records += int64(len(g))
		rep.Kept++
		if same {
			rep.Duplicates += int64(len(g) - 1)
		} else {
			rep.Conflicts++
			rep.Overruled += int64(len(g) - 1)
		}
		i = k
	}
	slices.SortFunc(out, func(a, b rec) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.v, b.v), cmp.Compare(a.key, b.key))
	})
	return out, rep
}

func TestDedupeProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		window := time.Duration(rapid.IntRange(0, 5).Draw(r, "window"))
		policy := profile.Policy(rapid.IntRange(0, 2).Draw(r, "policy"))
		rs := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) rec {
			return rec{rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key"), cut.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "at"))), rapid.IntRange(0, 3).Draw(t, "v")}
		}), 0, 30).Draw(r, "records")
		opt := profile.DedupeOptions[rec]{Window: window, Policy: policy, Compare: func(a, b rec) int { return cmp.Compare(a.v, b.v) }}
		sum, err := profile.NewDedupe[string](opt)
		if err != nil {
			r.Fatal(err)
		}
		part, _ := profile.NewDedupe[string](opt)
		for _, x := range rs {
			d := sum
			if rapid.Bool().Draw(r, "part") {
				d = part
			}
			if _, err := d.Add(x.key, x.at, x); err != nil {
				r.Fatal(err)
			}
		}
		if err := sum.Merge(part); err != nil {
			r.Fatal(err)
		}
		want, rep := slowDedupe(rs, window, policy)
		check := func(all []profile.Survivor[string, rec]) {
			var got []rec
			for _, s := range all {
				got = append(got, rec{s.Key, s.Time, s.Value.v})
			}
			slices.SortFunc(got, func(a, b rec) int {
				return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.v, b.v), cmp.Compare(a.key, b.key))
			})
			if fmt.Sprint(got) != fmt.Sprint(want) || sum.Result() != rep {
				r.Fatalf("got %v %+v\nwant %v %+v", got, sum.Result(), want, rep)
			}
		}
		check(sum.All())
		if int(sum.Len()) != len(want) {
			r.Fatalf("Len %d, want %d", sum.Len(), len(want))
		}
		flushed := sum.Flush(nil, cut.Add(time.Duration(rapid.IntRange(0, 70).Draw(r, "flush"))))
		check(append(flushed, sum.All()...))
	})
}

func TestDedupeBadInput(t *testing.T) {
	compare := func(a, b int) int { return cmp.Compare(a, b) }
	for name, opt := range map[string]profile.DedupeOptions[int]{
		"compare": {}, "window": {Compare: compare, Window: -1}, "policy": {Compare: compare, Policy: 9},
	} {
		if _, err := profile.NewDedupe[string](opt); !errors.Is(err, profile.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d, err := profile.NewDedupe[string](profile.DedupeOptions[int]{Compare: compare, Window: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Add("a", time.Time{}, 1); !errors.Is(err, profile.ErrRange) {
		t.Error(err)
	}
	d.Flush(nil, cut)
	if _, err := d.Add("a", cut.Add(-1), 1); !errors.Is(err, profile.ErrRange) {
		t.Error(err)
	}
	if err := d.Merge(d); !errors.Is(err, profile.ErrMismatch) {
		t.Error(err)
	}
}

func TestLedger(t *testing.T) {
	var l profile.Ledger[string, int]
	at := cut.Add(-30 * day)
	buy := func(id, u string, days int, lines ...line) *order {
		return &order{ID: id, User: u, Time: at.Add(time.Duration(days) * day), Currency: "EUR", Lines: lines}
	}
	must := func(v profile.Verdict, err error) profile.Verdict {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	a := buy("A", "u", 0, line{Item: 1, Quantity: 2, Price: 500}, line{Item: 2, Quantity: 1, Price: 0})
	must(l.AddOrder(a))
	swapped := *a
	swapped.Lines = []line{a.Lines[1], a.Lines[0]}
	if v := must(l.AddOrder(&swapped)); v != profile.Duplicate {
		t.Errorf("same content: %v", v)
	}
	must(l.AddOrder(buy("B", "u", 1, line{Item: 1, Quantity: 3, Price: 400})))
	if v := must(l.AddOrder(buy("B", "u", 2, line{Item: 1, Quantity: 9, Price: 400}))); v != profile.Conflict {
		t.Errorf("other content: %v", v)
	}
	must(l.AddLine(buy("C", "v", 3, line{Item: 5, Quantity: 1, Price: 100})))
	must(l.AddLine(buy("C", "v", 3, line{Item: 6, Quantity: 1, Price: 200})))
	test := buy("T", "v", 3, line{Item: 5, Quantity: 1, Price: 1})
	test.Test = true
	must(l.AddOrder(test))

	back := func(id, orderID string, days int, amount int64) *refund {
		return &refund{ID: id, OrderID: orderID, User: "u", Time: at.Add(time.Duration(days) * day), Currency: "EUR", Amount: amount}
	}
	must(l.AddRefund(back("r1", "A", 4, 300)))
	must(l.AddRefund(back("r1", "A", 4, 300))) // sent twice
	must(l.AddRefund(back("r2", "A", 5, 900))) // 200 too much
	must(l.AddRefund(back("r3", "nowhere", 5, 70)))
	must(l.AddRefund(back("r4", "C", 2, 50))) // before its order
	cancel := back("r5", "C", 6, 0)
	cancel.Cancel = true
	must(l.AddRefund(cancel)) // the 250 left
	// Three pieces of item 1 without an order: at 400 apiece they are of B.
	must(l.AddRefund(&refund{ID: "r6", User: "u", Item: 1, Quantity: 2, Amount: 800, Currency: "EUR", Time: at.Add(7 * day)}))
	wrong := back("r7", "B", 8, 10)
	wrong.Currency = "USD"
	must(l.AddRefund(wrong))

	s, err := l.Settle(time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%+v", s.Totals)
	want := "[{Currency:EUR Orders:2 Cancelled:1 Paid:2500 Refunded:2100 Unmatched:70 Excess:200} {Currency:USD Orders:0 Cancelled:0 Paid:0 Refunded:0 Unmatched:10 Excess:0}]"
	if got != want {
		t.Errorf("totals %s\nwant   %s", got, want)
	}
	if s.DuplicateOrders != 1 || s.ConflictOrders != 1 || s.DuplicateRefunds != 1 || s.TestOrders != 1 || s.RefundsEarly != 1 || s.RefundsOver != 1 || s.RefundsUnmatched != 2 || s.RefundsCurrency != 1 {
		t.Errorf("counts %+v", s)
	}
	sum := int64(0)
	for _, r := range s.Refunds {
		sum += r.Amount
	}
	if sum != 2100 || s.Totals[0].Net() != 400 {
		t.Errorf("applied refunds sum to %d", sum)
	}
	early, err := l.Settle(at.Add(4*day + 1))
	if err != nil || early.Totals[0].Refunded != 350 || early.Totals[0].Paid != 2500 {
		t.Errorf("until day 4: %+v %v", early, err)
	}
	if _, err := l.AddLine(&order{ID: "C", User: "v", Time: at, Currency: "USD", Lines: []line{{Quantity: 1}}}); !errors.Is(err, profile.ErrMismatch) {
		t.Error(err)
	}
	for name, r := range map[string]*refund{
		"negative":  {ID: "x", OrderID: "A", Time: at, Currency: "EUR", Amount: -1},
		"no id":     {OrderID: "A", Time: at, Currency: "EUR", Amount: 1},
		"of what":   {ID: "x", Time: at, Currency: "EUR", Amount: 1},
		"no time":   {ID: "x", OrderID: "A", Currency: "EUR", Amount: 1},
		"anonymous": {ID: "x", Cancel: true, Quantity: 1, Time: at, Currency: "EUR"},
	} {
		if _, err := l.AddRefund(r); !errors.Is(err, profile.ErrRange) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := l.Merge(&l); !errors.Is(err, profile.ErrMismatch) {
		t.Error(err)
	}
}

func TestLedgerProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		type call func(l *profile.Ledger[string, int]) error
		var calls []call
		n := rapid.IntRange(0, 25).Draw(r, "n")
		for range n {
			u := rapid.SampledFrom([]string{"u", "v"}).Draw(r, "user")
			at := cut.Add(time.Duration(rapid.IntRange(0, 9).Draw(r, "at")) * time.Hour)
			id := rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(r, "id")
			q, p := rapid.Int64Range(1, 3).Draw(r, "q"), rapid.Int64Range(0, 3).Draw(r, "p")
			item := rapid.IntRange(1, 2).Draw(r, "item")
			o := &order{ID: id, User: u, Time: at, Currency: "EUR", Lines: []line{{Item: item, Quantity: q, Price: p}}}
			switch rapid.IntRange(0, 3).Draw(r, "sort") {
			case 0:
				calls = append(calls, func(l *profile.Ledger[string, int]) error { _, err := l.AddOrder(o); return err })
			case 1:
				o.ID += "split"
				calls = append(calls, func(l *profile.Ledger[string, int]) error { _, err := l.AddLine(o); return err })
			default:
				b := &refund{ID: id + fmt.Sprint(q), OrderID: rapid.SampledFrom([]string{"", "1", "2split"}).Draw(r, "of"), User: u, Time: at, Currency: "EUR", Amount: p, Item: item, Quantity: q}
				b.Cancel = b.OrderID != "" && p == 0
				calls = append(calls, func(l *profile.Ledger[string, int]) error { _, err := l.AddRefund(b); return err })
			}
		}
		var one profile.Ledger[string, int]
		parts := make([]profile.Ledger[string, int], 2)
		for _, c := range calls {
			if err := c(&one); err != nil {
				r.Fatal(err)
			}
		}
		for _, c := range rapid.Permutation(calls).Draw(r, "order") {
			if err := c(&parts[rapid.IntRange(0, 1).Draw(r, "part")]); err != nil {
				r.Fatal(err)
			}
		}
		if err := parts[0].Merge(&parts[1]); err != nil {
			r.Fatal(err)
		}
		a, err := one.Settle(time.Time{})
		if err != nil {
			r.Fatal(err)
		}
		b, err := parts[0].Settle(time.Time{})
		if err != nil {
			r.Fatal(err)
		}
		if x, y := fmt.Sprintf("%+v", *a), fmt.Sprintf("%+v", *b); x != y {
			r.Fatalf("\n%s\n%s", x, y)
		}
		var refunded, applied int64
		for _, o := range a.Orders {
			if o.Refunded < 0 || o.Refunded > o.Paid || o.Cancelled && o.Refunded != o.Paid {
				r.Fatalf("order %+v", o)
			}
			refunded += o.Refunded
		}
		for _, b := range a.Refunds {
			applied += b.Amount
		}
		if refunded != applied {
			r.Fatalf("orders lost %d, refunds gave %d", refunded, applied)
		}
	})
}
