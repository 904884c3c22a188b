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
	_ encoding.BinaryAppender    = (*Model[Weeks])(nil)
	_ encoding.BinaryMarshaler   = (*Model[Weeks])(nil)
	_ encoding.BinaryUnmarshaler = (*Model[Weeks])(nil)
)

// Model is a fitted law of repeat buying: how often customers buy, and how they are lost without
// saying so. [FitBGNBD], [FitMBGNBD], [FitParetoNBD] and [FitBGBB] make it. It is immutable and safe for
// concurrent readers.
type Model[T Time] struct{ fitted }

// process is what the laws of repeat buying have in common.
type process interface {
	// read returns the log-likelihood of a history and the probability that the customer is lost.
	read(h history) (value, lost float64)
	// after returns the law of what a customer does who is alive after a history.
	after(h history) process
	// expect returns the expected purchases of a new customer in t >= 0.
	expect(t float64) float64
	// prob returns the probability of n purchases of a new customer in t >= 0.
	prob(n int, t float64) float64
	// wait returns the time within which a customer who stays buys with probability q.
	wait(q float64) float64
	// unusual returns the chance of the silence that a posterior has seen, of who was alive.
	unusual(silence float64) float64
	round(ctx context.Context, into Round, s *counts, bare bool, workers int) (*Round, error)
}

func (m *Model[T]) process() process {
	switch m.law {
	case lawParetoNBD:
		return &pareto{m.at[0], m.at[1], m.at[2], m.at[3]}
	case lawBGBB:
		return &betaBinomial{m.at[0], m.at[1], m.at[2], m.at[3], 0}
	}
	g := &geometric{m.at[0], m.at[1], m.at[2], m.at[3], 0}
	if m.law == lawMBGNBD {
		g.first = 1
	}
	return g
}

func (g *geometric) read(h history) (value, lost float64) { return g.lost(h) }

func (g *geometric) after(h history) process {
	p := g.posterior(h)
	return &p
}

func (g *geometric) wait(q float64) float64 { return lomax(g.r, g.alpha, q) }

func (g *geometric) unusual(silence float64) float64 { return silent(g.r, g.alpha, silence) }

// ready refuses a model that holds nothing.
func (m *Model[T]) ready(where string) error {
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	return m.fitted.ready(where)
}

// fitRepeats fits one of the laws of repeat buying.
func fitRepeats[T Time](ctx context.Context, where string, law lawKind, s *Summary[T], opt FitOptions) (*Model[T], error) {
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	p := problem{where: where, law: law, scaled: [maxParams]bool{1: true}, starts: geometricStarts}
	switch law {
	case lawParetoNBD:
		p.scaled[3], p.starts = true, paretoStarts
	case lawBGBB:
		p.scaled[1], p.starts = false, binomialStarts
	}
	var local *Round
	if s != nil && opt.Rounds == nil {
		local = &Round{law: law, unit: unitOf[T](), n: s.n, again: s.again, scale: s.oldest}
		p.eval = func(ctx context.Context, at []float64, bare bool) (*Round, error) {
			m := Model[T]{fitted{law: law}}
			copy(m.at[:], at)
			return m.round(ctx, s, bare, opt.Workers)
		}
	}
	f, err := p.fit(ctx, local, opt)
	if err != nil {
		return nil, err
	}
	return &Model[T]{f}, nil
}

// geometricStarts are places that customers of shops are found at, alpha as a share of the
// greatest age.
var geometricStarts = [][maxParams]float64{
	{1, .3, 1, 3},
	{.5, .1, 1, 3},
	{.1, .01, 1, 3},
	{3, .3, .3, 6},
	{1, .03, .1, 3},
}

var paretoStarts = [][maxParams]float64{
	{1, .3, 1, .3},
	{.5, .1, .5, .5},
	{1, .03, .3, 3},
	{3, .3, 1, 3},
	{.1, .01, .1, .1},
}

