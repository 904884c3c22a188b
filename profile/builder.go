package profile

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/dict"
)

// Dimension is what an affinity is about.
type Dimension uint8

// The dimensions of affinities.
const (
	Category Dimension = iota
	Brand
	PriceBand
	Term       // a word of Event.Query, between spaces
	Channel    // of events and orders, as the next two
	Campaign   // of events and orders
	Device     // of events and orders
	dimensions = int(Device) + 1
)

var dimensionNames = [dimensions]string{"category", "brand", "price_band", "term", "channel", "campaign", "device"}

// String returns the name of d as used in column names.
func (d Dimension) String() string {
	if int(d) < dimensions {
		return dimensionNames[d]
	}
	return fmt.Sprintf("dimension(%d)", int(d))
}

// BuilderOptions configures a Builder.
type BuilderOptions struct {
	// AsOf is the moment of which the profile speaks, its cut-off. Nothing at or after it
	// enters. Required, in the years 1678 to 2262.
	AsOf time.Time
	// Zone is the business time zone: windows begin at the wall-clock time of
	// AsOf there, so a window of 7 days is 7 calendar days also across a change
	// of summer time, and so are the days of ages and gaps. Where the clock skipped that
	// time a window begins at the end of the gap, where it showed it twice at the
	// earlier one. Default UTC.
	Zone *time.Location
	// Windows are the lengths, in days, of the windows that end at AsOf;
	// ascending, 1 to 36500, at most 7 of them. Default 7, 30, 90. An empty, non-nil
	// slice means none.
	Windows []int
	// HalfLife is the age at which an event counts half towards an affinity.
	// Default 30 days, at least a second; negative means no decay.
	HalfLife time.Duration
	// KindWeights is how much one event of each kind says about taste; kinds not
	// named weigh 0. An order line weighs as a Purchase. Each in [0, 1e6].
	// Default View, Click, Search, Rate and Comment 1, Share 2, Cart and Favorite
	// 3, Purchase 5.
	KindWeights map[Kind]float64
	// Currency of all orders and refunds, three letters in any case. Default that of the
	// first one.
	Currency string
	// Rolling keeps, for Advance, what each user did on each day of the longest window:
	// about 50 bytes for each user, day and kind of event, and four times as much for an
	// order. Default false.
	Rolling bool
	// PriceBands are ascending bounds on the unit price, in minor units, that make
	// bands 0, 1, …, len(PriceBands) of the PriceBand dimension; a price on a bound
	// is of the band above. Default none.
	PriceBands []int64
	// Features are kept for each user beside what every Builder knows: those of Features,
	// or the caller's own. Their columns stand in the Table. Default none.
	Features []Feature
}

var defaultWeights = map[Kind]float64{View: 1, Click: 1, Search: 1, Rate: 1, Comment: 1, Share: 2, Cart: 3, Favorite: 3, Purchase: 5}

const (
	maxWindows = 7
	// maxWindowDays is the longest window.
	maxWindowDays = 36500
	maxWeight     = 1e6
	maxScore      = 1e3
	day           = 24 * time.Hour
)

// withDefaults fills what the caller left out, and copies what the caller may change.
func (o BuilderOptions) withDefaults() BuilderOptions {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Windows == nil {
		o.Windows = []int{7, 30, 90}
	}
	o.Windows = slices.Clone(o.Windows)
	o.PriceBands = slices.Clone(o.PriceBands)
	o.Currency = strings.ToUpper(o.Currency)
	o.HalfLife = check.OrOff(o.HalfLife, 30*day)
	if o.KindWeights == nil {
		o.KindWeights = defaultWeights
	}
	return o
}

