package ads

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/limit"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict"
)

// Pace is how a budget is spread from Ad.From to Ad.To.
type Pace uint8

// The paces.
const (
	PaceNone   Pace = iota // as fast as it goes
	PaceBucket             // by a token bucket: what is left over what time is left, ServerOptions.Burst ahead at most
	PacePID                // by the share of pages bid for, which a controller sets each ServerOptions.Period
)

// Outcome is what became of an impression.
type Outcome uint8

// The outcomes.
const (
	Shown   Outcome = iota // it was served: Serve has counted it; told again for a replay only
	Viewed                 // somebody looked at it: charged for CPM
	Clicked                // charged for CPC and OCPC
	Acted                  // somebody bought, say: charged for CPA
)

// Request is one page for one user.
type Request[U predict.ID] struct {
	ID    uint64    // of the page, another one for each: what is drawn for it and which events are its own
	User  U         // for caps
	At    time.Time // when; there is no clock in here
	Query Query     // for whom and on what page
}

// Impression is an ad that is served. It is the line of a log: Server.Record takes it back with what became of it, and
// an off-policy estimate needs Creative, Propensity and whether it was clicked.
type Impression[U predict.ID] struct {
	Request uint64 // Request.ID
	User    U      // who
	// At is when: Request.At, or so many nanoseconds before that no other impression of this ad and user,
	// that a cap asks for, is of the same instant, and a log tells them apart.
	At         time.Time
	Ad         string  // what
	Advertiser string  // of the ad
	Creative   string  // of the ad
	Position   int     // index of AuctionOptions.Examination
	Pricing    Pricing // what Price is for
	Price      int64   // see Place
	Score      float64 // see Place
	// Propensity is the probability of the creative, given the ad and its place, as
	// ServerOptions.Choose told it; 1 without.
	Propensity float64
}

// Path returns what was shown, for Clicks and Actions.
func (i Impression[U]) Path() Path { return Path{i.Advertiser, i.Ad, i.Creative} }

// ServerOptions configures NewServer.
type ServerOptions[U predict.ID] struct {
	Auction AuctionOptions // positions and prices
	// Clicks and Actions are the rates of an ad, by FitRates; nil: 0 for Actions, .01 for Clicks. Swap
	// changes them.
	Clicks, Actions *Rates
	// Predict, when set, gives the probabilities of a click and of an action after it for this request and ad, click
	// and action being those by the rates: any model of the caller's. Both in [0, 1]. It runs on many
	// goroutines at once, and must keep neither pointer.
	Predict func(request *Request[U], ad *Ad, click, action float64) (float64, float64)
	// Choose, when set, chooses one of n creatives of an ad that is placed, as a bandit of package
	// recommend/bandit does, and tells with what probability, in (0, 1]. Otherwise the one with
	// the best rate of clicks is taken. It runs on many goroutines at once, and must keep neither pointer.
	Choose func(ad *Ad, request *Request[U]) (creative int, propensity float64, err error)
	Caps   []Cap // of all ads together, for one user
	// Ledger is what has been spent and seen; nil: a new one. Servers that share one share budgets and caps.
	Ledger *Ledger[U]
	// Hold is how long the price of an impression of an ad with a Budget is set aside for what may become of it, > 0: as many
	// impressions as could all be charged wait at once, none is charged less than its price, and what is not told by then is
	// given back. That is told by the clocks of pages: servers whose clocks differ by Hold give back what the other has set aside, and
	// the last events may cost less; the budget holds. 0: nothing is set aside; where many are shown for the last of a budget, the last events cost less.
	Hold   time.Duration
	Burst  time.Duration // of PaceBucket: how far spending may be ahead, > 0; default 10 minutes
	Period time.Duration // of PacePID: how often the share changes, > 0; default 5 minutes
}

func (o ServerOptions[U]) withDefaults() ServerOptions[U] {
	o.Burst = check.Default(o.Burst, 10*time.Minute)
	o.Period = check.Default(o.Period, 5*time.Minute)
	return o
}

func (o ServerOptions[U]) validate(where string) error {
	var c check.Options
	check.Positive(&c, "Burst", o.Burst)
	check.Positive(&c, "Period", o.Period)
	check.NonNegative(&c, "Hold", o.Hold)
	c.Require(o.Ledger == nil || o.Ledger.made(), "Ledger", nil, "one made by NewLedger")
	c.Require(o.Clicks == nil || o.Clicks.of != nil, "Clicks", nil, "made by FitRates")
	c.Require(o.Actions == nil || o.Actions.of != nil, "Actions", nil, "made by FitRates")
	if err := checkCaps(o.Caps); err != nil {
		c.Require(false, "Caps", err, "caps that can be")
	}
	return c.Err(where)
}

