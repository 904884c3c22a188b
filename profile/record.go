package profile

import (
	"fmt"
	"math"
	"slices"
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
	if k.Valid() {
		return kindNames[k]
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// Valid reports whether k is one of the kinds above.
func (k Kind) Valid() bool { return k >= View && int(k) <= kinds }

// Event is one act of a user. User, Kind and At are required; every other field
// may keep its zero value, which means "not recorded".
type Event[U, I ID] struct {
	User     U         // who
	Item     I         // what it was about
	Kind     Kind      // what was done
	At       time.Time // when it happened
	Category string    // of the item; an affinity where not empty, as Brand
	Brand    string    // of the item

	Dwell    time.Duration // time spent, >= 0
	Position int32         // place in the list that was shown, from 1; 0 unknown
	Pages    int32         // pages turned, >= 0

	// Rating and Sentiment count where Kind is Rate or Comment respectively;
	// NaN means not given. Their scale is the caller's, |x| <= 1000.
	Rating    float64
	Sentiment float64

	Query    string            // what was searched for; an affinity to each word between spaces
	Channel  string            // on which the user came, such as "app"; an affinity, as the next two
	Campaign string            // that brought him
	Device   string            // that he used: its sort, or a pseudonym of it
	Extra    map[string]string // third-party fields, for Features of the caller
}

// Validate returns what a Builder refuses e for: an unknown Kind, a negative Dwell,
// Position or Pages, a Rating or Sentiment that counts and is not within ±1000, or
// a missing or impossible time. All are ErrRange; the message names the field, a
// FieldError the user and the value too. Nil is ErrEmpty.
func (e *Event[U, I]) Validate() error {
	if e == nil {
		return fmt.Errorf("no event: %w", ErrEmpty)
	}
	bad := func(field string, value any, want string) error {
		return check.Private("event "+field, -1, e.User, value, fmt.Errorf("want %s: %w", want, ErrRange))
	}
	switch {
	case !e.Kind.Valid():
		return bad("Kind", e.Kind, "a kind of event")
	case e.Dwell < 0:
		return bad("Dwell", e.Dwell, ">= 0")
	case e.Position < 0:
		return bad("Position", e.Position, ">= 0")
	case e.Pages < 0:
		return bad("Pages", e.Pages, ">= 0")
	case e.Kind == Rate && !math.IsNaN(e.Rating) && !(math.Abs(e.Rating) <= maxScore):
		return bad("Rating", e.Rating, "at most 1000 in size")
	case e.Kind == Comment && !math.IsNaN(e.Sentiment) && !(math.Abs(e.Sentiment) <= maxScore):
		return bad("Sentiment", e.Sentiment, "at most 1000 in size")
	}
	return check.Time("event At", e.At)
}

// User is what is known about a user apart from what he does.
type User[U ID] struct {
	ID         U         // as in Event.User
	Registered time.Time // zero: unknown

	// The rest are facts, see Builder.Facts: of several that were told the one known last
	// counts. What is zero or empty says nothing.
	BirthYear int               // field "birth_year", and the column age_years
	Sex       string            // field "sex", in the caller's words
	Region    string            // field "region"
	Channel   string            // on which the user was won; field "channel"
	Tags      []string          // given by hand; field "tags", ascending, with ", " between
	Extra     map[string]string // third-party fields, each a field "extra:<name>"
	At        time.Time         // since when these are known; zero: since Registered, or else always
	Source    string            // who says so, such as "crm"
}

// OrderLine is one position of an Order.
type OrderLine[I ID] struct {
	Item     I      // what was bought
	Category string // of the item; an affinity where not empty, as Brand
	Brand    string // of the item
	Quantity int64  // > 0; what comes back is a Refund, never a negative line
	Price    int64  // of one unit, minor units, >= 0; 0 is a gift
	Discount int64  // on the whole line, minor units, 0 … Quantity·Price
}

// Order is what one user bought at one moment, in one currency.
type Order[U, I ID] struct {
	ID       string         // required
	User     U              // who bought
	At       time.Time      // when it was placed
	Currency string         // ISO 4217 code, in any case: "eur" is "EUR"
	Lines    []OrderLine[I] // at least one
	Discount int64          // on the whole order, minor units, 0 … sum of the lines
	Test     bool           // placed by the shop itself; never revenue
	Channel  string         // on which it was placed; an affinity where not empty, as the next two
	Campaign string         // that brought the user
	Device   string         // that he used
}

// Paid returns the value of the order after all discounts, in minor units.
// Delivery charges and taxes that the caller left out of Price are not in it.
// The error names the line, as a row, that is out of range or overflows int64; nil is
// ErrEmpty.
func (o *Order[U, I]) Paid() (int64, error) {
	if o == nil {
		return 0, fmt.Errorf("no order: %w", ErrEmpty)
	}
	bad := func(field string, line int, value int64, want string) error {
		return check.Private(field, int64(line), nil, value, fmt.Errorf("want %s: %w", want, ErrRange))
	}
	var sum int64
	for i := range o.Lines {
		l := &o.Lines[i]
		switch {
		case l.Quantity <= 0:
			return 0, bad("line Quantity", i, l.Quantity, "> 0 (returned goods are a Refund)")
		case l.Price < 0:
			return 0, bad("line Price", i, l.Price, ">= 0")
		}
		v, err := check.MulInt64(l.Quantity, l.Price)
		if err == nil && (l.Discount < 0 || l.Discount > v) {
			return 0, bad("line Discount", i, l.Discount, "0 to Quantity·Price")
		}
		if err == nil {
			sum, err = check.AddInt64(sum, v-l.Discount)
		}
		if err != nil {
			return 0, check.Private("line", int64(i), nil, l.Price, ErrOverflow)
		}
	}
	if o.Discount < 0 || o.Discount > sum {
		return 0, bad("order Discount", -1, o.Discount, "0 to the sum of the lines")
	}
	return sum - o.Discount, nil
}

// Units returns the number of pieces in the order. A line of none, or fewer, is ErrRange,
// nil ErrEmpty, more than an int64 holds ErrOverflow.
func (o *Order[U, I]) Units() (int64, error) {
	if o == nil {
		return 0, fmt.Errorf("no order: %w", ErrEmpty)
	}
	var sum int64
	var err error
	for i := range o.Lines {
		if o.Lines[i].Quantity <= 0 {
			return 0, check.Private("line Quantity", int64(i), nil, o.Lines[i].Quantity, fmt.Errorf("want > 0: %w", ErrRange))
		}
		if sum, err = check.AddInt64(sum, o.Lines[i].Quantity); err != nil {
			return 0, check.Private("line Quantity", int64(i), nil, o.Lines[i].Quantity, ErrOverflow)
		}
	}
	return sum, nil
}

// Validate returns what Builder and Ledger refuse o for: a missing ID or time, a
// currency that is not three letters (ErrRange), no lines (ErrEmpty), whatever Paid says
// of them, more pieces than an int64 counts (ErrOverflow); nil is ErrEmpty. The order is
// named by FieldError.ID, not in the text.
func (o *Order[U, I]) Validate() error {
	_, _, err := o.sums()
	return err
}

// sums is Validate with what it worked out: minor units paid and pieces.
func (o *Order[U, I]) sums() (paid, units int64, err error) {
	if o == nil {
		return 0, 0, fmt.Errorf("no order: %w", ErrEmpty)
	}
	if o.ID == "" {
		return 0, 0, fmt.Errorf("order has no ID: %w", ErrRange)
	}
	if err = check.Time("At", o.At); err == nil {
		_, err = check.Currency("Currency", o.Currency)
	}
	switch {
	case err != nil:
	case len(o.Lines) == 0:
		err = fmt.Errorf("no lines: %w", ErrEmpty)
	default:
		if paid, err = o.Paid(); err == nil {
			units, err = o.Units()
		}
	}
	if err != nil {
		return 0, 0, check.Private("order", -1, o.ID, nil, err)
	}
	return paid, units, nil
}

// Refund is money given back, for a part of an order or, with Cancel, for all
// that is left of it.
type Refund[U, I ID] struct {
	ID       string    // required
	OrderID  string    // "" where the source does not say: see clean.Ledger
	User     U         // who gets the money
	At       time.Time // when the money was given back
	Currency string    // ISO 4217 code, in any case
	Amount   int64     // minor units, >= 0; clean.Ledger replaces that of a Cancel by what is left
	Cancel   bool      // the whole order is void

	// Item and Quantity are needed only where OrderID is empty.
	Item     I
	Quantity int64
}

// Validate returns what Builder and Ledger refuse r for (ErrRange): a missing ID or
// time, a currency that is not three letters, a negative Amount or Quantity, neither an
// OrderID nor a Quantity of an Item, a Cancel of no named order; nil is ErrEmpty. The
// refund is named by FieldError.ID, not in the text.
func (r *Refund[U, I]) Validate() error {
	if r == nil {
		return fmt.Errorf("no refund: %w", ErrEmpty)
	}
	if r.ID == "" {
		return fmt.Errorf("refund has no ID: %w", ErrRange)
	}
	_, err := check.Currency("Currency", r.Currency)
	switch {
	case err != nil:
	case r.Amount < 0:
		err = fmt.Errorf("%s is below 0: %w", "Amount", ErrRange)
	case r.Quantity < 0:
		err = fmt.Errorf("%s is below 0: %w", "Quantity", ErrRange)
	case r.OrderID == "" && r.Quantity == 0:
		err = fmt.Errorf("names neither an order nor a Quantity of an Item: %w", ErrRange)
	case r.OrderID == "" && r.Cancel:
		err = fmt.Errorf("cancels no named order: %w", ErrRange)
	default:
		err = check.Time("At", r.At)
	}
	if err != nil {
		return check.Private("refund", -1, r.ID, nil, err)
	}
	return nil
}

// Item is what is known of one thing that is sold.
type Item[I ID] struct {
	ID         I                 // as in Event.Item
	Path       []string          // categories from the widest to the narrowest
	Brand      string            // "" none
	Price      int64             // of one piece, minor units, >= 0; 0 unknown
	Currency   string            // of Price, ISO 4217 code in any case; "" without Price
	Attributes map[string]string // such as "colour": "red"
	Extra      map[string]string // third-party fields
	From       time.Time         // first moment it was listed; zero: always
	Until      time.Time         // first moment it was not listed any more; zero: never
}

// Validate returns ErrRange for an impossible From or Until, an Until that is not after
// From, a Price below 0 or without a currency of three letters, and an empty name in Path; nil is ErrEmpty.
func (x *Item[I]) Validate() error {
	if x == nil {
		return fmt.Errorf("no item: %w", ErrEmpty)
	}
	for name, at := range map[string]time.Time{"From": x.From, "Until": x.Until} {
		if err := check.Time("item "+name, at); err != nil && !at.IsZero() {
			return err
		}
	}
	for i, c := range x.Path {
		if c == "" {
			return fmt.Errorf("item Path[%d] is empty: %w", i, ErrRange)
		}
	}
	switch {
	case !x.From.IsZero() && !x.Until.IsZero() && !x.Until.After(x.From):
		return fmt.Errorf("item Until is not after From: %w", ErrRange)
	case x.Price < 0:
		return fmt.Errorf("item Price is %d, want >= 0: %w", x.Price, ErrRange)
	case x.Price > 0 || x.Currency != "":
		_, err := check.Currency("item Currency", x.Currency)
		return err
	}
	return nil
}

// Listed reports whether x is on sale at a moment: from From on, before Until. Nil is not.
func (x *Item[I]) Listed(at time.Time) bool {
	return x != nil && !at.Before(x.From) && (x.Until.IsZero() || at.Before(x.Until))
}

// Category returns the narrowest category of x, as Event.Category names it; "" without Path.
func (x *Item[I]) Category() string {
	if x == nil || len(x.Path) == 0 {
		return ""
	}
	return x.Path[len(x.Path)-1]
}

// Band returns the band of Price among ascending bounds, as BuilderOptions.PriceBands makes them: 0 below
// the first, len(bounds) from the last on; -1 where Price is unknown.
func (x *Item[I]) Band(bounds []int64) int {
	if x == nil || x.Price == 0 {
		return -1
	}
	i, found := slices.BinarySearch(bounds, x.Price)
	if found {
		i++
	}
	return i
}