// validate reports every bad field at once.
func (o BuilderOptions) validate(where string) error {
	var c check.Options
	c.Require(check.Time("AsOf", o.AsOf) == nil, "AsOf", o.AsOf, "a time in the years 1678 to 2262")
	c.Require(len(o.Windows) <= maxWindows, "len(Windows)", len(o.Windows), "at most 7")
	for i, w := range o.Windows {
		c.Require(w > 0 && w <= maxWindowDays, fmt.Sprintf("Windows[%d]", i), w, "1 to 36500 days")
		c.Require(i == 0 || w > o.Windows[i-1], fmt.Sprintf("Windows[%d]", i), w, "more than the one before")
	}
	for k := range o.KindWeights {
		w := o.KindWeights[k]
		c.Require(k.Valid() && w >= 0 && w <= maxWeight, fmt.Sprintf("KindWeights[%v]", k), w, "a valid kind and 0 to 1e6")
	}
	if _, err := check.Currency("Currency", o.Currency); o.Currency != "" && err != nil {
		c.Require(false, "Currency", o.Currency, "three letters")
	}
	for i, p := range o.PriceBands {
		c.Require(i == 0 || p > o.PriceBands[i-1], fmt.Sprintf("PriceBands[%d]", i), p, "more than the one before")
	}
	c.Require(o.HalfLife <= 0 || o.HalfLife >= minLife, "HalfLife", o.HalfLife, "at least a second")
	f := newFeatureSet(&c, o.Features)
	for name := range f.column { // any of them is refused for what it is
		dim, _, label := strings.Cut(name, "=")
		c.Require(!baseName(name, o.Windows) && !(label && slices.Contains(dimensionNames[:], dim)), "Features.Columns", name, "a name that no other column has")
	}
	return c.Err(where)
}

// Builder accumulates what is known of each user before a cut-off: recency,
// frequency, money, activity and affinities. Add takes events, orders, refunds
// and registrations in any order; the state is made of integers only, so it is
// the same, to the last bit, for every order of arrival and for every split into
// shards that are merged later. It is not safe for concurrent use: give each
// goroutine its own Builder and Merge them.
//
// Records at or after the cut-off are counted (see Late) and otherwise leave no
// trace: what happens later never changes a row.
//
// An Add costs O(1): a look-up of the user, one of each label, and no allocation
// once users and labels are known. What NewBuilder did not make, nor UnmarshalBinary
// read, is ErrEmpty. Memory is about 300 bytes a user with three
// windows, 50 to 100 bytes for each (user, label) pair.
type Builder[U, I ID] struct {
	opt      BuilderOptions
	cut      int64 // AsOf, ns
	days     calendar.Ages
	ahead    int64   // seconds by which the clock of Zone is ahead of UTC at the cut-off, or nowhere
	from     []int64 // begin of window w, ns, descending: those of days
	fade     fader
	weight   [kinds + 1]float64
	currency string
	late     int64

	users  dict.Dict[U]
	state  []userState
	counts []uint32 // [user][kind-1][bucket]
	flows  []int64  // [user][flow][bucket]
	labels [dimensions]dict.Dict[string]
	dim    []Dimension // of a label
	local  []int32     // its index within its dimension
	global [dimensions][]int32
	recent [Brand + 1][recentLabels]recentLabel
	taste  pairs[fixed] // by label and block, see tasteKey
	cells  pairs[int64] // of Rolling, see Advance
	extra  featureSet
	facts  facts

	touched int64 // keeps what addEvents reads ahead from being left out
}

// A bucket holds what belongs to one window and to no shorter one; the last
// holds what is older than all. Window sums are prefix sums of buckets, so an
// event touches one counter.

const (
	flowOrders = iota
	flowUnits
	flowPaid
	flowRefunded
	flows
)

// userState is everything of a user that is not a count per window. Means are
// kept as sums; ratings and sentiments in millionths.
type userState struct {
	registered                   int64
	firstSeen, lastSeen          int64
	firstOrder, lastOrder        int64
	dwellSum, dwellCount         int64
	positionSum, positionCount   int64
	pages                        int64
	ratingSum, ratingCount       int64
	sentimentSum, sentimentCount int64
}

const (
	never  = math.MaxInt64 // no first time
	notYet = math.MinInt64 // no last time
	micro  = 1e6
)

var freshState = userState{registered: never, firstSeen: never, lastSeen: notYet, firstOrder: never, lastOrder: notYet}

// known reports whether anything before the cut-off speaks of the user.
func (s *userState) known() bool { return s.firstSeen != never || s.registered != never }

// NewBuilder returns an empty Builder. Every bad option is ErrOption.
func NewBuilder[U, I ID](opt BuilderOptions) (*Builder[U, I], error) {
	opt = opt.withDefaults()
	if err := opt.validate("profile: NewBuilder"); err != nil {
		return nil, err
	}
	b := &Builder[U, I]{opt: opt, currency: opt.Currency, extra: newFeatureSet(new(check.Options), opt.Features)}
	b.ahead = aheadOf(opt.AsOf, opt.Zone)
	if err := b.cutAt(calendar.NewAges(opt.AsOf, opt.Zone)); err != nil {
		return nil, fmt.Errorf("profile: NewBuilder: Windows: %w", err)
	}
	for k, w := range opt.KindWeights {
		b.weight[k] = w + 0 // -0 is 0, in the bytes too
	}
	return b, nil
}

