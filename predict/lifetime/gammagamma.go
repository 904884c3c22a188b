package lifetime

import (
	"context"
	"encoding"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/parallel"
)

var (
	_ encoding.BinaryAppender    = (*GammaGamma)(nil)
	_ encoding.BinaryMarshaler   = (*GammaGamma)(nil)
	_ encoding.BinaryUnmarshaler = (*GammaGamma)(nil)
)

// GammaGamma is a fitted law of amounts: those of one customer vary around his mean by a gamma
// law of shape p, and means differ between customers by another (q, v). [FitGammaGamma] makes
// it. It is immutable and safe for concurrent readers.
type GammaGamma struct{ fitted }

// FitGammaGamma fits the law of Fader, Hardie and Lee (2005) and Colombo and Jiang (1999) by
// maximum likelihood, from a cold start, in any unit of money. It takes amounts not to depend on
// how often somebody buys: look at [Spend.Correlation] first.
//
// A law with q ≤ 1 has no mean: it is returned with a warning, and its Mean and Expected are
// ErrUndefined. ErrEmpty without customers, ErrDiverged where the likelihood is not finite,
// ErrOption for bad options, context.Cause(ctx) when ctx ends. Cost: some 20 passes of 1 µs a
// group.
func FitGammaGamma(ctx context.Context, s *Spend, opt FitOptions) (*GammaGamma, error) {
	const where = "lifetime: FitGammaGamma"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	p := problem{where: where, law: lawGammaGamma, scaled: [maxParams]bool{2: true}, starts: [][maxParams]float64{
		{1, 3, .5}, {5, 4, .1}, {1, 10, 1}, {.3, 3, 1}, {20, 3, .02},
	}}
	var local *Round
	if s != nil && opt.Rounds == nil {
		groups := s.sorted()
		local = &Round{law: lawGammaGamma, n: s.n, again: s.n, scale: s.greatest}
		p.eval = func(ctx context.Context, at []float64, bare bool) (*Round, error) {
			m := GammaGamma{fitted{law: lawGammaGamma}}
			copy(m.at[:], at)
			return m.round(ctx, s, groups, bare, opt.Workers)
		}
	}
	f, err := p.fit(ctx, local, opt)
	if err != nil {
		return nil, err
	}
	if f.at[1] <= 1 {
		f.warnings = append(f.warnings, "q is at most 1: amounts have no mean")
	}
	return &GammaGamma{f}, nil
}

// NewGammaGamma returns the law with the given parameters, v in the unit of money, all > 0.
// ErrNotFinite, ErrRange.
func NewGammaGamma(p, q, v float64) (*GammaGamma, error) {
	f, err := given("lifetime: NewGammaGamma", lawGammaGamma, p, q, v)
	if err != nil {
		return nil, err
	}
	return &GammaGamma{f}, nil
}

// perCount is what of the likelihood depends on the number of purchases alone.
type perCount struct {
	value                float64 // lnΓ(px+q) − lnΓ(px) − lnΓ(q) + px·ln x + q·ln v
	lnGam, lnGamX, lnGQ  float64 // ψ at px+q, px and q
	triGam, triX, triOfQ float64 // ψ′
}

func (m *GammaGamma) perCount(x int) perCount {
	p, q, v := m.at[0], m.at[1], m.at[2]
	px := p * float64(x)
	a, _ := math.Lgamma(px + q)
	b, _ := math.Lgamma(px)
	c, _ := math.Lgamma(q)
	return perCount{
		a - b - c + px*math.Log(float64(x)) + q*math.Log(v),
		mathext.Digamma(px + q), mathext.Digamma(px), mathext.Digamma(q),
		mathext.Zeta(2, px+q), mathext.Zeta(2, px), mathext.Zeta(2, q),
	}
}

// likelihood fills t with the log-likelihood of a group and its derivatives.
func (m *GammaGamma) likelihood(a amount, c *perCount, t *term) {
	p, q, v, x := m.at[0], m.at[1], m.at[2], float64(a.x)
	px := p * x
	sum := x*a.mean + v
	lnSum, lnMean := math.Log(sum), math.Log(a.mean)
	*t = term{value: c.value + (px-1)*lnMean - (px+q)*lnSum}
	t.grad[0] = x * (c.lnGam - c.lnGamX + lnMean + math.Log(x) - lnSum)
	t.grad[1] = c.lnGam - c.lnGQ + math.Log(v) - lnSum
	t.grad[2] = q/v - (px+q)/sum
	// Rows of the upper triangle of three: pp, pq, pv, qq, qv, vv.
	t.hess[0] = x * x * (c.triGam - c.triX)
	t.hess[1] = x * c.triGam
	t.hess[2] = -x / sum
	t.hess[3] = c.triGam - c.triOfQ
	t.hess[4] = 1/v - 1/sum
	t.hess[5] = (px+q)/(sum*sum) - q/(v*v)
}

