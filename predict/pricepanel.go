package predict

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
)

// pricePanel is what PriceElasticity reads of its rows: those that say something, by product, then
// period.
type pricePanel[K ID] struct {
	opt        PriceOptions[K]
	instrument bool
	periods    bool // there are effects of periods

	products   []K
	category   []int // by product
	categories []string
	moved      []bool // by product: its price did, in the rows kept
	left       int

	n               int
	product, period []int32
	nP, nT          int
	y               []float64   // ln quantity, or the quantity with Counts
	price, cost     []float64   // logarithms; cost with an instrument
	crossX, crossZ  [][]float64 // by pair: the logarithm of the other's price and cost, 0 in rows of others
}

// newPricePanel checks the rows, in whatever order, and lays them out.
func newPricePanel[K ID](rows []PriceRow[K], opt PriceOptions[K]) (*pricePanel[K], error) {
	p := &pricePanel[K]{opt: opt}
	for i, pair := range opt.Cross {
		if pair[0] == pair[1] || slices.Index(opt.Cross, pair) < i {
			return nil, fmt.Errorf("pair Cross[%d] is of a product with itself, or there twice: %w", i, ErrOption)
		}
	}
	costs, without := 0, -1
	for i := range rows {
		if err := rows[i].check(opt.Counts); err != nil {
			return nil, fmt.Errorf("row %d: %w", i, err)
		}
		switch {
		case rows[i].StockOut:
		case rows[i].Cost > 0:
			costs++
		default:
			without = i
		}
	}
	p.instrument = costs > 0 && !opt.NoInstrument
	switch {
	case p.instrument && without >= 0:
		return nil, fmt.Errorf("row %d: Cost is 0 where others have one: %w", without, ErrRange)
	case p.instrument && opt.Counts:
		return nil, fmt.Errorf("rows have a Cost, and Counts knows no instrument; NoInstrument leaves it alone: %w", ErrOption)
	}
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(rows[a].Product, rows[b].Product), cmp.Compare(rows[a].Period, rows[b].Period), cmp.Compare(a, b))
	})
	sorted := make([]PriceRow[K], len(rows))
	for k, i := range order {
		r := rows[i]
		sorted[k] = r
		if k > 0 && r.Product == sorted[k-1].Product {
			switch {
			case r.Period == sorted[k-1].Period:
				return nil, fmt.Errorf("row %d: product %v is there in period %d already: %w", i, r.Product, r.Period, ErrDuplicate)
			case r.Category != sorted[k-1].Category:
				return nil, fmt.Errorf("row %d: product %v is of another category in another row: %w", i, r.Product, ErrMismatch)
			}
			continue
		}
		p.products = append(p.products, r.Product)
		p.categories = append(p.categories, r.Category)
	}
	names := p.categories
	p.categories = slices.Compact(slices.Sorted(slices.Values(names)))
	for _, name := range names {
		i, _ := slices.BinarySearch(p.categories, name)
		p.category = append(p.category, i)
	}
	for i, pair := range opt.Cross {
		for _, id := range pair {
			if _, ok := slices.BinarySearch(p.products, id); !ok {
				return nil, fmt.Errorf("pair Cross[%d]: product %v has no row: %w", i, id, ErrOption)
			}
		}
	}
	p.lay(sorted, p.useful(sorted))
	return p, nil
}

// others returns, of each pair, where the rows of its second product are, by period.
func (p *pricePanel[K]) others(sorted []PriceRow[K]) []map[int]int {
	out := make([]map[int]int, len(p.opt.Cross))
	for c, pair := range p.opt.Cross {
		out[c] = make(map[int]int)
		from, _ := slices.BinarySearchFunc(sorted, pair[1], func(r PriceRow[K], id K) int { return cmp.Compare(r.Product, id) })
		for i := from; i < len(sorted) && sorted[i].Product == pair[1]; i++ {
			if !sorted[i].StockOut {
				out[c][sorted[i].Period] = i
			}
		}
	}
	return out
}

