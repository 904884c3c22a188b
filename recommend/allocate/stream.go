package allocate

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/rng"
)

// StreamOptions configures NewStream.
type StreamOptions struct {
	PerUser int     // offers a request gets at most, >= 1; default 1
	Limits  []int64 // shared limits, >= 0: money in minor units, views, parcels

	// Requests is how many requests are expected while stocks and limits have to last, >= 0. Prices
	// are learned so that they do. 0: not known; nothing is learned then, and stock is
	// balanced whatever may come.
	Requests int64
	// StockPrice and LimitPrice are prices to begin with, finite and >= 0: those of a Plan for as many
	// requests as are expected. Wrong ones are unlearned within a few of a hundred requests. With
	// Requests only; nil begins at 0.
	StockPrice, LimitPrice []float64
	// Memory is how many requests of the past prices are learned from, of each the 16
	// proposals of largest value, 16 bytes each; default 8192, at most 2²⁰.
	Memory int
	// Lessons is how many of these are looked at again after each request; default 64, at most 65536.
	Lessons int
	// Seed draws which requests are remembered and looked at.
	Seed uint64
}

func (o StreamOptions) withDefaults() StreamOptions {
	o.PerUser = check.Default(o.PerUser, 1)
	o.Memory = check.Default(o.Memory, 8192)
	o.Lessons = check.Default(o.Lessons, 64)
	o.Limits = slices.Clone(o.Limits)
	o.StockPrice, o.LimitPrice = slices.Clone(o.StockPrice), slices.Clone(o.LimitPrice)
	return o
}

// validate checks every field, prices against the offers and limits they are of.
func (o StreamOptions) validate(offers int) error {
	var c check.Options
	c.Require(o.PerUser >= 1 && o.PerUser <= math.MaxInt32, "PerUser", o.PerUser, "at least 1")
	c.Require(o.Requests >= 0 && o.Requests <= 1<<53, "Requests", o.Requests, "at least 0")
	c.Require(o.Memory >= 1 && o.Memory <= 1<<20, "Memory", o.Memory, "1 to 1048576")
	c.Require(o.Lessons >= 1 && o.Lessons <= 1<<16, "Lessons", o.Lessons, "1 to 65536")
	for i, l := range o.Limits {
		c.Require(l >= 0, fmt.Sprintf("Limits[%d]", i), l, "at least 0")
	}
	prices := func(name string, p []float64, n int) {
		if p == nil {
			return
		}
		c.Require(len(p) == n, name, len(p), fmt.Sprintf("%d prices", n))
		c.Require(o.Requests > 0, name, len(p), "with Requests only")
		for i, v := range p {
			c.Require(v >= 0 && v <= 1e150, fmt.Sprintf("%s[%d]", name, i), v, "at least 0")
		}
	}
	prices("StockPrice", o.StockPrice, offers)
	prices("LimitPrice", o.LimitPrice, len(o.Limits))
	return c.Err("allocate: NewStream")
}

// Stream spends stocks and shared limits while requests arrive, one after the other, each
// answered at once: who comes later is not known. See NewStream.
//
// It is safe for concurrent use: calls wait for each other. The same calls in the
// same order give the same answers.
type Stream struct {
	mu     sync.Mutex
	opt    StreamOptions
	offers int
	begin  []int32 // by offer, where its uses begin, and the end
	uses   []Use

	// By resource, stocks and then limits:
	full  []int64   // what there has been in all; negative: no limit
	left  []int64   // what is left
	scale []float64 // largest amount of a use, so that a scaled unit is what one assignment takes
	price []float64 // learned, of a scaled unit, at clock
	clock []float64 // value of now when price was set

	seen   int64     // requests
	now    float64   // Σ over lessons of 1/(requests to come): prices fall by it, in proportion to what is left
	worth  float64   // Σ over requests of their best value
	value  []float64 // by offer, of the last proposal
	varied bool      // an offer had two values
	drift  bool      // requests have changed too much for prices to be learned from those of the past

	counts []int32 // by window, then offer: requests with the offer up to the window's end, once all are learned from
	ends   int     // windows that are over
	length int64   // of a window, in requests

	memory []Proposal // slots of remember each
	filled []int32    // by slot, proposals

	// Scratch.
	random rng.Stream
	mark   []int64 // by offer: the request, from 1, that it was seen in last
	top    []pick
}

