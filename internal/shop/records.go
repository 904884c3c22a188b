package shop

import "time"

// User is a customer as the shop knows it. Zero values are missing values; the
// true ones are in [UserTruth].
type User struct {
	ID         string
	Name       string
	Age        int    // years; 0 = missing
	Sex        string // "f", "m"; "" = missing
	Region     string // "" = missing
	Channel    string // how the user came: "search", "social", …; "" = missing
	Registered time.Time
}

// Item is one product (SKU) of the catalogue.
type Item struct {
	SKU         string
	Title       string
	Description string
	Language    string // "en" or "zh": of Title and Description
	Brand       string
	Category    string
	Price       int64 // list price without promotions, minor units
	Cost        int64 // purchase cost, minor units
	Launch      time.Time
}

// PriceChange says that SKU costs Price from From until the next change.
type PriceChange struct {
	SKU   string
	From  time.Time
	Price int64 // minor units
}

// EventKind names what a user did.
type EventKind string

// Kinds of events.
const (
	View          EventKind = "view"
	Search        EventKind = "search"
	Cart          EventKind = "cart"
	Favourite     EventKind = "favourite"
	Rating        EventKind = "rating"
	Comment       EventKind = "comment"
	CampaignSend  EventKind = "campaign-send"
	CampaignClick EventKind = "campaign-click"
)

// Event is one line of the behaviour log. Fields that do not apply to Kind are
// zero.
type Event struct {
	ID       int64 // unique in Events; a duplicate in the raw log repeats it
	Time     time.Time
	User     string
	Session  int64
	Kind     EventKind
	SKU      string        // view, cart, favourite, rating, comment
	Query    string        // search
	Position int           // view from a result list: 1 = first; 0 = other way
	Dwell    time.Duration // view
	Stars    int           // rating: 1 to 5
	Text     string        // comment
	Campaign string        // campaign-send, campaign-click
}

// Impression is one item shown in a result list.
type Impression struct {
	Time     time.Time
	User     string
	Session  int64
	SKU      string
	Position int // 1 = first
	Clicked  bool
}

// Order is one purchase. Amounts are minor units of [Shop.Currency].
type Order struct {
	ID        string
	User      string
	Time      time.Time
	Region    string
	Device    string // "web", "app", "store", "partner"
	Coupon    string // campaign whose coupon was used, or ""
	Lines     []OrderLine
	Shipping  int64
	Cancelled time.Time // zero unless cancelled as a whole
}

// Total returns what the customer pays: lines plus shipping.
func (o *Order) Total() int64 {
	t := o.Shipping
	for i := range o.Lines {
		t += o.Lines[i].Total()
	}
	return t
}

// OrderLine is one position of an order.
type OrderLine struct {
	SKU      string
	Quantity int
	Price    int64 // of one unit before the discount, minor units
	Discount int64 // off the whole line, minor units
}

// Total returns Quantity·Price − Discount.
func (l *OrderLine) Total() int64 { return int64(l.Quantity)*l.Price - l.Discount }

// Refund gives money back for units of one order line. A cancelled order has a
// refund for every line, with reason "cancelled".
type Refund struct {
	ID       string
	Order    string
	SKU      string
	Quantity int
	Amount   int64 // minor units, never above what the line cost
	Time     time.Time
	Reason   string // "cancelled", "damaged", "wrong item", "too late", "did not like"
}

// Campaign is a randomised promotion: coupon by message to the treated.
type Campaign struct {
	ID          string
	Name        string
	Start, End  time.Time // window in which the coupon is valid: [Start, End)
	ContactCost int64     // per message, minor units
	Discount    float64   // share off every line
	Assigned    []Assignment
}

// Assignment puts one user into the treated or the control arm.
type Assignment struct {
	User    string
	Treated bool
}

// StockDay is the stock of one SKU at the end of one day.
type StockDay struct {
	SKU      string
	Day      time.Time // start of the day
	OnHand   int
	Received int
	Sold     int
	OnOrder  int
}