// Server serves ads: it finds those that may stand on a page, drops those whose time, budget,
// pace or caps forbid it, lets the others bid, and chooses creatives. All methods may be called
// by many goroutines at once. It has no clock, and no goroutines of its own. Make one with NewServer.
type Server[U predict.ID] struct {
	opt     ServerOptions[U]
	auction *Auction
	change  sync.Mutex // of state, with the budgets that the ledger has for it
	state   atomic.Pointer[serving]
	pool    sync.Pool // *page[U]
}

// serving is what Swap replaces at once.
type serving struct {
	catalogue     *Catalogue
	accounts      []*account // by ad
	click, action []float64  // by ad
	best          []int32    // by ad: the creative with the best rate
}

// page is the memory of one request.
type page[U predict.ID] struct {
	request Request[U]
	matches []int32
	bids    []Bid
	places  []Place
}

// NewServer returns a server of a catalogue. ErrEmpty without one, ErrOption, also for a Cap that is longer than
// the Ledger remembers.
func NewServer[U predict.ID](catalogue *Catalogue, opt ServerOptions[U]) (*Server[U], error) {
	const where = "ads: NewServer"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	if opt.Ledger == nil {
		opt.Ledger, _ = NewLedger[U](LedgerOptions{})
	}
	auction, err := NewAuction(opt.Auction)
	if err != nil {
		return nil, fmt.Errorf("%s: Auction: %w", where, err)
	}
	opt.Caps = slices.Clone(opt.Caps)
	s := &Server[U]{opt: opt, auction: auction}
	if err := s.swap(where, catalogue, opt.Clicks, opt.Actions); err != nil {
		return nil, err
	}
	return s, nil
}

// Swap serves another catalogue and other rates from the next request on; nil rates are those of
// ServerOptions. Ads with the same ID go on with what they have spent. ErrEmpty without a catalogue, ErrOption; then
// nothing is changed. Cost: O(ads).
func (s *Server[U]) Swap(catalogue *Catalogue, clicks, actions *Rates) error {
	const where = "ads: Server.Swap"
	if s == nil || s.auction == nil {
		return fmt.Errorf("%s: no server: %w", where, ErrEmpty)
	}
	if clicks == nil {
		clicks = s.opt.Clicks
	}
	if actions == nil {
		actions = s.opt.Actions
	}
	return s.swap(where, catalogue, clicks, actions)
}

// swap looks up once what does not change from page to page.
func (s *Server[U]) swap(where string, catalogue *Catalogue, clicks, actions *Rates) error {
	if catalogue == nil || catalogue.index == nil {
		return fmt.Errorf("%s: no catalogue: %w", where, ErrEmpty)
	}
	if clicks != nil && clicks.of == nil || actions != nil && actions.of == nil {
		return fmt.Errorf("%s: rates that FitRates has not made: %w", where, ErrOption)
	}
	if err := s.remembered(s.opt.Caps); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	for i := range catalogue.ads {
		if err := s.remembered(catalogue.ads[i].Caps); err != nil {
			return fmt.Errorf("%s: ad %q: %w", where, catalogue.ads[i].ID, err)
		}
	}
	s.change.Lock()
	defer s.change.Unlock()
	next := &serving{catalogue: catalogue}
	for i := range catalogue.ads {
		a := &catalogue.ads[i]
		next.accounts = append(next.accounts, s.opt.Ledger.open(a.ID, a.Budget))
		click, action := .01, 0.
		if clicks != nil {
			click = clicks.Of(Path{a.Advertiser, a.ID, ""}).Mean
		}
		if actions != nil {
			action = actions.Of(Path{a.Advertiser, a.ID, ""}).Mean
		}
		best, top := 0, -1.
		for k, creative := range a.Creatives {
			if clicks != nil {
				if m := clicks.Of(Path{a.Advertiser, a.ID, creative}).Mean; m > top {
					best, top = k, m
				}
			}
		}
		next.click, next.action, next.best = append(next.click, click), append(next.action, action), append(next.best, int32(best))
	}
	s.state.Store(next)
	return nil
}

func (s *Server[U]) remembered(caps []Cap) error {
	for _, c := range caps {
		if c.Per > s.opt.Ledger.opt.Remember {
			return fmt.Errorf("a cap within %v, the ledger remembers %v: %w", c.Per, s.opt.Ledger.opt.Remember, ErrOption)
		}
	}
	return nil
}

// Ledger returns the ledger of the server: that of ServerOptions, or its own.
func (s *Server[U]) Ledger() *Ledger[U] {
	if s == nil {
		return nil
	}
	return s.opt.Ledger
}

