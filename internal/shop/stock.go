package shop

import (
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/rng"
)

// makeStock runs the stock of every item through its wants in order of time and
// sets want.got. Items are independent of one another. The plan is (R, Q) with
// daily review: R covers the mean demand of the lead time plus two standard
// deviations, or, for understocked items, 35 % of the mean and no more.
func (s *Shop) makeStock(cat *catalogue, l *log) {
	cfg := &s.Config
	n, days := cfg.Items, cfg.Days
	t := &s.Truth
	t.days = days
	t.wanted, t.lost = make([]int32, n*days), make([]int32, n*days)

	// Wants by item, each item's in order of time: orders are sorted already.
	start := make([]int32, n+1)
	for i := range l.wants {
		start[l.wants[i].item+1]++
	}
	for i := 0; i < n; i++ {
		start[i+1] += start[i]
	}
	byItem := make([]int32, len(l.wants))
	fill := slices.Clone(start[:n])
	for o := range l.orders {
		for i := l.orders[o].from; i < l.orders[o].to; i++ {
			k := l.wants[i].item
			byItem[fill[k]] = i
			fill[k]++
		}
	}

	total := 0
	for i := range cat.launch {
		total += days - int(cat.launch[i]/daySeconds)
	}
	s.Stock = make([]StockDay, 0, total)
	for i := 0; i < n; i++ {
		s.stockItem(i, cat.launch[i], byItem[start[i]:start[i+1]], l)
	}
}

// A shelf is one item's stock on its way through the days.
type shelf struct {
	s    *Shop
	item int
	sku  string
	l    *log
	r    *rng.Stream

	wants   []int32 // of l.wants, by time; those before next were served
	next    int
	hand    int
	level   int    // reorder when on hand and on order fall to it
	size    int    // of an order
	orders  []open // under way
	onOrder int

	out     int64 // seconds without stock
	outFrom int64 // -1 while there is stock
}

// open is an order under way.
type open struct{ day, units, record int }

// stockItem lets the wants of one item, ascending in time, meet its stock from its
// launch to the end: what is sold, what is lost, when goods are ordered and come
// in. It fills Stock, StockOuts, Replenishments and the item's truth.
func (s *Shop) stockItem(item int, launch int64, wants []int32, l *log) {
	cfg, x := &s.Config, &s.Truth.Items[item]
	launchDay := int(launch / daySeconds)
	listed := float64(cfg.Days - launchDay)
	units := 0
	for _, w := range wants {
		units += int(l.wants[w].quantity)
	}
	mean := float64(units) / listed
	h := &shelf{s: s, item: item, sku: s.Items[item].SKU, l: l, r: rng.New(cfg.Seed, stageStock, uint64(item)), wants: wants, outFrom: -1}

	cover := mean * (x.LeadMean + 1)
	h.level = int(math.Ceil(cover + 2*math.Sqrt(1.6*cover+mean*mean*x.LeadSD*x.LeadSD)))
	h.size = max(2, int(math.Ceil(21*mean)))
	if x.Understocked {
		h.level = int(.35 * mean * x.LeadMean)
		h.size = max(1, int(math.Ceil(10*mean)))
	}
	h.hand = h.level + h.size
	if cfg.Tight < 0 { // endless
		h.hand = units + 1
		h.level = -1
	}
	sold := 0
	for d := launchDay; d < cfg.Days; d++ {
		row := StockDay{SKU: h.sku, Day: s.at(int64(d) * daySeconds)}
		row.Received = h.arrivals(d, row.Day)
		row.Sold = h.sell(d, row.Received)
		sold += row.Sold
		h.reorder(d, row.Day)
		row.OnHand, row.OnOrder = h.hand, h.onOrder
		s.Stock = append(s.Stock, row)
	}
	if h.outFrom >= 0 {
		h.out += int64(cfg.Days)*daySeconds - h.outFrom
	}
	x.DemandMean = mean
	x.SoldMean = float64(sold) / listed
	x.InStock = 1 - float64(h.out)/(listed*daySeconds)
}

// arrivals takes the orders due on day d off the list and returns their units.
func (h *shelf) arrivals(d int, day time.Time) (units int) {
	for j := 0; j < len(h.orders); {
		o := h.orders[j]
		if o.day != d {
			j++
			continue
		}
		h.orders = slices.Delete(h.orders, j, j+1)
		h.onOrder -= o.units
		units += o.units
		h.s.Replenishments[o.record].Received = day.Add(5 * time.Hour)
	}
	return units
}

// sell serves the wants of day d in turn, goods coming in at 05:00, and returns the
// units sold.
func (h *shelf) sell(d, received int) (sold int) {
	s := h.s
	arrive, midnight := int64(d)*daySeconds+5*3600, int64(d+1)*daySeconds
	in := received == 0
	for {
		next := midnight
		if h.next < len(h.wants) && h.l.wants[h.wants[h.next]].sec < next {
			next = h.l.wants[h.wants[h.next]].sec
		}
		if !in && next >= arrive {
			in = true
			h.hand += received
			if h.outFrom >= 0 {
				h.out += arrive - h.outFrom
				s.StockOuts[len(s.StockOuts)-1].To = s.at(arrive)
				h.outFrom = -1
			}
		}
		if next == midnight {
			return sold
		}
		w := &h.l.wants[h.wants[h.next]]
		h.next++
		got := min(int(w.quantity), h.hand)
		w.got = int32(got)
		h.hand -= got
		sold += got
		at := h.item*s.Config.Days + d
		s.Truth.wanted[at] += w.quantity
		s.Truth.lost[at] += w.quantity - w.got
		if h.hand == 0 && got > 0 {
			h.outFrom = w.sec
			s.StockOuts = append(s.StockOuts, StockOut{SKU: h.sku, From: s.at(w.sec)})
		}
	}
}

// reorder orders at the end of day d until stock and orders are above the level.
func (h *shelf) reorder(d int, day time.Time) {
	if h.hand+h.onOrder > h.level {
		return
	}
	x := &h.s.Truth.Items[h.item]
	lead := max(1, int(math.Round(x.LeadMean+x.LeadSD*h.r.Normal())))
	for h.hand+h.onOrder <= h.level {
		h.s.Replenishments = append(h.s.Replenishments, Replenishment{
			SKU: h.sku, Supplier: supplierWords[h.item%len(supplierWords)],
			Ordered: day.Add(23*time.Hour + 30*time.Minute), Promised: day.AddDate(0, 0, int(math.Round(x.LeadMean))).Add(12 * time.Hour), Quantity: h.size,
		})
		h.orders = append(h.orders, open{d + lead, h.size, len(h.s.Replenishments) - 1})
		h.onOrder += h.size
	}
}