// nowhere stands for an unknown difference from UTC: of frames before version 4.
const nowhere = math.MinInt64

// aheadOf is the seconds by which the clock of a zone is ahead of UTC.
func aheadOf(at time.Time, zone *time.Location) int64 { return calendar.Wall(at, zone) - at.Unix() }

// cutAt sets what depends on the cut-off: b.opt.AsOf by the clock that days knows.
func (b *Builder[U, I]) cutAt(days calendar.Ages) error {
	b.cut, b.days, b.from = b.opt.AsOf.UnixNano(), days, nil
	b.fade = newFader(int64(max(b.opt.HalfLife, 0)), b.cut)
	for _, w := range b.opt.Windows {
		if float64(b.cut)-float64(w+2)*float64(day) < math.MinInt64 {
			return fmt.Errorf("%d days begin before the year 1678: %w", w, ErrOption)
		}
		b.from = append(b.from, days.Begin(int64(w)))
	}
	return nil
}

// made refuses nil and what NewBuilder did not make, for the method where.
func (b *Builder[U, I]) made(where string) error {
	if b == nil || b.opt.AsOf.IsZero() {
		return fmt.Errorf("%s: not made by NewBuilder: %w", where, ErrEmpty)
	}
	return nil
}

// AsOf returns the moment of which b speaks: the options, or the last Advance, say.
func (b *Builder[U, I]) AsOf() time.Time {
	if b == nil {
		return time.Time{}
	}
	return b.opt.AsOf
}

// Late returns how many records were left out because they lie at or after the
// cut-off.
func (b *Builder[U, I]) Late() int64 {
	if b == nil {
		return 0
	}
	return b.late
}

// Currency returns the currency of all money, "" before the first order.
func (b *Builder[U, I]) Currency() string {
	if b == nil {
		return ""
	}
	return b.currency
}

func (b *Builder[U, I]) buckets() int { return len(b.from) + 1 }

// flowOf is the buckets of a flow of a user.
func (b *Builder[U, I]) flowOf(u int32, flow int) []int64 {
	return b.flows[(int(u)*flows+flow)*b.buckets():][:b.buckets()]
}

// countOf is the buckets of a kind of event of a user.
func (b *Builder[U, I]) countOf(u int32, kind int) []uint32 {
	return b.counts[(int(u)*kinds+kind-1)*b.buckets():][:b.buckets()]
}

func (b *Builder[U, I]) bucket(at int64) int {
	for w, from := range b.from {
		if at >= from {
			return w
		}
	}
	return len(b.from)
}

// Index returns a handle of a user, valid for this Builder, with which
// AddIndexed avoids the look-up by id. It does not by itself make the user part
// of the profile. It fails, with ErrOverflow, beyond 2³¹-1 users.
func (b *Builder[U, I]) Index(user U) (int32, error) {
	if err := b.made("profile: Builder.Index"); err != nil {
		return 0, err
	}
	u, err := b.index(user)
	if err != nil {
		return -1, fmt.Errorf("profile: Builder.Index: %w", err)
	}
	return u, nil
}

// index is Index without a place in its error.
func (b *Builder[U, I]) index(user U) (int32, error) {
	u, err := b.users.Add(user)
	if err != nil {
		return -1, err
	}
	b.grow(int(u) + 1)
	return u, nil
}

// grow makes room for n users.
func (b *Builder[U, I]) grow(n int) {
	for len(b.state) < n {
		b.state = append(b.state, freshState)
		b.counts = extend(b.counts, kinds*b.buckets())
		b.flows = extend(b.flows, flows*b.buckets())
	}
}

func extend[T any](s []T, n int) []T {
	s = slices.Grow(s, n)
	return s[:len(s)+n]
}

func (b *Builder[U, I]) label(d Dimension, name string) (int32, error) {
	i, err := b.labels[d].Add(name)
	if err != nil {
		return -1, fmt.Errorf("labels of %v: %w", d, err)
	}
	if int(i) == len(b.global[d]) {
		b.global[d] = append(b.global[d], int32(len(b.dim)))
		b.dim = append(b.dim, d)
		b.local = append(b.local, i)
	}
	return b.global[d][i], nil
}

