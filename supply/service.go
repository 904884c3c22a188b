package supply

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/survive"
)

// ServiceOptions configures a Service.
type ServiceOptions struct {
	// AsOf is the end of observation, required, in the years 1678 to 2261: open tickets
	// are censored there, and what happened at it has happened.
	AsOf time.Time

	// ReopenWindow is how long a solution must hold to count as solved at first
	// contact, > 0; default 7 days. Tickets solved less than this before AsOf are not
	// judged yet.
	ReopenWindow time.Duration

	// Hours is the clock of answers, solutions and the age of the backlog; nil runs around
	// the clock.
	Hours *Hours

	// Ages are the upper ends of the classes of age of open tickets, by the same clock,
	// ascending, > 0; default 1, 3, 7 and 30 days. A last class holds what is older.
	Ages []time.Duration

	// ReturnWindow is how long after the sale something may come back, in whole days, 1 to
	// 1000 of them; default 30 days. Sales younger than that are censored, not counted as kept.
	ReturnWindow time.Duration
}

func (o ServiceOptions) withDefaults() ServiceOptions {
	o.ReopenWindow = check.Default(o.ReopenWindow, 7*24*time.Hour)
	o.ReturnWindow = check.Default(o.ReturnWindow, 30*day)
	if len(o.Ages) == 0 {
		o.Ages = []time.Duration{day, 3 * day, 7 * day, 30 * day}
	}
	o.Ages = slices.Clone(o.Ages)
	o.AsOf = o.AsOf.UTC().Round(0)
	return o
}

func (o ServiceOptions) validate() error {
	var c check.Options
	c.Require(!o.AsOf.IsZero() && o.AsOf.After(minInstant) && o.AsOf.Before(maxInstant), "AsOf", o.AsOf, "a time in 1678 to 2261")
	c.Require(o.ReopenWindow > 0, "ReopenWindow", o.ReopenWindow, "> 0")
	c.Require(o.ReturnWindow > 0 && o.ReturnWindow <= maxWindow*day && o.ReturnWindow%day == 0, "ReturnWindow", o.ReturnWindow, "1 to 1000 whole days")
	ascending(&c, o.Ages)
	return c.Err("supply: NewService")
}

// Ticket is one request of a customer. Zero times have not happened.
type Ticket struct {
	Opened   time.Time // required
	Replied  time.Time // first answer of a person; automatic replies do not count
	Resolved time.Time // first resolution
	Reopened time.Time // first reopening, after Resolved
	Contacts int       // contacts needed up to Resolved; 0 when not recorded
}

// Survey is a kind of question to customers.
type Survey uint8

// Surveys and their scales.
const (
	CSAT Survey = iota // satisfaction, 1 (worst) to 5
	NPS                // would recommend, 0 to 10
	CES                // effort: "it was easy", 1 (disagree) to 7 (agree); higher is better
)

var scales = [...]struct {
	name   string
	lo, hi int
}{{"CSAT", 1, 5}, {"NPS", 0, 10}, {"CES", 1, 7}}

// Return is something sent back. Sold and At place it in the window of returns; where one of
// them is not known, it counts in the shares of what was sold only.
type Return struct {
	Sold time.Time // when what came back was sold, as AddSoldAt was told it
	At   time.Time // when it came back

	Orders int64  // orders it closes: 1 for the first return of an order, 0 for further ones
	Units  int64  // units sent back
	Value  int64  // refunded, in minor units of the currency
	Reason string // as the shop names it; "" when not given
}

// Service measures what comes after the sale: answers, solutions, satisfaction
// and returns. Merge shards freely: the result is exactly that of one pass. Not
// safe for concurrent use.
type Service struct {
	opt     ServiceOptions
	reply   survive.Durations
	resolve survive.Durations
	backlog survive.Durations
	count   serviceCounts
	votes   [3][11]int64
	reasons map[string]*returnCounts
	aged    []int64 // open tickets by class of age
	sales   exposure
}

type serviceCounts struct {
	Tickets, Resolved, Reopened, First, FirstDen, Unjudged int64

	Invited                                [3]int64
	SoldOrders, SoldUnits, SoldValue       int64
	ReturnOrders, ReturnUnits, ReturnValue int64
}

func (c *serviceCounts) all() []*int64 {
	return []*int64{
		&c.Tickets, &c.Resolved, &c.Reopened, &c.First, &c.FirstDen, &c.Unjudged,
		&c.Invited[0], &c.Invited[1], &c.Invited[2],
		&c.SoldOrders, &c.SoldUnits, &c.SoldValue, &c.ReturnOrders, &c.ReturnUnits, &c.ReturnValue,
	}
}