// Serve appends the ads of a page, best place first; none where there are none. An ad takes part
// where it may stand on the page, its target fits, its time has come, what is left of its
// budget is as much as its bid for what is charged, its pace allows it, and no cap is full, or asks for what the ledger no longer remembers. What is served counts for the caps at
// once; money is spent by Record. A place that the caps of all ads leave without an ad stays empty.
//
// ErrRange for a time that is missing; ErrRange and ErrNotFinite for what Predict and Choose
// answer, and the error of Choose; ErrEmpty for a Server that NewServer has not made; then dst is as it came,
// and nothing is counted. No allocation in steady state, but for users who are new and what the functions of the caller take.
// Cost: Catalogue.AppendMatches, O(1) for each match, and the auction.
func (s *Server[U]) Serve(dst []Impression[U], request Request[U]) ([]Impression[U], error) {
	const where = "ads: Server.Serve"
	if s == nil || s.auction == nil {
		return dst, fmt.Errorf("%s: no server: %w", where, ErrEmpty)
	}
	if err := check.Time("At", request.At); err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	p, _ := s.pool.Get().(*page[U])
	if p == nil {
		p = new(page[U])
	}
	defer s.pool.Put(p)
	p.request = request
	v := s.state.Load()
	var err error
	if p.matches, err = v.catalogue.AppendMatches(p.matches[:0], request.Query); err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	out := dst
	stripe := s.opt.Ledger.stripe(request.User)
	stripe.mu.Lock()
	defer stripe.mu.Unlock()
	stripe.tell(request.At.UnixNano(), int64(s.opt.Ledger.opt.Remember))
	s.bid(p, v, stripe)
	if p.places, err = s.auction.AppendPlaces(p.places[:0], p.bids); err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	for i := range p.places {
		place := &p.places[i]
		ad := &v.catalogue.ads[place.Ad]
		creative, propensity := int(v.best[place.Ad]), 1.
		if s.opt.Choose != nil {
			if creative, propensity, err = s.opt.Choose(ad, &p.request); err != nil {
				return dst, fmt.Errorf("%s: Choose: %w", where, err)
			}
			if creative < 0 || creative >= len(ad.Creatives) || !(propensity > 0 && propensity <= 1) {
				return dst, fmt.Errorf("%s: Choose answers creative %d of %d with probability %v: %w", where, creative, len(ad.Creatives), propensity, ErrRange)
			}
		}
		out = append(out, Impression[U]{
			request.ID, request.User, request.At, ad.ID, ad.Advertiser, ad.Creatives[creative], place.Position, ad.Pricing, place.Price, place.Score, propensity,
		})
	}
	n := len(dst)
	for i := range p.places { // nothing can go wrong any more but the room for impressions
		ad := p.places[i].Ad
		x := &out[len(dst)+i]
		held := s.opt.Hold > 0 && v.catalogue.ads[ad].Budget != 0
		if held && !v.accounts[ad].hold(x.Request, x.Pricing.cost(x.Price), request.At.UnixNano()) {
			continue // another server was faster
		}
		if len(s.opt.Caps)+len(v.catalogue.ads[ad].Caps) > 0 && !stripe.count(x, s.opt.Caps, v.accounts[ad].number) {
			if held {
				v.accounts[ad].drop(x.Request)
			}
			continue
		}
		out[n] = *x
		n++
	}
	return out[:n], nil
}

// bid makes the bids of those matches that may be shown. The lock of the stripe is held.
func (s *Server[U]) bid(p *page[U], v *serving, stripe *stripe[U]) {
	request := &p.request
	at := request.At.UnixNano()
	p.bids = p.bids[:0]
	forgotten := stripe.counts.Forgotten(request.User, at) // what could not be counted must not take a place
	if len(s.opt.Caps) > 0 && (forgotten || stripe.full(s.opt.Caps, request.User, limit.All, at)) {
		return
	}
	for _, i := range p.matches {
		ad, account := &v.catalogue.ads[i], v.accounts[i]
		if request.At.Before(ad.From) || !ad.To.IsZero() && !request.At.Before(ad.To) {
			continue
		}
		if s.opt.Hold > 0 && ad.Budget != 0 {
			account.mu.Lock()
			account.release(at, int64(s.opt.Hold))
			account.mu.Unlock()
		}
		if ad.Budget != 0 && (account.left() < most(ad, 0) || ad.Pace != PaceNone && !s.paced(ad, account, request.ID, at)) {
			continue
		}
		if len(ad.Caps) > 0 && (forgotten || stripe.full(ad.Caps, request.User, account.number, at)) {
			continue
		}
		click, action := v.click[i], v.action[i]
		if s.opt.Predict != nil {
			click, action = s.opt.Predict(request, ad, click, action)
		}
		if ad.Budget != 0 && ad.Pricing == OCPC && account.left() < most(ad, action) {
			continue
		}
		p.bids = append(p.bids, Bid{i, v.catalogue.by[i], ad.Amount, ad.Pricing, click, action, ad.Quality, ad.Reserve})
	}
}