// recentLabels is how many labels recentLabel remembers of each dimension.
const recentLabels = 16

type recentLabel struct {
	name  string
	label int32
}

// recentLabel is label of a name that is not empty, with a look at the last ones first: most events are
// of few categories and brands, whose texts are the same memory.
func (b *Builder[U, I]) recentLabel(d Dimension, name string) (int32, error) {
	c := &b.recent[d][(7*len(name)+int(name[0])+3*int(name[len(name)-1]))%recentLabels]
	if c.name == name {
		return c.label, nil
	}
	l, err := b.label(d, name)
	if err == nil {
		*c = recentLabel{name, l}
	}
	return l, err
}

// Add takes one event. An invalid one changes nothing and is ErrRange or
// ErrNotFinite, naming the field. So is one of a user who has 2³²-1 of its kind, ErrOverflow. Where
// there are too many labels or words of states of Features, ErrOverflow too, a part of what it
// says may have been taken: read the Builder from its bytes then. So with AddOrder and AddRefund.
func (b *Builder[U, I]) Add(e *Event[U, I]) error {
	if err := b.made("profile: Builder.Add"); err != nil {
		return err
	}
	at, err := b.instant("Add", e)
	if err != nil || at >= b.cut {
		return err
	}
	u, err := b.index(e.User)
	if err == nil {
		a := b.prepare(at, e)
		err = b.addEvent(u, &a, e)
	}
	if err != nil {
		return fmt.Errorf("profile: Builder.Add: %w", err)
	}
	return nil
}

// AddIndexed is Add for a user whose handle came from Index; e.User is ignored.
// An unknown handle is ErrUnknownID.
func (b *Builder[U, I]) AddIndexed(user int32, e *Event[U, I]) error {
	if err := b.made("profile: Builder.AddIndexed"); err != nil {
		return err
	}
	if user < 0 || int(user) >= len(b.state) {
		return fmt.Errorf("profile: Builder.AddIndexed: user %d of %d: %w", user, len(b.state), ErrUnknownID)
	}
	at, err := b.instant("AddIndexed", e)
	if err != nil || at >= b.cut {
		return err
	}
	a := b.prepare(at, e)
	if err := b.addEvent(user, &a, e); err != nil {
		return fmt.Errorf("profile: Builder.AddIndexed: %w", err)
	}
	return nil
}

// instant returns the time of an event that is valid, and counts one that is late.
func (b *Builder[U, I]) instant(where string, e *Event[U, I]) (int64, error) {
	if err := e.Validate(); err != nil {
		return 0, fmt.Errorf("profile: Builder.%s: %w", where, err)
	}
	at := e.At.UnixNano()
	if at >= b.cut {
		b.late++
	}
	return at, nil
}

// act is what is worked out of an event before anything of its user is looked at.
type act struct {
	at              int64
	weight          term
	category, brand int32 // labels, -1 none
	err             error // of the labels
}

// prepare works out the act of a valid event.
func (b *Builder[U, I]) prepare(at int64, e *Event[U, I]) act {
	a := act{at: at, weight: b.decayed(b.weight[e.Kind], at), category: -1, brand: -1}
	if a.weight.sum.zero() {
		return a
	}
	if e.Category != "" {
		a.category, a.err = b.recentLabel(Category, e.Category)
	}
	if e.Brand != "" && a.err == nil {
		a.brand, a.err = b.recentLabel(Brand, e.Brand)
	}
	return a
}

// addEvent adds a valid event of a known user at a time before the cut-off. It looks
// at everything that can fail before it changes a counter.
func (b *Builder[U, I]) addEvent(u int32, a *act, e *Event[U, I]) error {
	s, plain := &b.state[u], e.plain()
	var more userState
	if !plain {
		more = e.state(a.at)
	}
	counts, sum := b.countOf(u, int(e.Kind)), uint64(0)
	for _, x := range counts {
		sum += uint64(x)
	}
	if sum >= math.MaxUint32 || !plain && !s.fits(&more) {
		return fmt.Errorf("counts of %w", check.Private("user", -1, b.users.Key(u), nil, ErrOverflow))
	}
	err := a.err
	if err == nil {
		b.likeLabel(u, a.category, a.weight)
		b.likeLabel(u, a.brand, a.weight)
		err = b.comes(u, e.Channel, e.Campaign, e.Device, a.weight)
	}
	if err == nil && e.Query != "" {
		err = b.asks(u, e.Query, a.weight)
	}
	if err == nil && len(b.extra.list) > 0 {
		err = b.featureEvent(u, a.at, e)
	}
	if err != nil {
		return err
	}
	counts[b.bucket(a.at)]++
	if plain {
		s.see(a.at)
	} else {
		s.merge(&more)
	}
	b.roll(u, a.at, int(e.Kind)-1, 1)
	return nil
}

