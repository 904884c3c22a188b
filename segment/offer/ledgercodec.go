package offer

import (
	"cmp"
	"encoding"
	"fmt"
	"maps"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
)

var (
	_ encoding.BinaryAppender    = (*Ledger[string])(nil)
	_ encoding.BinaryMarshaler   = (*Ledger[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Ledger[string])(nil)
)

func compareCodes(a, b codeOf) int {
	return cmp.Or(cmp.Compare(a.offer, b.offer), cmp.Compare(a.code, b.code))
}

// AppendBinary appends the binary form of m to dst, the same bytes in whatever order the
// redemptions came. The error is nil, but for a nil receiver. Cost: a copy and a sort.
func (m *Ledger[U]) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("offer: Ledger.AppendBinary", m); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(int(ids.ClassOf[U]()))
	w.Int(len(m.offers))
	for _, id := range slices.Sorted(maps.Keys(m.offers)) {
		t := m.offers[id]
		w.String(id)
		w.Int64(t.Redemptions)
		w.Int64(t.Discount)
		w.Int64(t.Returned)
	}
	w.Int(len(m.codes))
	for _, c := range slices.SortedFunc(maps.Keys(m.codes), compareCodes) {
		w.String(c.offer)
		w.String(c.code)
		w.Int64(m.codes[c])
	}
	users := slices.Sorted(maps.Keys(m.users))
	ids.PutAscending(&w, users)
	for _, u := range users {
		a := m.users[u]
		w.Int(len(a.uses))
		for _, id := range slices.Sorted(maps.Keys(a.uses)) {
			w.String(id)
			w.Int64(a.uses[id])
		}
		w.Int(len(a.moves))
		for _, x := range a.moves {
			w.Int64(x.at)
			w.Int64(x.expires)
			w.Int64(x.points)
		}
	}
	return w.AppendFrame(dst, codec.KindOfferLedger, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Ledger[U]) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 1, little-endian:
//
//	int     class of the customers: 0 strings, 1 signed, 2 unsigned integers
//	int     number of offers, then for each, ascending strictly:
//	  string  id, not empty; then three i64 >= 0: redemptions, discount, returned; without a
//	          redemption no discount
//	int     number of codes, then for each, ascending strictly:
//	  string  offer, one of those above; string code, not empty; i64 uses > 0, of all codes of
//	          an offer no more than its redemptions
//	int     number of customers, then each id, ascending strictly; then for each:
//	  int     number of offers used, then for each, ascending strictly:
//	    string  one of those above; i64 uses > 0, of all customers no more than its redemptions
//	  int     number of movements of points, then for each, ascending strictly:
//	    i64     nanoseconds since 1970; i64 those of the expiry, later, or the largest for never;
//	            i64 points, above 0 earned, below 0 used; sums of either fit an int64
//
// Movements ascend by time, earned before used, then by expiry. Customers of another class or
// another type of frame are ErrMismatch, a newer version is ErrVersion, all else ErrCorrupt; m
// is then unchanged. Memory grows with the bytes given.
func (m *Ledger[U]) UnmarshalBinary(data []byte) error {
	const where = "offer: Ledger.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindOfferLedger, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if got, want := r.Int(), int(ids.ClassOf[U]()); r.Err() == nil && got >= 0 && got <= 2 && got != want {
		return fmt.Errorf("%s: customers of another class: %w", where, ErrMismatch)
	} else if got != want {
		r.Fail("has customers of no class")
	}
	d := Ledger[U]{offers: map[string]*OfferTotal{}, codes: map[codeOf]int64{}, users: map[U]*account{}}
	d.readOffers(r)
	uses := map[string]int64{}
	users := ids.GetAscending[U](r)
	for i := 0; i < len(users) && r.Err() == nil; i++ {
		d.users[users[i]] = d.readAccount(r, uses)
	}
	for id, n := range uses {
		if n > d.offers[id].Redemptions {
			r.Fail("has an offer used more often than it was redeemed")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}

// readOffers reads the totals of offers and the uses of codes.
func (m *Ledger[U]) readOffers(r *codec.Reader) {
	last, n := "", r.Int()
	for i := 0; i < n && r.Err() == nil; i++ {
		t := &OfferTotal{Offer: r.String(), Redemptions: r.Int64(), Discount: r.Int64(), Returned: r.Int64()}
		if t.Offer <= last || min(t.Redemptions, t.Discount, t.Returned) < 0 {
			r.Fail("has offers out of order, or with counts below 0")
		}
		if t.Redemptions == 0 && t.Discount > 0 {
			r.Fail("has a discount of an offer that was not redeemed")
		}
		last, m.offers[t.Offer] = t.Offer, t
	}
	lastCode, n := codeOf{}, r.Int()
	free := int64(0) // redemptions of the offer at hand that no code took so far
	for i := 0; i < n && r.Err() == nil; i++ {
		c, uses := codeOf{r.String(), r.String()}, r.Int64()
		if m.offers[c.offer] == nil || c.code == "" || uses <= 0 || i > 0 && compareCodes(lastCode, c) >= 0 {
			r.Fail("has codes out of order, or of no offer")
			return
		}
		if c.offer != lastCode.offer {
			free = m.offers[c.offer].Redemptions
		}
		if free -= uses; free < 0 {
			r.Fail("has codes used more often than their offer was redeemed")
		}
		lastCode, m.codes[c] = c, uses
	}
}

// readAccount reads what is known of one customer, and adds the uses to those of others.
func (m *Ledger[U]) readAccount(r *codec.Reader, uses map[string]int64) *account {
	a := &account{uses: map[string]int64{}}
	last, n := "", r.Int()
	for i := 0; i < n && r.Err() == nil; i++ {
		id, k := r.String(), r.Int64()
		all, err := check.AddInt64(uses[id], k)
		if id <= last || m.offers[id] == nil || k <= 0 || err != nil {
			r.Fail("has uses out of order, or of no offer")
			return a
		}
		last, a.uses[id], uses[id] = id, k, all
	}
	n = r.Int()
	for i := 0; i < n && r.Err() == nil; i++ {
		x := move{r.Int64(), r.Int64(), r.Int64()}
		var err error
		if x.points > 0 {
			a.earned, err = check.AddInt64(a.earned, x.points)
		} else if a.used, err = check.AddInt64(a.used, -x.points); x.points == -never-1 || x.points == 0 || x.expires != never {
			err = ErrCorrupt
		}
		if err != nil || x.expires <= x.at || i > 0 && compareMoves(a.moves[i-1], x) >= 0 {
			r.Fail("has movements of points out of order, or of none")
			return a
		}
		a.moves = append(a.moves, x)
	}
	return a
}
