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
func (c Config) withDefaults() Config {
	c.Users = check.Default(c.Users, 2000)
	c.Items = check.Default(c.Items, 600)
	c.Days = check.Default(c.Days, 540)
	c.Categories = check.Default(c.Categories, len(categoryWords))
	if c.Start.IsZero() {
		c.Start = time.Date(2023, 1, 2, 0, 0, 0, 0, time.UTC)
	}
	c.Start = c.Start.UTC()
	c.Campaigns = check.OrOff(c.Campaigns, max(0, min(3, c.Days/30)))
	c.Browse = check.OrOff(c.Browse, 1)
	c.Missing = check.OrOff(c.Missing, 0.08)
	c.Dirt = check.OrOff(c.Dirt, 0.05)
	c.Tight = check.Default(c.Tight, 0.25)
	return c
}

// validate names every field out of its range.
func (c Config) validate() error {
	var o check.Options
	o.Require(c.Users >= 1 && c.Users <= 10_000_000, "Users", c.Users, "1 to 10,000,000")
	o.Require(c.Categories >= 2 && c.Categories <= len(categoryWords), "Categories", c.Categories, "2 to 20")
	o.Require(c.Items >= c.Categories && c.Items <= 100_000, "Items", c.Items, "Categories to 100,000")
	o.Require(c.Days >= 30 && c.Days <= 3650, "Days", c.Days, "30 to 3650")
	o.Require(c.Start.Equal(c.Start.Truncate(24*time.Hour)), "Start", c.Start, "midnight UTC")
	o.Require(c.Start.Year() >= 1970 && c.Start.Year() <= 2200, "Start", c.Start, "a year from 1970 to 2200")
	o.Require(c.Campaigns == 0 || c.Campaigns <= c.Days/28, "Campaigns", c.Campaigns, "at most one per 28 days")
	o.Require(c.Browse >= 0 && c.Browse <= 100, "Browse", c.Browse, "0 to 100")
	o.Require(c.Missing >= 0 && c.Missing <= 1, "Missing", c.Missing, "0 to 1")
	o.Require(c.Dirt >= 0 && c.Dirt <= 0.5, "Dirt", c.Dirt, "0 to 0.5")
	o.Require(c.Tight <= 1 && check.Finite(c.Tight), "Tight", c.Tight, "at most 1")
	return o.Err("shop: Simulate")
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
