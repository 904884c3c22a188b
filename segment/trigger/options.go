package trigger

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/check"
)

// Date is a date without a time or a zone: Year, Month, Day. Number tells its day counted
// from 1 January 1970, and whether there is such a date.
type Date = calendar.Civil

// PayDay is a rule for the days on which people are paid: Day of each month (1 to 31, the
// last day in shorter months), LastBusiness, or every so many Weeks from First on; with
// Before, a day that is none of business moves to the one of business before it.
type PayDay = calendar.PayDay

// Season is an index of what sells when, as a forecast gives it: plain Values, one a period
// of Unit, that repeat for ever; First is a date in the period of Values[0].
type Season = calendar.Season

// Periods of a Season.
const (
	Days   = calendar.Days
	Weeks  = calendar.Weeks // from Monday on
	Months = calendar.Months
)

// Business tells days of business from others: Open, Add, Between and Holiday answer for
// dates. It is immutable and safe for concurrent use; nil closes on Saturdays and Sundays.
type Business = calendar.Business

// BusinessOptions configures a Business: Weekend (nil is Saturday and Sunday), Holidays by
// name with the dates of every year, and Workdays, days of a weekend that are worked. Public
// and lunar holidays come from tables of the caller's; none are built in.
type BusinessOptions = calendar.BusinessOptions

// NewBusiness returns the Business of opt, which is not kept. ErrOption for dates and days of
// the week that do not exist, a week without business and a holiday without a name.
func NewBusiness(opt BusinessOptions) (*Business, error) {
	return calendar.NewBusiness("trigger: NewBusiness", opt)
}

// When is what a trigger waits for.
type When uint8

// What a trigger may wait for.
const (
	BrowseAbandoned When = 1 + iota // looked, and then neither put into the cart nor bought
	CartAbandoned                   // put into the cart, and did not buy
	PriceDropped                    // what was looked at costs less
	BackInStock                     // what was looked at while it was out of stock is there again
	FirstOrder                      // bought for the first time
	StageChanged                    // the life-cycle stage is another one
	OnEvent                         // an event Happened
	Anniversary                     // a date of the customer comes round: birthday, registration
	OnDates                         // a holiday, or dates of the caller's
	OnPayDay                        // wages come
	OnSeason                        // a season begins
)

// String returns the name of the constant in small words.
func (w When) String() string {
	names := []string{"unknown", "browse abandoned", "cart abandoned", "price dropped", "back in stock", "first order", "stage changed", "event", "anniversary", "dates", "pay day", "season"}
	if int(w) < len(names) {
		return names[w]
	}
	return names[0]
}

// dated reports whether the trigger waits for days, not for events.
func (w When) dated() bool { return w >= Anniversary && w <= OnSeason }

// Trigger says when a customer gets a message, and what keeps it from going out. A customer
// has one message of a trigger waiting at most: more events of the kind add their items, and
// those of BrowseAbandoned and CartAbandoned begin the delay anew.
type Trigger struct {
	Name  string        // not empty, at most 255 bytes, no other trigger's
	When  When          // what it waits for
	Delay time.Duration // from the event, or the day's Clock, to the message; >= 0
	// Cancel lists events after which the message does not go out, where they are not before
	// its cause. Nil: Carted and Ordered for BrowseAbandoned, Ordered for CartAbandoned, none
	// for others. What was bought leaves the messages of PriceDropped and BackInStock in any case.
	Cancel   []Kind
	CoolDown time.Duration // after a message of this trigger: no cause counts for so long; >= 0
	Expire   time.Duration // how long a message may wait for caps and quiet hours before it is dropped; 0: 72 hours; negative: not at all
	Priority int           // of messages of one customer that are due at one moment, the highest goes first
	Excludes []string      // triggers that do not go together with this one, whichever is first, for Options.ExcludeFor
	Channels []string      // by which it may go out; nil: all
	BestHour bool          // waits for the customer's best hour of the 24 after Delay
	HoldOut  float64       // share of customers, in [0, 1), who are held out of this trigger
	MaxItems int           // items of a message, 0: 5, at most 100

	MinDrop float64       // PriceDropped: share of the price by which it has to fall, below 1, in millionths; 0: .05; negative: any fall
	Within  time.Duration // PriceDropped, BackInStock: how long ago the look may be; 0: 30 days
	From    string        // StageChanged: the stage before; "": any that was known
	To      string        // StageChanged: the new stage; "": any. What is no longer so when the message is due is not told
	Event   string        // OnEvent: the Name of the event; not empty
	Date    string        // Anniversary: which of Customer.Dates; not empty. 29 February is the 28th where a year has none
	Dates   []Date        // OnDates: the days
	Holiday string        // OnDates: the holiday of Options.Business instead of Dates; of days in a row the first
	PayDay  PayDay        // OnPayDay
	Season  Season        // OnSeason: begins where MinIndex is reached after a period below it
	// MinIndex is the value of Season from which on it is one; 0: 1.2.
	MinIndex float64
	Lead     int           // of days: how many days before, 0 to 366
	Clock    time.Duration // of days: the time of the customer's day, below 24 hours; 0: 10:00; negative: midnight
}

