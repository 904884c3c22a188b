package shop

import (
	"fmt"
	"math"
	"time"

	"github.com/aislekit/aisle/internal/rng"
)

const nouns = 5 // product groups per category

// nounPrice scales the price of the category for its five products, where they
// differ widely.
var nounPrice = map[string][nouns]float64{
	"PHO": {1, .07, .03, .02, .02}, "COM": {1.4, .15, .05, .5, .05}, "AUD": {1, .8, .7, 1.6, .5},
	"WOM": {1, 1, 1.2, 3, .8}, "MEN": {.8, 1, 2.5, .9, 1}, "SHO": {1.2, 1.6, .6, .5, .15}, "BAG": {.9, 1.7, 1.5, .5, .2},
	"BEA": {1.4, .9, .8, .5, .5}, "BAB": {1, .6, .25, 6, 2.2}, "KIT": {1.2, 1, 2.2, .4, .7}, "FUR": {.8, .7, .4, .5, .15},
	"BED": {1.7, .7, .8, .6, 1.4}, "SPO": {.5, 1, 2, 1.6, .9}, "DRI": {1, 1, 14, 1, .4}, "PET": {1.4, .5, .6, 1.2, .3},
	"HEA": {2, .8, 3, .3, .5},
}

// priceLevels and their probabilities: the promotions of the catalogue.
var priceLevels = [...]struct{ level, p float64 }{
	{1, .50}, {1.10, .10}, {.90, .12}, {.80, .14}, {.70, .14},
}

func pick(r *rng.Stream, n int, share func(int) float64) int {
	x := r.Float64()
	for i := 0; i < n; i++ {
		if x -= share(i); x < 0 {
			return i
		}
	}
	return n - 1
}

// unitVector draws a direction, scaled to length.
func unitVector(r *rng.Stream, length float64) (v [StyleDim]float64) {
	q := 0.0
	for i := range v {
		v[i] = r.Normal()
		q += v[i] * v[i]
	}
	for i := range v {
		v[i] *= length / math.Sqrt(q)
	}
	return v
}

func dot(a, b *[StyleDim]float64) float64 {
	s := 0.0
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}

const itemStyleMax = 1.3 // longest item style vector

// catalogue is the working state around the items.
type catalogue struct {
	first   []int       // index of the first item of each category, plus the end
	cum     [][]float64 // cumulative popularity within each category
	launch  []int64     // seconds since Start
	price   []int64     // item·days + day
	days    int
	groupOf [][nouns]int // group of category and noun
	partner []int        // complement of each group, −1
	prob    []float64
}

// makeCategories lays out the categories: names, elasticity, refund rate and the season of
// each week. Nothing of it is drawn.
func (s *Shop) makeCategories() {
	cfg := &s.Config
	weeks := (cfg.Days + 6) / 7
	s.Truth.Weekday = [7]float64{1.25, .90, .90, .92, .95, 1.00, 1.08} // Sunday first; sums to 7
	for c := 0; c < cfg.Categories; c++ {
		w := &categoryWords[c]
		s.Categories = append(s.Categories, w.en)
		mean := 0.0
		for k := 0; k < 52; k++ {
			mean += w.wave(float64(k)+.5) / 52
		}
		season := make([]float64, weeks)
		for k := range season {
			mid := s.Start.AddDate(0, 0, 7*k+3)
			season[k] = w.wave(float64(mid.YearDay())/7) / mean
		}
		s.Truth.Categories = append(s.Truth.Categories, CategoryTruth{Elasticity: w.elasticity, Season: season, RefundRate: w.refund})
	}
}

// wave is the demand in week x of the year, on any scale.
func (w *categoryWord) wave(x float64) float64 {
	y := 1 + w.amplitude*math.Cos(2*math.Pi*(x-w.peak)/52.18)
	return y * (1 + w.festive*math.Max(0, 1-math.Abs(x-48.5)/4))
}

// makeItems fills the catalogue, group by group: items of a group share words and lie close in
// style, prices follow the kind of product, and a quarter is launched later than the start.
func (s *Shop) makeItems() *catalogue {
	cfg := &s.Config
	n, C := cfg.Items, cfg.Categories
	cat := &catalogue{days: cfg.Days, first: make([]int, C+1), cum: make([][]float64, C), launch: make([]int64, n), price: make([]int64, n*cfg.Days)}
	cat.groupOf = make([][nouns]int, C)
	for c := 0; c <= C; c++ {
		cat.first[c] = c * n / C
	}
	styles := make([][StyleDim]float64, C*nouns)
	for c := 0; c < C; c++ {
		for k := 0; k < nouns; k++ {
			g := c*nouns + k
			cat.groupOf[c][k] = g
			s.Truth.Groups = append(s.Truth.Groups, Group{Category: c, Name: categoryWords[c].nounsEN[k]})
			styles[g] = unitVector(rng.New(cfg.Seed, stageGroup, uint64(g)), 1)
		}
	}
	cat.partner, cat.prob = make([]int, C*nouns), make([]float64, C*nouns)
	for g := range cat.partner {
		cat.partner[g] = -1
	}
	s.itemIndex = make(map[string]int, n)
	s.Items = make([]Item, n)
	s.Truth.Items = make([]ItemTruth, n)
	var r rng.Stream
	for c := 0; c < C; c++ {
		total := 0.0
		for i := cat.first[c]; i < cat.first[c+1]; i++ {
			total += s.makeItem(cat, c, i, styles, &r)
			cat.cum[c] = append(cat.cum[c], total)
			s.makePrices(cat, i)
		}
	}
	for _, x := range complementWords {
		for c := 0; c < C; c++ {
			a, b := cat.groupOf[c][x.from], cat.groupOf[c][x.to]
			if categoryWords[c].code == x.code && len(s.Truth.Groups[a].Items) > 0 && len(s.Truth.Groups[b].Items) > 0 {
				cat.partner[a], cat.prob[a] = b, x.prob
				s.Truth.Complements = append(s.Truth.Complements, Complement{a, b, x.prob})
			}
		}
	}
	return cat
}

