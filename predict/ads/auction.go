package ads

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/aislekit/aisle/internal/check"
)

// Pricing says what a Bid is for, and what is charged.
type Pricing uint8

// The pricings.
const (
	CPC  Pricing = iota // bid and charged for a click
	OCPC                // bid for an action, charged for a click at the probability that it leads to one; prices are those of a thousand clicks
	CPA                 // bid and charged for an action
	CPM                 // bid and charged for a thousand impressions that were looked at
)

// String returns the name of the pricing.
func (p Pricing) String() string {
	if int(p) < len(pricings) {
		return pricings[p]
	}
	return fmt.Sprintf("Pricing(%d)", uint8(p))
}

var pricings = [...]string{CPC: "CPC", OCPC: "OCPC", CPA: "CPA", CPM: "CPM"}

// Payment is the rule of prices.
type Payment uint8

// The rules of prices.
const (
	// GSP is the generalised second price: what an ad must bid to keep its position. Cheap to
	// explain; a bid below the value may pay better than the value.
	GSP Payment = iota
	// VCG charges what the others lose by the ad's presence, so that the best bid is the value.
	VCG
	// FirstPrice charges the bid.
	FirstPrice
)

// maxPositions bounds the positions of a page, maxBid an amount.
const (
	maxPositions = 4096
	maxBid       = int64(check.MaxAmount)
)

// AuctionOptions configures NewAuction.
type AuctionOptions struct {
	// Examination is the probability that somebody looks at a position, in (0, 1], best
	// position first in most pages, though any order will do; default one position of 1. From
	// Examination.Positions.
	Examination []float64
	Payment     Payment // rule of prices; default GSP
	// Reserve is the least amount to be bid and paid, for whatever is bid for, >= 0; a Bid may
	// have a higher one of its own.
	Reserve int64
	// MinScore is the least score of an ad, in amounts for an impression that is looked at, >= 0.
	MinScore float64
	// Increment is what a price of GSP lies above the least that keeps the position, >= 0.
	Increment int64
	// PerAdvertiser is how many positions one advertiser may have; 0: any number.
	PerAdvertiser int
}

func (o AuctionOptions) withDefaults() AuctionOptions {
	if len(o.Examination) == 0 {
		o.Examination = []float64{1}
	}
	return o
}

func (o AuctionOptions) validate(where string) error {
	var c check.Options
	c.Require(len(o.Examination) <= maxPositions, "Examination", len(o.Examination), "at most 4096 positions")
	for k, a := range o.Examination {
		c.Require(a > 0 && a <= 1, fmt.Sprintf("Examination[%d]", k), a, "in (0, 1]")
	}
	c.Require(o.Payment <= FirstPrice, "Payment", o.Payment, "GSP, VCG or FirstPrice")
	c.Require(o.Reserve >= 0 && o.Reserve <= maxBid, "Reserve", o.Reserve, "in [0, 1e15]")
	c.Require(o.MinScore >= 0 && o.MinScore <= check.MaxAmount, "MinScore", o.MinScore, "in [0, 1e15]")
	c.Require(o.Increment >= 0 && o.Increment <= maxBid, "Increment", o.Increment, "in [0, 1e15]")
	check.NonNegative(&c, "PerAdvertiser", o.PerAdvertiser)
	return c.Err(where)
}

// Bid is what an ad offers for a position.
type Bid struct {
	Ad         int32   // number of the ad, each once
	Advertiser int32   // number of the advertiser, for AuctionOptions.PerAdvertiser
	Amount     int64   // for what Pricing says, in [1, 1e15] of the caller's smallest unit of money
	Pricing    Pricing // what Amount is for; default CPC
	Click      float64 // probability of a click by somebody who looks at the ad, in [0, 1]; CPM does not read it
	Action     float64 // probability that a click leads to an action, in [0, 1]; OCPC and CPA read it
	Quality    float64 // factor of the score, >= 0; 0: 1
	Reserve    int64   // least amount of this ad, beside that of the auction
}

// Place is an ad in its position.
type Place struct {
	Ad       int32 // Bid.Ad
	Index    int   // of the bid among those given
	Position int   // index of AuctionOptions.Examination
	// Price is what one event costs, that is a click for CPC, a thousand of them for OCPC, an action for CPA and a
	// thousand impressions that were looked at for CPM: Exact rounded up to a whole unit, and
	// never above what was bid.
	Price int64
	Exact float64 // the price before rounding
	Score float64 // expected value of an impression that is looked at, times Quality: what the rank is by
	// Expected is what is to be paid for the page, by Price, Examination and the probabilities.
	Expected float64
}

// Auction ranks ads by their expected value and prices positions. It is immutable and safe for
// concurrent use.
//
// Money is whole numbers of one unit, the same in bids, reserves and prices. Where a click
// costs little take micros, millionths of the currency: prices are rounded up to the unit.
type Auction struct {
	opt   AuctionOptions
	order []int     // positions, the one that is looked at most first
	seen  []float64 // Examination in that order, and a 0 behind it
	pool  sync.Pool // *auctionScratch
}

