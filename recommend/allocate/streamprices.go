package allocate

import (
	"math"
	"slices"
)

// trust is how much what is known before the first request still counts: prices to begin with as
// much as one request in 100 of those expected would have taught. Without, and as long as each offer
// has been worth the same to all, balance counts as much as one in 25: it has a bound in any order then.
func (s *Stream) trust() float64 {
	prior := float64(s.opt.Requests)
	switch {
	case s.opt.StockPrice != nil || s.opt.LimitPrice != nil:
		prior /= 100
	case !s.varied:
		prior /= 25
	default:
		return 0
	}
	return prior / (prior + float64(s.seen))
}

// first is the price of an assignment at the prices to begin with.
func (s *Stream) first(offer int32) float64 {
	c := 0.0
	if s.opt.StockPrice != nil {
		c = s.opt.StockPrice[offer]
	}
	if s.opt.LimitPrice != nil {
		for _, u := range s.usesOf(offer) {
			c += float64(s.opt.LimitPrice[u.Limit] * float64(u.Amount))
		}
	}
	return c
}

// toCome is how many requests are expected still, at least 1.
func (s *Stream) toCome() float64 { return float64(max(1, s.opt.Requests-s.seen)) }

// step is how far the price of a resource moves for one scaled unit.
func (s *Stream) step(r int) float64 {
	n := float64(s.opt.Requests)
	rate := math.Sqrt(n/float64(max(1, s.seen))) + math.Sqrt(n/s.toCome())
	mean := s.worth / float64(max(1, s.seen))
	return stepSize * rate * mean * s.scale[r] / float64(max(1, s.full[r]))
}

// priceOf is the price of a scaled unit now: since it was set it has fallen, for each lesson by
// what is left for each request to come.
func (s *Stream) priceOf(r int, step float64) float64 {
	if s.left[r] < 0 {
		return 0
	}
	return max(0, s.price[r]-step*(float64(s.left[r])/s.scale[r])*(s.now-s.clock[r]))
}

// move sets the price of a resource to what it is now, and by what is used of it higher.
func (s *Stream) move(r int, used float64) {
	if s.left[r] < 0 || s.opt.Requests == 0 {
		return
	}
	step := s.step(r)
	s.price[r] = s.priceOf(r, step) + float64(step*used)
	s.clock[r] = s.now
}

// cost is the price of an assignment.
func (s *Stream) cost(offer int32) float64 {
	c := s.priceOf(int(offer), s.step(int(offer)))
	for _, u := range s.usesOf(offer) {
		r := s.offers + u.Limit
		c += float64(s.priceOf(r, s.step(r)) * (float64(u.Amount) / s.scale[r]))
	}
	return c
}

// keep remembers a request or not, so that what is remembered is a uniform sample of all (Vitter's
// algorithm R), each by its proposals of largest value.
func (s *Stream) keep(request []Proposal) {
	k := s.seen - 1
	if k >= int64(len(s.filled)) {
		k = int64(s.random.Uint64n(uint64(s.seen)))
	}
	if k >= int64(len(s.filled)) {
		return
	}
	slot := s.memory[k*remember : k*remember : (k+1)*remember]
	for _, c := range request {
		if c.Value <= 0 {
			continue
		}
		if len(slot) == remember {
			if c.Value <= slot[remember-1].Value {
				continue
			}
			slot = slot[:remember-1]
		}
		slot = append(slot, c)
		for j := len(slot) - 1; j > 0 && slot[j-1].Value < slot[j].Value; j-- {
			slot[j], slot[j-1] = slot[j-1], slot[j]
		}
	}
	s.filled[k] = int32(len(slot))
}

