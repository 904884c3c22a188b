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

func (s *Shop) stockItem(item int, launch int64, wants []int32, l *log) {
	cfg, x := &s.Config, &s.Truth.Items[item]
	sku := s.Items[item].SKU
	days := cfg.Days
	launchDay := int(launch / daySeconds)
	listed := float64(days - launchDay)
	units := 0
	for _, w := range wants {
		units += int(l.wants[w].quantity)
	}
	mean := float64(units) / listed
	r := rng.New(cfg.Seed, stageStock, uint64(item))
	endless := cfg.Tight < 0

	cover := mean * (x.LeadMean + 1)
	level := int(math.Ceil(cover + 2*math.Sqrt(1.6*cover+mean*mean*x.LeadSD*x.LeadSD)))
	size := max(2, int(math.Ceil(21*mean)))
	if x.Understocked {
		level = int(.35 * mean * x.LeadMean)
		size = max(1, int(math.Ceil(10*mean)))
	}
	hand := level + size
	if endless {
		hand = units + 1
		level = -1
	}
	type open struct {
		day, units, record int
	}
	var (
		orders  []open
		onOrder int
		out     int64 // seconds without stock
		outFrom = int64(-1)
		sold    int
		k       int
	)
	for d := launchDay; d < days; d++ {
		day := s.at(int64(d) * daySeconds)
		row := StockDay{SKU: sku, Day: day}
		for j := 0; j < len(orders); {
			o := orders[j]
			if o.day != d {
				j++
				continue
			}
			orders = slices.Delete(orders, j, j+1)
			onOrder -= o.units
			row.Received += o.units
			s.Replenishments[o.record].Received = day.Add(5 * time.Hour)
		}
		arrive := int64(d)*daySeconds + 5*3600
		received := row.Received == 0
		for {
			next := int64(d+1) * daySeconds
			if k < len(wants) && l.wants[wants[k]].sec < next {
				next = l.wants[wants[k]].sec
			}
			if !received && next >= arrive { // goods come in at 05:00
				received = true
				hand += row.Received
				if outFrom >= 0 {
					out += arrive - outFrom
					s.StockOuts[len(s.StockOuts)-1].To = s.at(arrive)
					outFrom = -1
				}
			}
			if next == int64(d+1)*daySeconds {
				break
			}
			w := &l.wants[wants[k]]
			k++
			got := min(int(w.quantity), hand)
			w.got = int32(got)
			hand -= got
			row.Sold += got
			at := item*days + d
			s.Truth.wanted[at] += w.quantity
			s.Truth.lost[at] += w.quantity - w.got
			if hand == 0 && got > 0 {
				outFrom = w.sec
				s.StockOuts = append(s.StockOuts, StockOut{SKU: sku, From: s.at(w.sec)})
			}
		}
		sold += row.Sold
		if hand+onOrder <= level {
			lead := max(1, int(math.Round(x.LeadMean+x.LeadSD*r.Normal())))
			for hand+onOrder <= level {
				s.Replenishments = append(s.Replenishments, Replenishment{
					SKU: sku, Supplier: supplierWords[item%len(supplierWords)],
					Ordered: day.Add(23*time.Hour + 30*time.Minute), Promised: day.AddDate(0, 0, int(math.Round(x.LeadMean))).Add(12 * time.Hour), Quantity: size,
				})
				orders = append(orders, open{d + lead, size, len(s.Replenishments) - 1})
				onOrder += size
			}
		}
		row.OnHand, row.OnOrder = hand, onOrder
		s.Stock = append(s.Stock, row)
	}
	if outFrom >= 0 {
		out += int64(days)*daySeconds - outFrom
	}
	x.DemandMean = mean
	x.SoldMean = float64(sold) / listed
	x.InStock = 1 - float64(out)/(listed*daySeconds)
}
