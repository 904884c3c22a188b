package survive

import (
	"fmt"
	"math"
	"math/bits"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/sketch"
)

// Beyond stands for a duration that cannot be known from what was observed. It is
// the longest time.Duration, so that "P90 <= target" is false for it.
const Beyond = time.Duration(math.MaxInt64)

// Error is the relative error of Durations.Quantiles.
const Error = 0.005

// scale parts durations in milliseconds. Its logarithm is rounded as it was when the
// first frames were written, which is not as sketch.NewScale rounds it.
var scale = sketch.Scale{Alpha: Error, Log: math.Log((1 + Error) / (1 - Error))}

// Durations counts cases by how long they took, or were watched. The zero value is
// empty. Any order and any shards give the same state.
type Durations struct {
	done, open cases
	sum        int64 // milliseconds of finished cases
	max        time.Duration
}

// cases are counts by bucket of scale.
type cases struct {
	n    int64 // all of them
	zero int64 // those below one millisecond
	bins sketch.Bins
}

// room is how many cases are sure to fit where Full says nothing else.
const room = 16

// Full reports whether sixteen more cases, of any length, might not fit: nothing that a clock has
// told, but a frame may say so.
func (s *Durations) Full() bool {
	return s.done.n+s.open.n > math.MaxInt64-room || s.sum > math.MaxInt64-room*int64(math.MaxInt64/time.Millisecond)
}

// Add records one case of duration d >= 0; see Full.
func (s *Durations) Add(d time.Duration, finished bool) {
	c := &s.open
	if finished {
		c = &s.done
		s.sum += d.Milliseconds()
		s.max = max(s.max, d)
	}
	c.n++
	if d < time.Millisecond {
		c.zero++
		return
	}
	c.bins.Add(bucket(d), 1)
}

// Fits returns ErrOverflow where the cases of other, or their time, have no place beside those of s.
func (s *Durations) Fits(other *Durations) error {
	for _, c := range [][2]int64{{s.done.n, other.done.n}, {s.open.n, other.open.n}, {s.sum, other.sum}, {s.done.n + other.done.n, s.open.n + other.open.n}} {
		if _, err := check.AddInt64(c[0], c[1]); err != nil {
			return fmt.Errorf("durations: %w", err)
		}
	}
	return nil
}

// Merge adds the cases of other, which may not be s and has to fit: see Fits.
func (s *Durations) Merge(other *Durations) {
	for _, c := range [][2]*cases{{&s.done, &other.done}, {&s.open, &other.open}} {
		c[0].n += c[1].n
		c[0].zero += c[1].zero
		c[0].bins.Merge(&c[1].bins)
	}
	s.sum, s.max = s.sum+other.sum, max(s.max, other.max)
}

// Done returns the number of finished cases, Open that of the others.
func (s *Durations) Done() int64 { return s.done.n }

// Cases returns the number of all cases.
func (s *Durations) Cases() int64 { return s.done.n + s.open.n }

// Open returns the number of cases that were watched but did not finish.
func (s *Durations) Open() int64 { return s.open.n }

// Mean returns the mean of the finished cases, exact to the millisecond; Beyond
// where there is none.
func (s *Durations) Mean() time.Duration {
	if s.done.n == 0 {
		return Beyond
	}
	return time.Duration(float64(s.sum) / float64(s.done.n) * 1e6)
}

// Max returns the longest finished case; Beyond where there is none.
func (s *Durations) Max() time.Duration {
	if s.done.n == 0 {
		return Beyond
	}
	return s.max
}

// Quantiles writes to out the durations that the shares q, ascending in (0, 1), of
// all cases do not exceed, by the estimate of Kaplan and Meier; Beyond where fewer
// had finished when watching ended. Without open cases they are the plain
// empirical quantiles: the smallest duration that at least that share does not
// exceed. They are within Error of the exact value.
func (s *Durations) Quantiles(out []time.Duration, q ...float64) {
	for i := range q {
		out[i] = Beyond
	}
	limit := NewProductLimit(s.done.n + s.open.n)
	next := 0
	s.walk(func(done, open int64, upTo time.Duration) {
		limit.Step(done, open)
		for done > 0 && next < len(q) && limit.Alive <= 1-q[next]+1e-12 {
			out[next] = min(upTo, s.max)
			next++
		}
	})
}

// Finishing returns the share of all cases that finish within the time watched, by the
// estimate of Kaplan and Meier; 0 where there is no case. Quantiles at shares of it are those
// of the cases that finish.
func (s *Durations) Finishing() float64 {
	limit := NewProductLimit(s.done.n + s.open.n)
	s.walk(func(done, open int64, _ time.Duration) { limit.Step(done, open) })
	return 1 - limit.Alive
}