// learn looks at requests of the past again, in a drawn order: what they would take at the
// prices of now raises these.
func (s *Stream) learn() {
	n := int(min(s.seen, int64(len(s.filled))))
	lessons := s.opt.Lessons + min(mostExtra, extra/int(min(s.seen, extra+1))) + min(mostExtra, extra/int(min(s.toCome(), extra+1)))
	pace := 1 / s.toCome()
	for range lessons {
		k := s.random.Intn(n)
		slot := s.memory[k*remember : k*remember+int(s.filled[k])]
		s.now += pace
		if s.opt.PerUser == 1 {
			best, offer := 0.0, int32(-1)
			for _, c := range slot {
				if c.Value <= best {
					break // by value, and no price is below 0
				}
				if v := c.Value - s.cost(c.Offer); v > best {
					best, offer = v, c.Offer
				}
			}
			if offer >= 0 {
				s.raise(offer)
			}
			continue
		}
		s.top = s.top[:0]
		for i, c := range slot {
			if v := c.Value - s.cost(c.Offer); v > 0 {
				s.offer(pick{v, 0, i})
			}
		}
		for _, p := range s.top {
			s.raise(slot[p.at].Offer)
		}
	}
}

// raise raises the prices of what an assignment uses.
func (s *Stream) raise(offer int32) {
	s.move(int(offer), 1)
	for _, u := range s.usesOf(offer) {
		r := s.offers + u.Limit
		s.move(r, float64(u.Amount)/s.scale[r])
	}
}

// count counts the offers of a request, and at the end of each window compares those of the two
// halves of what has passed: were the order random, the difference of two counts would have a
// variance of at most their sum.
func (s *Stream) count(request []Proposal) {
	if s.ends == windows {
		return
	}
	at := func(window int) []int32 { return s.counts[window*s.offers : (window+1)*s.offers] }
	open := at(s.ends + 1)
	for _, c := range request {
		if c.Value > 0 && open[c.Offer] < math.MaxInt32 {
			open[c.Offer]++
		}
	}
	if s.seen < int64(s.ends+1)*s.length {
		return
	}
	s.ends++
	if half := s.ends / 2; half > 0 {
		// Of a difference of z standard deviations the chance is below 2·exp(−z²/2).
		z2 := 2 * math.Log(2*windows*float64(s.offers)/falseAlarm)
		from, mid, end := at(s.ends%2), at(half+s.ends%2), at(s.ends)
		for o := range end {
			a, b := float64(mid[o]-from[o]), float64(end[o]-mid[o])
			if d := a - b; d*d > z2*(a+b) {
				s.drift = true
				s.counts, s.memory, s.filled = nil, nil, nil
				return
			}
		}
	}
	if s.ends < windows {
		copy(at(s.ends+1), at(s.ends))
	}
}

// AppendStockPrices appends the price of one more unit of each stock, as learned: about what it
// would add to what requests to come are worth; 0 where there is enough. Where nothing is
// learned it is e^(x−1) of the mean best value of requests, x the share used. Nil of a Stream that
// NewStream has not made.
func (s *Stream) AppendStockPrices(dst []float64) []float64 {
	return s.appendPrices(dst, func(s *Stream) (int, int) { return 0, s.offers })
}

// AppendLimitPrices appends the price of one more unit of each limit, as AppendStockPrices does of
// stocks.
func (s *Stream) AppendLimitPrices(dst []float64) []float64 {
	return s.appendPrices(dst, func(s *Stream) (int, int) { return s.offers, len(s.full) })
}

// appendPrices appends the prices of the resources that of tells, of a unit, not a scaled one.
func (s *Stream) appendPrices(dst []float64, of func(*Stream) (from, to int)) []float64 {
	if s == nil || s.begin == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	from, to := of(s)
	dst = slices.Grow(dst, to-from)
	for r := from; r < to; r++ {
		p := 0.0
		switch {
		case s.left[r] < 0:
		case s.learning():
			p = s.priceOf(r, s.step(r)) / s.scale[r]
		case s.seen > 0:
			p = math.Exp(s.fill(r)-1) * s.worth / float64(s.seen) / s.scale[r]
		}
		dst = append(dst, p)
	}
	return dst
}