// StockOut is a time without a unit of SKU on hand; it ends at To, or was still
// going on at the end if To is zero.
type StockOut struct {
	SKU      string
	From, To time.Time
}

// Replenishment is an order to a supplier.
type Replenishment struct {
	SKU      string
	Supplier string
	Ordered  time.Time
	Promised time.Time
	Received time.Time // zero = still open
	Quantity int
}

// Delivery is a parcel. Every order that is not cancelled has exactly one.
type Delivery struct {
	Order        string
	Carrier      string
	Region       string
	Promised     time.Time
	Shipped      time.Time // zero = not yet
	Delivered    time.Time // zero = not yet, or lost
	Ordered      int       // units
	Arrived      int       // units; < Ordered if short
	RightAddress bool
	Damaged      bool
}

// Ticket is a contact with customer service.
type Ticket struct {
	ID            string
	User          string
	Order         string
	Topic         string // "late", "damaged", "short", "address", "question"
	Opened        time.Time
	AutoReply     time.Time // zero = none; does not count as a response
	FirstResponse time.Time // by a person; zero = never answered
	Resolved      time.Time // zero = open
	Reopened      time.Time // zero = not reopened
	Contacts      int       // messages from the customer
}

// SurveyKind names a questionnaire.
type SurveyKind string

// Kinds of surveys.
const (
	CSAT SurveyKind = "csat" // 1 to 5, after a ticket
	CES  SurveyKind = "ces"  // 1 to 7, 7 = easy, after a ticket
	NPS  SurveyKind = "nps"  // 0 to 10, after a delivery
)

// Survey is one questionnaire sent. Score counts only if Answered is not zero.
type Survey struct {
	User     string
	Order    string
	Ticket   string // "" for NPS
	Kind     SurveyKind
	Sent     time.Time
	Answered time.Time // zero = no answer
	Score    int
}

// Dirt is a set of things wrong with a raw record.
type Dirt uint32

// Kinds of dirt. Formats alone are no dirt: raw records come in the format of
// the system that wrote them.
const (
	DirtDuplicate    Dirt = 1 << iota // second copy of a record
	DirtConflict                      // second copy with other content
	DirtNoUser                        // customer missing
	DirtNoPrice                       // price missing
	DirtPrice                         // price wrong by a factor of 100 or more
	DirtQuantity                      // quantity wrong by a factor of 500 or more
	DirtFuture                        // clock skew: time after the end of the log
	DirtEarly                         // time before the user registered
	DirtDate                          // time is not a date
	DirtUnknownSKU                    // SKU not in the catalogue
	DirtTest                          // test order
	DirtBot                           // made by a robot
	DirtEarlyRefund                   // return dated before its order
	DirtExcessRefund                  // return of more units than were bought
)

// RawLine is an order line as exported by one of four systems, everything a
// string. A return has an OrderID that starts with "C" and a negative Quantity.
//
//	source   time layout                    price
//	web      2006-01-02T15:04:05Z07:00 +8h  18.30      (number and Currency field)
//	app      Unix milliseconds              1830       (minor units)
//	store    2006年1月2日 15:04 (+8h)        ￥１８．３０  (full width)
//	partner  02/01/2006 15:04 UTC           1.830,50 € (decimal comma, sign)
//
// Web and partner lines are in the currency of the region, see [Shop.Rates].
type RawLine struct {
	Source      string
	OrderID     string
	SKU         string
	Description string
	Quantity    string
	Time        string
	Price       string // of one unit after discount
	Currency    string
	Customer    string
	Region      string
}

// RawEventTruth tells what a raw event really is.
type RawEventTruth struct {
	Event int  // index in Events, −1 if there is none (robot)
	Dirt  Dirt // 0 = clean
}

// RawLineTruth tells what a raw line really is.
type RawLineTruth struct {
	Order  int  // index in Orders, −1 if there is none (test order)
	Line   int  // index in its Lines
	Refund int  // index in Refunds if the line is a return, else −1
	Dirt   Dirt // 0 = clean
}
