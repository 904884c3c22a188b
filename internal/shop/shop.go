package shop

import (
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// Config sets the size and the character of the shop. The zero value is the
// default shop.
type Config struct {
	Users int // default 2000
	Items int // default 600; at least one per category
	Days  int // default 540; at least 30

	Categories int       // default 20, at most 20
	Start      time.Time // default Monday 2 January 2023, UTC; must be midnight UTC
	Seed       uint64

	Campaigns int     // of 14 days each, evenly spread; default 3, or one per 30 days if fewer; negative = none
	Browse    float64 // browsing sessions relative to the default; default 1, negative = none
	Missing   float64 // share of each attribute of users that is missing; default 0.08, negative = 0
	Dirt      float64 // share of raw records with dirt; default 0.05, negative = 0
	Tight     float64 // share of items with far too little stock; default 0.25; negative = stock never ends
}

// withDefaults fills in what is zero.
func (o Config) withDefaults() Config {
	o.Users = check.Default(o.Users, 2000)
	o.Items = check.Default(o.Items, 600)
	o.Days = check.Default(o.Days, 540)
	o.Categories = check.Default(o.Categories, len(categoryWords))
	if o.Start.IsZero() {
		o.Start = time.Date(2023, 1, 2, 0, 0, 0, 0, time.UTC)
	}
	o.Start = o.Start.UTC()
	o.Campaigns = check.OrOff(o.Campaigns, max(0, min(3, o.Days/30)))
	o.Browse = check.OrOff(o.Browse, 1)
	o.Missing = check.OrOff(o.Missing, 0.08)
	o.Dirt = check.OrOff(o.Dirt, 0.05)
	o.Tight = check.Default(o.Tight, 0.25)
	return o
}

// validate names every field out of its range.
func (o Config) validate() error {
	var c check.Options
	c.Require(o.Users >= 1 && o.Users <= 10_000_000, "Users", o.Users, "1 to 10,000,000")
	c.Require(o.Categories >= 2 && o.Categories <= len(categoryWords), "Categories", o.Categories, "2 to 20")
	c.Require(o.Items >= o.Categories && o.Items <= 100_000, "Items", o.Items, "Categories to 100,000")
	c.Require(o.Days >= 30 && o.Days <= 3650, "Days", o.Days, "30 to 3650")
	c.Require(o.Start.Equal(o.Start.Truncate(24*time.Hour)), "Start", o.Start, "midnight UTC")
	c.Require(o.Start.Year() >= 1970 && o.Start.Year() <= 2200, "Start", o.Start, "a year from 1970 to 2200")
	c.Require(o.Campaigns == 0 || o.Campaigns <= o.Days/28, "Campaigns", o.Campaigns, "at most one per 28 days")
	c.Require(o.Browse >= 0 && o.Browse <= 100, "Browse", o.Browse, "0 to 100")
	c.Require(o.Missing >= 0 && o.Missing <= 1, "Missing", o.Missing, "0 to 1")
	c.Require(o.Dirt >= 0 && o.Dirt <= 0.5, "Dirt", o.Dirt, "0 to 0.5")
	c.Require(o.Tight <= 1 && check.Finite(o.Tight), "Tight", o.Tight, "at most 1")
	return c.Err("shop: Simulate")
}

// Rate is the fixed exchange rate of a currency.
type Rate struct {
	Currency string
	Base     int64 // minor units of the shop's currency for 100 minor units of Currency
}

// Shop is a simulated shop. Records are sorted by time, then by id. It is not
// changed after Simulate returns and may be read concurrently.
type Shop struct {
	Config     Config // as used, defaults filled in
	Start, End time.Time
	Currency   string // of all amounts but raw ones: "CNY", minor unit fen
	Rates      []Rate

	Categories     []string // names, English
	Users          []User   // by id
	Items          []Item   // by category, then number
	Prices         []PriceChange
	Events         []Event
	Impressions    []Impression
	Orders         []Order
	Refunds        []Refund // some fall after any cut before End that you choose
	Campaigns      []Campaign
	Stock          []StockDay // by item, then day; from the item's launch
	StockOuts      []StockOut // by item, then time
	Replenishments []Replenishment
	Deliveries     []Delivery // parallel to the orders not cancelled
	Tickets        []Ticket
	Surveys        []Survey
	RawLines       []RawLine // order lines and returns as exported
	Truth          Truth

	userIndex, itemIndex map[string]int
}

// UserIndex returns the index of a user in Users.
func (s *Shop) UserIndex(id string) (int, bool) { i, ok := s.userIndex[id]; return i, ok }

// ItemIndex returns the index of a SKU in Items.
func (s *Shop) ItemIndex(sku string) (int, bool) { i, ok := s.itemIndex[sku]; return i, ok }
