package experiment

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/metrics"
)

// Spending says how the false alarms of a group sequential test are shared out
// over its looks.
type Spending uint8

// Spending functions of Lan and DeMets (1983), per side with a = Alpha/2 (or
// Alpha, one-sided) at the information fraction t, and the bounds they imitate,
// which need all looks to be kept as planned.
const (
	SpendOBrienFleming  Spending = iota // 2 − 2Φ(z_{1−a/2}/√t): next to nothing early, almost all at the end
	SpendPocock                         // a·ln(1 + (e−1)t): about the same at each look
	BoundsOBrienFleming                 // O'Brien and Fleming (1979): z falls with 1/√t
	BoundsPocock                        // Pocock (1977): the same z at each look
)

// GroupSequentialOptions configures a GroupSequential.
type GroupSequentialOptions struct {
	Alpha    float64  // false alarms over all looks, in (0, 1); default 0.05
	OneSided bool     // stop for z >= bound only; default |z| >= bound
	Spending Spending // default SpendOBrienFleming
}

func (o GroupSequentialOptions) withDefaults() GroupSequentialOptions {
	o.Alpha = check.Default(o.Alpha, 0.05)
	return o
}

func (o GroupSequentialOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Alpha > 0 && o.Alpha < 1, "Alpha", o.Alpha, "in (0, 1)")
	c.Require(o.Spending <= BoundsPocock, "Spending", o.Spending, "O'Brien-Fleming or Pocock, by spending or as bounds")
	return c.Err(where)
}

// Look is one planned look at the data.
type Look struct {
	Fraction float64 // information (users) so far as a share of the planned total
	Spent    float64 // chance of a false alarm up to here, both sides
	Z        float64 // stop and reject if |z| (z if one-sided) is at least this; +Inf if nothing may be spent yet
	Nominal  float64 // the p-value that belongs to Z
}

// GroupSequential is an experiment with a few planned looks. The bounds keep
// the chance of a false alarm over all looks at Alpha. It is immutable and safe
// for concurrent readers.
type GroupSequential struct {
	opt   GroupSequentialOptions
	looks []Look
}

// Looks are bounded in number and distance, which bounds time and error of the
// integration; who looks more often should use AlwaysValid.
const (
	maxLooks = 200
	minGap   = 0.001
)

// NewGroupSequential computes the bounds for looks at the given information
// fractions, increasing by 0.001 or more in (0, 1], by numerical integration over the
// joint distribution of the statistics (Armitage, McPherson and Rowe 1969).
//
// If looks happen at other fractions than planned, make a new one of the
// fractions so far: with a spending function the bounds of earlier looks do not
// depend on later ones. BoundsOBrienFleming and BoundsPocock use up Alpha at the
// last look, whatever its fraction, and depend on all of them.
//
// ErrEmpty for no looks, ErrRange for bad fractions or more than 200 of them.
func NewGroupSequential(fractions []float64, opt GroupSequentialOptions) (*GroupSequential, error) {
	const where = "experiment: NewGroupSequential"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	if len(fractions) == 0 {
		return nil, fmt.Errorf("%s: no looks: %w", where, ErrEmpty)
	}
	if len(fractions) > maxLooks {
		return nil, fmt.Errorf("%s: %d looks, want at most %d: %w", where, len(fractions), maxLooks, ErrRange)
	}
	last := 0.0
	for i, t := range fractions {
		if !(t >= last+minGap && t <= 1) {
			return nil, fmt.Errorf("%s: fraction %d is %v, want in [%v, 1]: %w", where, i, t, last+minGap, ErrRange)
		}
		last = t
	}
	g := &GroupSequential{opt: opt, looks: make([]Look, len(fractions))}
	if opt.Spending >= BoundsOBrienFleming {
		g.classic(fractions)
		return g, nil
	}
	sides := 2.0
	if opt.OneSided {
		sides = 1
	}
	w := walk{oneSided: opt.OneSided}
	crossed := 0.0
	for i, t := range fractions {
		l := Look{Fraction: t, Spent: sides * opt.spend(t, opt.Alpha/sides), Z: math.Inf(1)}
		w.step(t)
		if want := l.Spent - crossed; want > 1e-15 {
			root := math.Sqrt(t)
			l.Z = bisect(0, 40, func(z float64) bool { return w.cross(z*root) <= want })
			crossed += w.cross(l.Z * root)
			l.Nominal = sides * infer.NormalCDF(-l.Z)
		}
		g.looks[i] = l
		if i < len(fractions)-1 {
			w.keep(l.Z*math.Sqrt(t), fractions[i+1])
		}
	}
	return g, nil
}