// NewService returns an empty accumulator.
func NewService(opt ServiceOptions) (*Service, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	return &Service{opt: opt, reasons: map[string]*returnCounts{}, aged: make([]int64, len(opt.Ages)+1)}, nil
}

// ready refuses nil and the zero value, which has no AsOf.
func (s *Service) ready(where string) error {
	if s == nil || s.opt.AsOf.IsZero() {
		return fmt.Errorf("%s: not made by NewService: %w", where, ErrEmpty)
	}
	return nil
}

// AddTicket records one ticket. Times that contradict each other or lie after
// AsOf or before 1678 are ErrRange and change nothing.
func (s *Service) AddTicket(t Ticket) error {
	const where = "supply: Service.AddTicket"
	if err := s.ready(where); err != nil {
		return err
	}
	if err := t.validate(where, s.opt.AsOf); err != nil {
		return err
	}
	// No count of a ticket is above Tickets, and no bucket above its cases.
	if s.count.Tickets == math.MaxInt64 || s.reply.Full() || s.resolve.Full() || s.backlog.Full() {
		return fmt.Errorf("%s: tickets or their time: %w", where, ErrOverflow)
	}
	s.judge(&t)
	solved := !t.Resolved.IsZero()
	took := func(to time.Time) time.Duration { return elapsed(s.opt.Hours, t.Opened, to) }
	switch {
	case !t.Replied.IsZero():
		s.reply.Add(took(t.Replied), true)
	case solved:
		// Solved without an answer, by itself or by merging: no reply to wait for.
	default:
		s.reply.Add(took(s.opt.AsOf), false)
	}
	if solved {
		s.resolve.Add(took(t.Resolved), true)
	} else {
		age := took(s.opt.AsOf)
		s.resolve.Add(age, false)
		s.backlog.Add(age, true)
		s.aged[band(s.opt.Ages, age)]++
	}
	return nil
}

// band returns the class of an age: that of the first upper end it does not exceed.
func band(ends []time.Duration, age time.Duration) (i int) {
	for i < len(ends) && age > ends[i] {
		i++
	}
	return i
}

// ascending requires upper ends of ages.
func ascending(c *check.Options, ages []time.Duration) {
	for i, a := range ages {
		c.Require(a > 0 && (i == 0 || a > ages[i-1]), fmt.Sprintf("Ages[%d]", i), a, "> 0 and above the one before")
	}
}

// validate refuses times out of order or after asOf. What is right is told from plain instants;
// only for what is not, refuse looks which field it is.
func (t *Ticket) validate(where string, asOf time.Time) error {
	end := asOf.UnixNano()
	opened, replied, resolved, reopened := stamp(t.Opened), stamp(t.Replied), stamp(t.Resolved), stamp(t.Reopened)
	if opened > early && opened <= end && follows(opened, replied, end) && follows(opened, resolved, end) && follows(resolved, reopened, end) &&
		t.Contacts >= 0 && (reopened == never || resolved != never) {
		return nil
	}
	return t.refuse(where, asOf)
}

// refuse says what is wrong with a ticket that validate does not take.
func (t *Ticket) refuse(where string, asOf time.Time) error {
	if _, err := instant(where, "Opened", t.Opened); err != nil {
		return err
	}
	for _, c := range []struct {
		name string
		t    time.Time
	}{{"Opened", t.Opened}, {"Replied", t.Replied}, {"Resolved", t.Resolved}, {"Reopened", t.Reopened}} {
		if err := known(where, c.name, c.t, asOf); err != nil {
			return err
		}
	}
	for _, c := range []struct {
		a    string
		from time.Time
		b    string
		to   time.Time
	}{{"Opened", t.Opened, "Replied", t.Replied}, {"Opened", t.Opened, "Resolved", t.Resolved}, {"Resolved", t.Resolved, "Reopened", t.Reopened}} {
		if err := span(where, c.a, c.from.Round(0), c.b, c.to.Round(0)); err != nil {
			return err
		}
	}
	if t.Contacts < 0 {
		return fmt.Errorf("%s: %w", where, check.Private("Contacts", -1, nil, t.Contacts, fmt.Errorf("want >= 0: %w", ErrRange)))
	}
	return fmt.Errorf("%s: Reopened but never Resolved: %w", where, ErrRange)
}