// plain reports whether e says of its user no more than that it happened: most do.
func (e *Event[U, I]) plain() bool {
	return int64(e.Dwell)|int64(e.Position)|int64(e.Pages) == 0 && e.Kind != Rate && e.Kind != Comment
}

// state is what one event says of its user.
func (e *Event[U, I]) state(at int64) userState {
	s := freshState
	s.see(at)
	if e.Dwell > 0 {
		s.dwellSum, s.dwellCount = int64(e.Dwell), 1
	}
	if e.Position > 0 {
		s.positionSum, s.positionCount = int64(e.Position), 1
	}
	s.pages = int64(e.Pages)
	switch {
	case e.Kind == Rate && !math.IsNaN(e.Rating):
		s.ratingSum, s.ratingCount = int64(math.Round(e.Rating*micro)), 1
	case e.Kind == Comment && !math.IsNaN(e.Sentiment):
		s.sentimentSum, s.sentimentCount = int64(math.Round(e.Sentiment*micro)), 1
	}
	return s
}

func (s *userState) see(at int64) {
	s.firstSeen = min(s.firstSeen, at)
	s.lastSeen = max(s.lastSeen, at)
}

// AddUser notes when a user registered, of several times the earliest, and what is known of
// him: see User. What was known at or after the cut-off only, and a later registration, are left
// out. An invalid user is ErrRange, nil ErrEmpty.
func (b *Builder[U, I]) AddUser(user *User[U]) error {
	if err := b.made("profile: Builder.AddUser"); err != nil {
		return err
	}
	if err := b.addUser(user); err != nil {
		return fmt.Errorf("profile: Builder.AddUser: %w", err)
	}
	return nil
}

// addUser is AddUser without a place in its error.
func (b *Builder[U, I]) addUser(user *User[U]) error {
	if err := user.Validate(); err != nil {
		return err
	}
	registered, known, late := int64(never), int64(notYet), false
	if !user.Registered.IsZero() {
		registered = user.Registered.UnixNano()
		known = registered
	}
	if !user.At.IsZero() {
		known = user.At.UnixNano()
	}
	list := user.facts()
	if registered != never && registered >= b.cut {
		registered, late = never, true
	}
	if len(list) > 0 && known >= b.cut {
		list, late = nil, true
	}
	if late {
		b.late++
	}
	if registered == never && len(list) == 0 {
		return nil
	}
	u, err := b.index(user.ID)
	if err != nil {
		return err
	}
	b.state[u].registered = min(b.state[u].registered, registered)
	for _, f := range list {
		b.facts.note(u, f.Field, fact{known, f.Value, user.Source})
	}
	return nil
}

// money checks the currency of a record against that of the Builder.
func (b *Builder[U, I]) money(currency string) error {
	if b.currency != "" && currency != b.currency && !strings.EqualFold(currency, b.currency) {
		return fmt.Errorf("currency is %q, others are %q (convert with clean.Rates first): %w", currency, b.currency, ErrMismatch)
	}
	return nil
}

// AddOrder takes one order. It counts every order it is given: remove repeated
// ones first, see clean.Ledger. Test orders are left out. An invalid order changes
// nothing: ErrRange, ErrEmpty, ErrOverflow, or ErrMismatch for a second currency, which
// one at or after the cut-off may have. Too many labels or words of states are as in Add.
//
// What a user paid stays below 2⁵⁹ (5.7·10¹⁷ minor units) in all, and so do his pieces and what he
// got back: beyond is ErrOverflow, in Merge too, whatever the order of records and the windows.
func (b *Builder[U, I]) AddOrder(o *Order[U, I]) error {
	if err := b.made("profile: Builder.AddOrder"); err != nil {
		return err
	}
	if err := b.addOrder(o); err != nil {
		return fmt.Errorf("profile: Builder.AddOrder: %w", err)
	}
	return nil
}