// made refuses a test without looks, which NewGroupSequential did not make.
func (g *GroupSequential) made(where string) error {
	if g == nil || len(g.looks) == 0 {
		return fmt.Errorf("%s: no looks: make it with NewGroupSequential: %w", where, ErrEmpty)
	}
	return nil
}

// classic finds the constant of the bounds of a given form by the method of
// false position (Illinois), which needs few of the costly walks.
func (g *GroupSequential) classic(fractions []float64) {
	shape := func(t float64) float64 {
		if g.opt.Spending == BoundsPocock {
			return 1
		}
		return math.Sqrt(fractions[len(fractions)-1] / t)
	}
	alarms := func(c float64) float64 {
		w := walk{oneSided: g.opt.OneSided}
		spent := 0.0
		for i, t := range fractions {
			l := Look{Fraction: t, Z: c * shape(t)}
			w.step(t)
			spent += w.cross(l.Z * math.Sqrt(t))
			l.Spent, l.Nominal = spent, infer.NormalCDF(-l.Z)
			if !g.opt.OneSided {
				l.Nominal *= 2
			}
			g.looks[i] = l
			if i < len(fractions)-1 {
				w.keep(l.Z*math.Sqrt(t), fractions[i+1])
			}
		}
		return spent - g.opt.Alpha
	}
	// Between the bound of a single look and that of independent looks.
	side, k := g.opt.Alpha, float64(len(fractions))
	if !g.opt.OneSided {
		side /= 2
	}
	lo, hi := -infer.NormalQuantile(side), -infer.NormalQuantile(side/k/2)
	flo, fhi := alarms(lo), alarms(hi)
	last := 0
	for range 60 {
		if hi-lo < 1e-12 || flo <= 0 {
			break
		}
		mid := (lo*fhi - hi*flo) / (fhi - flo)
		f := alarms(mid)
		if math.Abs(f) < 1e-14 {
			return // the looks are those of mid
		}
		if f > 0 {
			lo, flo = mid, f
			if last > 0 {
				fhi /= 2
			}
			last = 1
		} else {
			hi, fhi = mid, f
			if last < 0 {
				flo /= 2
			}
			last = -1
		}
	}
	if flo <= 0 {
		hi = lo // a single look
	}
	alarms(hi)
}

func (o GroupSequentialOptions) spend(t, a float64) float64 {
	if o.Spending == SpendPocock {
		return a * math.Log1p((math.E-1)*t)
	}
	return 2 * infer.NormalCDF(infer.NormalQuantile(a/2)/math.Sqrt(t))
}

// Looks returns a copy of the looks.
func (g *GroupSequential) Looks() []Look {
	if g == nil {
		return nil
	}
	return slices.Clone(g.looks)
}

// Reject reports whether the effect seen at a look, from 0, crosses its bound.
// ErrRange for a look that is not planned or a statistic that is NaN.
func (g *GroupSequential) Reject(look int, e metrics.Effect) (bool, error) {
	if err := g.made("experiment: GroupSequential.Reject"); err != nil {
		return false, err
	}
	if look < 0 || look >= len(g.looks) {
		return false, fmt.Errorf("experiment: GroupSequential.Reject: look %d of %d: %w", look, len(g.looks), ErrRange)
	}
	z := e.Statistic
	if math.IsNaN(z) {
		return false, fmt.Errorf("experiment: GroupSequential.Reject: the statistic is NaN: %w", ErrRange)
	}
	if !g.opt.OneSided {
		z = math.Abs(z)
	}
	return z >= g.looks[look].Z, nil
}

