package clean

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/profile"
)

// Action says what a Cleaner does with a value outside the bounds of a Rule.
type Action uint8

// The actions of a Rule.
const (
	Flag Action = iota // keep the row, count it as flagged
	Clip               // pull the value to the bound, count the row as flagged
	Drop               // reject the row
)

// Rule applies bounds to one field.
type Rule struct {
	Bounds *Outliers // credible values. Required
	Action Action    // what happens to others. Default Flag
}

// CleanerOptions configures a Cleaner.
type CleanerOptions[U profile.ID] struct {
	// AsOf is the moment of collection. Rows later than AsOf + Skew are rejected as
	// Future, for quarantine; a row at that very moment passes. A year from 1678 to 2262;
	// the zero time switches the check off.
	AsOf time.Time
	// Skew is the tolerated clock skew. Default 5 minutes; negative means none.
	Skew time.Duration
	// Earliest is the earliest credible time, before AsOf. Default 1 January 1990, UTC.
	Earliest time.Time
	// Registered returns when a user opened his account, if known. Rows before
	// that, by more than Skew, are flagged as BeforeAccount. Default none is known.
	Registered func(user U) (time.Time, bool)
	// ZeroIsUser takes the zero id (0, "") for a user or item of that name instead
	// of a missing one.
	ZeroIsUser bool
	// Repeat is the window within which the same user doing the same to the same
	// item is one event. Default 0: only at the same instant; negative: no
	// de-duplication of events.
	Repeat time.Duration
	// Rules bound values of the fields "dwell_seconds", "position", "pages" and
	// "rating" of events, "price" (minor units) and "quantity" of order lines.
	// Default none.
	Rules map[string]Rule
}

var ruleFields = []string{"dwell_seconds", "position", "pages", "rating", "price", "quantity"}