// pick is a proposal of a request that may be chosen.
type pick struct {
	score float64
	fill  float64 // share of the stock that is used
	at    int
}

const (
	windows  = 64 // requests are parted into, to see whether they change
	remember = 16 // proposals of a request
	// Prices move by stepSize·√(requests/requests seen or to come) times the mean best value,
	// for a share of 1 of a stock: quick at the beginning, when nothing is known, and at the end,
	// when a unit is much of what is left. Chosen, as were the default of Lessons and extra, on random
	// problems of other seeds than those of the tests; half and twice as much do about as well.
	stepSize = .15
	extra    = 8192 // more lessons, divided by the requests seen, and by those to come, at most mostExtra
	// mostExtra keeps the first and the last requests from waiting.
	mostExtra = 1024
	// falseAlarm bounds the chance that requests in random order are taken for such that change.
	falseAlarm = 1e-5
)

// NewStream returns a Stream of offers with their stocks and uses. Assign then chooses for
// each request at most PerUser of its proposals, and never more than there is.
//
// With Requests, every resource has a price, and a request gets what is worth most beyond its
// price, if anything is: dual prices, learned from the requests of the past (their memory
// is a uniform sample) by the subgradient of what they would take, against what is left
// for each request to come. For requests in random order, with 100 units and more of each offer,
// what is assigned is worth on average within 2 % of the best assignment that knows all requests (.980 to
// .9998 in docs/quality.md), and single orders of few offers up to 3.5 % away: how far an order is from the mean
// (.4 % with 8 offers, one standard deviation) no rule knows. One that knows the law of requests, and solves anew as they come, has
// .991 there, and .984 in the worst order; prices solved anew from the past no more than here. The first and the
// last requests cost most of that, about as many units whatever the stock, so that 400 units come
// within 1 %.
//
// Without Requests, after as many, and as soon as requests are seen to change (an offer is asked for in one
// half of those so far in another share than in the other, beyond any chance), the request gets
// the largest value·(1 − e^(x−1)), x being the share that is used of the stock, or of what is
// scarcest among the limits that an offer uses. Where each offer is worth the same to all who
// may get it, its stock counts alone and is large, this is worth at least 1 − 1/e = .632 of the
// best assignment, in any order of requests, and no policy promises more. It is what holds
// without Requests; learning first, for which balance counts the longer the more alike values have
// been, a stream keeps it on the orders known as the worst (tests), but nothing is promised for all. Where values of one offer differ, no policy that
// cannot take back keeps any share in any order: the best request may be the last. And no
// policy keeps both bounds for all values: 1 − ε in random order means at most 4√ε in some other
// (Mirrokni, Oveis Gharan and Zadimoghaddam 2012). No unit is taken back here.
//
// Cost of Assign: proposals × (1 + Lessons), up to 2,048 lessons more for the first and the last few, no allocation. Memory: Memory × 256 bytes, 350 bytes
// an offer.
//
// Errors: ErrOption; ErrRange and ErrDuplicate for uses, as in Solve. Sources: Balseiro, Lu and
// Mirrokni, The best of many worlds: dual mirror descent for online allocation problems, 2023;
// Agrawal, Wang and Ye, A dynamic near-optimal algorithm for online linear programming, 2014; Mehta,
// Saberi, Vazirani and Vazirani, AdWords and generalized online matching, 2007; Aggarwal, Goel,
// Karande and Mehta, Online vertex-weighted bipartite matching, 2011.
func NewStream(offers []Offer, opt StreamOptions) (*Stream, error) {
	opt = opt.withDefaults()
	if err := opt.validate(len(offers)); err != nil {
		return nil, err
	}
	if err := checkUses("allocate: NewStream", offers, len(opt.Limits)); err != nil {
		return nil, err
	}
	n := len(offers)
	s := &Stream{opt: opt, offers: n, begin: make([]int32, 1, n+1), full: make([]int64, n+len(opt.Limits))}
	for o, f := range offers {
		s.full[o] = max(f.Stock, -1)
		s.uses = append(s.uses, f.Uses...)
		s.begin = append(s.begin, int32(len(s.uses)))
	}
	copy(s.full[n:], opt.Limits)
	s.left = slices.Clone(s.full)
	s.price, s.clock, s.value = make([]float64, len(s.full)), make([]float64, len(s.full)), make([]float64, n)
	s.setScale()
	copy(s.price, opt.StockPrice)
	for l, p := range opt.LimitPrice {
		s.price[n+l] = p * s.scale[n+l]
	}
	s.setScratch()
	if opt.Requests > 0 {
		slots := int(min(int64(opt.Memory), opt.Requests))
		s.memory, s.filled = make([]Proposal, slots*remember), make([]int32, slots)
		s.counts = make([]int32, (windows+1)*n)
	}
	return s, nil
}

