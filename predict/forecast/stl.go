package forecast

import (
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
)

// stl takes a series apart by local regressions (Cleveland et al. 1990): the subseries of
// each phase of the season are smoothed, what is left of their level is given back by a
// low-pass filter, and the rest is smoothed into the trend. All windows are odd.
type stl struct {
	period                   int
	seasonal, trend, lowPass int  // windows
	inner, outer             int  // passes; outer > 0 is robust
	n                        int  // periods
	robust                   bool // rw is in use
	y                        []float64
	season, level, rw        []float64 // results: seasonal part, trend, weights of periods
	a, b, c, w, sub, subw    []float64 // scratch
	meter                    *parallel.Meter
	err                      error // of the meter: the rest is left undone
}

// newSTL prepares a decomposition of n periods; a window of the season below 3 is 7.
func newSTL(n, period, seasonal int, robust bool) *stl {
	s := &stl{period: period, seasonal: seasonal, n: n, inner: 5}
	if robust {
		s.inner, s.outer = 2, 15
	}
	s.trend = odd(int(math.Ceil(1.5 * float64(period) / (1 - 1.5/float64(seasonal)))))
	s.lowPass = odd(period + 1)
	buf := make([]float64, 3*n+4*(n+2*period)+2*(n/period+3))
	take := func(k int) []float64 {
		x := buf[:k:k]
		buf = buf[k:]
		return x
	}
	s.season, s.level, s.rw = take(n), take(n), take(n)
	s.a, s.b, s.c, s.w = take(n+2*period), take(n+2*period), take(n+2*period), take(n+2*period)
	s.sub, s.subw = take(n/period+3), take(n/period+3)
	return s
}

func odd(n int) int { return n | 1 }

// run decomposes y, of n values, into season and level; the slices are those of s. It fails where
// the meter does.
func (s *stl) run(y []float64, meter *parallel.Meter) error {
	s.y, s.robust, s.meter = y, false, meter
	clear(s.level)
	for k := 0; ; k++ {
		for range s.inner {
			s.pass()
			if s.err != nil {
				return s.err
			}
		}
		if k >= s.outer {
			break
		}
		s.reweigh()
		s.robust = true
	}
	if s.outer == 0 {
		for i := range s.rw {
			s.rw[i] = 1
		}
	}
	return nil
}

// pass is one inner loop: season from what the trend leaves, trend from what the season
// leaves.
func (s *stl) pass() {
	n, p := s.n, s.period
	detrended, cycle := s.a[:n], s.b
	for i := range detrended {
		detrended[i] = s.y[i] - s.level[i]
	}
	for j := range p {
		s.phase(detrended, cycle, j)
	}
	// Three moving averages and a local line are the low-pass filter of the cycle.
	s.average(s.c, cycle, p)
	s.average(s.a, s.c[:n+p+1], p)
	s.average(s.c, s.a[:n+2], 3)
	low := s.a[:n]
	s.loess(low, s.c[:n], nil, s.lowPass)
	for i := range n {
		s.season[i] = cycle[p+i] - low[i]
	}
	rest := s.c[:n]
	for i := range rest {
		rest[i] = s.y[i] - s.season[i]
	}
	s.loess(s.level, rest, s.weights(), s.trend)
}

func (s *stl) weights() []float64 {
	if s.robust {
		return s.rw
	}
	return nil
}

// phase smooths the subseries of phase j and foresees it one cycle to both sides; cycle
// begins a cycle before the series.
func (s *stl) phase(x, cycle []float64, j int) {
	k := 0
	for i := j; i < s.n; i += s.period {
		s.sub[k] = x[i]
		k++
	}
	sub, rw := s.sub[:k], []float64(nil)
	if s.robust {
		rw = s.subw[:k]
		for i := range rw {
			rw[i] = s.rw[j+i*s.period]
		}
	}
	out := s.c[:k+2]
	s.loess(out[1:k+1], sub, rw, s.seasonal)
	var ok bool
	if out[0], ok = s.local(sub, rw, s.seasonal, -1, 0, min(s.seasonal, k)-1); !ok {
		out[0] = out[1]
	}
	if out[k+1], ok = s.local(sub, rw, s.seasonal, k, max(0, k-s.seasonal), k-1); !ok {
		out[k+1] = out[k]
	}
	for m, v := range out {
		if at := m*s.period + j; at < len(cycle) {
			cycle[at] = v
		}
	}
}

// average writes the moving averages of length k of x.
func (s *stl) average(dst, x []float64, k int) {
	sum := 0.0
	for _, v := range x[:k] {
		sum += v
	}
	dst[0] = sum / float64(k)
	for i := k; i < len(x); i++ {
		sum += x[i] - x[i-k]
		dst[i-k+1] = sum / float64(k)
	}
}

// loess smooths x by local lines over window periods; rw may be nil.
func (s *stl) loess(dst, x, rw []float64, window int) {
	n := len(x)
	if n < 2 {
		dst[0] = x[0]
		return
	}
	lo, hi, half := 0, min(window, n)-1, (window+1)/2
	for i := range n {
		if window < n && i >= half && hi != n-1 {
			lo++
			hi++
		}
		if s.err == nil {
			s.err = s.meter.Did(hi - lo + 1)
		}
		if s.err != nil {
			return
		}
		v, ok := s.local(x, rw, window, i, lo, hi)
		if !ok {
			v = x[i]
		}
		dst[i] = v
	}
}

// local fits a line by tricube weights to x[lo..hi] and reads it at position at, which
// may lie outside; false where no period has weight.
func (s *stl) local(x, rw []float64, window, at, lo, hi int) (float64, bool) {
	n := len(x)
	h := float64(max(at-lo, hi-at))
	if window > n {
		h += float64((window - n) / 2)
	}
	w, sum, first := s.w[:hi-lo+1], 0.0, 0.0
	for j := range w {
		r := math.Abs(float64(lo + j - at))
		v := 0.0
		switch {
		case r <= .001*h:
			v = 1
		case r <= .999*h:
			v = r / h
			v = 1 - v*v*v
			v = v * v * v
		}
		if rw != nil {
			v *= rw[lo+j]
		}
		w[j] = v
		sum += v
		first += v * float64(lo+j)
	}
	if sum <= 0 {
		return 0, false
	}
	mean, second, y, xy := first/sum, 0.0, 0.0, 0.0
	for j, v := range w {
		d := float64(lo+j) - mean
		second += v * d * d
		y += v * x[lo+j]
		xy += v * d * x[lo+j]
	}
	y /= sum
	if second /= sum; h > 0 && math.Sqrt(second) > .001*float64(n-1) {
		y += (float64(at) - mean) * (xy / sum) / second
	}
	return y, true
}

// reweigh gives the weights of periods by their distance from the fit, six median
// absolute residuals being too far.
func (s *stl) reweigh() {
	r := s.a[:s.n]
	for i := range r {
		s.rw[i] = math.Abs(s.y[i] - s.season[i] - s.level[i])
		r[i] = s.rw[i]
	}
	slices.Sort(r)
	far := 3 * (r[s.n/2] + r[(s.n-1)/2])
	for i, v := range s.rw {
		switch {
		case v <= .001*far:
			s.rw[i] = 1
		case v <= .999*far:
			q := v / far
			q = 1 - q*q
			s.rw[i] = q * q
		default:
			s.rw[i] = 0
		}
	}
}
