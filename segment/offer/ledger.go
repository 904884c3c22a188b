package offer

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// Redemption is one entry of a Ledger: an offer that was used, points that were used and
// earned, or what came back with goods.
type Redemption[U ID] struct {
	User     U         // whose it is
	Offer    string    // ID; "": points only
	Code     string    // by which it was used; "": none
	At       time.Time // of the order, or of the return
	Discount int64     // that it gave, >= 0
	Used     int64     // points used, >= 0
	Earned   int64     // points earned, >= 0
	Expires  time.Time // of the points earned, after At; zero: never
	// Refund says that goods came back: Discount is given no more and free for others, Earned
	// are used points given back, Used are earned points taken back. It does not undo the
	// use: neither the customer nor the code gets it again.
	Refund bool
}

// OfferTotal is what a Ledger knows of one offer.
type OfferTotal struct {
	Offer       string // ID
	Redemptions int64  // times it was used
	Discount    int64  // given
	Returned    int64  // of that, with goods that came back
}

// LedgerResult is the sum of a Ledger.
type LedgerResult struct {
	Offers       []OfferTotal // by ID
	Customers    int          // that are not forgotten
	Earned, Used int64        // points of all customers, as far as they are not forgotten
}

// Ledger remembers who used which offer how often, what it gave, which codes are used, and
// the points of every customer. The zero value is empty and ready; merging shards in any order
// is the same as one pass, so that a log of redemptions always gives the same bytes. It is not
// safe for concurrent use while Add, Forget, Merge or UnmarshalBinary runs; a Till is. Memory:
// some 100 bytes a customer, 24 for each time at which points were earned or used, and what
// the codes take.
type Ledger[U ID] struct {
	offers map[string]*OfferTotal
	codes  map[codeOf]int64
	users  map[U]*account
}

// account is what is known of one customer.
type account struct {
	uses         map[string]int64
	moves        []move // ascending
	earned, used int64
}

// move is points earned, above 0, or used, below; those of one moment and expiry are one.
type move struct {
	at, expires int64 // nanoseconds since 1970; used points expire never
	points      int64
}

const never = math.MaxInt64

func compareMoves(a, b move) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(sign(b.points), sign(a.points)), cmp.Compare(a.expires, b.expires))
}

func sign(x int64) int { return cmp.Compare(x, 0) }