// Cap bounds messages to a customer: at most N in any Days days in a row of the customer's
// zone (1: a calendar day; 7: any week, those of the calendar included), or in any time of length
// Window. Messages of the hold-out count as if they were sent. N = 0 allows none.
type Cap struct {
	N      int           // >= 0
	Days   int           // 1 to 366, or 0 where Window is set
	Window time.Duration // > 0 and at most 366 days, or 0 where Days is set
}

// Quiet is a time of the day, by the customer's clock, at which nothing goes out: from From
// until To, over midnight where From is the later one. Both lie in [0, 24h); equal: none. It
// is what the clock shows that counts, so that an hour shown twice in autumn is quiet twice.
type Quiet struct {
	From time.Duration // when it begins
	To   time.Duration // when it is over
}

// Channel is a way to reach customers.
type Channel struct {
	Name  string // not empty, at most 255 bytes, no other channel's
	Caps  []Cap  // beside those over all channels
	Quiet Quiet  // beside that of all channels
}

// Customer is what is known of a customer. Channels are those that the customer agreed to
// be reached by: without any, nothing ever goes out, and whoever unsubscribes from one has it
// no more.
type Customer struct {
	Zone     string          // name of the time zone, as Options.Zones takes it; "": Options.Zone at the time of Set
	Channels []string        // names of Options.Channels
	Dates    map[string]Date // "birthday", "registered", …: whose days Anniversary waits for, from the year after on
	Bought   bool            // has bought before the first event, so that no order is the first
}

// Options configures a Planner. Slices and maps are copied.
type Options[U, I ID] struct {
	Triggers   []Trigger     // 1 to 1000
	Channels   []Channel     // 1 to 64; of channels with equal responses the first is taken
	Caps       []Cap         // over all channels together
	Quiet      Quiet         // of all channels
	ExcludeFor time.Duration // how long triggers that exclude each other keep apart; 0: 24 hours
	Zone       string        // zone of customers without one; "": UTC
	// Zones returns the zone of a name, such as time.LoadLocation does; its answers are kept.
	// Nil knows "UTC" only.
	Zones    func(name string) (*time.Location, error)
	Business *Business // for Holiday and PayDay
	// Fill completes the content of a message just before it goes out; false drops it. It
	// must not call the planner, and tell the same of the same message, or a replay differs.
	// Nil leaves content as it is.
	Fill     func(m *Message[U, I]) bool
	HoldOut  float64       // share of customers, in [0, 1), who are held out of everything
	Held     bool          // Advance yields the messages of those who are held out, too, to be logged
	Explore  float64       // share, in [0, 1], of messages whose channel is drawn; as many hours of BestHour are, each for itself
	Strength float64       // how many messages the rates of all customers weigh in the rate of one, > 0; 0: 10
	Grace    time.Duration // messages planned longer ago than this before Advance's asOf are planned anew for that, Due and Expire, too; 0: never, see Planner.Advance
	Seed     uint64

	MaxCustomers int // 0: 1,000,000
	MaxItems     int // different items of events, 0: 1,000,000
	MaxEvents    int // events that wait for their time, 0: 1,000,000
	MaxLooks     int // items of interest that are remembered of a customer, 0: 20, at most 1000
}

const (
	hour    = int64(time.Hour)
	daySpan = 24 * hour
	longest = 366 * 24 * time.Hour
	maxName = 255
)