// Power returns the chance to reject at one of the looks and the expected
// information fraction at the end, if the z statistic expected at fraction 1 is
// drift (the effect over its standard error with all users).
func (g *GroupSequential) Power(drift float64) (power, fraction float64, err error) {
	if err := g.made("experiment: GroupSequential.Power"); err != nil {
		return math.NaN(), math.NaN(), err
	}
	if !check.Finite(drift) {
		return math.NaN(), math.NaN(), fmt.Errorf("experiment: GroupSequential.Power: drift is %v: %w", drift, ErrNotFinite)
	}
	w := walk{oneSided: g.opt.OneSided, drift: drift}
	early := 0.0
	for i, l := range g.looks {
		w.step(l.Fraction)
		bound := l.Z * math.Sqrt(l.Fraction)
		c := w.cross(bound)
		power += c
		if i < len(g.looks)-1 {
			fraction += l.Fraction * c
			early += c
			w.keep(bound, g.looks[i+1].Fraction)
		}
	}
	fraction += g.looks[len(g.looks)-1].Fraction * (1 - early)
	return math.Min(power, 1), fraction, nil
}

// Inflation returns how many times the users of a test with a single look this
// design needs at most for the same power. ErrRange unless power is in
// (Alpha, 1).
func (g *GroupSequential) Inflation(power float64) (float64, error) {
	if err := g.made("experiment: GroupSequential.Inflation"); err != nil {
		return 0, err
	}
	if !(power > g.opt.Alpha && power < 1) {
		return math.NaN(), fmt.Errorf("experiment: GroupSequential.Inflation: power is %v, want in (%v, 1): %w", power, g.opt.Alpha, ErrRange)
	}
	a := g.opt.Alpha / 2
	if g.opt.OneSided {
		a = g.opt.Alpha
	}
	single := infer.NormalQuantile(power) - infer.NormalQuantile(a)
	lo, hi := 0.0, single
	reach := func(d float64) bool { p, _, err := g.Power(d); return err == nil && p >= power }
	for !reach(hi) {
		if hi > 40 {
			return math.NaN(), undefined("GroupSequential.Inflation: no sample reaches power %v", power)
		}
		hi *= 1.5
	}
	for hi-lo > 1e-9*hi {
		mid := (lo + hi) / 2
		if reach(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi / single * (hi / single), nil
}

// walk is the density of a Brownian motion that is stopped at bounds, on the
// nodes of a quadrature rule.
type walk struct {
	oneSided bool
	drift    float64
	t, from  float64   // time of the current look and of the last
	x, f     []float64 // nodes at the last look, density times weight
}

func (w *walk) step(t float64) { w.from, w.t = w.t, t }

// cross returns the chance that the walk, not stopped yet, is beyond ±c (above
// c if one-sided) at the current time.
func (w *walk) cross(c float64) float64 {
	s, m := math.Sqrt(w.t-w.from), w.drift*(w.t-w.from)
	beyond := func(x float64) float64 {
		p := infer.NormalCDF((x + m - c) / s)
		if !w.oneSided {
			p += infer.NormalCDF((-c - x - m) / s)
		}
		return p
	}
	if w.from == 0 {
		return beyond(0)
	}
	sum := 0.0
	for i, x := range w.x {
		sum += w.f[i] * beyond(x)
	}
	return sum
}

// keep lays the density of the walks that are still within the bounds on new
// nodes, close enough to be smooth on the way to the look at time next.
func (w *walk) keep(c, next float64) {
	// Beyond 9 standard deviations there is nothing to keep.
	root := math.Sqrt(w.t)
	lo, hi := w.drift*w.t-9*root, math.Min(c, w.drift*w.t+9*root)
	if !w.oneSided {
		lo = math.Max(lo, -c)
	}
	s, m := math.Sqrt(w.t-w.from), w.drift*(w.t-w.from)
	density := func(y float64) float64 {
		if w.from == 0 {
			return infer.NormalPDF((y-m)/s) / s
		}
		sum := 0.0
		for i, x := range w.x {
			if d := (y - x - m) / s; d > -9 && d < 9 {
				sum += w.f[i] * math.Exp(-d*d/2)
			}
		}
		return sum / s / math.Sqrt(2*math.Pi)
	}
	var xs, fs []float64
	if hi > lo {
		// Eight nodes for each standard deviation of the finer step.
		pieces := int(math.Ceil((hi-lo)/math.Sqrt(math.Min(w.t-w.from, next-w.t)))) + 1
		h := (hi - lo) / float64(pieces)
		for p := range pieces {
			mid := lo + (float64(p)+0.5)*h
			for i, u := range infer.LegendreNodes {
				for _, y := range [2]float64{mid - h/2*u, mid + h/2*u} {
					xs = append(xs, y)
					fs = append(fs, density(y)*infer.LegendreWeights[i]*h/2)
				}
			}
		}
	}
	w.x, w.f = xs, fs
}
