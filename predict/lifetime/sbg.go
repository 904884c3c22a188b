package lifetime

import (
	"context"
	"encoding"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*SBG)(nil)
	_ encoding.BinaryMarshaler   = (*SBG)(nil)
	_ encoding.BinaryUnmarshaler = (*SBG)(nil)
	_ encoding.BinaryAppender    = (*Tenures)(nil)
	_ encoding.BinaryMarshaler   = (*Tenures)(nil)
	_ encoding.BinaryUnmarshaler = (*Tenures)(nil)
)

// maxPeriods bounds the periods of a contract.
const maxPeriods = 1 << 16

// Tenures counts contracts by how many periods they have been through, and whether they ended
// then: all that [FitSBG] reads. The zero value is empty and ready; any order and any shards give
// the same. It is not safe for concurrent use while AddTenure, AddCohort, Merge or
// UnmarshalBinary runs.
type Tenures struct {
	ended []int64 // [t]: not renewed after period t+1
	open  []int64 // [t]: renewed t times, and still running
	n     int64
}

// AddTenure counts one contract. Ended: it was not renewed at the end of period number periods,
// >= 1. Otherwise it runs, and was renewed that often, >= 0. ErrRange outside of that and beyond
// 65,536 periods, ErrOverflow beyond 2⁶³ contracts; an error changes nothing.
func (s *Tenures) AddTenure(periods int, ended bool) error {
	const where = "lifetime: Tenures.AddTenure"
	if err := check.Receiver(where, s); err != nil {
		return err
	}
	least := 0
	if ended {
		least = 1
	}
	if periods < least || periods > maxPeriods {
		return fmt.Errorf("%s: periods is %d, want from %d to %d: %w", where, periods, least, maxPeriods, ErrRange)
	}
	if err := s.add(periods, ended, 1); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}

// add counts n contracts of a tenure that was checked.
func (s *Tenures) add(periods int, ended bool, n int64) error {
	total, err := check.AddInt64(s.n, n)
	if err != nil {
		return fmt.Errorf("contracts: %w", err)
	}
	to := &s.open
	if ended {
		to = &s.ended
		periods--
	}
	for len(*to) <= periods {
		*to = append(*to, 0)
	}
	(*to)[periods] += n
	s.n = total
	return nil
}

// AddCohort counts contracts that began together: how many there were, and how many of them were
// left after each period. ErrEmpty for an empty cohort, ErrRange for counts that are negative
// or grow and for more than 65,536 periods, ErrOverflow; an error changes nothing.
func (s *Tenures) AddCohort(survivors ...int64) error {
	const where = "lifetime: Tenures.AddCohort"
	if err := check.Receiver(where, s); err != nil {
		return err
	}
	switch {
	case len(survivors) == 0 || survivors[0] == 0:
		return fmt.Errorf("%s: no contracts: %w", where, ErrEmpty)
	case len(survivors) > maxPeriods+1:
		return fmt.Errorf("%s: %d periods, want at most %d: %w", where, len(survivors)-1, maxPeriods, ErrRange)
	}
	for t, n := range survivors {
		if n < 0 || t > 0 && n > survivors[t-1] {
			return fmt.Errorf("%s: survivors[%d] is %d, want from 0 to those before: %w", where, t, n, ErrRange)
		}
	}
	if _, err := check.AddInt64(s.n, survivors[0]); err != nil {
		return fmt.Errorf("%s: contracts: %w", where, err)
	}
	for t := 1; t < len(survivors); t++ {
		if lost := survivors[t-1] - survivors[t]; lost > 0 {
			_ = s.add(t, true, lost) // the total was checked
		}
	}
	if left := survivors[len(survivors)-1]; left > 0 {
		_ = s.add(len(survivors)-1, false, left)
	}
	return nil
}

// Merge adds the contracts of other. Nil and s itself are ErrMismatch, more than 2⁶³ contracts
// ErrOverflow; an error changes nothing.
func (s *Tenures) Merge(other *Tenures) error {
	const where = "lifetime: Tenures.Merge"
	if err := check.Merge(where, s, other); err != nil {
		return err
	}
	if _, err := check.AddInt64(s.n, other.n); err != nil {
		return fmt.Errorf("%s: contracts: %w", where, err)
	}
	other.each(func(periods int, ended bool, n int64) { _ = s.add(periods, ended, n) })
	return nil
}

// each passes the counts that are not 0.
func (s *Tenures) each(pass func(periods int, ended bool, n int64)) {
	for t, n := range s.ended {
		if n > 0 {
			pass(t+1, true, n)
		}
	}
	for t, n := range s.open {
		if n > 0 {
			pass(t, false, n)
		}
	}
}

// Contracts returns the number of contracts counted.
func (s *Tenures) Contracts() int64 {
	if s == nil {
		return 0
	}
	return s.n
}

