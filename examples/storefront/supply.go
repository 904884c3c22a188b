package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/examples/internal/report"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/predict/forecast"
	"github.com/aislekit/aisle/supply"
	"github.com/aislekit/aisle/supply/reorder"
)

// position is the stock of one product at the cut and what its supplier is like.
type position struct {
	SKU             string
	OnHand, OnOrder float64
	Lead, LeadSD    float64 // weeks
}

// demanded is the demand of every product before the cut, in weeks.
type demanded struct {
	Weeks    int
	SKUs     []string
	Series   []supply.Series // corrected for stock-outs
	Mean, SD []float64       // units a week
	Naive    []float64       // mean of what was sold, uncorrected
	Forecast []float64       // units a week to come, mean of Path
	Path     [][]float64     // of each week
	By       string          // what foresees
	Error    []float64       // standard deviation of the forecast error of a week
	ABC      map[string]byte
	XYZ      map[string]byte
	Censored int // product weeks with too little stock to see demand

	// On held-out time: units foreseen and wanted, by product.
	Ahead              int // weeks
	Later              []float64
	WAPE, WAPELast     float64
	Total, TotalWanted float64

	// Against planted demand before the cut, where there is one.
	Planted                   []float64
	SoldShare, CorrectedShare float64
	SoldWAPE, CorrectedWAPE   float64
}

const week = 7 * day

// demand adds up weekly demand of each product until the cut, puts right the
// weeks in which it was out of stock, and forecasts the weeks to come by what did best
// before the cut, see foresee. wanted, if not nil, gives
// the units wanted of a product in [from, to), sold or not; else what was sold is
// taken for it.
func demand(ctx context.Context, rec *records, now *profiled, wanted func(sku string, from, to time.Time) float64) (*demanded, error) {
	weeks := int(rec.Cut.Sub(rec.Start) / week)
	start := rec.Cut.Add(-time.Duration(weeks) * week)
	d, err := supply.NewDemand[string](supply.DemandOptions{Start: start})
	if err != nil {
		return nil, err
	}
	revenue := make(map[string]float64)
	// What came back was no demand where slips of the pen are put right by credit
	// notes, as in the file; in the simulated shop it was wanted and then failed.
	var held map[[2]string]float64
	if wanted == nil {
		held = kept(now.Orders, now.Refunds)
	}
	for i := range now.Orders {
		o := &now.Orders[i]
		for _, l := range o.Order.Lines {
			part := share(held, o.Order.ID, l.Item)
			revenue[l.Item] += part * float64(l.Price*l.Quantity-l.Discount)
			if o.Order.At.Before(start) {
				continue
			}
			if err := d.Add(l.Item, o.Order.At, math.Round(part*float64(l.Quantity))); err != nil {
				return nil, err
			}
		}
	}
	out := &demanded{Weeks: weeks, ABC: make(map[string]byte), XYZ: make(map[string]byte)}
	if err := offered(d, rec, start); err != nil {
		return nil, err
	}
	if err := d.Extend(weeks); err != nil {
		return nil, err
	}
	if err := out.classify(d, revenue); err != nil {
		return nil, err
	}
	if out.Path, out.By, err = foresee(ctx, out.series(rec, start)); err != nil {
		return nil, err
	}
	for i := range out.SKUs {
		mean, e := trailing(&out.Series[i], len(out.Series[i].Units))
		if out.Path[i] == nil {
			out.Path[i] = slices.Repeat([]float64{mean}, ahead)
		}
		out.Forecast, out.Error = append(out.Forecast, average(out.Path[i])), append(out.Error, e)
	}
	return out, out.judge(rec, wanted, start)
}

// series are the products as they are forecast: what was sold, marked where the shelf was empty,
// missing before a product was listed, with the planned price, if there is a plan, and the category.
func (d *demanded) series(rec *records, start time.Time) []forecast.Series {
	category := make(map[string]float64)
	out := make([]forecast.Series, len(d.SKUs))
	for i, sku := range d.SKUs {
		s, of := &out[i], &d.Series[i]
		s.Y, s.Censored = slices.Repeat([]float64{math.NaN()}, d.Weeks), make([]bool, d.Weeks)
		copy(s.Y[of.First:], of.Sold)
		copy(s.Censored[of.First:], of.Censored)
		name := ""
		if p := rec.product(sku); p != nil {
			name = p.Category
			if rec.Prices != nil {
				s.Known = [][]float64{rec.reductions(p, start, d.Weeks+ahead)}
			}
		}
		if _, ok := category[name]; !ok {
			category[name] = float64(len(category))
		}
		s.Fixed = []float64{category[name]}
	}
	return out
}

