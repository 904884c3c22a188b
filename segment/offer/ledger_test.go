package offer_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/offer"
)

// entryOf draws a redemption of one of few customers, offers and codes.
func entryOf(t *rapid.T) redeemed {
	r := redeemed{User: rapid.SampledFrom([]string{"ann", "bob", "cy"}).Draw(t, "user"), At: noon.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "hour")) * time.Hour)}
	r.Earned, r.Used = rapid.Int64Range(0, 30).Draw(t, "earned"), rapid.Int64Range(0, 30).Draw(t, "used")
	if rapid.Bool().Draw(t, "expires") {
		r.Expires = r.At.Add(time.Duration(rapid.IntRange(1, 5).Draw(t, "hours")) * time.Hour)
	}
	if r.Earned+r.Used == 0 || rapid.Bool().Draw(t, "offer") {
		r.Offer, r.Discount = rapid.SampledFrom([]string{"x", "y"}).Draw(t, "offer"), rapid.Int64Range(0, 99).Draw(t, "discount")
		r.Refund = rapid.Bool().Draw(t, "refund")
		r.Code = rapid.SampledFrom([]string{"", "A", "B"}).Draw(t, "code")
	}
	return r
}

func TestLedgerLaws(t *testing.T) {
	testkit.Laws[*ledger]{
		Empty: func() *ledger { return new(ledger) },
		Add: func(t *rapid.T) func(*ledger) {
			r := entryOf(t)
			return func(l *ledger) { must(l.Add(r)) }
		},
		Merge: (*ledger).Merge,
		Result: func(l *ledger) []float64 {
			r := l.Result()
			out := []float64{float64(r.Customers), float64(r.Earned), float64(r.Used)}
			for _, o := range r.Offers {
				out = append(out, float64(o.Redemptions), float64(o.Discount), float64(o.Returned))
			}
			for _, user := range []string{"ann", "bob", "cy"} {
				for h := range 16 {
					out = append(out, float64(l.Balance(user, noon.Add(time.Duration(h)*time.Hour))))
				}
			}
			return out
		},
	}.Check(t)
}

// points is a slow oracle: single points with the hour they expire, and hours one after the
// other.
func points(rs []redeemed, user string, asOf time.Time) int64 {
	var live []time.Time // expiry of each point, zero: never
	debt := 0
	for h := 0; !noon.Add(time.Duration(h) * time.Hour).After(asOf); h++ {
		now := noon.Add(time.Duration(h) * time.Hour)
		live = slices.DeleteFunc(live, func(e time.Time) bool { return !e.IsZero() && !e.After(now) })
		for _, r := range rs {
			for range map[bool]int64{true: r.Earned}[r.User == user && r.At.Equal(now)] {
				live = append(live, r.Expires)
			}
		}
		// Points that expire last pay a debt last; those of one moment are taken as they expire.
		slices.SortFunc(live, func(a, b time.Time) int {
			switch {
			case a.Equal(b):
				return 0
			case b.IsZero() || !a.IsZero() && a.Before(b):
				return -1
			}
			return 1
		})
		for _, r := range rs {
			if r.User == user && r.At.Equal(now) {
				debt += int(r.Used)
			}
		}
		n := min(debt, len(live))
		live, debt = live[n:], debt-n
	}
	return int64(len(live) - debt)
}

func TestBalance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l ledger
		var rs []redeemed
		for range rapid.IntRange(0, 12).Draw(t, "entries") {
			r := entryOf(t)
			if r.User != "ann" {
				continue
			}
			rs = append(rs, r)
			must(l.Add(r))
		}
		for h := range 16 {
			at := noon.Add(time.Duration(h) * time.Hour)
			if got, want := l.Balance("ann", at), points(rs, "ann", at); got != want {
				t.Fatalf("hour %d: %d points, want %d of %+v", h, got, want, rs)
			}
		}
	})
}

