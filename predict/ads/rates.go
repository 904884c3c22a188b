package ads

import (
	"cmp"
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/infer"
)

var (
	_ encoding.BinaryAppender    = (*Rates)(nil)
	_ encoding.BinaryMarshaler   = (*Rates)(nil)
	_ encoding.BinaryUnmarshaler = (*Rates)(nil)
)

// Trials is what is known of one rate: S successes, such as clicks, in N trials, such as
// impressions that were looked at. Neither need be whole.
type Trials struct {
	Path Path    // what was tried
	S, N float64 // 0 <= S <= N <= 1e15
}

// RatesOptions configures FitRates.
type RatesOptions struct {
	// Moments takes the law of the rates of advertisers by moments instead of maximum
	// likelihood. Within an advertiser it is always by moments: its own mean is not known.
	Moments bool
	// Strength is how many trials the overall rate is worth where advertisers are too few, or too
	// alike, to tell, > 0; default 100.
	Strength float64
}

// Belief is what is believed of a rate: Beta(Mean·Strength, (1−Mean)·Strength).
type Belief struct {
	Mean     float64 // the smoothed rate, in (0, 1)
	Strength float64 // trials that this knowledge is worth
}

// Rates are rates of clicks or of actions, smoothed in levels: what is seen of a creative counts
// as far as there is enough of it, then what is seen of its ad, then of its advertiser, then of all. It is
// immutable and safe for concurrent use; make one with FitRates.
type Rates struct {
	opt   RatesOptions
	seen  []Trials // by path, each once
	prior Belief   // of an advertiser that nobody knows
	ad    float64  // trials that the rate of an advertiser is worth for an ad
	part  float64  // trials that the rate of an ad is worth for a creative
	of    map[Path]Belief
}

// FitRates smooths rates. Rows of one path add up; rows without trials are as if they were not
// there; an Ad of "" is all of its advertiser that is not told apart, a Creative of "" likewise.
// Rates of advertisers are taken to follow a Beta law, fitted by maximum likelihood of the
// beta-binomial or by moments (Kleinman, JASA 68, 1973), those of the ads of an advertiser a Beta
// law around its rate, and those of creatives one around that of their ad:
//
//	(S + m·rate of the level above) / (N + m)
//
// The order of rows does not matter. Errors: ErrOption; ErrNotFinite and ErrRange for rows that
// cannot be; ErrEmpty without trials; ErrUndefined without a success, and without a failure. Cost: O(n log n).
func FitRates(rows []Trials, opt RatesOptions) (*Rates, error) {
	const where = "ads: FitRates"
	opt.Strength = check.Default(opt.Strength, 100)
	var c check.Options
	c.Require(opt.Strength > 0 && opt.Strength <= maxStrength, "Strength", opt.Strength, "in (0, 1e9]")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	for i, t := range rows {
		if !check.Finite(t.S) || !check.Finite(t.N) {
			return nil, fmt.Errorf("%s: rows[%d] has %v of %v: %w", where, i, t.S, t.N, ErrNotFinite)
		}
		if t.S < 0 || t.S > t.N || t.N > check.MaxAmount {
			return nil, fmt.Errorf("%s: rows[%d] has %v of %v, want 0 <= S <= N <= 1e15: %w", where, i, t.S, t.N, ErrRange)
		}
	}
	// Equal paths in an order of their own, so that sums do not depend on that of the rows.
	sorted := slices.Clone(rows)
	slices.SortFunc(sorted, func(a, b Trials) int {
		return cmp.Or(a.Path.compare(b.Path), cmp.Compare(a.N, b.N), cmp.Compare(a.S, b.S))
	})
	m := &Rates{opt: opt}
	for _, t := range sorted {
		last := len(m.seen) - 1
		switch {
		case t.N == 0:
		case last >= 0 && m.seen[last].Path == t.Path:
			m.seen[last].S, m.seen[last].N = m.seen[last].S+t.S, m.seen[last].N+t.N
		default:
			m.seen = append(m.seen, t)
		}
	}
	if len(m.seen) == 0 {
		return nil, fmt.Errorf("%s: no trials: %w", where, ErrEmpty)
	}
	if err := m.fit(); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return m, nil
}