// reductions are the logarithms of the mean price of a product in each week over its list price.
func (r *records) reductions(p *product, start time.Time, weeks int) []float64 {
	out, plan := make([]float64, weeks), r.Prices[p.SKU]
	price, next := p.Price, 0
	for w := range out {
		sum := int64(0)
		for d := range 7 {
			at := start.Add(time.Duration(w)*week + time.Duration(d)*day)
			for next < len(plan) && !plan[next].From.After(at) {
				price, next = plan[next].Price, next+1
			}
			sum += price
		}
		out[w] = math.Log(float64(max(sum, 1)) / float64(max(7*p.Price, 1)))
	}
	return out
}

// offered tells since when each product was for sale and when its shelf was empty: what
// is not sold then says nothing of demand.
func offered(d *supply.Demand[string], rec *records, start time.Time) error {
	for _, sku := range d.IDs() {
		if p := rec.product(sku); p != nil && !p.Listed.IsZero() && p.Listed.Before(rec.Cut) {
			if err := d.AddProduct(sku, later(p.Listed, start)); err != nil {
				return err
			}
		}
	}
	for _, s := range rec.StockOuts {
		if from, to := later(s.From, start), earlier(s.To, rec.Cut); from.Before(to) {
			if err := d.AddStockOut(s.SKU, from, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// classify reads the demand of each product week by week, and sorts products by money
// and by steadiness.
func (d *demanded) classify(of *supply.Demand[string], revenue map[string]float64) error {
	d.SKUs = of.IDs()
	value := make([]float64, len(d.SKUs))
	for i, sku := range d.SKUs {
		s, err := of.Series(sku, supply.Scale)
		if err != nil {
			return err
		}
		mean, sd, _, err := s.Moments()
		if errors.Is(err, supply.ErrUndefined) { // never long enough on the shelf: what was sold is the least
			if s, err = of.Series(sku, supply.Keep); err == nil {
				mean, sd, _, err = s.Moments()
			}
		}
		if err != nil {
			return fmt.Errorf("demand of %s: %w", sku, err)
		}
		for _, c := range s.Censored {
			if c {
				d.Censored++
			}
		}
		if sd != sd {
			sd = math.Sqrt(mean)
		}
		class, _, err := supply.XYZ(s.Units, supply.XYZOptions{})
		if errors.Is(err, supply.ErrEmpty) {
			class = 'Z' // listed too lately to judge
		} else if err != nil {
			return err
		}
		d.XYZ[sku] = class
		d.Series, d.Mean, d.SD = append(d.Series, s), append(d.Mean, mean), append(d.SD, sd)
		d.Naive = append(d.Naive, average(s.Sold))
		value[i] = revenue[sku]
	}
	abc, err := supply.ABC(d.SKUs, value, supply.ABCOptions{})
	if err != nil {
		return err
	}
	for _, a := range abc {
		d.ABC[a.ID] = a.Class
	}
	return nil
}

// spread is how many weeks errors are measured on.
const spread = 26

// trailing is the mean of the last weeks before week n that saw demand, and
// the standard deviation of weeks around such means.
func trailing(s *supply.Series, n int) (mean, sd float64) {
	var m metrics.Moments
	for t := n - 1; t >= 0 && m.N() < spread; t-- {
		if !s.Censored[t] {
			_ = m.Add(s.Units[t]) // finite
		}
	}
	mean, err := m.Mean()
	if err != nil {
		return average(s.Sold[:n]), math.Sqrt(average(s.Sold[:n])) // never seen with stock
	}
	v, err := m.Variance()
	if err != nil {
		v = mean
	}
	return mean, math.Sqrt(max(v, mean) * (1 + 1/float64(m.N()))) // counts vary at least so much
}

// judge holds the forecasts against what was wanted after the cut, or where that is not
// known against what was sold.
func (d *demanded) judge(rec *records, wanted func(string, time.Time, time.Time) float64, start time.Time) error {
	d.Ahead = min(ahead, int(rec.End.Sub(rec.Cut)/week))
	until := rec.Cut.Add(time.Duration(d.Ahead) * week)
	sold := make(map[string]float64)
	if wanted == nil {
		all, err := rec.Ledger.Settle(time.Time{})
		if err != nil {
			return err
		}
		held := kept(all.Orders, all.Refunds)
		for i := range all.Orders {
			if o := &all.Orders[i]; !o.Order.At.Before(rec.Cut) && o.Order.At.Before(until) {
				for _, l := range o.Order.Lines {
					sold[l.Item] += math.Round(share(held, o.Order.ID, l.Item) * float64(l.Quantity))
				}
			}
		}
	}
	var off, offLast, all float64
	for i, sku := range d.SKUs {
		y := sold[sku]
		if wanted != nil {
			y = wanted(sku, rec.Cut, until)
		}
		d.Later = append(d.Later, y)
		f := sum(d.Path[i][:d.Ahead])
		n := len(d.Series[i].Sold)
		last := average(d.Series[i].Sold[max(n-4, 0):]) * float64(d.Ahead)
		off += math.Abs(f - y)
		offLast += math.Abs(last - y)
		all += y
		d.Total += f
	}
	d.TotalWanted, d.WAPE, d.WAPELast = all, off/all, offLast/all
	if wanted == nil {
		return nil
	}
	var soldSum, fixedSum, truly, offSold, offFixed float64
	for i, sku := range d.SKUs {
		n := float64(len(d.Series[i].Units))
		truth := wanted(sku, start.Add(time.Duration(d.Series[i].First)*week), rec.Cut) / n
		d.Planted = append(d.Planted, truth)
		truly += truth
		soldSum += d.Naive[i]
		fixedSum += d.Mean[i]
		offSold += math.Abs(d.Naive[i] - truth)
		offFixed += math.Abs(d.Mean[i] - truth)
	}
	d.SoldShare, d.CorrectedShare, d.SoldWAPE, d.CorrectedWAPE = soldSum/truly, fixedSum/truly, offSold/truly, offFixed/truly
	return nil
}

func average(xs []float64) float64 { return sum(xs) / float64(max(len(xs), 1)) }

func sum(xs []float64) (s float64) {
	for _, x := range xs {
		s += x
	}
	return s
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// section reports on the demand: classes, forecasts, and how far off they were.
func (d *demanded) section(rec *records) report.Section {
	f := sum(d.Forecast)
	s := report.Section{
		Title: "What will be wanted",
		Meaning: fmt.Sprintf("%s products sell %s pieces a week together; by %s the next %d weeks are foreseen with an error of %s of the pieces.",
			count(len(d.SKUs)), count(int(f+.5)), d.By, d.Ahead, percent(d.WAPE)),
		Action: "Plan A products one by one, let rules order the C products, and keep more reserve of what is erratic (Z).",
		Terms: []report.Term{
			{Word: "A, B, C", Meaning: "A products bring the first 80% of the money, B the next 15%, C the last 5%."},
			{Word: "X, Y, Z", Meaning: "how evenly a product sells from week to week: X steady, Z erratic."},
			{Word: "Out-of-stock weeks", Meaning: "what was sold while a shelf was empty is less than what was wanted; such weeks are put right or left out."},
		},
		Figures: []report.Figure{
			{Label: "products", Value: count(len(d.SKUs))},
			{Label: "weeks of history", Value: count(d.Weeks)},
			{Label: "product weeks seen too little of", Value: count(d.Censored), Note: "out of stock, or only just listed"},
			{Label: fmt.Sprintf("error over %d weeks ahead", d.Ahead), Value: percent(d.WAPE), Note: "taking the last four weeks as sold: " + percent(d.WAPELast)},
		},
		Plots: []report.Plot{d.weekly(), d.grid()}, Tables: []report.Table{d.wantedMost(rec)},
	}
	if d.Planted != nil {
		s.Checks = []report.Check{
			{What: "demand of all products before the cut, as sold", Planted: "100%", Found: percent(d.SoldShare)},
			{What: "demand of all products, corrected for stock-outs", Planted: "100%", Found: percent(d.CorrectedShare), Verdict: report.Mark(math.Abs(d.CorrectedShare-1) < .08)},
			{What: "error of mean demand by product: as sold, corrected", Planted: "0%", Found: percent(d.SoldWAPE) + ", " + percent(d.CorrectedWAPE), Verdict: report.Mark(d.CorrectedWAPE < d.SoldWAPE)},
			{What: fmt.Sprintf("error over %d weeks, of that by the last four weeks", d.Ahead), Planted: "below 90%", Found: percent(d.WAPE / d.WAPELast), Verdict: report.Mark(d.WAPE < .9*d.WAPELast)},
			{What: fmt.Sprintf("units wanted in the %d weeks after the cut", d.Ahead), Planted: count(int(d.TotalWanted)), Found: count(int(d.Total)), Verdict: report.Mark(math.Abs(d.Total/d.TotalWanted-1) < .25)},
		}
	}
	return s
}

// grid counts products by money and steadiness.
func (d *demanded) grid() report.Plot {
	grid := report.Plot{Kind: report.Grid, Title: "Products by money (A to C) and steadiness (X to Z)", Desc: "A grid of three by three cells; each holds the number of products.", Labels: []string{"X steady", "Y wavering", "Z erratic"}}
	for _, a := range []byte("ABC") {
		row := report.Series{Name: map[byte]string{'A': "A most", 'B': "B some", 'C': "C little"}[a]}
		for _, x := range []byte("XYZ") {
			n := 0
			for _, sku := range d.SKUs {
				if d.ABC[sku] == a && d.XYZ[sku] == x {
					n++
				}
			}
			row.Y = append(row.Y, float64(n))
		}
		grid.Series = append(grid.Series, row)
	}
	return grid
}

// wantedMost lists the products of the largest forecasts.
func (d *demanded) wantedMost(rec *records) report.Table {
	order := make([]int, len(d.SKUs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(d.Forecast[b], d.Forecast[a]) })
	t := report.Table{Caption: "The ten products most in demand", Columns: []string{"product", "class", "sold a week", "wanted a week", "forecast a week"}}
	if d.Planted != nil {
		t.Columns = append(t.Columns, "planted")
	}
	for _, i := range order[:min(10, len(order))] {
		sku := d.SKUs[i]
		row := []string{shortTitle(rec.title(sku)), string([]byte{d.ABC[sku], d.XYZ[sku]}), decimal(d.Naive[i], 1), decimal(d.Mean[i], 1), decimal(d.Forecast[i], 1)}
		if d.Planted != nil {
			row = append(row, decimal(d.Planted[i], 1))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// weekly draws the demand of all products, then their forecast.
func (d *demanded) weekly() report.Plot {
	plot := report.Plot{
		Kind: report.Lines, Title: "Demand of all products by week", Desc: "Weekly units of all products up to the day on which we stand, then, dashed, the forecast for each week to come.", XName: "week", YName: "units", Zero: true,
		Series: []report.Series{{Name: "wanted (corrected)"}, {Name: "forecast", Dashed: true}},
	}
	for w := 0; w < d.Weeks; w++ {
		all := 0.0
		for i := range d.Series {
			if k := w - d.Series[i].First; k >= 0 && k < len(d.Series[i].Units) {
				all += d.Series[i].Units[k]
			}
		}
		plot.X = append(plot.X, float64(w+1))
		plot.Series[0].Y = append(plot.Series[0].Y, all)
		plot.Series[1].Y = append(plot.Series[1].Y, math.NaN())
	}
	for w := range d.Ahead {
		f := 0.0
		for i := range d.Path {
			f += d.Path[i][w]
		}
		plot.X = append(plot.X, float64(d.Weeks+w+1))
		plot.Series[0].Y = append(plot.Series[0].Y, math.NaN())
		plot.Series[1].Y = append(plot.Series[1].Y, f)
	}
	return plot
}

// stocked is the plan.
type stocked struct {
	Plan     *reorder.Replenishment[string]
	OnHand   map[string]float64
	Out      int // products without stock at the cut
	Risky    []string
	Assumed  string  // what had to be assumed of stock, if anything
	MaxRisk  float64 // of a recommended product running out within a week
	Deliver  []string
	Replayed *replay

	Service   float64             // wanted chance that a delivery comes before the shelf is empty
	suppliers map[string]position // by SKU
	lot       map[string]int      // usual order, units
}

// replay is what the plan would have done to the wishes after the cut.
type replay struct {
	Days                int
	Wanted              int
	LostThen, LostNow   int     // units that could not be sold: as it was, with the plan
	DaysThen, DaysNow   int     // product days without stock
	StockThen, StockNow float64 // mean units on hand
}

// plan says what to order now and what may be recommended.
func plan(d *demanded, stock []position) (*stocked, error) {
	at := make(map[string]position, len(stock))
	for _, p := range stock {
		at[p.SKU] = p
	}
	out := &stocked{OnHand: make(map[string]float64), MaxRisk: .5, Service: .95, suppliers: at, lot: make(map[string]int)}
	var lines []reorder.Stock[string]
	for i, sku := range d.SKUs {
		p, ok := at[sku]
		if !ok {
			continue
		}
		out.OnHand[sku] = p.OnHand
		if p.OnHand == 0 {
			out.Out++
		}
		out.lot[sku] = int(math.Ceil(3 * d.Forecast[i]))
		lines = append(lines, reorder.Stock[string]{
			ID: sku, Forecast: d.Path[i], SD: d.Error[i], OnHand: p.OnHand, OnOrder: p.OnOrder,
			Lead: p.Lead, LeadSD: p.LeadSD, Lot: float64(out.lot[sku]), Multiple: 1,
		})
	}
	var err error
	if out.Plan, err = reorder.Plan(lines, reorder.PlanOptions{CycleService: out.Service, Review: 1. / 7, Horizon: 1}); err != nil {
		return nil, err
	}
	out.Deliver = out.Plan.Deliverable(out.MaxRisk)
	out.Risky = out.Plan.AtRisk(.5)
	return out, nil
}

// section reports on the plan: what to order now, and what it is for.
func (s *stocked) section(rec *records, d *demanded) report.Section {
	orders := s.Plan.Orders()
	t := report.Table{Caption: fmt.Sprintf("Order now: the ten most urgent of %s products", count(len(orders))), Columns: []string{"product", "class", "on hand", "coming", "reorder point", "order", "risk of running out", "lasts weeks"}}
	units := 0.0
	for i, o := range orders {
		units += o.Quantity
		if i >= 10 {
			continue
		}
		cover := decimal(o.Cover, 1)
		if math.IsInf(o.Cover, 1) {
			cover = "–"
		}
		t.Rows = append(t.Rows, []string{shortTitle(rec.title(o.ID)), string([]byte{d.ABC[o.ID], d.XYZ[o.ID]}), decimal(o.OnHand, 0), decimal(o.Position-o.OnHand, 0), decimal(o.Point, 0), decimal(o.Quantity, 0), percent(o.Risk), cover})
	}
	out := report.Section{
		Title:   "What to order",
		Meaning: fmt.Sprintf("On %s, %s of %s products are out of stock and %s should be ordered now, %s pieces together.", date(rec.Cut), count(s.Out), count(len(s.OnHand)), count(len(orders)), count(int(units))),
		Action:  "Order from the top of the table: these run out first. Do not advertise a product at risk before its delivery has come.",
		Terms: []report.Term{
			{Word: "Reorder point", Meaning: "when stock on hand plus stock on its way falls to this, order: it covers what sells until the delivery comes, plus a reserve."},
			{Word: "Risk of running out", Meaning: "the chance that more is wanted before the next delivery than there is."},
		},
		Figures: []report.Figure{
			{Label: "products to order now", Value: count(len(orders))},
			{Label: "out of stock", Value: count(s.Out)},
			{Label: "more likely than not to run out before the next delivery", Value: count(len(s.Risky))},
			{Label: "safe to recommend", Value: count(len(s.Deliver)), Note: "on hand, and likely to last a week"},
		},
		Tables: []report.Table{t},
	}
	if s.Assumed != "" {
		out.Notes = append(out.Notes, s.Assumed)
	}
	if r := s.Replayed; r != nil {
		avoided := 1 - float64(r.LostNow)/float64(max(r.LostThen, 1))
		out.Checks = []report.Check{
			{What: fmt.Sprintf("units lost to empty shelves in the %d days after the cut", r.Days), Planted: fmt.Sprintf("%s of %s wanted", count(r.LostThen), count(r.Wanted)), Found: fmt.Sprintf("%s with the plan: %s avoided", count(r.LostNow), percent(avoided)), Verdict: report.Mark(avoided > .25)},
			{What: "product days without stock", Planted: count(r.DaysThen), Found: fmt.Sprintf("%s with the plan", count(r.DaysNow)), Verdict: report.Mark(r.DaysNow < r.DaysThen)},
			{What: "units on hand, on average", Planted: count(int(r.StockThen)), Found: fmt.Sprintf("%s with the plan", count(int(r.StockNow)))},
		}
		out.Notes = append(out.Notes, "The plan is replayed on the planted wishes after the cut with the same suppliers: it is made anew every week from what was sold until then, and each order is three weeks of demand, as the shop itself ordered. Shelves that were empty at the cut stay so until a delivery can come: no plan avoids that.")
	}
	return out
}
