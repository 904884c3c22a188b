package lifetime_test

import (
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict/lifetime"
)

// crowd draws customers of BG/NBD with the parameters of cdnow over two years, in weeks to the
// day.
func crowd(n int) *lifetime.Summary[weeks] {
	l, r, s := laws[0], rng.New(1, 8, 0), new(lifetime.Summary[weeks])
	l.params = []float64{.243, 4.414, .793, 2.426}
	day := func(x float64) weeks { return weeks(math.Ceil(x*7)) / 7 }
	for range n {
		age := float64(day(1 + 103*r.Float64()))
		c := customer{Age: weeks(age)}
		for _, at := range l.orders(r, age) {
			c.Repeats++
			c.AgeAtLast = min(day(at), c.Age)
		}
		must(s.Add(c))
	}
	return s
}

func BenchmarkFit(b *testing.B) {
	for _, c := range []struct {
		name string
		n    int
	}{{"law=BGNBD/customers=1M", 1_000_000}, {"law=BGNBD/customers=100k", 100_000}} {
		b.Run(c.name, func(b *testing.B) {
			s := crowd(c.n)
			groups := 0
			for range s.Groups() {
				groups++
			}
			b.ResetTimer()
			for b.Loop() {
				get(lifetime.FitBGNBD(bg, s, lifetime.FitOptions{}))
			}
			b.ReportMetric(float64(groups), "groups")
		})
	}
	b.Run("law=ParetoNBD/customers=10k", func(b *testing.B) {
		s := crowd(10_000)
		b.ResetTimer()
		for b.Loop() {
			get(lifetime.FitParetoNBD(bg, s, lifetime.FitOptions{}))
		}
	})
}

func BenchmarkExpected(b *testing.B) {
	m := get(lifetime.NewBGNBD[weeks](.243, 4.414, .793, 2.426))
	c := customer{Repeats: 2, AgeAtLast: 30.43, Age: 38.86}
	for b.Loop() {
		get(m.Expected(c, 39))
	}
}
