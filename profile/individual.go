package profile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// Affinity is how much a user, or all of them, cares for one label.
type Affinity struct {
	Dimension Dimension // what it is about
	Label     string    // of the dimension, such as a category
	Weight    float64   // decayed weight of the events that carry the label
	Share     float64   // of the weight of the whole dimension, in (0, 1]
}

// Individual is the state of one user at the cut-off, or the merge of many: what
// a profile page shows. Zero times mean "never".
type Individual struct {
	Users         int64          // 1, or the number merged
	Registered    time.Time      // earliest
	FirstSeen     time.Time      // earliest event, order or refund
	LastSeen      time.Time      // latest event, order or refund
	FirstOrder    time.Time      // earliest
	LastOrder     time.Time      // latest
	Orders        int64          // placed
	Units         int64          // pieces bought
	Paid          int64          // minor units of Currency
	Refunded      int64          // minor units of Currency
	Currency      string         // of the builder: ISO 4217 code; "" where nothing was sold
	Events        map[Kind]int64 // kinds that occurred
	Affinities    []Affinity     // by dimension, then descending weight, then label
	DwellMean     float64        // seconds; NaN without any
	RatingMean    float64        // of Rate events; NaN without any
	SentimentMean float64        // of Comment events; NaN without any
	AsOf          time.Time      // the cut-off: everything above is of then
	Facts         []Trait        // what AddUser was told of the user, by field; of many how many share a value
	Assessed      []Trait        // for the caller: stage, values, scores of other packages; empty here
}

// Individual returns the state of one user. A user of whom nothing before the
// cut-off is known is ErrUnknownID.
func (b *Builder[U, I]) Individual(user U) (*Individual, error) {
	if err := b.made("profile: Builder.Individual"); err != nil {
		return nil, err
	}
	u := b.users.Index(user)
	if u < 0 || !b.known(u) {
		return nil, fmt.Errorf("profile: Builder.Individual: %w", check.Private("user", -1, user, nil, ErrUnknownID))
	}
	p := newPortrait()
	if err := portray(b, p, u); err != nil {
		return nil, fmt.Errorf("profile: Builder.Individual: %w", check.Private("user", -1, user, nil, err))
	}
	out := finish(b, p)
	out.Facts = b.facts.list(u)
	return out, nil
}

// Population returns the merge of the states of all users: sums, earliest and
// latest times. No users is ErrEmpty, a sum beyond int64 ErrOverflow.
func (b *Builder[U, I]) Population() (*Individual, error) {
	if err := b.made("profile: Builder.Population"); err != nil {
		return nil, err
	}
	p := newPortrait()
	for u := range b.state {
		if b.known(int32(u)) {
			if err := portray(b, p, int32(u)); err != nil {
				return nil, fmt.Errorf("profile: Builder.Population: %w", err)
			}
		}
	}
	if p.users == 0 {
		return nil, fmt.Errorf("profile: Builder.Population: no user before %v: %w", b.opt.AsOf, ErrEmpty)
	}
	out := finish(b, p)
	out.Facts = b.sharedFacts()
	return out, nil
}

// sharedFacts returns each field and value that users have, with their number as Source, by
// field, number descending and value. Third-party fields and birth years are left out, which name few.
func (b *Builder[U, I]) sharedFacts() []Trait {
	type pair struct{ field, value string }
	count := make(map[pair]int)
	b.facts.of.all(func(_ int32, key uint64, f *fact) {
		if name := b.facts.names[key]; name != "birth_year" && !strings.HasPrefix(name, "extra:") {
			count[pair{name, f.value}]++
		}
	})
	var out []Trait
	for p := range count {
		out = append(out, Trait{Field: p.field, Value: p.value, Source: fmt.Sprintf("%d users", count[p])})
	}
	slices.SortFunc(out, func(x, y Trait) int {
		return cmp.Or(cmp.Compare(x.Field, y.Field), cmp.Compare(count[pair{y.Field, y.Value}], count[pair{x.Field, x.Value}]), cmp.Compare(x.Value, y.Value))
	})
	return out
}

// portrait is a sum of user states.
type portrait struct {
	users  int64
	state  userState
	counts [kinds + 1]int64
	flows  [flows]int64
	taste  map[int32]fixed
}

func newPortrait() *portrait {
	return &portrait{state: freshState, taste: make(map[int32]fixed)}
}

// portray adds the state of user u to p.
func portray[U, I ID](b *Builder[U, I], p *portrait, u int32) error {
	all := len(b.from)
	p.users++
	for f := range flows {
		var err error
		if p.flows[f], err = check.AddInt64(p.flows[f], b.flow(int(u), f, all)); err != nil {
			return err
		}
	}
	s := &b.state[u]
	if !p.state.fits(s) {
		return fmt.Errorf("sums: %w", ErrOverflow)
	}
	p.state.merge(s)
	for k := 1; k <= kinds; k++ {
		for _, n := range b.counts[(int(u)*kinds+k-1)*b.buckets():][:b.buckets()] {
			p.counts[k] += int64(n)
		}
	}
	b.loves(u, func(label int32, sum fixed) { p.taste[label] = p.taste[label].add(sum) })
	return nil
}

// finish turns sums into what a page shows: means, shares and labels by weight.
func finish[U, I ID](b *Builder[U, I], p *portrait) *Individual {
	s := &p.state
	out := &Individual{
		Users: p.users, Registered: asTime(s.registered),
		FirstSeen: asTime(s.firstSeen), LastSeen: asTime(s.lastSeen),
		FirstOrder: asTime(s.firstOrder), LastOrder: asTime(s.lastOrder),
		Orders: p.flows[flowOrders], Units: p.flows[flowUnits],
		Paid: p.flows[flowPaid], Refunded: p.flows[flowRefunded], Currency: b.currency,
		Events:        make(map[Kind]int64),
		AsOf:          b.opt.AsOf,
		DwellMean:     over(s.dwellSum, s.dwellCount) / float64(time.Second),
		RatingMean:    over(s.ratingSum, s.ratingCount) / micro,
		SentimentMean: over(s.sentimentSum, s.sentimentCount) / micro,
	}
	for k := 1; k <= kinds; k++ {
		if p.counts[k] > 0 {
			out.Events[Kind(k)] = p.counts[k]
		}
	}
	var total [dimensions]fixed
	for l, w := range p.taste { // integers: the order of a map does not matter
		total[b.dim[l]] = total[b.dim[l]].add(w)
	}
	for l, w := range p.taste {
		d := b.dim[l]
		out.Affinities = append(out.Affinities, Affinity{d, b.labels[d].Key(b.local[l]), b.weigh(w), w.float() / total[d].float()})
	}
	slices.SortFunc(out.Affinities, func(x, y Affinity) int {
		return cmp.Or(cmp.Compare(x.Dimension, y.Dimension), cmp.Compare(y.Weight, x.Weight), cmp.Compare(x.Label, y.Label))
	})
	return out
}

func asTime(at int64) time.Time {
	if at == never || at == notYet {
		return time.Time{}
	}
	return time.Unix(0, at).UTC()
}
