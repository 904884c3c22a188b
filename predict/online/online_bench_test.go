package online_test

import (
	"fmt"
	"testing"

	"github.com/aislekit/aisle/predict/online"
)

// BenchmarkLearn learns clicks of 20 features, strings hashed anew for each.
func BenchmarkLearn(b *testing.B) {
	s := get(online.NewSpace(online.SpaceOptions{Namespaces: namespaces()}))
	c := newClicks(clickSeed, .25)
	type example struct {
		at    []int
		price float64
		y     float64
	}
	var xs []example
	for range 10_000 {
		y, _ := c.next()
		xs = append(xs, example{append([]int(nil), c.at...), c.price, y})
	}
	for name, m := range map[string]online.Learner{
		"ftrl":  get(online.NewFTRL(s, online.FTRLOptions{})),
		"fm":    get(online.NewFM(s, online.FMOptions{})),
		"field": get(online.NewFieldFM(get(online.NewSpace(online.SpaceOptions{Bits: 14, Namespaces: namespaces()})), online.FMOptions{})),
	} {
		for _, learn := range []bool{true, false} {
			b.Run(fmt.Sprintf("learner=%s/learn=%v", name, learn), func(b *testing.B) {
				row, served := m.Space().Row(), m.Snapshot()
				b.ReportAllocs()
				for n := 0; b.Loop(); n++ {
					x := &xs[n%len(xs)]
					copy(c.at, x.at)
					c.price = x.price
					c.fill(row)
					if learn {
						get(m.Learn(row, x.y, 1))
					} else {
						get(served.Predict(row))
					}
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "examples/s")
			})
		}
	}
}