// judge counts one ticket. A solution counts as one of the first contact only once it
// has held for the window.
func (s *Service) judge(t *Ticket) {
	c := &s.count
	c.Tickets++
	if t.Resolved.IsZero() {
		return
	}
	c.Resolved++
	again := !t.Reopened.IsZero()
	if again {
		c.Reopened++
	}
	if t.Contacts == 0 || elapsed(nil, t.Resolved, s.opt.AsOf) < s.opt.ReopenWindow {
		c.Unjudged++
		return
	}
	c.FirstDen++
	if t.Contacts == 1 && !(again && elapsed(nil, t.Resolved, t.Reopened) <= s.opt.ReopenWindow) {
		c.First++
	}
}

// AddSurvey records one answer; a score off the scale is ErrRange.
func (s *Service) AddSurvey(kind Survey, score int) error {
	const where = "supply: Service.AddSurvey"
	if err := s.ready(where); err != nil {
		return err
	}
	if int(kind) >= len(scales) {
		return fmt.Errorf("%s: kind is %d, want CSAT, NPS or CES: %w", where, kind, ErrRange)
	}
	if sc := scales[kind]; score < sc.lo || score > sc.hi {
		return fmt.Errorf("%s: %s score is %d, want %d to %d: %w", where, sc.name, score, sc.lo, sc.hi, ErrRange)
	}
	if answers(&s.votes[kind]) == math.MaxInt64 {
		return fmt.Errorf("%s: answers: %w", where, ErrOverflow)
	}
	s.votes[kind][score]++
	return nil
}

// answers is the number of all votes of a survey, which fits.
func answers(votes *[11]int64) (n int64) {
	for _, v := range votes {
		n += v
	}
	return n
}

// AddInvited records how many customers were asked, for the response rate.
func (s *Service) AddInvited(kind Survey, n int64) error {
	const where = "supply: Service.AddInvited"
	if err := s.ready(where); err != nil {
		return err
	}
	if int(kind) >= len(scales) || n < 0 {
		return fmt.Errorf("%s: kind %d, n %d, want a Survey and n >= 0: %w", where, kind, n, ErrRange)
	}
	var c serviceCounts
	c.Invited[kind] = n
	return addCounts(where, s.count.all(), c.all())
}

// AddSold records what was sold, the denominator of the return rates. value is
// in minor units of the currency.
func (s *Service) AddSold(orders, units, value int64) error {
	const where = "supply: Service.AddSold"
	if err := s.ready(where); err != nil {
		return err
	}
	if orders < 0 || units < 0 || value < 0 {
		return fmt.Errorf("%s: orders %d, units %d, value %d, want >= 0: %w", where, orders, units, value, ErrRange)
	}
	c := &s.count
	if c.SoldOrders > math.MaxInt64-orders || c.SoldUnits > math.MaxInt64-units || c.SoldValue > math.MaxInt64-value {
		return fmt.Errorf("%s: orders, units or value: %w", where, ErrOverflow)
	}
	c.SoldOrders, c.SoldUnits, c.SoldValue = c.SoldOrders+orders, c.SoldUnits+units, c.SoldValue+value
	return nil
}

// AddSoldAt is AddSold of what was sold at one time, from which returns are expected within
// the window: at delivery, if the window of returns begins there. A time after AsOf is ErrRange.
func (s *Service) AddSoldAt(at time.Time, orders, units, value int64) error {
	const where = "supply: Service.AddSoldAt"
	if err := s.ready(where); err != nil {
		return err
	}
	if _, err := instant(where, "at", at); err != nil {
		return err
	}
	if err := known(where, "at", at, s.opt.AsOf); err != nil {
		return err
	}
	if err := s.AddSold(orders, units, value); err != nil {
		return err
	}
	s.sales.size(s.window())
	s.sales.sold(days(at, s.opt.AsOf, s.window()), returnCounts{orders, units, value})
	return nil
}

// window is the window of returns in days.
func (s *Service) window() int { return int(s.opt.ReturnWindow / day) }

