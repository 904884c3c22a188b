package online_test

import (
	"bufio"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/online"
)

// clicks is a planted stream: customers of some age and region see ads of some category on sites. A click
// depends on each, on age with category, and on tastes that only vectors can learn.
type clicks struct {
	r      *rand.Rand
	effect map[string][]float64
	taste  map[string][][3]float64
	tastes float64 // how much they count
	divide int     // of the levels of users, sites, ads and advertisers
	at     []int   // the last example
	price  float64
}

// the namespaces, with their levels; those of noise say nothing.
var levels = []struct {
	name   string
	levels int
	size   float64
}{
	{"user", 5000, .3},
	{"age", 6, .3},
	{"gender", 2, .2},
	{"region", 30, .2},
	{"hour", 24, .2},
	{"site", 500, .4},
	{"position", 8, .5},
	{"ad", 2000, .5},
	{"advertiser", 200, .3},
	{"category", 20, .4},
	{"device", 12, 0},
	{"browser", 9, 0},
	{"carrier", 15, 0},
	{"day", 7, 0},
	{"creative", 40, 0},
	{"size", 10, 0},
	{"zone", 60, 0},
	{"network", 25, 0},
	{"version", 80, 0},
}

func namespaces() (names []string) {
	for _, l := range levels {
		names = append(names, l.name)
	}
	return append(names, "price")
}

// newClicks has a tenth of the users, sites, ads and advertisers where tastes count much, which few examples
// could not tell.
func newClicks(seed uint64, tastes float64) *clicks {
	c := &clicks{r: rand.New(rand.NewPCG(seed, 7)), effect: map[string][]float64{}, taste: map[string][][3]float64{}, tastes: tastes, divide: 1, at: make([]int, len(levels))}
	if tastes > .5 {
		c.divide = 10
	}
	for _, l := range levels {
		e, v := make([]float64, l.levels), make([][3]float64, l.levels)
		for i := range e {
			e[i] = l.size * c.r.NormFloat64()
			for k := range v[i] {
				v[i][k] = c.r.NormFloat64()
			}
		}
		c.effect[l.name], c.taste[l.name] = e, v
	}
	cross := make([]float64, 6*20)
	for i := range cross {
		cross[i] = .4 * c.r.NormFloat64()
	}
	c.effect["age×category"] = cross
	return c
}

// next draws an example: its label and the truth.
func (c *clicks) next() (y, p float64) {
	s := -2.2
	for k, l := range levels {
		u := c.r.Float64()
		c.at[k] = int(float64(l.levels) * u * u) // few levels are met often
		if l.levels > 100 {
			c.at[k] /= c.divide
		}
		s += c.effect[l.name][c.at[k]]
	}
	s += c.effect["age×category"][c.at[1]*20+c.at[9]]
	for k := range 3 {
		s += c.tastes * (c.taste["user"][c.at[0]][k]*c.taste["category"][c.at[9]][k] + c.taste["site"][c.at[5]][k]*c.taste["advertiser"][c.at[8]][k])
	}
	c.price = math.Round(100*c.r.Float64()) / 100
	s -= c.price
	p = 1 / (1 + math.Exp(-s))
	if c.r.Float64() < p {
		y = 1
	}
	return y, p
}

// fill writes the example into a row.
func (c *clicks) fill(row *online.Row) {
	row.Reset()
	for k, l := range levels {
		row.Add(l.name, labels[k][c.at[k]], 1)
	}
	row.Add("price", "price", c.price)
}

// labels are the names of levels.
var labels = func() (out [][]string) {
	for _, l := range levels {
		var names []string
		for i := range l.levels {
			names = append(names, fmt.Sprintf("%c%d", l.name[0], i))
		}
		out = append(out, names)
	}
	return out
}()

// truthLoss is the loss of who knows the truth.
func truthLoss(y, p float64) float64 { return -y*math.Log(p) - (1-y)*math.Log1p(-p) }

const (
	clickSeed = 17
	clickRows = 100_000
)

// vwGolden is written by testdata/golden_vw.py: progressive log-loss of Vowpal Wabbit over the stream.
type vwGolden struct {
	Rows int
	Loss map[string]map[string]float64 // by kind and learning rate
}

// FTRL is not behind Vowpal Wabbit on the same stream of clicks: by default against the defaults of its two learners, and,
// with AISLE_LONG=1, with the best of five rates against the best of five. The stream is written for
// it by AISLE_WRITE_CLICKS=clicks.txt go test -run ClicksVowpal ./predict/online
func TestClicksVowpal(t *testing.T) {
	if path := os.Getenv("AISLE_WRITE_CLICKS"); path != "" {
		writeClicks(t, path)
		return
	}
	var g vwGolden
	testkit.Golden(t, "vw.json", &g)
	best := func(m map[string]float64) float64 {
		least := math.Inf(1)
		for _, x := range m {
			least = min(least, x)
		}
		return least
	}
	run := func(alpha float64) float64 {
		s := get(online.NewSpace(online.SpaceOptions{Namespaces: namespaces()}))
		m := get(online.NewFTRL(s, online.FTRLOptions{Alpha: alpha}))
		c, row := newClicks(clickSeed, .25), s.Row()
		for range g.Rows {
			y, _ := c.next()
			c.fill(row)
			get(m.Learn(row, y, 1))
		}
		return m.Progressive().Mean()
	}
	def, least := run(0), math.Inf(1)
	if testing.Short() || os.Getenv("AISLE_LONG") == "" {
		least = def
	} else {
		for _, a := range []float64{.02, .05, .1, .2, .5} {
			least = min(least, run(a))
		}
	}
	t.Logf("default %.5f, best %.5f; VW %v", def, least, g.Loss)
	if vw := min(g.Loss["adaptive"]["default"], g.Loss["ftrl"]["default"]); def > vw {
		t.Errorf("by default %v, Vowpal Wabbit %v", def, vw)
	}
	if vw := min(best(g.Loss["adaptive"]), best(g.Loss["ftrl"])); least > vw {
		t.Errorf("best of five rates %v, Vowpal Wabbit's %v", least, vw)
	}
}

// writeClicks writes the stream in the format of Vowpal Wabbit.
func writeClicks(t *testing.T, path string) {
	f := get(os.Create(path))
	w := bufio.NewWriter(f)
	c, n := newClicks(clickSeed, .25), clickRows
	if s := os.Getenv("AISLE_CLICKS"); s != "" {
		get(fmt.Sscan(s, &n))
	}
	truth, mean := 0.0, 0.0
	for range n {
		y, p := c.next()
		fmt.Fprint(w, 2*y-1)
		for k, l := range levels {
			fmt.Fprintf(w, " |%s %s", l.name, labels[k][c.at[k]])
		}
		fmt.Fprintf(w, " |price price:%v\n", c.price)
		truth += truthLoss(y, p)
		mean += y
	}
	must(w.Flush())
	must(f.Close())
	mean /= float64(n)
	t.Logf("%d rows, rate %.4f, entropy %.5f, truth %.5f", n, mean, truthLoss(mean, mean), truth/float64(n))
}