// most is what one event of the ad may cost, in thousandths, where a click leads to an action with a probability that only OCPC reads: whatever
// it is, at least 1.
func most(ad *Ad, action float64) int64 {
	switch ad.Pricing {
	case CPM:
		return ad.Amount
	case OCPC:
		return max(1, int64(math.Ceil(float64(ad.Amount)*thousandths*min(max(action, 0), 1))))
	}
	return ad.Amount * thousandths
}

// cost is what one event costs at a price, in thousandths.
func (p Pricing) cost(price int64) int64 {
	if p == CPM || p == OCPC {
		return price
	}
	return price * thousandths
}

// most is the highest price.
func (p Pricing) most() int64 {
	if p == OCPC {
		return maxBid * thousandths
	}
	return maxBid
}

// paced reports whether the pace of an ad lets it bid now.
func (s *Server[U]) paced(ad *Ad, a *account, request uint64, at int64) bool {
	left, end := float64(a.left()), ad.To.UnixNano()
	a.mu.Lock()
	defer a.mu.Unlock()
	if ad.Pace == PaceBucket {
		return a.bucket.Level(at, end, int64(s.opt.Burst), left) > 0
	}
	_, spent, _ := a.budget.State()
	switch period := int64(s.opt.Period); {
	case a.start == 0 || a.late.Anew(a.start, at, period):
		a.start, a.spent = at, spent
	case at-a.start >= period:
		total := left + float64(spent-a.spent) // what was left at the start of the period
		if target := total * float64(at-a.start) / float64(max(end-a.start, 1)); target > 0 {
			a.pid.Update(target, float64(spent-a.spent))
		}
		a.start, a.spent = at, spent
	}
	return rng.Unit(rng.Hash(request, uint64(a.number), 0x9ace)) < a.pid.Share()
}

// Record takes what became of an impression, at an instant, and returns what that costs, in
// thousandths of the unit of money: Price·1000 for what the pricing charges, Price for one
// impression or, of OCPC, click of a thousand, less where the budget is at its end, and 0 for what is not charged.
//
// The same event told again is ErrDuplicate and changes nothing, but for one that is not charged, which is not kept, so that logs may be replayed: those of Shown,
// at Impression.At, bring back the caps, the others the budgets. An impression is its Request and Ad; what else it says is
// taken as it comes, so that it must not be the customer who can write it. Errors: ErrEmpty for a Server that NewServer has not
// made and an impression without an ad; ErrUnknownID for an ad that the ledger has never had; ErrRange for an outcome that is none, a price below 0 or above 1e15, of OCPC 1e18, a time that is
// missing, one longer ago than the ledger remembers, and one of more than 65,536 that are further ahead than Keep of what most events say.
func (s *Server[U]) Record(impression Impression[U], outcome Outcome, at time.Time) (cost int64, err error) {
	const where = "ads: Server.Record"
	if s == nil || s.auction == nil {
		return 0, fmt.Errorf("%s: no server: %w", where, ErrEmpty)
	}
	if impression.Ad == "" {
		return 0, fmt.Errorf("%s: no ad: %w", where, ErrEmpty)
	}
	if outcome > Acted || impression.Pricing > CPM || impression.Price < 0 || impression.Price > impression.Pricing.most() {
		return 0, fmt.Errorf("%s: outcome %d of a %v for %d: %w", where, outcome, impression.Pricing, impression.Price, ErrRange)
	}
	if err := check.Time("at", at); err != nil {
		return 0, fmt.Errorf("%s: %w", where, err)
	}
	l := s.opt.Ledger
	a, err := l.find(impression.Ad)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", where, err)
	}
	if outcome == Shown {
		if err := l.shown(a, impression.User, at.UnixNano()); err != nil {
			return 0, fmt.Errorf("%s: %w", where, err)
		}
		return 0, nil
	}
	if outcome != [...]Outcome{CPC: Clicked, OCPC: Clicked, CPA: Acted, CPM: Viewed}[impression.Pricing] {
		return 0, nil
	}
	if cost, err = l.charge(a, impression.Request, outcome, impression.Pricing.cost(impression.Price), at.UnixNano()); err != nil {
		return 0, fmt.Errorf("%s: %w", where, err)
	}
	return cost, nil
}

// shown counts an impression of a log, unless it is known.
func (l *Ledger[U]) shown(a *account, user U, at int64) error {
	s := l.stripe(user)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell(at, int64(l.opt.Remember))
	if s.counts.Has(user, a.number, at) {
		return fmt.Errorf("told before: %w", ErrDuplicate)
	}
	return s.counts.Add(user, a.number, at)
}