// round evaluates the law over the groups of s, in their order, block by block.
func (m *GammaGamma) round(ctx context.Context, s *Spend, groups []amount, bare bool, workers int) (*Round, error) {
	into := Round{law: m.law, at: m.at, n: s.n, again: s.n, scale: s.greatest}
	return parallel.Reduce(ctx, len(groups), 1<<10, workers, func(lo, hi int) (*Round, error) {
		r := into
		var t term
		var c perCount
		for i := lo; i < hi; i++ {
			a := groups[i]
			if i == lo || a.x != groups[i-1].x {
				c = m.perCount(a.x)
			}
			m.likelihood(a, &c, &t)
			r.add(&t, s.counts[a], bare)
		}
		return &r, nil
	}, addSums)
}

// Round returns what a shard of customers says about the parameters of m, for
// [FitOptions.Rounds]. ErrEmpty without customers or law, context.Cause(ctx) when ctx ends.
func (m *GammaGamma) Round(ctx context.Context, s *Spend) (*Round, error) {
	const where = "lifetime: GammaGamma.Round"
	if err := m.ready(where); err != nil {
		return nil, err
	}
	if s.Customers() == 0 {
		return nil, fmt.Errorf("%s: no customers: %w", where, ErrEmpty)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return m.round(ctx, s, s.sorted(), false, 0)
}

func (m *GammaGamma) ready(where string) error {
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	return m.fitted.ready(where)
}

// Report tells parameters, standard errors and how the fit went; nothing for a nil law and one
// that no fit made.
func (m *GammaGamma) Report() Report {
	if m.ready("") != nil {
		return Report{}
	}
	return m.report()
}

// LogLikelihood returns the log-likelihood of one customer with so many repeat purchases of a
// mean amount. ErrEmpty, and the errors of [Spend.Add], repeats 0 among them.
func (m *GammaGamma) LogLikelihood(repeats int, mean float64) (float64, error) {
	const where = "lifetime: GammaGamma.LogLikelihood"
	if err := m.ready(where); err != nil {
		return 0, err
	}
	a := amount{repeats, mean}
	if err := a.check(); err != nil {
		return 0, fmt.Errorf("%s: %w", where, err)
	}
	c := m.perCount(repeats)
	var t term
	m.likelihood(a, &c, &t)
	return finite(where, t.value)
}

// Mean returns the mean amount of all customers, p·v/(q−1). ErrUndefined where q ≤ 1, which has
// none; ErrEmpty.
func (m *GammaGamma) Mean() (float64, error) {
	const where = "lifetime: GammaGamma.Mean"
	if err := m.ready(where); err != nil {
		return 0, err
	}
	p, q, v := m.at[0], m.at[1], m.at[2]
	if q <= 1 {
		return 0, fmt.Errorf("%s: q is %.4g, with at most 1 amounts have no mean: %w", where, q, ErrUndefined)
	}
	return finite(where, p*v/(q-1))
}

// Expected returns the amount that is to be expected of a purchase to come of a customer with so
// many repeat purchases of a mean amount: that mean, drawn towards the mean of all the more, the
// fewer they are. With repeats 0 (and mean 0) it is Mean. ErrUndefined where q ≤ 1, ErrEmpty, and
// the errors of [Spend.Add].
func (m *GammaGamma) Expected(repeats int, mean float64) (float64, error) {
	const where = "lifetime: GammaGamma.Expected"
	all, err := m.Mean()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", where, err)
	}
	if repeats == 0 && mean == 0 {
		return all, nil
	}
	a := amount{repeats, mean}
	if err := a.check(); err != nil {
		return 0, fmt.Errorf("%s: %w", where, err)
	}
	px, q := m.at[0]*float64(repeats), m.at[1]
	own := px / (px + q - 1)
	return finite(where, (1-own)*all+own*mean)
}

// of is Expected for a customer whose mean may not be known, 0: it is then that of all.
func (m *GammaGamma) of(repeats int, mean float64) (float64, error) {
	if mean == 0 {
		repeats = 0
	}
	return m.Expected(repeats, mean)
}

// AppendBinary appends the binary form to dst. ErrEmpty for a law that holds nothing.
func (m *GammaGamma) AppendBinary(dst []byte) ([]byte, error) {
	if err := m.ready("lifetime: GammaGamma.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	m.write(&w)
	return w.AppendFrame(dst, codec.KindGammaGamma, 1), nil
}

// MarshalBinary returns the binary form.
func (m *GammaGamma) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m by what MarshalBinary wrote. Payload of version 1, little-endian:
//
//	3 f64   p, q, v, in [1e-20, 1e20]
//	        and what Model has after its parameters, with 9 covariances
//
// Another kind of frame is ErrMismatch, what no law holds ErrCorrupt, a newer version ErrVersion;
// m is then unchanged.
func (m *GammaGamma) UnmarshalBinary(data []byte) error {
	const where = "lifetime: GammaGamma.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindGammaGamma, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := GammaGamma{readFitted(r, lawGammaGamma)}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}