// setScale derives what follows from uses.
func (s *Stream) setScale() {
	s.scale = make([]float64, len(s.full))
	for r := range s.scale {
		s.scale[r] = 1
	}
	for _, u := range s.uses {
		r := s.offers + u.Limit
		s.scale[r] = max(s.scale[r], float64(u.Amount))
	}
	s.length = max(1, (s.opt.Requests+windows-1)/windows)
}

// setScratch makes what is no state.
func (s *Stream) setScratch() {
	s.mark = make([]int64, s.offers)
	s.top = make([]pick, 0, 64)
}

// checkUses refuses uses of limits that there are not, and twice of one.
func checkUses(where string, offers []Offer, limits int) error {
	for o := range offers {
		for k, u := range offers[o].Uses {
			if u.Limit < 0 || u.Limit >= limits || u.Amount < 0 {
				return fmt.Errorf("%s: offer %d uses %d of limit %d of %d: %w", where, o, u.Amount, u.Limit, limits, ErrRange)
			}
			for _, v := range offers[o].Uses[:k] {
				if v.Limit == u.Limit {
					return fmt.Errorf("%s: offer %d uses limit %d twice: %w", where, o, u.Limit, ErrDuplicate)
				}
			}
		}
	}
	return nil
}

// Assign answers one request: it appends to dst those of its proposals that are chosen, best
// first, at most PerUser, and takes what they use. User is passed through. Proposals of value
// <= 0 are never chosen. The request is learned from.
//
// Errors leave dst as it came and change nothing: ErrEmpty for a Stream that NewStream has not
// made, ErrNotFinite for a value that is NaN or beyond 1e150, ErrRange for an offer that there is
// not, ErrDuplicate for an offer twice.
func (s *Stream) Assign(dst, request []Proposal) ([]Proposal, error) {
	if s == nil || s.begin == nil {
		return dst, fmt.Errorf("allocate: Stream.Assign: %w", ErrEmpty)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, c := range request {
		bad := error(nil)
		switch {
		case !check.Finite(c.Value) || math.Abs(c.Value) > 1e150:
			bad = ErrNotFinite
		case uint32(c.Offer) >= uint32(s.offers):
			bad = ErrRange
		case s.mark[c.Offer] == s.seen+1:
			bad = ErrDuplicate
		}
		if bad != nil {
			for _, c := range request[:i] {
				s.mark[c.Offer] = 0
			}
			return dst, fmt.Errorf("allocate: Stream.Assign: request[%d] of offer %d and value %v: %w", i, c.Offer, c.Value, bad)
		}
		s.mark[c.Offer] = s.seen + 1
	}
	learning := s.learning()
	s.top = s.top[:0]
	best := 0.0
	for i, c := range request {
		best = max(best, c.Value)
		if c.Value > 0 && c.Value != s.value[c.Offer] {
			s.varied = s.varied || s.value[c.Offer] != 0
			s.value[c.Offer] = c.Value
		}
		if c.Value > 0 && s.fits(c.Offer) {
			if v := s.score(c, learning); v > 0 {
				s.offer(pick{v, s.fill(int(c.Offer)), i})
			}
		}
	}
	for _, p := range s.top {
		c := request[p.at]
		if s.fits(c.Offer) { // those before may have taken the last
			s.take(c.Offer)
			dst = append(dst, c)
		}
	}
	s.worth += best
	s.seen++
	if learning {
		s.count(request)
	}
	if s.learning() {
		s.random.Reset(s.opt.Seed, 1, uint64(s.seen))
		s.keep(request)
		s.learn()
	}
	return dst, nil
}

// learning is whether prices are learned.
func (s *Stream) learning() bool { return s.seen < s.opt.Requests && !s.drift }

// offer puts a pick into the best so far, of equal score that of the stock less used, then the
// first.
func (s *Stream) offer(p pick) {
	better := func(a, b pick) bool { return a.score > b.score || a.score == b.score && a.fill < b.fill }
	if len(s.top) == s.opt.PerUser {
		if !better(p, s.top[len(s.top)-1]) {
			return
		}
		s.top = s.top[:len(s.top)-1]
	}
	s.top = append(s.top, p)
	for k := len(s.top) - 1; k > 0 && better(s.top[k], s.top[k-1]); k-- {
		s.top[k], s.top[k-1] = s.top[k-1], s.top[k]
	}
}

// usesOf are the uses of an offer.
func (s *Stream) usesOf(offer int32) []Use { return s.uses[s.begin[offer]:s.begin[offer+1]] }

// fits reports whether there is enough for one more.
func (s *Stream) fits(offer int32) bool {
	if s.left[offer] == 0 {
		return false
	}
	for _, u := range s.usesOf(offer) {
		if s.left[s.offers+u.Limit] < u.Amount {
			return false
		}
	}
	return true
}

// take takes what one more uses. Prices are brought up to date first: how they fall depends on
// what is left.
func (s *Stream) take(offer int32) {
	s.move(int(offer), 0)
	if s.left[offer] > 0 {
		s.left[offer]--
	}
	for _, u := range s.usesOf(offer) {
		r := s.offers + u.Limit
		s.move(r, 0)
		s.left[r] -= u.Amount
	}
}

// fill is the share of a resource that is used, 0 for one without limit.
func (s *Stream) fill(r int) float64 {
	if s.full[r] <= 0 {
		return 0
	}
	return 1 - float64(s.left[r])/float64(s.full[r])
}

// score is what a proposal is worth beyond its price. In balance the price is the share
// e^(x−1) of its own value, and as long as little is learned it is that in part.
func (s *Stream) score(c Proposal, learning bool) float64 {
	if !learning {
		return c.Value * -math.Expm1(s.used(c.Offer)-1)
	}
	cost, trust, first := s.cost(c.Offer), s.trust(), 0.0
	if trust == 0 {
		return c.Value - cost
	}
	if s.opt.StockPrice != nil || s.opt.LimitPrice != nil {
		first = s.first(c.Offer)
	} else {
		first = c.Value * math.Exp(s.used(c.Offer)-1)
	}
	return c.Value - cost - float64(trust*(first-cost))
}

// used is the share that is used of what is scarcest of an offer; -Inf where nothing is.
func (s *Stream) used(offer int32) float64 {
	x := math.Inf(-1)
	if s.full[offer] >= 0 {
		x = s.fill(int(offer))
	}
	for _, u := range s.usesOf(offer) {
		if u.Amount > 0 {
			x = max(x, s.fill(s.offers+u.Limit))
		}
	}
	return x
}
