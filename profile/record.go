package profile

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"time"

	"golang.org/x/exp/constraints"

	"github.com/aislekit/aisle/internal/check"
)

// ID is what a user or an item may be called by: any integer or string type,
// named or not.
type ID interface{ ~string | constraints.Integer }

// Kind says what a user did. The zero Kind is not valid.
type Kind uint8

// The kinds of Event.
const (
	View     Kind = iota + 1 // a page or a product was shown in full
	Click                    // a list entry, an advertisement or a message was clicked
	Search                   // a query was sent
	Cart                     // an item was put into the cart
	Favorite                 // an item was saved for later
	Share                    // an item was passed on
	Rate                     // a rating was given, see Event.Rating
	Comment                  // a comment was written, see Event.Sentiment
	Purchase                 // an item was bought; money comes from orders, not from here
	Return                   // an item was sent back or exchanged
	kinds    = int(Return)
)

var kindNames = [kinds + 1]string{"", "view", "click", "search", "cart", "favorite", "share", "rate", "comment", "purchase", "return"}

// String returns the lower-case name of k, as used in column names.
func (k Kind) String() string {
	if k.valid() {
		return kindNames[k]
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

func (k Kind) valid() bool { return k >= View && int(k) <= kinds }

// ParseKind is the inverse of Kind.String; letter case and width are ignored.
func ParseKind(s string) (Kind, error) {
	s = Canonical(s)
	for k := 1; k <= kinds; k++ {
		if s == kindNames[k] {
			return Kind(k), nil
		}
	}
	return 0, fmt.Errorf("profile: ParseKind: %q is no event kind: %w", s, ErrRange)
}

// Event is one act of a user. User, Kind and Time are required; every other
// field may keep its zero value, which means "not recorded".
type Event[U, I ID] struct {
	User     U
	Item     I
	Kind     Kind
	Time     time.Time
	Category string
	Brand    string

	Dwell    time.Duration // time spent, >= 0
	Position int32         // place in the list that was shown, from 1; 0 unknown
	Pages    int32         // pages turned, >= 0

	// Rating and Sentiment count where Kind is Rate or Comment respectively;
	// NaN means not given. Their scale is the caller's, |x| <= 1000.
	Rating    float64
	Sentiment float64
}

// User is what is known about a user apart from what he does.
type User[U ID] struct {
	ID         U
	Registered time.Time // zero: unknown
}

// OrderLine is one position of an Order.
type OrderLine[I ID] struct {
	Item     I
	Category string
	Brand    string
	Quantity int64 // > 0; what comes back is a Refund, never a negative line
	Price    int64 // of one unit, minor units, >= 0; 0 is a gift
	Discount int64 // on the whole line, minor units, 0 … Quantity·Price
}

// Order is what one user bought at one moment, in one currency.
type Order[U, I ID] struct {
	ID       string
	User     U
	Time     time.Time // when it was placed
	Currency string    // ISO 4217 code
	Lines    []OrderLine[I]
	Discount int64 // on the whole order, minor units, 0 … sum of the lines
	Test     bool  // placed by the shop itself; never revenue
}

// Paid returns the value of the order after all discounts, in minor units.
// Delivery charges and taxes that the caller left out of Price are not in it.
// The error names the line that is out of range or overflows int64.
func (o *Order[U, I]) Paid() (int64, error) {
	var sum int64
	for i := range o.Lines {
		l := &o.Lines[i]
		switch {
		case l.Quantity <= 0:
			return 0, fmt.Errorf("line %d: Quantity is %d, want > 0 (returned goods are a Refund): %w", i, l.Quantity, ErrRange)
		case l.Price < 0:
			return 0, fmt.Errorf("line %d: Price is %d, want >= 0: %w", i, l.Price, ErrRange)
		}
		v, err := check.MulInt64(l.Quantity, l.Price)
		if err != nil {
			return 0, fmt.Errorf("line %d: %w", i, err)
		}
		if l.Discount < 0 || l.Discount > v {
			return 0, fmt.Errorf("line %d: Discount is %d, want 0 to %d: %w", i, l.Discount, v, ErrRange)
		}
		if sum, err = check.AddInt64(sum, v-l.Discount); err != nil {
			return 0, fmt.Errorf("line %d: %w", i, err)
		}
	}
	if o.Discount < 0 || o.Discount > sum {
		return 0, fmt.Errorf("order discount is %d, want 0 to %d: %w", o.Discount, sum, ErrRange)
	}
	return sum - o.Discount, nil
}

// Units returns the number of pieces in the order.
func (o *Order[U, I]) Units() (int64, error) {
	var sum int64
	var err error
	for i := range o.Lines {
		if sum, err = check.AddInt64(sum, o.Lines[i].Quantity); err != nil {
			return 0, err
		}
	}
	return sum, nil
}

func (o *Order[U, I]) validate() (paid int64, err error) {
	if o.ID == "" {
		return 0, fmt.Errorf("order has no ID: %w", ErrRange)
	}
	if err := checkTime("Time", o.Time); err != nil {
		return 0, fmt.Errorf("order %q: %w", o.ID, err)
	}
	if o.Currency == "" {
		return 0, fmt.Errorf("order %q has no Currency: %w", o.ID, ErrRange)
	}
	if len(o.Lines) == 0 {
		return 0, fmt.Errorf("order %q has no lines: %w", o.ID, ErrEmpty)
	}
	paid, err = o.Paid()
	if err == nil {
		_, err = o.Units()
	}
	if err != nil {
		return 0, fmt.Errorf("order %q: %w", o.ID, err)
	}
	return paid, nil
}

// Refund is money given back, for a part of an order or, with Cancel, for all
// that is left of it.
type Refund[U, I ID] struct {
	ID       string
	OrderID  string // "" where the source does not say: see Ledger
	User     U
	Time     time.Time
	Currency string
	Amount   int64 // minor units, >= 0; Ledger replaces that of a Cancel by what is left
	Cancel   bool  // the whole order is void

	// Item and Quantity are needed only where OrderID is empty.
	Item     I
	Quantity int64
}

func (r *Refund[U, I]) validate() error {
	switch {
	case r.ID == "":
		return fmt.Errorf("refund has no ID: %w", ErrRange)
	case r.Currency == "":
		return fmt.Errorf("refund %q has no Currency: %w", r.ID, ErrRange)
	case r.Amount < 0:
		return fmt.Errorf("refund %q: Amount is %d, want >= 0: %w", r.ID, r.Amount, ErrRange)
	case r.Quantity < 0:
		return fmt.Errorf("refund %q: Quantity is %d, want >= 0: %w", r.ID, r.Quantity, ErrRange)
	case r.OrderID == "" && r.Quantity == 0:
		return fmt.Errorf("refund %q names neither an order nor a Quantity of an Item: %w", r.ID, ErrRange)
	case r.OrderID == "" && r.Cancel:
		return fmt.Errorf("refund %q cancels no named order: %w", r.ID, ErrRange)
	}
	if err := checkTime("Time", r.Time); err != nil {
		return fmt.Errorf("refund %q: %w", r.ID, err)
	}
	return nil
}

// Times are held as int64 nanoseconds, which cover the years 1678 to 2262.
const (
	minUnix = math.MinInt64/1_000_000_000 + 1
	maxUnix = math.MaxInt64/1_000_000_000 - 1
)

func checkTime(field string, t time.Time) error {
	if t.IsZero() {
		return fmt.Errorf("%s is missing: %w", field, ErrRange)
	}
	if s := t.Unix(); s < minUnix || s > maxUnix {
		return fmt.Errorf("%s is %v, outside the years 1678 to 2262 (seconds taken for milliseconds, or the reverse?): %w", field, t.UTC(), ErrRange)
	}
	return nil
}

func compareEvents[U, I ID](a, b Event[U, I]) int {
	return cmp.Or(
		cmp.Compare(a.User, b.User),
		cmp.Compare(a.Item, b.Item),
		cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Category, b.Category),
		cmp.Compare(a.Brand, b.Brand),
		cmp.Compare(a.Dwell, b.Dwell),
		cmp.Compare(a.Position, b.Position),
		cmp.Compare(a.Pages, b.Pages),
		cmp.Compare(a.Rating, b.Rating),
		cmp.Compare(a.Sentiment, b.Sentiment),
	)
}

func compareLines[I ID](a, b OrderLine[I]) int {
	return cmp.Or(
		cmp.Compare(a.Item, b.Item),
		cmp.Compare(a.Price, b.Price),
		cmp.Compare(a.Quantity, b.Quantity),
		cmp.Compare(a.Discount, b.Discount),
		cmp.Compare(a.Category, b.Category),
		cmp.Compare(a.Brand, b.Brand),
	)
}

// compareHeads orders two orders by everything but their lines.
func compareHeads[U, I ID](a, b *Order[U, I]) int {
	return cmp.Or(
		a.Time.Compare(b.Time),
		cmp.Compare(a.User, b.User),
		cmp.Compare(a.Currency, b.Currency),
		cmp.Compare(a.Discount, b.Discount),
		cmp.Compare(b2i(a.Test), b2i(b.Test)),
	)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