// maxStrength stands for rates that vary no more than chance has it.
const maxStrength = 1e9

func (p Path) compare(q Path) int {
	return cmp.Or(cmp.Compare(p.Advertiser, q.Advertiser), cmp.Compare(p.Ad, q.Ad), cmp.Compare(p.Creative, q.Creative))
}

// level sums sorted trials by up(path), and returns the ends of the groups that up(up) makes of the sums.
func level(rows []Trials, up func(Path) Path, group func(Path) Path) (sums []Trials, ends []int) {
	for _, t := range rows {
		key := up(t.Path)
		last := len(sums) - 1
		if last >= 0 && sums[last].Path == key {
			sums[last].S, sums[last].N = sums[last].S+t.S, sums[last].N+t.N
			continue
		}
		if last >= 0 && group(sums[last].Path) != group(key) {
			ends = append(ends, len(sums))
		}
		sums = append(sums, Trials{key, t.S, t.N})
	}
	return sums, append(ends, len(sums))
}

func asUnits(rows []Trials) []infer.Trials {
	out := make([]infer.Trials, len(rows))
	for i, t := range rows {
		out[i] = infer.Trials{S: t.S, N: t.N}
	}
	return out
}

func (p Path) advertiser() Path { return Path{Advertiser: p.Advertiser} }
func (p Path) ad() Path         { return Path{Advertiser: p.Advertiser, Ad: p.Ad} }
func (p Path) creative() Path   { return p }
func (p Path) everybody() Path  { return Path{} }

// fit finds the laws of the three levels, and what is believed of everything seen by them.
func (m *Rates) fit() error {
	advertisers, _ := level(m.seen, Path.advertiser, Path.everybody)
	ads, adEnds := level(m.seen, Path.ad, Path.advertiser)
	_, partEnds := level(m.seen, Path.creative, Path.ad)
	var s, n float64
	for _, t := range advertisers {
		s, n = s+t.S, n+t.N
	}
	if !(s > 0 && s < n) {
		return fmt.Errorf("%v successes in %v trials: %w", s, n, ErrUndefined)
	}
	var a, b float64
	var err error
	if m.opt.Moments {
		a, b, err = infer.BetaMoments(asUnits(advertisers))
	} else {
		a, b, _, err = infer.BetaBinomial(asUnits(advertisers))
	}
	m.prior = Belief{a / (a + b), a + b}
	if !(err == nil && m.prior.Mean > 0 && m.prior.Mean < 1 && m.prior.Strength > 0) { // too few advertisers, or too alike
		m.prior = Belief{s / n, m.opt.Strength}
	}
	strength := func(units []Trials, ends []int, above float64) float64 {
		w := infer.BetaWithin(asUnits(units), ends)
		if math.IsNaN(w) {
			return above
		}
		return min(max(w, 1e-3), maxStrength)
	}
	m.prior.Strength = min(m.prior.Strength, maxStrength)
	m.ad = strength(ads, adEnds, m.prior.Strength)
	m.part = strength(m.seen, partEnds, m.ad)
	m.believe()
	return nil
}

// believe finds what is believed of everything seen, by the laws of the levels.
func (m *Rates) believe() {
	advertisers, _ := level(m.seen, Path.advertiser, Path.everybody)
	ads, _ := level(m.seen, Path.ad, Path.advertiser)
	m.of = make(map[Path]Belief, len(advertisers)+len(ads)+len(m.seen))
	for _, t := range advertisers {
		m.of[t.Path] = m.prior.given(t, m.prior.Strength)
	}
	for _, t := range ads {
		if t.Path.Ad != "" {
			m.of[t.Path] = m.of[t.Path.advertiser()].given(t, m.ad)
		}
	}
	for _, t := range m.seen {
		if t.Path.Creative != "" {
			m.of[t.Path] = m.of[t.Path.ad()].given(t, m.part)
		}
	}
}

// given is what is believed after trials where before them the mean was worth strength trials.
func (b Belief) given(t Trials, strength float64) Belief {
	return Belief{(t.S + strength*b.Mean) / (t.N + strength), t.N + strength}
}