// withDefaults fills in what is zero.
func (o Options[U, I]) withDefaults() Options[U, I] {
	o.ExcludeFor = check.Default(o.ExcludeFor, 24*time.Hour)
	o.Strength = check.Default(o.Strength, 10)
	o.MaxCustomers = check.Default(o.MaxCustomers, 1_000_000)
	o.MaxItems = check.Default(o.MaxItems, 1_000_000)
	o.MaxEvents = check.Default(o.MaxEvents, 1_000_000)
	o.MaxLooks = check.Default(o.MaxLooks, 20)
	o.Channels, o.Caps, o.Triggers = slices.Clone(o.Channels), slices.Clone(o.Caps), slices.Clone(o.Triggers)
	for i := range o.Channels {
		o.Channels[i].Caps = slices.Clone(o.Channels[i].Caps)
	}
	for i := range o.Triggers {
		o.Triggers[i] = o.Triggers[i].withDefaults()
	}
	return o
}

// withDefaults fills in what is zero.
func (t Trigger) withDefaults() Trigger {
	if t.Cancel == nil {
		switch t.When {
		case BrowseAbandoned:
			t.Cancel = []Kind{Carted, Ordered}
		case CartAbandoned:
			t.Cancel = []Kind{Ordered}
		}
	}
	t.Cancel, t.Excludes, t.Channels, t.Dates = slices.Clone(t.Cancel), slices.Clone(t.Excludes), slices.Clone(t.Channels), slices.Clone(t.Dates)
	t.Season.Values = slices.Clone(t.Season.Values)
	t.Expire = check.OrOff(t.Expire, 72*time.Hour)
	t.MaxItems = check.Default(t.MaxItems, 5)
	t.MinDrop = check.OrOff(t.MinDrop, .05)
	t.Within = check.Default(t.Within, 30*24*time.Hour)
	t.MinIndex = check.Default(t.MinIndex, 1.2)
	t.Clock = check.OrOff(t.Clock, 10*time.Hour)
	return t
}

// validate names every field out of its range.
func (o Options[U, I]) validate() error {
	var c check.Options
	c.Require(len(o.Triggers) >= 1 && len(o.Triggers) <= 1000, "len(Triggers)", len(o.Triggers), "1 to 1000")
	c.Require(len(o.Channels) >= 1 && len(o.Channels) <= 64, "len(Channels)", len(o.Channels), "1 to 64")
	for i, ch := range o.Channels {
		at := fmt.Sprintf("Channels[%d]", i)
		c.Require(named(ch.Name), at+".Name", fmt.Sprintf("%.40q", ch.Name), "1 to 255 bytes")
		c.Require(channelOf(o.Channels[:i], ch.Name) < 0, at+".Name", fmt.Sprintf("%.40q", ch.Name), "no other channel's")
		caps(&c, at+".Caps", ch.Caps)
		ch.Quiet.validate(&c, at+".Quiet")
	}
	caps(&c, "Caps", o.Caps)
	o.Quiet.validate(&c, "Quiet")
	c.Require(o.ExcludeFor > 0 && o.ExcludeFor <= longest, "ExcludeFor", o.ExcludeFor, "above 0, at most 366 days")
	share(&c, "HoldOut", o.HoldOut)
	c.Require(o.Explore >= 0 && o.Explore <= 1, "Explore", o.Explore, "0 to 1")
	c.Require(o.Strength > 0 && o.Strength <= 1e6, "Strength", o.Strength, "above 0, at most 1e6")
	c.Require(o.Grace >= 0, "Grace", o.Grace, ">= 0")
	c.Require(o.MaxCustomers > 0 && o.MaxCustomers <= math.MaxInt32, "MaxCustomers", o.MaxCustomers, "1 to 2³¹−1")
	c.Require(o.MaxItems > 0 && o.MaxItems <= math.MaxInt32, "MaxItems", o.MaxItems, "1 to 2³¹−1")
	c.Require(o.MaxEvents > 0 && o.MaxEvents <= math.MaxInt32, "MaxEvents", o.MaxEvents, "1 to 2³¹−1")
	c.Require(o.MaxLooks > 0 && o.MaxLooks <= 1000, "MaxLooks", o.MaxLooks, "1 to 1000")
	for i, t := range o.Triggers {
		at := fmt.Sprintf("Triggers[%d]", i)
		t.validate(&c, at)
		c.Require(triggerOf(o.Triggers[:i], t.Name) < 0, at+".Name", fmt.Sprintf("%.40q", t.Name), "no other trigger's")
		for k, name := range t.Excludes {
			j := triggerOf(o.Triggers, name)
			c.Require(j >= 0 && j != i, fmt.Sprintf("%s.Excludes[%d]", at, k), fmt.Sprintf("%.40q", name), "another trigger")
		}
		for k, name := range t.Channels {
			c.Require(channelOf(o.Channels, name) >= 0, fmt.Sprintf("%s.Channels[%d]", at, k), fmt.Sprintf("%.40q", name), "a channel")
		}
		c.Require(t.When != OnDates || t.Holiday == "" || len(o.Business.Dates(t.Holiday)) > 0, at+".Holiday", fmt.Sprintf("%.40q", t.Holiday), "a holiday of Business")
	}
	return c.Err("trigger: New")
}