// entry is a bid that may win.
type entry struct {
	score  float64 // value·weight
	value  float64 // bid for what is charged
	weight float64 // score of one unit of value
	event  float64 // probability of what is charged, for an impression that is looked at
	floor  float64 // least price of what is charged
	more   float64 // Increment
	ad, by int32
	i      int32
}

// auctionScratch is the memory of one auction.
type auctionScratch struct {
	ids     []int32
	entries []entry
	winners []int32
	rivals  []int32 // advertisers that hold positions while a price is sought
}

// NewAuction returns an auction. ErrOption.
func NewAuction(opt AuctionOptions) (*Auction, error) {
	opt = opt.withDefaults()
	if err := opt.validate("ads: NewAuction"); err != nil {
		return nil, err
	}
	opt.Examination = slices.Clone(opt.Examination)
	a := &Auction{opt: opt}
	for k := range opt.Examination {
		a.order = append(a.order, k)
	}
	slices.SortStableFunc(a.order, func(j, k int) int { return cmp.Compare(opt.Examination[k], opt.Examination[j]) })
	for _, k := range a.order {
		a.seen = append(a.seen, opt.Examination[k])
	}
	a.seen = append(a.seen, 0)
	return a, nil
}

// AppendPlaces appends the ads that win positions, the position that is looked at most first.
// The score of a bid is its expected value for an impression that is looked at,
//
//	CPC   Amount·Click·Quality          OCPC, CPA  Amount·Click·Action·Quality
//	CPM   Amount·Quality/1000
//
// Positions go by score; equal ones by ascending Ad. Bids below a reserve or MinScore, or with
// a score of 0, get none; positions for which there is no bid stay empty, so that no bids give
// no places. Of OCPC, bids of less than a thousandth of a unit for a click get none either. Prices, with s the scores, w the score of one unit bid and a the examination:
//
//	GSP   s_{k+1}/w_k + Increment
//	VCG   Σ_{j≥k} (a_j − a_{j+1})·s_{j+1} / (a_k·w_k)
//
// both at least the reserves, which take the place of lower s_{j+1} and of one that is not there, and at most the
// bid: without a reserve the last ad may pay 0. Where PerAdvertiser holds an ad back, s_{k+1} is that of the next that would get the position. With VCG no bid pays better than
// the value, up to the rounding of one unit.
//
// ErrEmpty for an Auction that NewAuction has not made; ErrRange, ErrNotFinite, ErrDuplicate for
// bids that cannot be, named by index; then dst is as it came. No allocation in steady state. Cost:
// O(n log n) of n bids, and O(n) a position with PerAdvertiser.
//
// Sources: Edelman, Ostrovsky and Schwarz, American Economic Review 97, 2007; Varian, Int. J. of Industrial Organization 25,
// 2007; Aggarwal, Goel and Motwani, EC 2006 (prices of VCG in steps).
func (a *Auction) AppendPlaces(dst []Place, bids []Bid) ([]Place, error) {
	const where = "ads: Auction.AppendPlaces"
	if a == nil || len(a.seen) == 0 {
		return dst, fmt.Errorf("%s: not made by NewAuction: %w", where, ErrEmpty)
	}
	s, _ := a.pool.Get().(*auctionScratch)
	if s == nil {
		s = new(auctionScratch)
	}
	defer a.pool.Put(s)
	if err := s.distinct(bids); err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	s.entries = s.entries[:0]
	for i := range bids {
		if err := bids[i].check(i); err != nil {
			return dst, fmt.Errorf("%s: %w", where, err)
		}
		if e, ok := a.enter(&bids[i], i); ok {
			s.entries = append(s.entries, e)
		}
	}
	slices.SortFunc(s.entries, func(x, y entry) int {
		return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(x.ad, y.ad))
	})
	s.choose(len(a.order), a.opt.PerAdvertiser)
	for k, w := range s.winners {
		e := &s.entries[w]
		exact := a.price(s, k)
		price := whole(exact, e.value)
		dst = append(dst, Place{
			Ad: e.ad, Index: int(e.i), Position: a.order[k], Price: price, Exact: exact, Score: e.score,
			Expected: a.seen[k] * e.event * float64(price),
		})
	}
	return dst, nil
}

// distinct refuses an ad that bids twice. Bids in ascending order of their ads cost one pass.
func (s *auctionScratch) distinct(bids []Bid) error {
	ascending := true
	for i := 1; i < len(bids) && ascending; i++ {
		ascending = bids[i-1].Ad < bids[i].Ad
	}
	if ascending {
		return nil
	}
	s.ids = s.ids[:0]
	for i := range bids {
		s.ids = append(s.ids, bids[i].Ad)
	}
	slices.Sort(s.ids)
	for i := 1; i < len(s.ids); i++ {
		if s.ids[i] == s.ids[i-1] {
			return fmt.Errorf("ad %d bids twice: %w", s.ids[i], ErrDuplicate)
		}
	}
	return nil
}

