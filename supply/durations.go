package supply

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// Beyond stands for a duration that cannot be known from what was observed: a
// quantile that fewer than that share of cases reached before observation ended,
// or any figure of no cases at all. It is the longest time.Duration, so that
// "P90 <= target" is false for it.
const Beyond = time.Duration(math.MaxInt64)

// Durations summarises how long something took.
//
// Quantiles are those of the Kaplan-Meier estimate, so cases still open when
// observation ended count for as long as they were watched and do not make the
// process look faster than it is. Without open cases they are the plain
// empirical quantiles (smallest value that at least that share does not exceed).
// They come from logarithmic buckets and are within 0.5 % of the exact value;
// Mean and Max are exact (to the millisecond) and cover finished cases only.
type Durations struct {
	Done int64 // finished cases
	Open int64 // cases watched but not finished ("censored")

	Mean, P50, P90, P95, Max time.Duration // Beyond where unknown
}

// durations is the mergeable state behind Durations.
type durations struct {
	done, open map[int32]int64 // by bucket
	n, m       int64           // totals of done and open
	sum        int64           // milliseconds of finished cases
	max        time.Duration
}

const (
	bucketError = 0.005
	zeroBucket  = math.MinInt32 // below one millisecond
)

var bucketLog = math.Log((1 + bucketError) / (1 - bucketError))

func bucketOf(d time.Duration) int32 {
	if d < time.Millisecond {
		return zeroBucket
	}
	return int32(math.Ceil(math.Log(float64(d)/1e6) / bucketLog))
}

// bucketValue is the point of the bucket whose relative distance to both ends is
// equal.
func bucketValue(b int32) time.Duration {
	if b == zeroBucket {
		return 0
	}
	ms := math.Exp(float64(b)*bucketLog) * (1 - bucketError)
	if ms >= math.MaxInt64/1e6 {
		return Beyond
	}
	return time.Duration(ms * 1e6)
}

// add records one case of duration d >= 0.
func (s *durations) add(d time.Duration, finished bool) {
	b := bucketOf(d)
	if !finished {
		if s.open == nil {
			s.open = map[int32]int64{}
		}
		s.open[b]++
		s.m++
		return
	}
	if s.done == nil {
		s.done = map[int32]int64{}
	}
	s.done[b]++
	s.n++
	s.sum += d.Milliseconds() // a million cases of 292 years fit
	s.max = max(s.max, d)
}

func (s *durations) merge(o *durations) {
	if s.done == nil && len(o.done) > 0 {
		s.done = map[int32]int64{}
	}
	if s.open == nil && len(o.open) > 0 {
		s.open = map[int32]int64{}
	}
	for b, c := range o.done { // counts: order does not matter
		s.done[b] += c
	}
	for b, c := range o.open {
		s.open[b] += c
	}
	s.n, s.m, s.sum, s.max = s.n+o.n, s.m+o.m, s.sum+o.sum, max(s.max, o.max)
}

func (s *durations) result() Durations {
	r := Durations{Done: s.n, Open: s.m, Mean: Beyond, P50: Beyond, P90: Beyond, P95: Beyond, Max: Beyond}
	if s.n == 0 {
		return r
	}
	r.Mean, r.Max = time.Duration(float64(s.sum)/float64(s.n)*1e6), s.max
	marks := slices.Collect(maps.Keys(s.done))
	for b := range s.open {
		if _, ok := s.done[b]; !ok {
			marks = append(marks, b)
		}
	}
	slices.Sort(marks)
	alive, risk := 1.0, s.n+s.m
	quantiles := []struct {
		q  float64
		to *time.Duration
	}{{.5, &r.P50}, {.9, &r.P90}, {.95, &r.P95}}
	for _, b := range marks {
		if d := s.done[b]; d > 0 {
			alive *= 1 - float64(d)/float64(risk)
			for len(quantiles) > 0 && alive <= 1-quantiles[0].q+1e-12 {
				*quantiles[0].to = min(bucketValue(b), s.max)
				quantiles = quantiles[1:]
			}
		}
		risk -= s.done[b] + s.open[b] // ties: events before censoring
	}
	return r
}

func (s *durations) encode(w *codec.Writer) {
	for _, m := range []map[int32]int64{s.done, s.open} {
		keys := slices.Sorted(maps.Keys(m))
		counts := make([]int64, len(keys))
		for i, k := range keys {
			counts[i] = m[k]
		}
		w.Int32s(keys)
		w.Int64s(counts)
	}
	w.Int64(s.sum)
	w.Int64(int64(s.max))
}

func (s *durations) decode(r *codec.Reader) {
	*s = durations{}
	for i, m := range []*map[int32]int64{&s.done, &s.open} {
		keys, counts := r.Int32s(), r.Int64s()
		if r.Err() != nil {
			return
		}
		if len(keys) != len(counts) {
			r.Fail("has buckets without counts")
			return
		}
		total := int64(0)
		for j, k := range keys {
			if j > 0 && k <= keys[j-1] || counts[j] <= 0 {
				r.Fail("has buckets out of order or without cases")
				return
			}
			if *m == nil {
				*m = map[int32]int64{}
			}
			(*m)[k] = counts[j]
			var err error
			if total, err = check.AddInt64(total, counts[j]); err != nil {
				r.Fail("counts more cases than fit")
				return
			}
		}
		if i == 0 {
			s.n = total
		} else {
			s.m = total
		}
	}
	s.sum, s.max = r.Int64(), time.Duration(r.Int64())
	if s.sum < 0 || s.max < 0 || s.n == 0 && (s.sum != 0 || s.max != 0) {
		r.Fail("has durations without cases")
	}
}

// span returns to-from of a stage that began at from, checked by order.
func span(where, a string, from time.Time, b string, to time.Time) error {
	if !from.IsZero() && !to.IsZero() && to.Before(from) {
		return fmt.Errorf("%s: %s (%s) is before %s (%s): %w", where, b, to.UTC().Format(time.RFC3339), a, from.UTC().Format(time.RFC3339), ErrRange)
	}
	return nil
}

// known checks a time stamp that may be zero (has not happened): not after asOf.
func known(where, field string, t, asOf time.Time) error {
	if !t.IsZero() && t.After(asOf) {
		return fmt.Errorf("%s: %s (%s) is after AsOf (%s): %w", where, field, t.UTC().Format(time.RFC3339), asOf.UTC().Format(time.RFC3339), ErrRange)
	}
	return nil
}