// validate names every field out of its range; Excludes and Channels need the others.
func (t Trigger) validate(c *check.Options, at string) {
	c.Require(named(t.Name), at+".Name", fmt.Sprintf("%.40q", t.Name), "1 to 255 bytes")
	c.Require(t.When >= BrowseAbandoned && t.When <= OnSeason, at+".When", uint8(t.When), "one of the constants")
	c.Require(t.Delay >= 0 && t.Delay <= longest, at+".Delay", t.Delay, "0 to 366 days")
	for i, k := range t.Cancel {
		c.Require(k >= Staged && k < kinds, fmt.Sprintf("%s.Cancel[%d]", at, i), uint8(k), "an event of a customer")
	}
	c.Require(t.CoolDown >= 0 && t.CoolDown <= 10*longest, at+".CoolDown", t.CoolDown, "0 to 3660 days")
	c.Require(t.Expire >= 0 && t.Expire <= longest, at+".Expire", t.Expire, "0 to 366 days")
	share(c, at+".HoldOut", t.HoldOut)
	c.Require(t.MaxItems >= 1 && t.MaxItems <= 100, at+".MaxItems", t.MaxItems, "1 to 100")
	c.Require(t.MinDrop >= 0 && t.MinDrop < 1, at+".MinDrop", t.MinDrop, "below 1")
	c.Require(t.Within > 0 && t.Within <= 10*longest, at+".Within", t.Within, "above 0, at most 3660 days")
	c.Require(t.When != OnEvent || named(t.Event), at+".Event", fmt.Sprintf("%.40q", t.Event), "1 to 255 bytes")
	c.Require(t.When != Anniversary || named(t.Date), at+".Date", fmt.Sprintf("%.40q", t.Date), "1 to 255 bytes")
	c.Require(t.When != OnDates || (len(t.Dates) > 0) != (t.Holiday != ""), at+".Dates", t.Dates, "Dates or Holiday")
	for i, d := range t.Dates {
		_, ok := d.Number()
		c.Require(ok, fmt.Sprintf("%s.Dates[%d]", at, i), d, "a date of the years 1678 to 2261")
	}
	c.Require(t.MinIndex > 0 && t.MinIndex <= math.MaxFloat64, at+".MinIndex", t.MinIndex, "above 0")
	c.Require(t.Lead >= 0 && t.Lead <= 366, at+".Lead", t.Lead, "0 to 366")
	c.Require(t.Clock >= 0 && t.Clock < 24*time.Hour, at+".Clock", t.Clock, "below 24 hours")
	if t.When == OnPayDay {
		err := t.PayDay.Validate()
		c.Require(err == nil, at+".PayDay", err, "a rule")
	}
	if t.When == OnSeason {
		err := t.Season.Validate()
		c.Require(err == nil, at+".Season", err, "an index")
	}
}

func (q Quiet) validate(c *check.Options, at string) {
	c.Require(q.From >= 0 && q.From < 24*time.Hour, at+".From", q.From, "0 to below 24 hours")
	c.Require(q.To >= 0 && q.To < 24*time.Hour, at+".To", q.To, "0 to below 24 hours")
}

func caps(c *check.Options, field string, caps []Cap) {
	for i, x := range caps {
		at := fmt.Sprintf("%s[%d]", field, i)
		c.Require(x.N >= 0, at+".N", x.N, ">= 0")
		c.Require((x.Days > 0) != (x.Window > 0) && x.Days >= 0 && x.Days <= 366 && x.Window >= 0 && x.Window <= longest, at, x, "Days of 1 to 366, or Window up to 366 days")
	}
}

func share(c *check.Options, field string, x float64) {
	c.Require(x >= 0 && x < 1, field, x, "0 to below 1")
}

func named(name string) bool { return name != "" && len(name) <= maxName }

func channelOf(channels []Channel, name string) int {
	return slices.IndexFunc(channels, func(c Channel) bool { return c.Name == name })
}

func triggerOf(triggers []Trigger, name string) int {
	return slices.IndexFunc(triggers, func(t Trigger) bool { return t.Name == name })
}