// AddReturn records what came back. A return before its sale or after AsOf is ErrRange.
func (s *Service) AddReturn(r Return) error {
	const where = "supply: Service.AddReturn"
	if err := s.ready(where); err != nil {
		return err
	}
	if r.Orders < 0 || r.Units < 0 || r.Value < 0 {
		return fmt.Errorf("%s: Orders %d, Units %d, Value %d, want >= 0: %w", where, r.Orders, r.Units, r.Value, ErrRange)
	}
	for _, x := range []struct {
		name string
		t    time.Time
	}{{"Sold", r.Sold}, {"At", r.At}} {
		if err := known(where, x.name, x.t, s.opt.AsOf); err != nil {
			return err
		}
	}
	if err := span(where, "Sold", r.Sold, "At", r.At); err != nil {
		return err
	}
	c := &s.count
	if c.ReturnOrders > math.MaxInt64-r.Orders || c.ReturnUnits > math.MaxInt64-r.Units || c.ReturnValue > math.MaxInt64-r.Value {
		return fmt.Errorf("%s: orders, units or value: %w", where, ErrOverflow)
	}
	c.ReturnOrders, c.ReturnUnits, c.ReturnValue = c.ReturnOrders+r.Orders, c.ReturnUnits+r.Units, c.ReturnValue+r.Value
	n := returnCounts{r.Orders, r.Units, r.Value}
	s.reason(r.Reason).add(n, 1) // at most the sums of all reasons, which fit
	if !r.Sold.IsZero() && !r.At.IsZero() {
		s.sales.size(s.window())
		s.sales.back(days(r.Sold, s.opt.AsOf, s.window()), days(r.Sold, r.At, s.window()), n)
	}
	return nil
}

// reason returns the counts of a reason, new ones if need be.
func (s *Service) reason(name string) *returnCounts {
	c := s.reasons[name]
	if c == nil {
		c = &returnCounts{}
		s.reasons[name] = c
	}
	return c
}

// Merge adds the state of other, which is not changed. It fails with ErrMismatch
// when the options differ and where other is nil or the receiver, and with ErrOverflow, changing
// nothing, when a count does not fit.
func (s *Service) Merge(other *Service) error {
	const where = "supply: Service.Merge"
	if err := check.Merge(where, s, other); err != nil {
		return err
	}
	if err := s.ready(where); err != nil {
		return err
	}
	if !s.opt.AsOf.Equal(other.opt.AsOf) || s.opt.ReopenWindow != other.opt.ReopenWindow || s.opt.ReturnWindow != other.opt.ReturnWindow ||
		!slices.Equal(s.opt.Ages, other.opt.Ages) || !calendar.SameHours(s.opt.Hours, other.opt.Hours) {
		return fmt.Errorf("%s: options differ: %w", where, ErrMismatch)
	}
	for k := range s.votes {
		if _, err := check.AddInt64(answers(&s.votes[k]), answers(&other.votes[k])); err != nil {
			return fmt.Errorf("%s: answers: %w", where, err)
		}
	}
	// Reasons, classes of age and sales by day are parts of the counts, and fit where these do.
	took := [][2]*survive.Durations{{&s.reply, &other.reply}, {&s.resolve, &other.resolve}, {&s.backlog, &other.backlog}}
	if err := addAll(where, s.count.all(), other.count.all(), took); err != nil {
		return err
	}
	for k := range s.votes {
		for i, n := range other.votes[k] {
			s.votes[k][i] += n
		}
	}
	for r, n := range other.reasons {
		s.reason(r).add(*n, 1)
	}
	for i, n := range other.aged {
		s.aged[i] += n
	}
	s.sales.merge(&other.sales)
	return nil
}

// Score is the mean figure of a survey.
type Score struct {
	N     int64   // answers
	Value float64 // NaN without answers
	SE    float64 // standard error; NaN without answers

	Response Ratio // answers over invitations: low rates say little about all customers
}

// ReturnReason is a reason for returns and what was sent back for it.
type ReturnReason struct {
	Name   string // as the shop names it
	Orders int64  // closed by returns
	Units  int64  // sent back
	Value  int64  // refunded, in minor units
}