// check refuses a bid that cannot be.
func (b *Bid) check(i int) error {
	bad := func(field string, value any, want string, err error) error {
		return fmt.Errorf("bids[%d].%s is %v, want %s: %w", i, field, value, want, err)
	}
	switch {
	case b.Amount < 1 || b.Amount > maxBid:
		return bad("Amount", b.Amount, "in [1, 1e15]", ErrRange)
	case b.Pricing > CPM:
		return bad("Pricing", b.Pricing, "CPC, OCPC, CPA or CPM", ErrRange)
	case math.IsNaN(b.Click) || math.IsNaN(b.Action) || !check.Finite(b.Quality):
		return bad("Click, Action or Quality", [3]float64{b.Click, b.Action, b.Quality}, "numbers", ErrNotFinite)
	case !(b.Click >= 0 && b.Click <= 1):
		return bad("Click", b.Click, "in [0, 1]", ErrRange)
	case !(b.Action >= 0 && b.Action <= 1):
		return bad("Action", b.Action, "in [0, 1]", ErrRange)
	case !(b.Quality >= 0 && b.Quality <= 1e6):
		return bad("Quality", b.Quality, "in [0, 1e6]", ErrRange)
	case b.Reserve < 0 || b.Reserve > maxBid:
		return bad("Reserve", b.Reserve, "in [0, 1e15]", ErrRange)
	}
	return nil
}

// enter returns the entry of a bid, and whether it may win at all.
func (a *Auction) enter(b *Bid, i int) (entry, bool) {
	e := entry{value: float64(b.Amount), more: float64(a.opt.Increment), floor: float64(max(b.Reserve, a.opt.Reserve)), ad: b.Ad, by: b.Advertiser, i: int32(i)}
	switch b.Pricing {
	case CPC:
		e.event = b.Click
	case OCPC:
		e.event, e.value, e.floor, e.more = b.Click/thousandths, e.value*b.Action*thousandths, e.floor*b.Action*thousandths, e.more*thousandths
	case CPA:
		e.event = b.Click * b.Action
	case CPM:
		e.event = 1e-3
	}
	e.weight = e.event
	if b.Quality != 0 {
		e.weight *= b.Quality
	}
	e.score = e.value * e.weight
	if !(e.score > 0) || settled(e.value, math.Floor) < 1 || e.value < e.floor || e.score < a.opt.MinScore {
		return entry{}, false
	}
	e.floor = max(e.floor, a.opt.MinScore/e.weight)
	return e, true
}

// choose gives positions to the best entries, as far as their advertisers have room. That is
// the assignment of the greatest sum of scores times examination.
func (s *auctionScratch) choose(positions, perAdvertiser int) {
	s.winners, s.rivals = s.winners[:0], s.rivals[:0]
	for i := range s.entries {
		if len(s.winners) == positions {
			return
		}
		if by := s.entries[i].by; perAdvertiser == 0 || count(s.rivals, by) < perAdvertiser {
			s.winners, s.rivals = append(s.winners, int32(i)), append(s.rivals, by)
		}
	}
}

func count(xs []int32, x int32) (n int) {
	for _, y := range xs {
		if x == y {
			n++
		}
	}
	return n
}

// price returns the price of the event of the winner with rank k, before rounding. It walks
// down the list of those who would have the positions from k on if the winner were not there:
// each of their scores is what must be bid to keep the position that they would have.
func (a *Auction) price(s *auctionScratch, k int) float64 {
	e := &s.entries[s.winners[k]]
	if a.opt.Payment == FirstPrice {
		return e.value
	}
	s.rivals = s.rivals[:0]
	for _, w := range s.winners[:k] {
		s.rivals = append(s.rivals, s.entries[w].by)
	}
	at, sum, room := k, 0.0, a.opt.PerAdvertiser
	for i := int(s.winners[k]) + 1; i < len(s.entries) && at < len(a.order); i++ {
		r := &s.entries[i]
		taken := 0
		if room > 0 {
			if taken = count(s.rivals, r.by); taken >= room {
				continue
			}
		}
		least := max(r.score/e.weight, e.floor)
		if a.opt.Payment == GSP {
			return min(max(r.score/e.weight+e.more, e.floor), e.value)
		}
		// The last of the winner's advertiser that there would be room for has no position beside
		// the winner: below it the winner has none either.
		if room > 0 && r.by == e.by && taken == room-1 {
			return min((sum+a.seen[at]*least)/a.seen[k], e.value)
		}
		sum += (a.seen[at] - a.seen[at+1]) * least
		s.rivals = append(s.rivals, r.by)
		at++
	}
	if a.opt.Payment == GSP { // nobody to be kept off
		return min(e.floor, e.value)
	}
	return min((sum+a.seen[at]*e.floor)/a.seen[k], e.value)
}

// whole rounds a price up, but not above value.
func whole(price, value float64) int64 {
	return int64(min(settled(price, math.Ceil), settled(value, math.Floor)))
}

// settled rounds x, but to the whole number that it misses by no more than the noise of a division.
func settled(x float64, round func(float64) float64) float64 {
	if r := math.Round(x); math.Abs(x-r) <= min(1e-12*x, 1e-3) {
		return r
	}
	return round(x)
}