func (o CleanerOptions[U]) withDefaults() CleanerOptions[U] {
	o.Skew = check.OrOff(o.Skew, 5*time.Minute)
	if o.Earliest.IsZero() {
		o.Earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return o
}

// validate reports every bad field at once, times that leave no row among them.
func (o CleanerOptions[U]) validate() error {
	var c check.Options
	if !o.AsOf.IsZero() {
		c.Require(check.Time("", o.AsOf) == nil, "AsOf", o.AsOf, "a year from 1678 to 2262")
		c.Require(o.Earliest.Before(o.AsOf), "Earliest", o.Earliest, "before AsOf")
	}
	known := 0
	for _, f := range ruleFields {
		if r, ok := o.Rules[f]; ok {
			known++
			c.Require(r.Bounds != nil && r.Bounds.known, "Rules["+f+"].Bounds", "none", "bounds")
			c.Require(r.Action <= Drop, "Rules["+f+"].Action", r.Action, "Flag, Clip or Drop")
		}
	}
	c.Require(known == len(o.Rules), "Rules", fmt.Sprintf("%d fields", len(o.Rules)), fmt.Sprintf("only fields of %q", ruleFields))
	return c.Err("clean: NewCleaner")
}

type eventKey[U, I profile.ID] struct {
	user U
	item I
	kind profile.Kind
}

// Cleaner checks records one by one as they stream in, brings their labels into
// canonical form, and counts into a Quality what it found. The order of rows
// matters only for repeated events: the first to arrive is kept. The zero value has the
// default options; nil keeps nothing, every row is Missing. Not safe for
// concurrent use; clean shards, split by user, with one Cleaner each and merge their
// Quality.
type Cleaner[U, I profile.ID] struct {
	ready   bool // opt and seen are set
	opt     CleanerOptions[U]
	quality Quality
	seen    *Dedupe[eventKey[U, I], profile.Event[U, I]]
}

// NewCleaner returns a Cleaner. A Rule of an unknown field or without Bounds is
// ErrOption, and so are times that leave no row.
func NewCleaner[U, I profile.ID](opt CleanerOptions[U]) (*Cleaner[U, I], error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	c := &Cleaner[U, I]{}
	return c, c.set(opt)
}

// set makes c ready with options that are valid.
func (c *Cleaner[U, I]) set(opt CleanerOptions[U]) (err error) {
	c.ready, c.opt = true, opt
	if opt.Repeat >= 0 {
		c.seen, err = NewDedupe[eventKey[U, I]](DedupeOptions[profile.Event[U, I]]{Window: max(opt.Repeat, 1), Compare: compareEvents[U, I]})
	}
	return err
}

// begin counts a row that is not there, and gives a Cleaner that NewCleaner did not make
// the default options.
func (c *Cleaner[U, I]) begin(row int64, missing bool) bool {
	if c == nil {
		return false
	}
	if !c.ready {
		_ = c.set(CleanerOptions[U]{}.withDefaults()) // the defaults are valid
	}
	if missing {
		c.quality.Reject(row, Missing)
	}
	return !missing
}

// Quality returns the report so far; it goes on counting. Parsers may count into
// it too.
func (c *Cleaner[U, I]) Quality() *Quality {
	if c == nil {
		return nil
	}
	return &c.quality
}

// Flush drops the memory of events that lie more than Repeat before the given
// time, so that a stream of any length needs the memory of one window. Events
// from before that time are rejected as LateRow from then on.
func (c *Cleaner[U, I]) Flush(before time.Time) {
	if c == nil {
		return
	}
	if c.seen != nil {
		c.seen.Flush(nil, before)
	}
}

// Forget drops the events remembered of one user, and reports whether there were any. The
// counts of Quality name nobody and stay.
func (c *Cleaner[U, I]) Forget(user U) bool {
	if c == nil {
		return false
	}
	return c.seen.ForgetFunc(func(k eventKey[U, I]) bool { return k.user == user })
}

// Event checks e and canonicalises its labels in place. It returns Kept, or why
// the row is rejected; either way the row is counted. row is its number in the
// source. A row that could not even be read is counted with
// Quality().Reject(row, Malformed). Nil is Missing; what the Rules have left of e and
// Validate refuses is OutOfRange.
func (c *Cleaner[U, I]) Event(row int64, e *profile.Event[U, I]) Reason {
	if !c.begin(row, e == nil) {
		return Missing
	}
	var zero U
	why := c.when(row, e.At)
	switch {
	case why != Kept:
	case c.absent("user", e.User == zero):
		why = Missing
	case !e.Kind.Valid() || e.Dwell < 0 || e.Position < 0 || e.Pages < 0:
		why = OutOfRange
	}
	if why == Kept {
		e.Category, e.Brand = Canonical(e.Category), Canonical(e.Brand)
		why = c.bound(row, e)
	}
	if why == Kept && e.Validate() != nil {
		why = OutOfRange
	}
	if why == Kept && c.seen != nil {
		switch v, err := c.seen.Add(eventKey[U, I]{e.User, e.Item, e.Kind}, e.At, *e); {
		case err != nil:
			why = LateRow
		case v == Duplicate:
			why = DuplicateRow
		case v == Conflict:
			why = ConflictRow
		}
	}
	return c.settle(row, e.User, e.At, why)
}

// Order is Event for orders: labels and the currency are brought into their form in place,
// and a currency that is not three letters is OutOfRange. Repeated orders are the business
// of Ledger.
func (c *Cleaner[U, I]) Order(row int64, o *profile.Order[U, I]) Reason {
	if !c.begin(row, o == nil) {
		return Missing
	}
	var zero U
	why := c.when(row, o.At)
	switch {
	case why != Kept:
	case c.absent("user", o.User == zero):
		why = Missing
	case o.Test:
		why = TestRow
	case o.ID == "" || o.Currency == "" || len(o.Lines) == 0:
		why = Missing
	}
	for i := 0; i < len(o.Lines) && why == Kept; i++ {
		l := &o.Lines[i]
		l.Category, l.Brand = Canonical(l.Category), Canonical(l.Brand)
		if why = c.rule(row, "price", float64(l.Price), func(x float64) { l.Price = int64(x) }); why == Kept {
			why = c.rule(row, "quantity", float64(l.Quantity), func(x float64) { l.Quantity = int64(x) })
		}
	}
	if why == Kept {
		if o.Validate() != nil {
			why = OutOfRange
		} else {
			o.Currency = strings.ToUpper(o.Currency)
		}
	}
	return c.settle(row, o.User, o.At, why)
}

// Refund is Event for refunds.
func (c *Cleaner[U, I]) Refund(row int64, r *profile.Refund[U, I]) Reason {
	if !c.begin(row, r == nil) {
		return Missing
	}
	var zero U
	why := c.when(row, r.At)
	if why == Kept && r.OrderID == "" && c.absent("user", r.User == zero) {
		why = Missing
	}
	if why == Kept {
		if r.Validate() != nil {
			why = OutOfRange
		} else {
			r.Currency = strings.ToUpper(r.Currency)
		}
	}
	return c.settle(row, r.User, r.At, why)
}

// absent counts a look at an id.
func (c *Cleaner[U, I]) absent(field string, zero bool) bool {
	if zero && !c.opt.ZeroIsUser {
		c.quality.Field(field, Missing)
		return true
	}
	c.quality.Field(field, Kept)
	return false
}

// when judges the time of a row, and counts the look at it.
func (c *Cleaner[U, I]) when(row int64, t time.Time) Reason {
	why := Kept
	switch {
	case t.IsZero():
		c.quality.Field("time", Missing)
		return Missing
	case t.Before(c.opt.Earliest):
		why = TooOld
	case !c.opt.AsOf.IsZero() && t.After(c.opt.AsOf.Add(c.opt.Skew)):
		why = Future
	case check.Time("", t) != nil:
		why = OutOfRange
	}
	c.quality.Field("time", Kept)
	return why
}

// bound applies the Rules of events to e, in place.
func (c *Cleaner[U, I]) bound(row int64, e *profile.Event[U, I]) Reason {
	if len(c.opt.Rules) == 0 {
		return Kept
	}
	why := c.rule(row, "dwell_seconds", e.Dwell.Seconds(), func(x float64) { e.Dwell = time.Duration(x * float64(time.Second)) })
	if why == Kept {
		why = c.rule(row, "position", float64(e.Position), func(x float64) { e.Position = int32(x) })
	}
	if why == Kept {
		why = c.rule(row, "pages", float64(e.Pages), func(x float64) { e.Pages = int32(x) })
	}
	if why == Kept && e.Kind == profile.Rate {
		why = c.rule(row, "rating", e.Rating, func(x float64) { e.Rating = x })
	}
	return why
}

// rule applies the Rule of one field to its value x; set writes a clipped one.
func (c *Cleaner[U, I]) rule(row int64, field string, x float64, set func(float64)) Reason {
	r, ok := c.opt.Rules[field]
	if !ok || !r.Bounds.Is(x) {
		return Kept
	}
	if r.Action == Drop {
		return Outlier
	}
	if r.Action == Clip {
		one := []float64{x}
		r.Bounds.Clip(one)
		if whole := field != "rating" && field != "dwell_seconds"; whole && one[0] > x {
			one[0] = math.Ceil(one[0]) // inwards
		}
		set(one[0])
	}
	c.quality.Flag(row, Outlier)
	return Kept
}

// settle counts the verdict on a row.
func (c *Cleaner[U, I]) settle(row int64, user U, t time.Time, why Reason) Reason {
	if why != Kept {
		c.quality.Reject(row, why)
		return why
	}
	if c.opt.Registered != nil {
		if at, ok := c.opt.Registered(user); ok && t.Before(at.Add(-c.opt.Skew)) {
			c.quality.Flag(row, BeforeAccount)
		}
	}
	c.quality.Keep(t)
	return Kept
}