// FitBGNBD fits the beta-geometric / negative binomial law of Fader, Hardie and Lee (2005):
// purchases as a Poisson process whose rate differs between customers by a gamma law (r, alpha),
// and after each repeat purchase a chance to be lost that differs by a beta law (a, b).
//
// The search begins cold and maximises the likelihood by Newton's method over the logarithms of
// the parameters; any unit of time leads to the same law. A parameter that runs off, and one
// that the data hardly determine, are Warnings of [Model.Report].
//
// ErrEmpty without customers, ErrUndefined where none has bought again, ErrDiverged where the
// likelihood is not finite, ErrOption for bad options, context.Cause(ctx) when ctx ends. Cost:
// some 20 passes of 100 ns a group.
func FitBGNBD[T Time](ctx context.Context, s *Summary[T], opt FitOptions) (*Model[T], error) {
	return fitRepeats(ctx, "lifetime: FitBGNBD", lawBGNBD, s, opt)
}

// FitMBGNBD fits the modified law of Batislam, Denizel and Filiztekin (2007) and Wagner and
// Hoppe (2008): as [FitBGNBD], but customers may be lost right after their first purchase, too,
// so that who never came back need not be alive. Errors and cost as there.
func FitMBGNBD[T Time](ctx context.Context, s *Summary[T], opt FitOptions) (*Model[T], error) {
	return fitRepeats(ctx, "lifetime: FitMBGNBD", lawMBGNBD, s, opt)
}

// FitParetoNBD fits the law of Schmittlein, Morrison and Colombo (1987): purchases as in
// [FitBGNBD] (r, alpha), and a life that may end at any time, whatever was bought, at a rate
// that differs between customers by a gamma law (s, beta). Errors as there. Cost: some 20 passes
// of 5 to 20 µs a group.
func FitParetoNBD[T Time](ctx context.Context, s *Summary[T], opt FitOptions) (*Model[T], error) {
	return fitRepeats(ctx, "lifetime: FitParetoNBD", lawParetoNBD, s, opt)
}

// NewParetoNBD returns the Pareto/NBD law with the given parameters, alpha and beta in the unit
// of T, all > 0. ErrNotFinite, ErrRange.
func NewParetoNBD[T Time](r, alpha, s, beta float64) (*Model[T], error) {
	return newModel[T]("lifetime: NewParetoNBD", lawParetoNBD, r, alpha, s, beta)
}

// NewBGNBD returns the BG/NBD law with the given parameters, alpha in the unit of T, all > 0.
// ErrNotFinite, ErrRange.
func NewBGNBD[T Time](r, alpha, a, b float64) (*Model[T], error) {
	return newModel[T]("lifetime: NewBGNBD", lawBGNBD, r, alpha, a, b)
}

// NewMBGNBD returns the MBG/NBD law with the given parameters, alpha in the unit of T, all > 0.
// ErrNotFinite, ErrRange.
func NewMBGNBD[T Time](r, alpha, a, b float64) (*Model[T], error) {
	return newModel[T]("lifetime: NewMBGNBD", lawMBGNBD, r, alpha, a, b)
}

func newModel[T Time](where string, law lawKind, params ...float64) (*Model[T], error) {
	f, err := given(where, law, params...)
	if err != nil {
		return nil, err
	}
	return &Model[T]{f}, nil
}

// Report tells parameters, standard errors and how the fit went; nothing for a nil model and one
// that no fit made.
func (m *Model[T]) Report() Report {
	if m.ready("") != nil {
		return Report{}
	}
	return m.report()
}