// makeItem draws item i of category c, all but its later prices, and returns its
// popularity. styles are those of the groups.
func (s *Shop) makeItem(cat *catalogue, c, i int, styles [][StyleDim]float64, r *rng.Stream) float64 {
	cfg := &s.Config
	r.Reset(cfg.Seed, stageItem, uint64(i))
	j := i - cat.first[c]
	k := j % nouns
	g := cat.groupOf[c][k]
	s.Truth.Groups[g].Items = append(s.Truth.Groups[g].Items, i)
	w := &categoryWords[c]

	t := &s.Truth.Items[i]
	t.Category, t.Group = c, g
	t.Style = styles[g]
	q := 0.0
	for d := range t.Style {
		t.Style[d] += .2 * r.Normal()
		q += t.Style[d] * t.Style[d]
	}
	if q > itemStyleMax*itemStyleMax {
		for d := range t.Style {
			t.Style[d] *= itemStyleMax / math.Sqrt(q)
		}
	}
	t.Popularity = math.Exp(.9 * r.Normal())
	t.Quality = .45 * r.Normal()
	t.Appeal = .15 + .5*r.Beta(2, 3)
	t.LeadMean = 4 + 10*r.Float64()
	t.LeadSD = t.LeadMean * (.1 + .2*r.Float64())
	t.Understocked = r.Bool(math.Max(cfg.Tight, 0))

	// One item of each category is there from the start, so that no
	// wish comes to nothing for want of a product.
	if r.Bool(.25) && j > 0 {
		cat.launch[i] = int64(r.Intn(cfg.Days*4/5)) * daySeconds
	}
	it := &s.Items[i]
	it.SKU = fmt.Sprintf("%s-%04d", w.code, j+1)
	it.Category = w.en
	it.Launch = s.at(cat.launch[i])
	base := w.price * 100
	if f, ok := nounPrice[w.code]; ok {
		base *= f[k]
	}
	it.Price = int64(math.Max(5, math.Round(base*math.Exp(.3*r.Normal())/100))) * 100
	it.Cost = int64(float64(it.Price) * (.45 + .25*r.Float64()))
	describe(it, w, k, r)
	s.itemIndex[it.SKU] = i
	return t.Popularity
}

// describe writes brand, title and description. Items of one group share the
// product word and most feature words.
func describe(it *Item, w *categoryWord, k int, r *rng.Stream) {
	b, a, col := brandWords[r.Intn(len(brandWords))], adjectiveWords[r.Intn(len(adjectiveWords))], colourWords[r.Intn(len(colourWords))]
	f := [3]int{k, (k + 3) % 8, (k + [...]int{1, 2, 4, 5, 6, 7}[r.Intn(6)]) % 8}
	it.Brand = b.en
	if r.Bool(.5) {
		it.Language = "en"
		it.Title = fmt.Sprintf("%s %s %s, %s", b.en, a.en, w.nounsEN[k], col.en)
		it.Description = fmt.Sprintf("%s %s by %s: %s, %s, %s. From the %s series in our range of %s.",
			a.en, w.nounsEN[k], b.en, w.wordsEN[f[0]], w.wordsEN[f[1]], w.wordsEN[f[2]], a.en, w.en)
		return
	}
	it.Language = "zh"
	it.Title = b.zh + a.zh + w.nounsZH[k] + " " + col.zh
	it.Description = fmt.Sprintf("%s%s%s，%s，%s，%s。%s系列，品质之选。", b.zh, a.zh, w.nounsZH[k], w.wordsZH[f[0]], w.wordsZH[f[1]], w.wordsZH[f[2]], w.zh)
}

// makePrices lays out the promotions of an item: periods of 10 to 28 days at one
// of five levels, whatever the season, so that price is no proxy of season.
func (s *Shop) makePrices(cat *catalogue, i int) {
	r := rng.New(s.Config.Seed, stagePrice, uint64(i))
	base := s.Items[i].Price
	last := int64(-1)
	for d := int(cat.launch[i] / daySeconds); d < cat.days; {
		l := priceLevels[pick(r, len(priceLevels), func(k int) float64 { return priceLevels[k].p })].level
		p := int64(math.Round(float64(base)*l/10)) * 10
		if p != last {
			s.Prices = append(s.Prices, PriceChange{s.Items[i].SKU, s.at(int64(d) * daySeconds), p})
			last = p
		}
		for end := d + 10 + r.Intn(19); d < end && d < cat.days; d++ {
			cat.price[i*cat.days+d] = p
		}
	}
}

// propose draws an item of category c by popularity.
func (cat *catalogue) propose(c int, r *rng.Stream) int {
	cum := cat.cum[c]
	x := r.Float64() * cum[len(cum)-1]
	lo, hi := 0, len(cum)-1
	for lo < hi {
		m := (lo + hi) / 2
		if cum[m] > x {
			hi = m
		} else {
			lo = m + 1
		}
	}
	return cat.first[c] + lo
}

const daySeconds = 24 * 60 * 60

// at returns the instant that many seconds after Start.
func (s *Shop) at(sec int64) time.Time { return s.Start.Add(time.Duration(sec) * time.Second) }
