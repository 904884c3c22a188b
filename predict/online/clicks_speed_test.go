package online_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/online"
)

// TestClicksSpeed learns a million clicks, strings hashed anew for each, as Vowpal Wabbit reads them from the file of
// AISLE_WRITE_CLICKS=FILE AISLE_CLICKS=1000000 go test -run ClicksVowpal ./predict/online by docs/peers/learners.py ftrl FILE:
//
//	AISLE_LONG=1 go test -v -run ClicksSpeed ./predict/online
func TestClicksSpeed(t *testing.T) {
	testkit.Long(t)
	const n = 1_000_000
	c := newClicks(clickSeed, .25)
	type example struct {
		at       []int
		price, y float64
	}
	xs := make([]example, n)
	for i := range xs {
		y, _ := c.next()
		xs[i] = example{append([]int(nil), c.at...), c.price, y}
	}
	m := get(online.NewFTRL(get(online.NewSpace(online.SpaceOptions{Namespaces: namespaces()})), online.FTRLOptions{}))
	row, start := m.Space().Row(), testkit.ProcessorTime()
	for _, x := range xs {
		copy(c.at, x.at)
		c.price = x.price
		c.fill(row)
		get(m.Learn(row, x.y, 1))
	}
	t.Logf("%d examples, %.2f CPU s, progressive loss %.5f", n, (testkit.ProcessorTime() - start).Seconds(), m.Progressive().Mean())
}
