package profile

import (
	"fmt"
	"time"
)

// RFM is recency, frequency and money of one buyer at the cut-off.
type RFM[U ID] struct {
	User      U         // the buyer
	Recency   float64   // days of the clock of Zone since the last order, > 0
	Frequency int64     // orders, >= 1
	Monetary  int64     // paid minus refunded, minor units; may be 0 or negative
	Gap       float64   // T of RFMT: mean days between one order and the next, of the same clock; NaN below two
	First     time.Time // first and last order, UTC
	Last      time.Time // UTC
}

// RFM returns one row for each user with at least one order before the cut-off,
// users ascending. No such user is ErrEmpty.
//
// Recency here is time since the last purchase, as in RFM analysis; the "recency"
// of the customer-base models is the age at the last purchase, Last - First.
func (b *Builder[U, I]) RFM() ([]RFM[U], error) {
	if err := b.made("profile: Builder.RFM"); err != nil {
		return nil, err
	}
	var out []RFM[U]
	all := len(b.from)
	for _, u := range b.sorted() {
		n := b.flow(int(u), flowOrders, all)
		if n == 0 {
			continue
		}
		s := &b.state[u]
		out = append(out, RFM[U]{
			User:      b.users.Key(u),
			Recency:   b.daysSince(s.lastOrder),
			Frequency: n,
			Monetary:  b.flow(int(u), flowPaid, all) - b.flow(int(u), flowRefunded, all),
			Gap:       b.gap(int(u)),
			First:     time.Unix(0, s.firstOrder).UTC(),
			Last:      time.Unix(0, s.lastOrder).UTC(),
		})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("profile: Builder.RFM: no order before %v: %w", b.opt.AsOf, ErrEmpty)
	}
	return out, nil
}