// Round returns what a shard of customers says about the parameters of m: a worker makes m of
// the parameters that [FitOptions.Rounds] is given. ErrEmpty without customers or model,
// context.Cause(ctx) when ctx ends.
func (m *Model[T]) Round(ctx context.Context, s *Summary[T]) (*Round, error) {
	const where = "lifetime: Model.Round"
	if err := m.ready(where); err != nil {
		return nil, err
	}
	if s.Customers() == 0 {
		return nil, fmt.Errorf("%s: no customers: %w", where, ErrEmpty)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return m.round(ctx, s, false, 0)
}

func (m *Model[T]) round(ctx context.Context, s *Summary[T], bare bool, workers int) (*Round, error) {
	into := Round{law: m.law, unit: unitOf[T](), at: m.at, n: s.n, again: s.again, scale: s.oldest}
	return m.process().round(ctx, into, &counts{s.groups, s.xs, s.ts}, bare, workers)
}

// LogLikelihood returns the log-likelihood of one customer, of density in T: of several, the sum
// is what the fit maximises. ErrEmpty for an unfitted model, ErrRange and ErrNotFinite for a
// customer that cannot be, ErrDiverged where it is not finite.
func (m *Model[T]) LogLikelihood(c Customer[T]) (float64, error) {
	const where = "lifetime: Model.LogLikelihood"
	if err := m.asked(where, c); err != nil {
		return 0, err
	}
	v, _ := m.process().read(historyOf(c))
	return finite(where, v)
}

// asked refuses an unfitted model and a customer that cannot be.
func (m *Model[T]) asked(where string, c Customer[T]) error {
	if err := m.ready(where); err != nil {
		return err
	}
	err := c.check()
	if err == nil && m.law == lawBGBB {
		err = historyOf(c).inPeriods()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}

func finite(where string, v float64) (float64, error) {
	if !check.Finite(v) {
		return 0, fmt.Errorf("%s: the result is not finite: %w", where, ErrDiverged)
	}
	return v, nil
}

// Alive returns the probability that a customer is still one, given what he bought: in [0, 1].
// The BG/NBD law has it 1 for those who never came back. ErrEmpty for an unfitted model,
// ErrRange and ErrNotFinite for a customer that cannot be.
func (m *Model[T]) Alive(c Customer[T]) (float64, error) {
	const where = "lifetime: Model.Alive"
	if err := m.asked(where, c); err != nil {
		return 0, err
	}
	_, lost := m.process().read(historyOf(c))
	return finite(where, 1-lost)
}

// Expected returns how many purchases are to be expected of a customer within the time t from
// now, given what he bought. ErrRange for t < 0, ErrNotFinite, ErrEmpty, ErrRange for a customer
// that cannot be.
func (m *Model[T]) Expected(c Customer[T], t T) (float64, error) {
	const where = "lifetime: Model.Expected"
	if err := m.asked(where, c); err != nil {
		return 0, err
	}
	if err := horizon(where, t); err != nil {
		return 0, err
	}
	alive, ahead := m.ahead(c)
	return finite(where, alive*ahead.expect(float64(t)))
}

// ahead returns the probability that a customer is alive, and the law of what he then does.
func (m *Model[T]) ahead(c Customer[T]) (alive float64, then process) {
	p, h := m.process(), historyOf(c)
	_, lost := p.read(h)
	return 1 - lost, p.after(h)
}

func horizon[T Time](where string, t T) error {
	switch {
	case !check.Finite(float64(t)):
		return fmt.Errorf("%s: t is %v: %w", where, t, ErrNotFinite)
	case t < 0:
		return fmt.Errorf("%s: t is %v, want >= 0: %w", where, t, ErrRange)
	}
	return nil
}

// ExpectedNew returns how many repeat purchases are to be expected of a customer in the time t
// after his first purchase, of whom nothing else is known. ErrEmpty, ErrRange for t < 0,
// ErrNotFinite.
func (m *Model[T]) ExpectedNew(t T) (float64, error) {
	const where = "lifetime: Model.ExpectedNew"
	if err := m.ready(where); err != nil {
		return 0, err
	}
	if err := horizon(where, t); err != nil {
		return 0, err
	}
	return finite(where, m.process().expect(float64(t)))
}

// maxCount bounds the counts that probabilities are asked of.
const maxCount = 1 << 20

// Prob returns the probability that a customer makes n repeat purchases in the time t after his
// first one, of whom nothing else is known. ErrEmpty, ErrRange for t < 0 and n outside of
// [0, 2²⁰], ErrNotFinite.
func (m *Model[T]) Prob(n int, t T) (float64, error) {
	const where = "lifetime: Model.Prob"
	if err := m.ready(where); err != nil {
		return 0, err
	}
	return probOf(where, m.process(), n, t)
}

// probOf is prob of an argument that was not checked.
func probOf[T Time](where string, p process, n int, t T) (float64, error) {
	if err := horizon(where, t); err != nil {
		return 0, err
	}
	switch {
	case n < 0 || n > maxCount:
		return 0, fmt.Errorf("%s: n is %d, want from 0 to 2^20: %w", where, n, ErrRange)
	case t == 0 && n == 0:
		return 1, nil
	case t == 0:
		return 0, nil
	}
	if _, isWhole := p.(*betaBinomial); isWhole && float64(t) > maxWhole {
		return 0, fmt.Errorf("%s: t is %v, want at most %d periods of the BG/BB law: %w", where, t, maxWhole, ErrTooLarge)
	}
	return finite(where, p.prob(n, float64(t)))
}

// ProbGiven returns the probability that a customer makes n purchases within the time t from
// now, given what he bought. Errors as of Prob and Alive.
func (m *Model[T]) ProbGiven(c Customer[T], n int, t T) (float64, error) {
	const where = "lifetime: Model.ProbGiven"
	if err := m.asked(where, c); err != nil {
		return 0, err
	}
	alive, ahead := m.ahead(c)
	p, err := probOf(where, ahead, n, t)
	if err != nil {
		return 0, err
	}
	if p *= alive; n == 0 {
		p += 1 - alive
	}
	return p, nil
}

// NextOrder returns the time from now within which a customer orders with probability p, as long
// as he is alive: .5 for the median, "he is due by then". ErrEmpty, ErrRange for a customer that
// cannot be and for p outside of (0, 1), ErrOverflow where it is too long for a number.
func (m *Model[T]) NextOrder(c Customer[T], p float64) (T, error) {
	const where = "lifetime: Model.NextOrder"
	if err := m.asked(where, c); err != nil {
		return 0, err
	}
	if !(p > 0 && p < 1) {
		return 0, fmt.Errorf("%s: p is %v, want in (0, 1): %w", where, p, ErrRange)
	}
	_, ahead := m.ahead(c)
	t := ahead.wait(p)
	if math.IsInf(t, 0) {
		return 0, fmt.Errorf("%s: longer than numbers reach: %w", where, ErrOverflow)
	}
	return T(t), nil
}

// AppendBinary appends the binary form to dst. ErrEmpty for a model that holds nothing.
func (m *Model[T]) AppendBinary(dst []byte) ([]byte, error) {
	if err := m.ready("lifetime: Model.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(unitOf[T]())
	w.Int(int(m.law))
	m.write(&w)
	return w.AppendFrame(dst, codec.KindRepeatModel, 1), nil
}

// MarshalBinary returns the binary form.
func (m *Model[T]) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m by what MarshalBinary wrote. Payload of version 1, little-endian:
//
//	int     unit of time, as of Summary
//	int     law: 1 BG/NBD, 2 MBG/NBD, 3 Pareto/NBD, 6 BG/BB
//	4 f64   parameters, in [1e-20, 1e20]
//	[]f64   16 covariances of their logarithms, may be NaN; none for given parameters
//	i64     customers of the fit, >= 0; 0 exactly for given parameters
//	f64     log-likelihood
//	int     iterations
//	bool    converged
//	[]text  warnings
//
// Another unit than T or another kind of frame is ErrMismatch, what no model holds ErrCorrupt, a
// newer version ErrVersion; m is then unchanged.
func (m *Model[T]) UnmarshalBinary(data []byte) error {
	const where = "lifetime: Model.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := openUnit[T](where, data, codec.KindRepeatModel)
	if err != nil {
		return err
	}
	law := r.Int()
	if r.Err() == nil && (!lawKind(min(law, 255)).timed()) {
		r.Fail("is of no law")
	}
	var d Model[T]
	if r.Err() == nil {
		d.fitted = readFitted(r, lawKind(law))
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}