// Of returns what is believed of a rate. A creative that nobody has seen has the mean of its ad,
// an ad that of its advertiser, and an advertiser that of all; "" for a level is what is above
// it. The zero Belief for Rates that FitRates has not made. Cost: a few look-ups, without allocation.
func (m *Rates) Of(path Path) Belief {
	if m == nil || m.of == nil {
		return Belief{}
	}
	if b, ok := m.of[path]; ok {
		return b
	}
	if b, ok := m.of[path.ad()]; ok && path.Creative != "" {
		return Belief{b.Mean, min(b.Strength, m.part)}
	}
	if b, ok := m.of[path.advertiser()]; ok && path.Ad != "" {
		return Belief{b.Mean, min(b.Strength, m.ad)}
	}
	return m.prior
}

// Strengths returns how many trials the overall rate is worth for an advertiser, the rate of an
// advertiser for an ad, and that of an ad for a creative; 0 for Rates that FitRates has not made.
func (m *Rates) Strengths() (advertiser, ad, creative float64) {
	if m == nil {
		return 0, 0, 0
	}
	return m.prior.Strength, m.ad, m.part
}

// AppendBinary appends the binary form of m to dst. ErrEmpty for Rates that FitRates has not made.
func (m *Rates) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.of == nil {
		return dst, fmt.Errorf("ads: Rates.AppendBinary: no rates: %w", ErrEmpty)
	}
	var w codec.Writer
	w.Bool(m.opt.Moments)
	w.Float64(m.opt.Strength)
	for _, x := range []float64{m.prior.Mean, m.prior.Strength, m.ad, m.part} {
		w.Float64(x)
	}
	w.Int(len(m.seen))
	for _, t := range m.seen {
		w.String(t.Path.Advertiser)
		w.String(t.Path.Ad)
		w.String(t.Path.Creative)
		w.Float64(t.S)
		w.Float64(t.N)
	}
	return w.AppendFrame(dst, codec.KindAdRates, 2), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Rates) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 2, little-endian:
//
//	bool    whether by moments; f64 the Strength, in (0, 1e9]
//	four f64: the overall rate, in (0, 1), and what it, the rate of an advertiser and that of an ad are worth, in (0, 1e9];
//	        version 1 has none of them, and is fitted again
//	int     number of paths, then for each, ascending strictly:
//	  three strings: advertiser, ad, creative; two f64: S and N, N > 0, S from 0 to N, finite
//
// with a success and a failure among them. Another kind of frame is ErrMismatch, a newer version ErrVersion, all else
// ErrCorrupt; m is then unchanged. Memory grows with the bytes given.
func (m *Rates) UnmarshalBinary(data []byte) error {
	const where = "ads: Rates.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindAdRates, 2)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := Rates{opt: RatesOptions{Moments: r.Bool(), Strength: r.Float64()}}
	if r.Err() == nil && !(d.opt.Strength > 0 && d.opt.Strength <= maxStrength) {
		r.Fail("has a strength that cannot be")
	}
	if r.Version > 1 {
		d.prior, d.ad, d.part = Belief{r.Float64(), r.Float64()}, r.Float64(), r.Float64()
		if r.Err() == nil && !(d.prior.Mean > 0 && d.prior.Mean < 1) {
			r.Fail("has a rate that cannot be")
		}
		for _, x := range []float64{d.prior.Strength, d.ad, d.part} {
			if r.Err() == nil && !(x > 0 && x <= maxStrength) {
				r.Fail("has a strength that cannot be")
			}
		}
	}
	n := r.Int()
	for i := 0; i < n && r.Err() == nil; i++ {
		t := Trials{Path: Path{r.String(), r.String(), r.String()}, S: r.Float64(), N: r.Float64()}
		if !(t.N > 0 && t.S >= 0 && t.S <= t.N) || t.N > 1e300 || i > 0 && d.seen[i-1].Path.compare(t.Path) >= 0 {
			r.Fail("has trials out of order, or that cannot be")
		}
		d.seen = append(d.seen, t)
	}
	var yes, all float64
	for _, t := range d.seen {
		yes, all = yes+t.S, all+t.N
	}
	if r.Err() == nil && (!(yes > 0 && yes < all) || r.Version == 1 && d.fit() != nil) {
		r.Fail("has trials that tell no rate")
	}
	if r.Err() == nil && r.Version > 1 {
		d.believe()
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}