// walk passes the buckets, ascending: the cases that finished in each, those that were left
// open, and the duration that it stands for.
func (s *Durations) walk(pass func(done, open int64, upTo time.Duration)) {
	pass(s.done.zero, s.open.zero, 0)
	low, high := s.done.bins.Span()
	if l, h := s.open.bins.Span(); low == high {
		low, high = l, h
	} else if l < h {
		low, high = min(low, l), max(high, h)
	}
	for k := low; k < high; k++ {
		pass(s.done.bins.Count(k), s.open.bins.Count(k), duration(k))
	}
}

// duration returns the value of a bucket.
func duration(k int) time.Duration {
	ms := scale.Value(k)
	if ms >= math.MaxInt64/1e6 {
		return Beyond
	}
	return time.Duration(ms * 1e6)
}

// The bucket of cases below a millisecond in the binary form, and the last one
// that a duration can fall into.
const zeroBucket = math.MinInt32

var lastBucket = int32(scale.Key(math.MaxInt64 / 1e6))

// Encode appends the state:
//
//	[]i32, []i64   buckets of finished cases, ascending, and their counts
//	[]i32, []i64   the same of open cases
//	i64            milliseconds of the finished cases
//	i64            the longest of them, in nanoseconds
//
// Bucket k holds the durations in (γ^(k−1), γ^k] milliseconds with γ = 1.005/0.995,
// bucket −2³¹ those below one.
func (s *Durations) Encode(w *codec.Writer) {
	for _, c := range []*cases{&s.done, &s.open} {
		var keys []int32
		var counts []int64
		if c.zero > 0 {
			keys, counts = append(keys, zeroBucket), append(counts, c.zero)
		}
		low, high := c.bins.Span()
		for k := low; k < high; k++ {
			if n := c.bins.Count(k); n > 0 {
				keys, counts = append(keys, int32(k)), append(counts, n)
			}
		}
		w.Int32s(keys)
		w.Int64s(counts)
	}
	w.Int64(s.sum)
	w.Int64(int64(s.max))
}

// Decode reads what Encode wrote. It fails r for buckets that are out of order,
// without a case or no duration's, for counts whose sum overflows, and for a sum or
// a maximum that is negative, of no case, or not that of cases in these buckets.
func (s *Durations) Decode(r *codec.Reader) {
	*s = Durations{}
	for _, c := range []*cases{&s.done, &s.open} {
		keys, counts := r.Int32s(), r.Int64s()
		if r.Err() != nil {
			return
		}
		if len(keys) != len(counts) {
			r.Fail("has buckets without counts")
			return
		}
		for i, k := range keys {
			if i > 0 && k <= keys[i-1] || counts[i] <= 0 {
				r.Fail("has buckets out of order or without cases")
				return
			}
			var err error
			if c.n, err = check.AddInt64(c.n, counts[i]); err != nil {
				r.Fail("counts more cases than fit")
				return
			}
			switch {
			case k == zeroBucket:
				c.zero = counts[i]
			case k < 0 || k > lastBucket:
				r.Fail("has a bucket that no duration falls into")
				return
			default:
				c.bins.Add(int(k), counts[i])
			}
		}
	}
	if _, err := check.AddInt64(s.done.n, s.open.n); err != nil {
		r.Fail("counts more cases than fit")
	}
	s.sum, s.max = r.Int64(), time.Duration(r.Int64())
	if s.sum < 0 || s.max < 0 || s.done.n == 0 && (s.sum != 0 || s.max != 0) {
		r.Fail("has durations without cases")
		return
	}
	if s.done.n > 0 && !s.plausible() {
		r.Fail("has a sum or a maximum of other cases")
	}
}

// plausible reports whether the longest case is of the highest bucket, and no more and no less was
// summed than cases up to it take. At the end of a bucket a logarithm of another machine may have
// decided otherwise.
func (s *Durations) plausible() bool {
	most, least := bits.Mul64(uint64(s.done.n), uint64(s.max.Milliseconds()))
	if s.sum < s.max.Milliseconds() || most == 0 && uint64(s.sum) > least {
		return false
	}
	low, high := s.done.bins.Span()
	if low == high {
		return s.max < time.Millisecond
	}
	ms := float64(s.max) / 1e6
	return s.max >= time.Millisecond && scale.Key(ms*(1-0x1p-40)) < high && scale.Key(ms*(1+0x1p-40)) >= high-1
}
