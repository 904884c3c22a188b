package supply

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Against Kaplan-Meier on the exact values: same quantiles within the width of a
// bucket. Values in one bucket count as tied, so neighbours are kept apart.
func TestDurationsProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type one struct {
			d    time.Duration
			done bool
		}
		var s durations
		cases := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) one {
			d := math.Pow(1.05, float64(rapid.IntRange(0, 300).Draw(t, "d"))) * 5e6
			return one{time.Duration(d), rapid.IntRange(0, 3).Draw(t, "done") > 0}
		}), 0, 60).Draw(t, "cases")
		sum, n, longest := time.Duration(0), int64(0), time.Duration(0)
		for _, c := range cases {
			s.add(c.d, c.done)
			if c.done {
				sum, n, longest = sum+c.d, n+1, max(longest, c.d)
			}
		}
		slices.SortFunc(cases, func(a, b one) int {
			switch {
			case a.d != b.d:
				return int(min(max(a.d-b.d, -1), 1))
			case a.done && !b.done:
				return -1
			case b.done && !a.done:
				return 1
			}
			return 0
		})
		r := s.result()
		if r.Done != n || r.Open != int64(len(cases))-n {
			t.Fatalf("%+v", r)
		}
		if n == 0 {
			if r.Mean != Beyond || r.P50 != Beyond || r.Max != Beyond {
				t.Fatalf("of nothing: %+v", r)
			}
			return
		}
		if r.Max != longest || math.Abs(float64(r.Mean)-float64(sum)/float64(n)) > 1e6 {
			t.Fatalf("mean %v, max %v, want %v, %v", r.Mean, r.Max, sum/time.Duration(n), longest)
		}
		for _, q := range []struct {
			p   float64
			got time.Duration
		}{{.5, r.P50}, {.9, r.P90}, {.95, r.P95}} {
			alive, want := 1.0, Beyond
			for i, c := range cases {
				if c.done {
					alive *= 1 - 1/float64(len(cases)-i)
				}
				if alive <= 1-q.p+1e-9 {
					want = c.d
					break
				}
			}
			if want == Beyond || q.got == Beyond {
				if want != q.got {
					t.Fatalf("P%v = %v, want %v", q.p, q.got, want)
				}
			} else if math.Abs(float64(q.got-want)) > .00501*float64(want) {
				t.Fatalf("P%v = %v, want %v", q.p, q.got, want)
			}
		}
	})
}

func TestBuckets(t *testing.T) {
	for _, d := range []time.Duration{0, 1, time.Microsecond, time.Millisecond, time.Second, time.Hour, 10000 * time.Hour, math.MaxInt64} {
		got := bucketValue(bucketOf(d))
		if d < time.Millisecond && got != 0 || d >= time.Millisecond && math.Abs(float64(got)-float64(d)) > .00501*float64(d) {
			t.Errorf("%v falls into the bucket of %v", d, got)
		}
	}
}