func TestLedgerRefuses(t *testing.T) {
	var l ledger
	must(l.Add(redeemed{User: "ann", Offer: "x", Code: "A", At: noon, Discount: math.MaxInt64 - 5, Earned: math.MaxInt64 - 5}))
	was := promised(l.MarshalBinary())
	for name, c := range map[string]struct {
		r    redeemed
		want error
	}{
		"negative discount":       {redeemed{Offer: "x", At: noon, Discount: -1}, offer.ErrRange},
		"negative points":         {redeemed{At: noon, Earned: -1}, offer.ErrRange},
		"negative use":            {redeemed{At: noon, Used: -1}, offer.ErrRange},
		"no time":                 {redeemed{Offer: "x"}, offer.ErrRange},
		"expired before earned":   {redeemed{At: noon, Earned: 1, Expires: noon}, offer.ErrRange},
		"nothing":                 {redeemed{User: "ann", At: noon}, offer.ErrEmpty},
		"code of no offer":        {redeemed{At: noon, Code: "A", Used: 1}, offer.ErrRange},
		"discount of no offer":    {redeemed{At: noon, Discount: 1, Used: 1}, offer.ErrRange},
		"discount beyond int64":   {redeemed{User: "bob", Offer: "x", At: noon, Discount: 6}, offer.ErrOverflow},
		"points beyond int64":     {redeemed{User: "ann", Offer: "y", At: noon, Earned: 6}, offer.ErrOverflow},
		"the customer is private": {redeemed{User: "ann-secret", Offer: "x", At: noon, Discount: 7}, offer.ErrOverflow},
	} {
		err := l.Add(c.r)
		if !errors.Is(err, c.want) || bytes.Contains([]byte(fmt.Sprint(err)), []byte("secret")) {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(promised(l.MarshalBinary()), was) {
			t.Errorf("%s: changed", name)
		}
	}
	var other ledger
	must(other.Add(redeemed{User: "new", Offer: "new", At: noon}))
	must(other.Add(redeemed{User: "bob", Offer: "x", At: noon, Discount: 6}))
	if err := l.Merge(&other); !errors.Is(err, offer.ErrOverflow) || !bytes.Equal(promised(l.MarshalBinary()), was) {
		t.Errorf("merge: %v", err)
	}
}

// Who is forgotten is in no byte; what was spent stays spent, and codes stay used.
func TestForget(t *testing.T) {
	var l ledger
	must(l.Add(redeemed{User: "ann-who-left", Offer: "x", Code: "A", At: noon, Discount: 70, Earned: 5}))
	must(l.Add(redeemed{User: "bob", Offer: "x", At: noon, Discount: 30}))
	if !l.Forget("ann-who-left") || l.Forget("ann-who-left") || l.Forget("nobody") {
		t.Error("forgot another one")
	}
	r := l.Result()
	if bytes.Contains(promised(l.MarshalBinary()), []byte("ann-who-left")) || r.Customers != 1 || r.Offers[0] != (offer.OfferTotal{Offer: "x", Redemptions: 2, Discount: 100}) {
		t.Errorf("%+v", r)
	}
	b := bookOf(offer.Options{}, anOffer{ID: "x", Off: 10, Codes: codeTable{"A": 1}})
	o := cart(100)
	o.Codes = []string{"A"}
	if q := promised(b.Price(o, &l)); q.Discount != 0 {
		t.Error("a used code works again")
	}
	var back ledger
	must(back.UnmarshalBinary(promised(l.MarshalBinary())))
}

// market is a book in which everything is short.
func market() *book {
	return bookOf(
		offer.Options{Budget: 9_000, Points: offer.PointsOptions{Per: 10, Lot: 10, Worth: 10}},
		anOffer{ID: "code", Off: 70, Codes: codeTable{"ONE": 1, "THREE": 3}, Priority: 3},
		anOffer{ID: "once", Off: 60, PerCustomer: 1, Priority: 2},
		anOffer{ID: "few", Off: 50, Uses: 40, Priority: 1},
		anOffer{ID: "money", Percent: 7, Budget: 2_001},
	)
}

// shopper is the i-th order of somebody, of few customers.
func shopper(r *rng.Stream, i int) *order {
	o := cart(int64(300 + r.Intn(500)))
	o.User, o.At = fmt.Sprint(r.Intn(25)), noon.Add(time.Duration(i)*time.Second)
	o.Points = int64(r.Intn(200))
	o.Codes = [][]string{nil, {"ONE"}, {"THREE"}}[r.Intn(3)]
	return o
}

// exceeded lists what went beyond a limit of the market.
func exceeded(l *ledger, log []redeemed) (bad []string) {
	total, spent, uses := int64(0), map[string]int64{}, map[string]int{}
	for _, r := range log {
		if r.Offer == "" {
			continue
		}
		total += r.Discount
		spent[r.Offer] += r.Discount
		uses[r.Offer]++
		uses[r.Offer+" by "+r.User]++
		uses["code "+r.Code]++
	}
	over := func(what string, got, limit int64) {
		if got > limit {
			bad = append(bad, fmt.Sprintf("%s: %d, limit %d", what, got, limit))
		}
	}
	over("budget of all", total, 9_000)
	over("budget", spent["money"], 2_001)
	over("uses", int64(uses["few"]), 40)
	over("code ONE", int64(uses["code ONE"]), 1)
	over("code THREE", int64(uses["code THREE"]), 3)
	for u := range 25 {
		over("customer", int64(uses["once by "+fmt.Sprint(u)]), 1)
		over("points", -l.Balance(fmt.Sprint(u), noon.Add(24*time.Hour)), 0)
	}
	return bad
}

// Whatever runs at once, nothing is exceeded, and the log gives a ledger of the same bytes.
// Without the guard, where each order is priced and then written, the same orders exceed
// every limit.
func TestTillConcurrent(t *testing.T) {
	const workers, orders = 8, 60
	start := func() *ledger {
		l := new(ledger)
		for u := range 25 {
			must(l.Add(redeemed{User: fmt.Sprint(u), At: noon.Add(-time.Hour), Earned: 40}))
		}
		return l
	}
	b := market()
	run := func(do func(w int, o *order, r *rng.Stream)) {
		var wg sync.WaitGroup
		for w := range workers {
			wg.Add(1)
			go func() {
				defer wg.Done()
				r := rng.New(7, 0, uint64(w))
				for i := range orders {
					do(w, shopper(r, i), r)
				}
			}()
		}
		wg.Wait()
	}
	register := promised(offer.NewTill(b, start()))
	logs := make([][]redeemed, workers)
	run(func(w int, o *order, r *rng.Stream) {
		res, err := register.Reserve(o)
		if err != nil {
			t.Error(err)
			return
		}
		switch r.Intn(4) {
		case 0:
			must(register.Release(res.ID))
		default:
			entries, err := register.Commit(res.ID)
			if err != nil {
				t.Error(err)
			}
			logs[w] = append(logs[w], entries...)
		}
	})
	log := slices.Concat(logs...)
	l := register.Ledger()
	if bad := exceeded(l, log); len(bad) > 0 {
		t.Errorf("exceeded: %q", bad)
	}
	if r := l.Result(); register.Open() != 0 || r.Offers[2].Offer != "money" || r.Offers[2].Discount < 1_900 {
		t.Errorf("nothing was short: %+v", r)
	}
	replay := start()
	slices.Reverse(log)
	for _, r := range log {
		must(replay.Add(r))
	}
	if !bytes.Equal(promised(replay.MarshalBinary()), promised(l.MarshalBinary())) {
		t.Error("the log gives another ledger")
	}
	// The guard taken out: all workers price by one ledger before any of them writes.
	open, round, loose := start(), make(chan *sync.WaitGroup, 1), []redeemed{}
	var mu sync.RWMutex
	pricing := new(sync.WaitGroup)
	pricing.Add(workers)
	round <- pricing
	run(func(w int, o *order, _ *rng.Stream) {
		mu.RLock()
		q, err := b.Price(o, open)
		mu.RUnlock()
		must(err)
		gate := <-round
		round <- gate
		if o.At.Equal(noon) { // the first order of each: wait until everyone has a price
			gate.Done()
			gate.Wait()
		}
		mu.Lock()
		defer mu.Unlock()
		for _, k := range q.Applied {
			v := q.Verdicts[k]
			r := redeemed{User: o.User, Offer: v.Offer, At: o.At, Discount: v.Discount}
			if v.Offer == "code" {
				r.Code = o.Codes[0]
			}
			loose = append(loose, r)
			must(open.Add(r))
		}
	})
	if bad := exceeded(open, loose); len(bad) == 0 {
		t.Error("without the guard nothing is exceeded: this test shows nothing")
	}
}

// One order after the other the till gives what the book gives by its ledger.
func TestTillSequence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := market()
		register := promised(offer.NewTill[string, string](b, nil))
		var open []offer.Reservation
		r := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
		committed := new(ledger)
		for i := range rapid.IntRange(0, 40).Draw(t, "steps") {
			switch what := r.Intn(5); {
			case what < 2 || len(open) == 0:
				o := shopper(r, i)
				before := promised(register.Price(o))
				res := promised(register.Reserve(o))
				checkQuote(t, res.Quote)
				if before.Discount != res.Quote.Discount || before.PointsUsed != res.Quote.PointsUsed {
					t.Fatalf("priced at %d, reserved at %d", before.Discount, res.Quote.Discount)
				}
				open = append(open, res)
			case what < 4:
				k := r.Intn(len(open))
				for _, e := range promised(register.Commit(open[k].ID)) {
					must(committed.Add(e))
				}
				if _, err := register.Commit(open[k].ID); !errors.Is(err, offer.ErrUnknownID) {
					t.Fatal("committed twice")
				}
				open = slices.Delete(open, k, k+1)
			default:
				k := r.Intn(len(open))
				must(register.Release(open[k].ID))
				if err := register.Release(open[k].ID); !errors.Is(err, offer.ErrUnknownID) {
					t.Fatal("released twice")
				}
				open = slices.Delete(open, k, k+1)
			}
		}
		if register.Open() != len(open) || register.Expire(noon.Add(time.Hour)) != len(open) || register.Open() != 0 {
			t.Fatal("open reservations")
		}
		// Nothing is held any more: the till, its ledger and a till that goes on from it agree.
		o := shopper(r, 99)
		l := register.Ledger()
		again := promised(offer.NewTill(b, l))
		x, y, z := promised(register.Price(o)), promised(b.Price(o, committed)), promised(again.Price(o))
		if x.Discount != y.Discount || x.Net != y.Net || z.Net != x.Net || !bytes.Equal(promised(l.MarshalBinary()), promised(committed.MarshalBinary())) {
			t.Fatalf("%d, %d, %d", x.Net, y.Net, z.Net)
		}
	})
}