// Add enters one redemption. ErrRange for a negative amount, a time that is missing or out of
// range or an Expires that is not after At, and for a code or discount without an offer;
// ErrEmpty where there is neither an offer nor a point; ErrOverflow. After an error nothing is
// changed. The same redemption twice counts twice.
func (m *Ledger[U]) Add(r Redemption[U]) error {
	const where = "offer: Ledger.Add"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	if err := r.validate(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	// One entry is a ledger of its own: merging checks every sum before it changes anything.
	one := Ledger[U]{offers: map[string]*OfferTotal{}, codes: map[codeOf]int64{}, users: map[U]*account{}}
	a := &account{uses: map[string]int64{}}
	one.users[r.User] = a
	if r.Offer != "" {
		t := &OfferTotal{Offer: r.Offer}
		one.offers[r.Offer] = t
		if r.Refund {
			t.Returned = r.Discount
		} else {
			t.Redemptions, t.Discount, a.uses[r.Offer] = 1, r.Discount, 1
			if r.Code != "" {
				one.codes[codeOf{r.Offer, r.Code}] = 1
			}
		}
	}
	if r.Earned > 0 {
		expires := int64(never)
		if !r.Expires.IsZero() {
			expires = r.Expires.UnixNano()
		}
		a.moves, a.earned = append(a.moves, move{r.At.UnixNano(), expires, r.Earned}), r.Earned
	}
	if r.Used > 0 {
		a.moves, a.used = append(a.moves, move{r.At.UnixNano(), never, -r.Used}), r.Used
	}
	if err := m.merge(&one); err != nil {
		return fmt.Errorf("%s: sums of %w", where, check.Private("User", -1, r.User, nil, err))
	}
	return nil
}

// validate names the first field that is wrong, without its value.
func (r *Redemption[U]) validate() error {
	bad := func(field string, value any, err error) error { return check.Private(field, -1, r.User, value, err) }
	if err := check.Time("At", r.At); err != nil {
		return bad("At", r.At, err)
	}
	for _, f := range []struct {
		name  string
		value int64
	}{{"Discount", r.Discount}, {"Used", r.Used}, {"Earned", r.Earned}} {
		if f.value < 0 {
			return bad(f.name, f.value, fmt.Errorf("below 0: %w", ErrRange))
		}
	}
	if !r.Expires.IsZero() {
		if err := check.Time("Expires", r.Expires); err != nil {
			return bad("Expires", r.Expires, err)
		}
		if !r.Expires.After(r.At) {
			return bad("Expires", r.Expires, fmt.Errorf("not after At: %w", ErrRange))
		}
	}
	switch {
	case r.Offer == "" && (r.Code != "" || r.Discount != 0):
		return bad("Offer", nil, fmt.Errorf("a code or discount of no offer: %w", ErrRange))
	case r.Offer == "" && r.Used == 0 && r.Earned == 0:
		return bad("Offer", nil, fmt.Errorf("neither an offer nor points: %w", ErrEmpty))
	}
	return nil
}

// Merge adds what other knows. ErrOverflow where a sum does not fit; nothing is then changed.
func (m *Ledger[U]) Merge(other *Ledger[U]) error {
	const where = "offer: Ledger.Merge"
	if err := check.Merge(where, m, other); err != nil {
		return err
	}
	if err := m.merge(other); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}

// merge checks every sum, then adds. other is not kept.
func (m *Ledger[U]) merge(other *Ledger[U]) error {
	var err error
	fits := func(a, b int64) {
		if _, e := check.AddInt64(a, b); e != nil {
			err = ErrOverflow // without the customer's numbers
		}
	}
	for id, t := range other.offers {
		if mine := m.offers[id]; mine != nil {
			fits(mine.Redemptions, t.Redemptions)
			fits(mine.Discount, t.Discount)
			fits(mine.Returned, t.Returned)
		}
	}
	for c, n := range other.codes {
		fits(m.codes[c], n)
	}
	for u, a := range other.users {
		if mine := m.users[u]; mine != nil {
			fits(mine.earned, a.earned)
			fits(mine.used, a.used)
			for id, n := range a.uses {
				fits(mine.uses[id], n)
			}
		}
	}
	if err != nil {
		return err
	}
	if m.users == nil {
		m.offers, m.codes, m.users = map[string]*OfferTotal{}, map[codeOf]int64{}, map[U]*account{}
	}
	for id, t := range other.offers {
		mine := m.offers[id]
		if mine == nil {
			mine = &OfferTotal{Offer: id}
			m.offers[id] = mine
		}
		mine.Redemptions += t.Redemptions
		mine.Discount += t.Discount
		mine.Returned += t.Returned
	}
	for c, n := range other.codes {
		m.codes[c] += n
	}
	for u, a := range other.users {
		mine := m.users[u]
		if mine == nil {
			mine = &account{uses: make(map[string]int64, len(a.uses))}
			m.users[u] = mine
		}
		mine.add(a)
	}
	return nil
}

// add merges the account of a shard.
func (a *account) add(other *account) {
	for id, n := range other.uses {
		a.uses[id] += n
	}
	a.earned += other.earned
	a.used += other.used
	for _, x := range other.moves {
		i, found := slices.BinarySearchFunc(a.moves, x, compareMoves)
		if found {
			a.moves[i].points += x.points
		} else {
			a.moves = slices.Insert(a.moves, i, x)
		}
	}
}

// replay goes through the movements up to asOf, which counts, with extra points used at a
// moment. Points used come off those that expire soonest of those that were there; what was
// used beyond them is a debt, which later ones pay first. It returns what is there in the end,
// less the debt, and all that was ever used beyond what there was.
func (a *account) replay(asOf, at, extra int64) (balance, beyond int64) {
	var live []move // by expiry
	var debt int64
	use := func(at, points int64) {
		live = slices.DeleteFunc(live, func(x move) bool { return x.points == 0 || x.expires <= at })
		for i := 0; i < len(live) && points > 0; i++ {
			n := min(points, live[i].points)
			live[i].points, points = live[i].points-n, points-n
		}
		debt, beyond = plus(debt, points), plus(beyond, points)
	}
	for _, x := range a.moves {
		if x.at > asOf {
			break
		}
		if extra > 0 && x.at > at {
			use(at, extra)
			extra = 0
		}
		if x.points < 0 {
			use(x.at, -x.points)
			continue
		}
		paid := min(debt, x.points)
		debt, x.points = debt-paid, x.points-paid
		i, _ := slices.BinarySearchFunc(live, x, func(p, q move) int { return cmp.Compare(p.expires, q.expires) })
		live = slices.Insert(live, i, x)
	}
	balance = -debt
	for _, x := range live {
		if x.expires > asOf {
			balance += x.points
		}
	}
	return balance, beyond
}

// available returns how many points can be used at a moment: those that are there, as far as
// later entries, which are known already, do not need them.
func (a *account) available(at int64) int64 {
	if a == nil {
		return 0
	}
	n, _ := a.replay(at, at, 0)
	if n = max(n, 0); n == 0 || a.moves[len(a.moves)-1].at <= at {
		return n
	}
	_, beyond := a.replay(never, at, 0)
	least := sort.Search(int(min(n, math.MaxInt-1)), func(k int) bool { // the first k of which k+1 are too many
		_, more := a.replay(never, at, int64(k)+1)
		return more > beyond
	})
	return int64(least)
}

// Balance returns the points that a customer can use at asOf, which counts: those earned by
// then, less those expired and used. It is negative where shards, merged, have used more than
// there was, or where earned points were taken back that had been spent. 0 for strangers.
func (m *Ledger[U]) Balance(user U, asOf time.Time) int64 {
	if m == nil || check.Time("asOf", asOf) != nil {
		return 0
	}
	a := m.users[user]
	if a == nil {
		return 0
	}
	n, _ := a.replay(asOf.UnixNano(), 0, 0)
	return n
}

// Result returns the totals.
func (m *Ledger[U]) Result() LedgerResult {
	var r LedgerResult
	if m == nil {
		return r
	}
	for _, id := range slices.Sorted(maps.Keys(m.offers)) {
		r.Offers = append(r.Offers, *m.offers[id])
	}
	r.Customers = len(m.users)
	for _, a := range m.users { // whole numbers: the order does not matter
		r.Earned, r.Used = plus(r.Earned, a.earned), plus(r.Used, a.used)
	}
	return r
}

// Forget removes a customer: uses and points. What offers gave in all, and which codes are
// used, stays, without a name: the money is spent. It reports whether there was anything.
func (m *Ledger[U]) Forget(user U) bool {
	if m == nil || m.users[user] == nil {
		return false
	}
	delete(m.users, user)
	return true
}

// usage returns what is known of offers, by their ids in names, to a customer who brings
// codes, and of the points at a moment, unless it is nil. A nil ledger knows nothing.
func (m *Ledger[U]) usage(names []string, user U, codes []string, at *time.Time) usage {
	var u usage
	if m == nil || m.users == nil {
		return u
	}
	a := m.users[user]
	u.all, u.spent = make([]int64, len(names)), make([]int64, len(names))
	if a != nil {
		u.mine = make([]int64, len(names))
	}
	for k, id := range names {
		if t := m.offers[id]; t != nil {
			u.all[k], u.spent[k] = t.Redemptions, t.given()
		}
		if a != nil {
			u.mine[k] = a.uses[id]
		}
		for _, code := range codes {
			if n := m.codes[codeOf{id, code}]; n > 0 {
				if u.codes == nil {
					u.codes = map[codeOf]int64{}
				}
				u.codes[codeOf{id, code}] = n
			}
		}
	}
	u.total = m.given(names)
	if at != nil {
		u.points = a.available(at.UnixNano())
	}
	return u
}

// given returns what an offer has given and what did not come back, at least 0.
func (t *OfferTotal) given() int64 {
	if t == nil {
		return 0
	}
	return max(t.Discount-t.Returned, 0)
}

// given returns what the offers of names have given together.
func (m *Ledger[U]) given(names []string) (sum int64) {
	for _, id := range names {
		sum = plus(sum, m.offers[id].given())
	}
	return sum
}