// AppendBinary appends the binary form to dst. ErrEmpty for a nil receiver.
func (s *Tenures) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("lifetime: Tenures.AppendBinary", s); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int64s(s.ended)
	w.Int64s(s.open)
	return w.AppendFrame(dst, codec.KindTenures, 1), nil
}

// MarshalBinary returns the binary form.
func (s *Tenures) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary replaces s by what MarshalBinary wrote. Payload of version 1, little-endian:
//
//	[]i64   contracts that ended after 1, 2, … periods
//	[]i64   contracts that run and were renewed 0, 1, … times
//
// all >= 0, the last of each > 0, at most 65,536 and 65,537 of them. Another kind of frame is ErrMismatch, what no
// Tenures holds ErrCorrupt, a newer version ErrVersion; s is then unchanged.
func (s *Tenures) UnmarshalBinary(data []byte) error {
	const where = "lifetime: Tenures.UnmarshalBinary"
	if err := check.Receiver(where, s); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindTenures, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := Tenures{ended: r.Int64s(), open: r.Int64s()}
	for i, counts := range [][]int64{d.ended, d.open} {
		if n := len(counts); n > maxPeriods+i || n > 0 && counts[n-1] <= 0 {
			r.Fail("has periods that nobody reached, or too many")
		}
		for _, n := range counts {
			if d.n, err = check.AddInt64(d.n, n); n < 0 || err != nil {
				r.Fail("has counts out of range")
				break
			}
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*s = d
	return nil
}

// SBG is a fitted law of contracts that are renewed or not after each period: the shifted
// beta-geometric law of Fader and Hardie (2007). Each customer leaves with a chance of his own,
// the same each time, which differs between customers by a beta law (alpha, beta): that
// retention rises with tenure is those with a high chance being gone. [FitSBG] makes it. It is
// immutable and safe for concurrent readers.
type SBG struct{ fitted }

// FitSBG fits the law by maximum likelihood, from a cold start. ErrEmpty without contracts,
// ErrUndefined where none was ever up for renewal, ErrOption, context.Cause(ctx) when ctx ends.
// Where none or all have ended, a parameter runs off and there is a warning. Cost: some 20
// passes over the periods.
func FitSBG(ctx context.Context, s *Tenures, opt FitOptions) (*SBG, error) {
	const where = "lifetime: FitSBG"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	p := problem{where: where, law: lawSBG, starts: [][maxParams]float64{{1, 1}, {.5, 2}, {2, 10}, {.2, .2}}}
	var local *Round
	if s != nil && opt.Rounds == nil {
		local = s.header()
		if s.n > 0 && local.again == 0 {
			return nil, fmt.Errorf("%s: no contract was up for renewal yet: %w", where, ErrUndefined)
		}
		p.eval = func(ctx context.Context, at []float64, bare bool) (*Round, error) {
			m := SBG{fitted{law: lawSBG}}
			copy(m.at[:], at)
			return m.round(s), nil
		}
	}
	f, err := p.fit(ctx, local, opt)
	if err != nil {
		return nil, err
	}
	return &SBG{f}, nil
}

// header is a round of these contracts without sums.
func (s *Tenures) header() *Round {
	r := &Round{law: lawSBG, n: s.n, again: s.n, scale: float64(max(len(s.ended), len(s.open)-1))}
	if len(s.open) > 0 {
		r.again -= s.open[0]
	}
	return r
}

// NewSBG returns the law with the given parameters, both > 0. ErrNotFinite, ErrRange.
func NewSBG(alpha, beta float64) (*SBG, error) {
	f, err := given("lifetime: NewSBG", lawSBG, alpha, beta)
	if err != nil {
		return nil, err
	}
	return &SBG{f}, nil
}

// round sums the likelihood over the periods: a contract that runs after t renewals has the
// probability S(t) = Π (β+i)/(α+β+i), one that ended after period t has S(t−1)·α/(α+β+t−1).
func (m *SBG) round(s *Tenures) *Round {
	r := s.header()
	r.at = m.at
	alpha, beta := m.at[0], m.at[1]
	stay, all := rising{z: beta}, rising{z: alpha + beta}
	for t := 0; t <= max(len(s.ended), len(s.open)-1); t++ {
		b, b1, b2 := stay.to(t)
		c, c1, c2 := all.to(t)
		survives := term{value: b - c}
		survives.grad[0], survives.grad[1] = -c1, b1-c1
		survives.hess[0], survives.hess[1], survives.hess[2] = -c2, -c2, b2-c2
		if t < len(s.open) && s.open[t] > 0 {
			r.add(&survives, s.open[t], false)
		}
		if t < len(s.ended) && s.ended[t] > 0 { // survived t renewals, and no more
			q := 1 / (alpha + beta + float64(t))
			survives.value += math.Log(alpha * q)
			survives.grad[0] += 1/alpha - q
			survives.grad[1] -= q
			survives.hess[0] += q*q - 1/(alpha*alpha)
			survives.hess[1] += q * q
			survives.hess[2] += q * q
			r.add(&survives, s.ended[t], false)
		}
	}
	return r
}

// Round returns what a shard of contracts says about the parameters of m, for
// [FitOptions.Rounds]. ErrEmpty without contracts or law, context.Cause(ctx) when ctx ends.
func (m *SBG) Round(ctx context.Context, s *Tenures) (*Round, error) {
	const where = "lifetime: SBG.Round"
	if err := m.ready(where); err != nil {
		return nil, err
	}
	if s.Contracts() == 0 {
		return nil, fmt.Errorf("%s: no contracts: %w", where, ErrEmpty)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return m.round(s), nil
}

func (m *SBG) ready(where string) error {
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	return m.fitted.ready(where)
}

// Report tells parameters, standard errors and how the fit went; nothing for a nil law and one
// that no fit made.
func (m *SBG) Report() Report {
	if m.ready("") != nil {
		return Report{}
	}
	return m.report()
}

// asked refuses an unfitted law and a number of periods below least.
func (m *SBG) asked(where string, t, least int) error {
	if err := m.ready(where); err != nil {
		return err
	}
	if t < least || t > 1<<30 {
		return fmt.Errorf("%s: period %d, want from %d to 2^30: %w", where, t, least, ErrRange)
	}
	return nil
}

// Survival returns the share of contracts that are renewed t times at least, S(t), t >= 0.
// ErrEmpty, ErrRange.
func (m *SBG) Survival(t int) (float64, error) {
	if err := m.asked("lifetime: SBG.Survival", t, 0); err != nil {
		return 0, err
	}
	return math.Exp(lnRising(m.at[1], t) - lnRising(m.at[0]+m.at[1], t)), nil
}

// Retention returns the share of the contracts that reached the end of period t, t >= 1, which
// are renewed then: (β+t−1)/(α+β+t−1). ErrEmpty, ErrRange.
func (m *SBG) Retention(t int) (float64, error) {
	if err := m.asked("lifetime: SBG.Retention", t, 1); err != nil {
		return 0, err
	}
	beta := m.at[1] + float64(t-1)
	return beta / (m.at[0] + beta), nil
}

// DERL returns the discounted expected residual lifetime of a contract that is about to be
// renewed, or not, for the n-th time, n >= 1, and was each time before: the number of periods to
// come, each worth 1/(1+discount) of the one before it, the first counted in full (Fader and
// Hardie 2010, equation 9). Times the margin of a period, it is what the customer is worth.
//
// ErrRange for a discount that is negative, ErrUndefined where it is 0 and α ≤ 1, since lifetimes
// then have no mean; ErrEmpty, ErrNotFinite.
func (m *SBG) DERL(n int, discount float64) (float64, error) {
	const where = "lifetime: SBG.DERL"
	if err := m.asked(where, n, 1); err != nil {
		return 0, err
	}
	switch {
	case !check.Finite(discount):
		return 0, fmt.Errorf("%s: discount is %v: %w", where, discount, ErrNotFinite)
	case discount < 0:
		return 0, fmt.Errorf("%s: discount is %v, want >= 0: %w", where, discount, ErrRange)
	}
	alpha, beta := m.at[0], m.at[1]+float64(n-1)
	if discount < 1e-15 { // the mean of a geometric law over the beta law
		if alpha <= 1 {
			return 0, fmt.Errorf("%s: alpha is %.4g, with at most 1 and no discount lifetimes have no mean: %w", where, alpha, ErrUndefined)
		}
		return finite(where, beta/(alpha-1))
	}
	// E[(1−θ)/(1 − (1−θ)/(1+d))] over θ of Beta(α, β+n−1).
	v := logitMean(alpha, beta, 1/discount, func(y float64) (density, value float64) {
		lnP, lnQ := -softplus(-y), -softplus(y)
		return alpha*lnP + beta*lnQ, math.Exp(lnQ) * (1 + discount) / (discount + math.Exp(lnP))
	})
	return finite(where, v)
}

// AppendBinary appends the binary form to dst. ErrEmpty for a law that holds nothing.
func (m *SBG) AppendBinary(dst []byte) ([]byte, error) {
	if err := m.ready("lifetime: SBG.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	m.write(&w)
	return w.AppendFrame(dst, codec.KindSBG, 1), nil
}

// MarshalBinary returns the binary form.
func (m *SBG) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m by what MarshalBinary wrote. Payload of version 1, little-endian:
//
//	2 f64   alpha, beta, in [1e-20, 1e20]
//	        and what Model has after its parameters, with 4 covariances
//
// Another kind of frame is ErrMismatch, what no law holds ErrCorrupt, a newer version ErrVersion;
// m is then unchanged.
func (m *SBG) UnmarshalBinary(data []byte) error {
	const where = "lifetime: SBG.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindSBG, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := SBG{readFitted(r, lawSBG)}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}