// A refund frees money of the budget, and no more than was given.
func TestTillRefund(t *testing.T) {
	b := bookOf(offer.Options{Budget: 100}, anOffer{ID: "x", Off: 60, Budget: 90})
	register := promised(offer.NewTill[string, string](b, nil))
	res := promised(register.Reserve(cart(50, 50)))
	promised(register.Commit(res.ID))
	if q := promised(register.Price(cart(100))); q.Discount != 0 {
		t.Errorf("%d of a budget of 30", q.Discount)
	}
	r := promised(res.Quote.Return(0, 0, 1))
	if r.Money != 20 || r.Discount != 30 || r.Parts[0] != 30 {
		t.Fatalf("%+v", r)
	}
	back := redeemed{User: "ann", Offer: "x", At: noon, Discount: r.Discount, Refund: true}
	must(register.Add(back))
	if q := promised(register.Price(cart(100))); q.Discount != 60 {
		t.Errorf("%d of a budget of 60", q.Discount)
	}
	back.Discount = 31
	if err := register.Add(back); !errors.Is(err, offer.ErrRange) {
		t.Errorf("more came back than was given: %v", err)
	}
	if err := register.Add(redeemed{User: "ann", Offer: "x", At: noon}); !errors.Is(err, offer.ErrRange) {
		t.Errorf("a use without a reservation: %v", err)
	}
	must(register.Add(redeemed{User: "ann", At: noon, Earned: 7}))
	if register.Ledger().Balance("ann", noon) != 7 || !register.Forget("ann") || register.Ledger().Balance("ann", noon) != 0 {
		t.Error("points")
	}
}
