package search

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/rng"
)

// ladder is Halving under way: asynchronous successive halving (Li et al. 2020) made
// sequential, so that what comes next depends on seed and scores alone and a longer
// search begins with the trials of a shorter one.
//
// A setting enters at the lowest rung and is judged on the next when it is among the
// best third of those of its rung so far. The base is judged on the highest rung before
// anything else and stays there as the one to beat. Settings are those of Starts, then
// a sample of the ranges, then what a model of the scores takes for better than the best
// (Falkner et al. 2018). Every third of these is judged in full at once, near the best there
// or with a Doubles knob doubled: what is best with a part of the data is not quite what is
// best with all of it.
type ladder[O any] struct {
	*run[O]
	fidelities []float64   // of the rungs, ascending to 1
	starts     [][]float64 // values; those that differ
	settings   [][]float64 // values in the order in which they were proposed, nil for base, NaN for a knob left to base
	scores     [][]float64 // of each rung and setting; NaN where not judged or failed
	judged     [][]bool
	rungs      [][]int // settings that were judged on each, best first, of equals the older
	tried      map[string]bool
}

// third divides a rung into those that are judged on the next and the others, and is the
// ratio of their fidelities.
const third = 3

// halve climbs until all trials are used, the time is over or nothing new is left.
func (t *run[O]) halve() {
	l := &ladder[O]{run: t, tried: map[string]bool{}}
	for f := t.opt.Lowest; f < 0.99; f *= third {
		l.fidelities = append(l.fidelities, f)
	}
	l.fidelities = append(l.fidelities, 1)
	top := len(l.fidelities) - 1
	l.scores, l.judged, l.rungs = make([][]float64, top+1), make([][]bool, top+1), make([][]int, top+1)
	l.enter(nil)
	for _, values := range t.opt.Starts {
		if key := l.key(values); !l.tried[key] {
			l.starts, l.tried[key] = append(l.starts, values), true
		}
	}
	if !l.climb(0, top) || top > 0 && !l.climb(0, 0) {
		return
	}
	for {
		if n, r := l.promotable(); n >= 0 {
			if !l.climb(n, r) {
				return
			}
			continue
		}
		if len(l.settings) >= t.opt.Trials {
			return
		}
		values, r := l.propose()
		if values == nil || !l.climb(l.enter(values), r) {
			return
		}
	}
}

// enter numbers new settings.
func (l *ladder[O]) enter(values []float64) int {
	l.settings = append(l.settings, values)
	l.tried[l.key(values)] = true
	for r := range l.fidelities {
		l.scores[r], l.judged[r] = append(l.scores[r], math.NaN()), append(l.judged[r], false)
	}
	return len(l.settings) - 1
}

// climb judges setting n on rung r and reports whether to go on.
func (l *ladder[O]) climb(n, r int) bool {
	if !l.judge(l.settings[n], l.fidelities[r]) {
		return false
	}
	l.judged[r][n] = true
	if last := l.out.Trials[len(l.out.Trials)-1]; last.Err == nil {
		l.scores[r][n] = last.Score
		at, _ := slices.BinarySearchFunc(l.rungs[r], n, func(a, b int) int {
			switch x, y := l.scores[r][a], l.scores[r][b]; {
			case x > y:
				return -1
			case x < y:
				return 1
			}
			return a - b
		})
		l.rungs[r] = slices.Insert(l.rungs[r], at, n)
	}
	return true
}

// promotable returns the best setting that waits to be judged on a higher rung, and
// that rung; -1 for none. High rungs go first. No more than a third of a rung goes up,
// or in a search that gets better and better all would.
func (l *ladder[O]) promotable() (n, r int) {
	for r := len(l.rungs) - 2; r >= 0; r-- {
		up := 0
		for _, n := range l.rungs[r] {
			if l.above(n, r) {
				up++
			}
		}
		quota := (len(l.rungs[r]) + third - 1) / third
		if up >= quota {
			continue
		}
		for _, n := range l.rungs[r][:quota] {
			if !l.above(n, r) {
				return n, r + 1
			}
		}
	}
	return -1, 0
}

// above tells whether setting n was judged above rung r.
func (l *ladder[O]) above(n, r int) bool {
	return slices.ContainsFunc(l.judged[r+1:], func(higher []bool) bool { return higher[n] })
}

// propose returns new settings and the rung to judge them on, nil when nothing new
// turns up.
func (l *ladder[O]) propose() (values []float64, r int) {
	n, top := len(l.settings), len(l.rungs)-1
	if n <= len(l.starts) {
		return l.starts[n-1], 0
	}
	free := 0
	for _, k := range l.knobs {
		if !k.Late && !k.Doubles {
			free++
		}
	}
	narrow := n - 1 - len(l.starts) - (free + sampled) // settings since the sample ended
	if narrow >= 0 && narrow%third == third-1 {
		r = top
	}
	s := rng.New(l.opt.Seed, 0x68616c76, uint64(n))
	for k := range 50 {
		switch {
		case narrow < 0 && k == 0:
			values = l.sample(n, free)
		case narrow < 0 || len(l.rungs[r]) == 0:
			values = l.anywhere(s, nil)
		case r == top && k == 0 && narrow/third%2 == 0:
			values = l.doubled(l.settings[l.rungs[r][0]])
		case k <= 1:
			values = l.modelled(s, r)
		default:
			values = l.near(s, r, 0.1)
		}
		if values != nil && !l.tried[l.key(values)] {
			return values, r
		}
	}
	return nil, 0
}

const (
	sampled   = 4    // more settings in the sample than there are knobs in it
	fewScores = 10   // of a rung, fewer than make a model
	apart     = 0.15 // two things of a choice are this, times √2, apart for the model
)

