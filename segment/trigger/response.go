package trigger

import (
	"fmt"
	"math"
	"math/bits"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/rng"
)

// tally counts messages and answers to them; it stops at the largest number.
type tally struct{ sent, answered uint32 }

// answer is a message that may still be answered.
type answer struct {
	at       int64
	channel  int32
	answered bool
}

// maxOpen is how many messages of a customer may still be answered.
const maxOpen = 16

// count enters a message that goes out at the clock.
func (k *core[U, I]) count(c *customer[U], ch int) {
	if c.rates == nil {
		c.rates, c.hours, c.open = make([]tally, len(k.opt.Channels)), make([]tally, 24), make([]answer, 0, 4)
	}
	if len(c.open) == maxOpen {
		c.open = c.open[:copy(c.open, c.open[1:])]
	}
	c.open = append(c.open, answer{k.clock, int32(ch), false})
	h := k.hourOf(c, k.clock)
	for _, x := range []*tally{&c.rates[ch], &c.hours[h], &k.channels[ch], &k.hours[h]} {
		if x.sent < math.MaxUint32 {
			x.sent++
		}
	}
}

// respond enters the first answer to a message; others, and those to messages too long
// ago, tell nothing new.
func (k *core[U, I]) respond(c *customer[U], e event) {
	for i := range c.open {
		a := &c.open[i]
		if a.at != e.sent || a.answered || k.opt.Channels[a.channel].Name != e.name {
			continue
		}
		a.answered = true
		h := k.hourOf(c, a.at)
		for _, x := range []*tally{&c.rates[a.channel], &c.hours[h], &k.channels[a.channel], &k.hours[h]} {
			if x.answered < x.sent {
				x.answered++
			}
		}
		return
	}
}

func (k *core[U, I]) hourOf(c *customer[U], at int64) int {
	return int(calendar.Shows(time.Unix(0, at), k.zones[c.zone].clock.Zone) / 3600)
}

// overall returns the share of answers to everything, by Jeffreys' prior.
func overall(all []tally) float64 {
	var sent, answered float64
	for _, x := range all {
		sent += float64(x.sent)
		answered += float64(x.answered)
	}
	return (answered + .5) / (sent + 1)
}

// smooth returns the share of answers in own, drawn towards that of all customers, which
// is drawn towards rate, that of everything: each weighs as strength messages, the mean of a
// Beta posterior. own may be nil.
func smooth(own, all []tally, i int, rate, strength float64) float64 {
	rate = (float64(all[i].answered) + strength*rate) / (float64(all[i].sent) + strength)
	if own != nil {
		rate = (float64(own[i].answered) + strength*rate) / (float64(own[i].sent) + strength)
	}
	return rate
}

// choose returns the channel, of those open, with the best rate, the first of several, or
// one that is drawn.
func (k *core[U, I]) choose(c *customer[U], r *rule, p *plan, open uint64) (ch int, drawn bool) {
	if u := c.draw(r, p.first, 1); bits.OnesCount64(open) > 1 && u < k.opt.Explore {
		n := int(c.draw(r, p.first, 2) * float64(bits.OnesCount64(open)))
		for ; n > 0; n-- {
			open &= open - 1
		}
		return bits.TrailingZeros64(open), true
	}
	best, rate, usual := -1, 0.0, overall(k.channels)
	for ch := range k.opt.Channels {
		if open>>ch&1 == 0 {
			continue
		}
		if x := smooth(c.rates, k.channels, ch, usual, k.opt.Strength); best < 0 || x > rate {
			best, rate = ch, x
		}
	}
	return best, false
}

// draw returns a number in [0, 1) that belongs to a message and a question about it.
func (c *customer[U]) draw(r *rule, at int64, question uint64) float64 {
	return rng.Unit(rng.Hash(c.hash, r.hash, uint64(at), question))
}

// aim plans a message for an instant, or for the best of the 24 hours from there on that
// are not quiet by every channel that it may take, where the trigger asks for it.
func (k *core[U, I]) aim(c *customer[U], r *rule, p *plan, at int64) {
	p.drawn = false
	if r.BestHour && at < never-2*daySpan {
		at = k.bestHour(c, r, p, at)
	}
	p.first, p.due = at, at
}

// bestHour looks at the hours that begin within a day of at, and at the rest of its own.
func (k *core[U, I]) bestHour(c *customer[U], r *rule, p *plan, at int64) int64 {
	loc := k.zones[c.zone].clock.Zone
	var moments [24]int64
	n := 0
	t := time.Unix(0, at)
	full := at - calendar.Shows(t, loc)%3600*int64(time.Second) - int64(t.Nanosecond()) // when the hour began
	for h := range int64(len(moments)) {
		moment := max(at, full+h*hour)
		if k.audible(c, r, time.Unix(0, moment), loc) {
			moments[n] = moment
			n++
		}
	}
	if n == 0 {
		return at
	}
	if c.draw(r, at, 3) < k.opt.Explore {
		p.drawn = n > 1
		return moments[int(c.draw(r, at, 4)*float64(n))]
	}
	best, rate, usual := at, -1.0, overall(k.hours[:])
	for _, moment := range moments[:n] {
		if x := smooth(c.hours, k.hours[:], k.hourOf(c, moment), usual, k.opt.Strength); x > rate {
			best, rate = moment, x
		}
	}
	return best
}

// audible reports whether a channel of a message, if there is any, has no quiet hours at t.
func (k *core[U, I]) audible(c *customer[U], r *rule, t time.Time, loc *time.Location) bool {
	if k.off.quiet {
		return true
	}
	if k.opt.Quiet.covers(t, loc) {
		return false
	}
	allowed := c.channels & r.channels
	for ch := range k.opt.Channels {
		if allowed>>ch&1 != 0 && !k.opt.Channels[ch].Quiet.covers(t, loc) {
			return true
		}
	}
	return allowed == 0
}

// Rate returns the smoothed share of messages by a channel that a customer answers: that of
// the customer's messages and answers, drawn towards the rate of all customers with the weight
// of Options.Strength messages, and this in turn towards that of all channels. It is the mean of
// a Beta posterior, in (0, 1). The next message goes by the channel with the highest, but for
// what is drawn. ErrUnknownID for a channel or a customer that is not known.
func (p *Planner[U, I]) Rate(user U, channel string) (float64, error) {
	const where = "trigger: Planner.Rate"
	k, err := p.lock(where)
	if err != nil {
		return 0, err
	}
	defer p.mu.Unlock()
	who, ok := k.users[user]
	if !ok {
		return 0, fmt.Errorf("%s: %w", where, check.Private("user", -1, user, nil, ErrUnknownID))
	}
	ch := channelOf(k.opt.Channels, channel)
	if ch < 0 {
		return 0, fmt.Errorf("%s: channel %.40q: %w", where, channel, ErrUnknownID)
	}
	return smooth(k.customers[who].rates, k.channels, ch, overall(k.channels), k.opt.Strength), nil
}