// addOrder is AddOrder without a place in its error.
func (b *Builder[U, I]) addOrder(o *Order[U, I]) error {
	paid, units, err := o.sums()
	if err != nil {
		return err
	}
	if o.Test {
		return nil
	}
	at := o.At.UnixNano()
	if at >= b.cut {
		b.late++
		return nil
	}
	if err := b.money(o.Currency); err != nil { // of what enters alone: the rest leaves no trace
		return err
	}
	u, err := b.index(o.User)
	if err != nil {
		return err
	}
	if !fits(b.flowOf(u, flowPaid), paid) || !fits(b.flowOf(u, flowUnits), units) {
		return fmt.Errorf("sums of %w", check.Private("user", -1, o.User, o.ID, ErrOverflow))
	}
	w := b.decayed(b.weight[Purchase], at)
	for i := range o.Lines {
		l := &o.Lines[i]
		err := b.likes(u, l.Category, l.Brand, w)
		if err == nil && len(b.opt.PriceBands) > 0 {
			err = b.like(u, PriceBand, bandName(b.opt.PriceBands, l.Price), w)
		}
		if err == nil && i == 0 {
			err = b.comes(u, o.Channel, o.Campaign, o.Device, w)
		}
		if err == nil && i == 0 && len(b.extra.list) > 0 {
			err = b.featureOrder(u, at, paid, units, o)
		}
		if err != nil {
			return check.Private("order", -1, o.ID, nil, err)
		}
	}
	b.currency = strings.ToUpper(o.Currency)
	k := b.bucket(at)
	b.flowOf(u, flowOrders)[k]++
	b.flowOf(u, flowUnits)[k] += units
	b.flowOf(u, flowPaid)[k] += paid
	b.roll(u, at, kinds+flowOrders, 1)
	b.roll(u, at, kinds+flowUnits, units)
	b.roll(u, at, kinds+flowPaid, paid)
	s := &b.state[u]
	s.see(at)
	s.firstOrder = min(s.firstOrder, at)
	s.lastOrder = max(s.lastOrder, at)
	return nil
}

var bandNames = [...]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}

// bandName is the label of a price among ascending bounds.
func bandName(bounds []int64, price int64) string {
	i, found := slices.BinarySearch(bounds, price)
	if found {
		i++
	}
	if i < len(bandNames) {
		return bandNames[i]
	}
	return fmt.Sprint(i)
}

// fits reports whether x, not below 0, may be added to the buckets of a flow: their sum stays below 2⁵⁹,
// a bound that neither the order of records nor an Advance, which cuts other buckets, moves.
func fits(flow []int64, x int64) bool {
	for _, s := range flow {
		if x >= 1<<59 {
			return false
		}
		x += s
	}
	return x < 1<<59
}

// AddRefund takes money given back, at the time it was given back. Amount must
// say how much: take the refunds that clean.Ledger.Settle applied, which never exceed
// what was paid and resolve cancellations. Too many words of states are as in Add.
func (b *Builder[U, I]) AddRefund(r *Refund[U, I]) error {
	if err := b.made("profile: Builder.AddRefund"); err != nil {
		return err
	}
	if err := b.addRefund(r); err != nil {
		return fmt.Errorf("profile: Builder.AddRefund: %w", err)
	}
	return nil
}

// addRefund is AddRefund without a place in its error.
func (b *Builder[U, I]) addRefund(r *Refund[U, I]) error {
	err := r.Validate()
	if err == nil && r.Cancel && r.Amount == 0 {
		err = check.Private("refund", -1, r.ID, nil, fmt.Errorf("cancels an order without an Amount (use clean.Ledger.Settle): %w", ErrRange))
	}
	if err != nil {
		return err
	}
	at := r.At.UnixNano()
	if at >= b.cut {
		b.late++
		return nil
	}
	if err := b.money(r.Currency); err != nil {
		return err
	}
	u, err := b.index(r.User)
	if err != nil {
		return err
	}
	refunded := b.flowOf(u, flowRefunded)
	if !fits(refunded, r.Amount) {
		return fmt.Errorf("sums of %w", check.Private("user", -1, r.User, r.ID, ErrOverflow))
	}
	if len(b.extra.list) > 0 {
		if err := b.featureRefund(u, at, r); err != nil {
			return check.Private("refund", -1, r.ID, nil, err)
		}
	}
	b.currency = strings.ToUpper(r.Currency)
	refunded[b.bucket(at)] += r.Amount
	b.roll(u, at, kinds+flowRefunded, r.Amount)
	b.state[u].see(at)
	return nil
}