// ServiceResult is the result of a Service.
type ServiceResult struct {
	Tickets int64 // opened by AsOf
	Backlog int64 // not resolved by AsOf

	FirstResponse Durations // opening to first answer of a person
	Resolution    Durations // opening to first resolution; open tickets are censored
	BacklogAge    Durations // age of open tickets
	AgedBacklog   []int64   // open tickets by class of age, one for each of Ages and one for older

	Resolved     Ratio // resolved over all tickets
	Reopened     Ratio // reopened over resolved
	FirstContact Ratio // solved at the first contact and not reopened within the window, over tickets judged
	Unjudged     int64 // resolved tickets without recorded contacts or still within the window

	Satisfied Ratio // CSAT answers of 4 and 5 over all; see Ratio.Interval
	CSAT      Score // mean on 1 to 5
	NPS       Score // promoters (9, 10) less detractors (0 to 6), in points from -100 to 100
	CES       Score // mean on 1 to 7, higher is easier

	ReturnsByOrder Ratio          // orders with a return over orders sold
	ReturnsByUnit  Ratio          // units returned over units sold
	ReturnsByValue Ratio          // value returned over value sold
	Reasons        []ReturnReason // most units first, ties by name

	// What comes back within ReturnWindow, as a share of what was sold (AddSoldAt): by the
	// estimate of Kaplan and Meier over whole days, for which a sale counts as long as it has been watched.
	// The shares above are lower where much was sold of late. NaN where nothing was sold
	// a whole window before AsOf, or more came back of a day than was sold on it.
	ExpectedByOrder, ExpectedByUnit, ExpectedByValue float64

	// WindowOpen counts orders sold by AddSoldAt that have not come back and still may.
	WindowOpen int64
}

// Result reports everything added so far and does not change the state. Figures
// without data are undefined ratios, NaN scores and Beyond durations; ErrEmpty
// only when nothing at all was added.
func (s *Service) Result() (ServiceResult, error) {
	const where = "supply: Service.Result"
	if err := s.ready(where); err != nil {
		return ServiceResult{}, err
	}
	c := s.count
	total := int64(0)
	for _, n := range c.all() {
		total |= *n
	}
	for _, v := range s.votes {
		for _, n := range v {
			total |= n
		}
	}
	if total == 0 {
		return ServiceResult{}, fmt.Errorf("%s: nothing was added: %w", where, ErrEmpty)
	}
	share := func(n, d int64) Ratio { return Ratio{float64(n), float64(d)} }
	r := ServiceResult{
		Tickets: c.Tickets, Backlog: c.Tickets - c.Resolved,
		FirstResponse: summary(&s.reply), Resolution: summary(&s.resolve), BacklogAge: summary(&s.backlog),
		Resolved: share(c.Resolved, c.Tickets), Reopened: share(c.Reopened, c.Resolved),
		FirstContact: share(c.First, c.FirstDen), Unjudged: c.Unjudged,
		CSAT:           s.score(CSAT, func(v int) float64 { return float64(v) }),
		CES:            s.score(CES, func(v int) float64 { return float64(v) }),
		NPS:            s.score(NPS, netPromoter),
		ReturnsByOrder: share(c.ReturnOrders, c.SoldOrders), ReturnsByUnit: share(c.ReturnUnits, c.SoldUnits), ReturnsByValue: share(c.ReturnValue, c.SoldValue),
	}
	v := s.votes[CSAT]
	r.Satisfied = share(v[4]+v[5], r.CSAT.N)
	for _, name := range sorted(s.reasons) {
		if n := s.reasons[name]; *n != (returnCounts{}) {
			r.Reasons = append(r.Reasons, ReturnReason{name, n[0], n[1], n[2]})
		}
	}
	sortReasons(r.Reasons)
	r.AgedBacklog = slices.Clone(s.aged)
	r.ExpectedByOrder, r.WindowOpen = s.sales.within(0)
	r.ExpectedByUnit, _ = s.sales.within(1)
	r.ExpectedByValue, _ = s.sales.within(2)
	return r, nil
}

func netPromoter(v int) float64 {
	switch {
	case v >= 9:
		return 100
	case v <= 6:
		return -100
	}
	return 0
}

// score is mean and standard error (population variance over n, the usual form
// for NPS) of a function of the answers. They come as counts of a few values, so two
// exact passes and no moments.Moments, which takes one value at a time.
func (s *Service) score(k Survey, of func(int) float64) Score {
	out := Score{Value: math.NaN(), SE: math.NaN()}
	sum := 0.0
	for v, n := range s.votes[k] {
		out.N += n
		sum += float64(n) * of(v)
	}
	out.Response = Ratio{float64(out.N), float64(s.count.Invited[k])}
	if out.N == 0 {
		return out
	}
	out.Value = sum / float64(out.N)
	m2 := 0.0
	for v, n := range s.votes[k] {
		m2 += float64(n) * (of(v) - out.Value) * (of(v) - out.Value)
	}
	out.SE = math.Sqrt(m2) / float64(out.N)
	return out
}

func sortReasons(rs []ReturnReason) {
	slices.SortFunc(rs, func(a, b ReturnReason) int { return cmp.Or(cmp.Compare(b.Units, a.Units), cmp.Compare(a.Name, b.Name)) })
}