// modelled returns the settings with the largest expected improvement among 300 near the
// best on rung r and anywhere, under a Gaussian process of the scores there; nil where
// these do not make a model. The scores of the highest rung are few at first: those of the
// lowest serve instead.
func (l *ladder[O]) modelled(s *rng.Stream, r int) (best []float64) {
	from := r
	if len(l.rungs[r]) < fewScores {
		from = 0
	}
	if len(l.rungs[from]) < 4 || len(l.rungs[r]) == 0 {
		return nil
	}
	var xs [][]float64
	var ys []float64
	for _, n := range l.rungs[from][:min(len(l.rungs[from]), maxModelled)] {
		xs, ys = append(xs, l.features(l.settings[n])), append(ys, l.scores[from][n])
	}
	gp := fitGP(xs, ys, 1e-3, 1e-2, 1e-1)
	if gp == nil {
		return nil
	}
	gain := -1.0
	for c := range 300 {
		var values []float64
		if c%4 == 3 {
			values = l.anywhere(s, l.settings[l.rungs[r][0]])
		} else {
			values = l.near(s, r, [...]float64{0.05, 0.1, 0.25}[c%3])
		}
		if l.tried[l.key(values)] {
			continue
		}
		if g := gp.improvement(l.features(values), ys[0]); g > gain {
			best, gain = values, g
		}
	}
	return best
}

// features are where settings stand for the model: positions, and for a choice one number
// a thing. What does not count, or is not known, stands in the middle, so that it is no
// difference.
func (l *ladder[O]) features(values []float64) (x []float64) {
	l.each(values, func(k *Knob[O], v float64, counts bool) {
		if k.choice() {
			for c := k.Low; c <= k.High; c++ {
				x = append(x, 0)
				if counts && v == c {
					x[len(x)-1] = apart
				}
			}
			return
		}
		u := k.place(v)
		if u != u || !counts {
			u = 0.5
		}
		x = append(x, u)
	})
	return x
}

// each visits the knobs with their values, those of base for what is left to it, and
// whether they count.
func (l *ladder[O]) each(values []float64, visit func(k *Knob[O], v float64, counts bool)) {
	values = l.copied(values)
	o := l.base
	for i := range l.knobs {
		k := &l.knobs[i]
		counts := k.If == nil || k.If(o)
		visit(k, l.value(i, values), counts)
		if counts && values[i] == values[i] {
			k.Set(&o, values[i])
		}
	}
}

// sample returns point n of a sequence that fills the ranges evenly, the additive
// recurrence of the generalised golden ratio (Roberts 2018), shifted by the seed. Late and
// Doubles knobs stay as in base.
func (l *ladder[O]) sample(n, free int) []float64 {
	g := 2.0 // g^(free+1) = g + 1
	for range 60 {
		g = math.Pow(1+g, 1/float64(free+1))
	}
	s := rng.New(l.opt.Seed, 0x68616c76, 1<<40)
	values, step := l.copied(nil), 1.0
	for i, k := range l.knobs {
		if !k.Late && !k.Doubles {
			step /= g
			_, u := math.Modf(s.Float64() + float64(n)*step)
			values[i] = k.at(u)
		}
	}
	return values
}

// anywhere draws from the ranges; Late and Doubles knobs stay as they are in from.
func (l *ladder[O]) anywhere(s *rng.Stream, from []float64) []float64 {
	values := l.copied(from)
	for i, k := range l.knobs {
		if u := s.Float64(); !k.Late && !k.Doubles {
			values[i] = k.at(u)
		}
	}
	return values
}

// near draws around one of the best on rung r: some of its settings, by steps of about width
// of their range. Of a choice, and where a setting is left to base and base does not tell
// it, any value is as near.
func (l *ladder[O]) near(s *rng.Stream, r int, width float64) []float64 {
	parent := l.rungs[r][min(int(s.Exp()*0.8), len(l.rungs[r])-1)]
	values := l.copied(l.settings[parent])
	rate := max(0.4, 1.5/float64(len(l.knobs)))
	for i := range l.knobs {
		k := &l.knobs[i]
		if k.Doubles || !s.Bool(rate) {
			continue
		}
		u := k.place(l.value(i, values))
		if u != u || k.choice() {
			values[i] = k.at(s.Float64())
			continue
		}
		if u = math.Abs(u + s.Normal()*width); u > 1 { // reflect at the ends
			u = max(2-u, 0)
		}
		values[i] = k.at(u)
	}
	return values
}

// doubled returns the settings with those that double doubled, nil where all are at
// the end of their range.
func (l *ladder[O]) doubled(from []float64) []float64 {
	values, changed := l.copied(from), false
	for i, k := range l.knobs {
		if v := l.value(i, values); k.Doubles && v > 0 && v < k.High { // false for NaN
			values[i], changed = min(2*v, k.High), true
		}
	}
	if !changed {
		return nil
	}
	return values
}

// copied returns a copy of values, of nil the one that leaves every knob to base.
func (l *ladder[O]) copied(values []float64) []float64 {
	if values != nil {
		return slices.Clone(values)
	}
	return slices.Repeat([]float64{math.NaN()}, len(l.knobs))
}

// value returns that of knob i, where it is left to base the one there; NaN where base
// does not tell.
func (l *ladder[O]) value(i int, values []float64) float64 {
	if values[i] == values[i] || l.knobs[i].Get == nil {
		return values[i]
	}
	return l.knobs[i].Get(l.base)
}

// key tells equal settings: knobs that do not count for them are left out.
func (l *ladder[O]) key(values []float64) string {
	var b []byte
	l.each(values, func(_ *Knob[O], v float64, counts bool) {
		if !counts {
			v = math.NaN()
		}
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	})
	return string(b)
}