// useful says which rows tell something: no stock-outs, none whose pair lacks the other price, and
// none that an effect of its own explains, as that of the only row of a product or period does, or, of
// counts, that of one without a sale.
func (p *pricePanel[K]) useful(sorted []PriceRow[K]) []bool {
	keep := make([]bool, len(sorted))
	others := p.others(sorted)
	for i, r := range sorted {
		keep[i] = !r.StockOut
		for c, pair := range p.opt.Cross {
			if _, ok := others[c][r.Period]; pair[0] == r.Product && !ok {
				keep[i] = false
			}
		}
	}
	p.peel(sorted, keep)
	return keep
}

// peel leaves out, round by round, the rows of products and periods that have one row left, or no sale. Each of these ends once, so
// that a chain of them, one ending the next, costs no more than its rows.
func (p *pricePanel[K]) peel(sorted []PriceRow[K], keep []bool) {
	type group struct {
		rows, sold int
		members    []int
	}
	var groups []group // products, then periods
	of := make([][2]int, len(sorted))
	for i, r := range sorted {
		if i == 0 || r.Product != sorted[i-1].Product {
			groups = append(groups, group{})
		}
		of[i][0] = len(groups) - 1
	}
	products, periods := len(groups), make(map[int]int)
	for i, r := range sorted {
		g, ok := periods[r.Period]
		if !ok {
			g = len(groups)
			groups, periods[r.Period] = append(groups, group{}), g
		}
		of[i][1] = g
	}
	alive, look := 0, make([]int, 0, len(groups))
	for i, r := range sorted {
		for side := 0; keep[i] && side < 2; side++ {
			g := &groups[of[i][side]]
			if g.members = append(g.members, i); r.Quantity > 0 {
				g.sold++
			}
			if g.rows++; g.rows == 1 && side == 0 {
				alive++
			}
		}
	}
	for g := range groups {
		look = append(look, g)
	}
	for len(look) > 0 {
		p.periods = !p.opt.NoPeriods && alive > 1
		var drop []int
		for _, k := range look {
			if g := groups[k]; g.rows > 0 && (g.rows < 2 || g.sold == 0) && (k < products || p.periods) {
				drop = append(drop, g.members...)
			}
		}
		look = look[:0]
		for _, i := range drop {
			for side := 0; keep[i] && side < 2; side++ {
				g := &groups[of[i][side]]
				if sorted[i].Quantity > 0 {
					g.sold--
				}
				if g.rows--; g.rows == 0 && side == 0 {
					alive--
				}
				look = append(look, of[i][side])
			}
			keep[i] = false
		}
	}
}

// lay makes columns of the rows to keep.
func (p *pricePanel[K]) lay(sorted []PriceRow[K], keep []bool) {
	number := make(map[int]int32)
	for i, r := range sorted {
		if keep[i] {
			number[r.Period] = 0
		}
	}
	for t, at := range slices.Sorted(maps.Keys(number)) {
		number[at] = int32(t)
	}
	p.nP, p.nT = len(p.products), len(number)
	p.moved = make([]bool, p.nP)
	p.crossX, p.crossZ = make([][]float64, len(p.opt.Cross)), make([][]float64, len(p.opt.Cross))
	others := p.others(sorted)
	who, first := 0, math.NaN()
	for i, r := range sorted {
		if p.products[who] != r.Product {
			who, first = who+1, math.NaN()
		}
		if !keep[i] {
			p.left++
			continue
		}
		p.product, p.period = append(p.product, int32(who)), append(p.period, number[r.Period])
		q, price := r.Quantity, math.Log(r.Price)
		if !p.opt.Counts {
			q = math.Log(q)
		}
		p.y, p.price = append(p.y, q), append(p.price, price)
		if math.IsNaN(first) {
			first = price
		}
		if math.Abs(price-first) > 1e-12*(1+math.Abs(first)) {
			p.moved[who] = true
		}
		if p.instrument {
			p.cost = append(p.cost, math.Log(r.Cost))
		}
		for c, pair := range p.opt.Cross {
			x, z := 0., 0.
			if pair[0] == r.Product {
				other := sorted[others[c][r.Period]]
				x = math.Log(other.Price)
				if z = x; p.instrument {
					z = math.Log(other.Cost)
				}
			}
			p.crossX[c], p.crossZ[c] = append(p.crossX[c], x), append(p.crossZ[c], z)
		}
	}
	p.n = len(p.y)
}
