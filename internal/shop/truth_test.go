package shop_test

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/shop"
)

// line is one order line with indices.
type line struct{ user, item, category, day, quantity int }

func linesOf(s *shop.Shop) []line {
	var out []line
	for i := range s.Orders {
		o := &s.Orders[i]
		u, _ := s.UserIndex(o.User)
		for _, l := range o.Lines {
			k, _ := s.ItemIndex(l.SKU)
			out = append(out, line{u, k, s.Truth.Items[k].Category, int(o.Time.Sub(s.Start) / (24 * time.Hour)), l.Quantity})
		}
	}
	return out
}

// within fails unless got is within sd·n of want; it also fails if sd is so wide
// that the check says nothing (power: the largest sd allowed).
func within(t *testing.T, what string, got, want, sd, n, power float64) {
	t.Helper()
	if !(sd > 0) || sd > power {
		t.Errorf("%s: standard error %.4g, want at most %.4g to mean anything", what, sd, power)
	}
	if !(math.Abs(got-want) <= n*sd) {
		t.Errorf("%s: measured %.4f, planted %.4f, standard error %.4f", what, got, want, sd)
	}
}

// Lines of a user follow taste: users with the same taste for a category, cut
// into bins, buy it in that share of their lines.
func TestTasteRecovered(t *testing.T) {
	s := get(t, large)
	C := len(s.Categories)
	all := make([]float64, len(s.Users))
	by := make([]float64, len(s.Users)*C)
	for _, l := range linesOf(s) {
		all[l.user]++
		by[l.user*C+l.category]++
	}
	cuts := []float64{.01, .03, .06, .1, .15, .2, .3, 1}
	got, want := make([]float64, len(cuts)), make([]float64, len(cuts))
	agree, heavy := 0, 0
	for u := range s.Users {
		x := &s.Truth.Users[u]
		for c, taste := range x.Taste {
			k, _ := slices.BinarySearch(cuts, taste)
			got[k] += by[u*C+c]
			want[k] += all[u] * taste
		}
		if all[u] >= 30 {
			heavy++
			best := 0
			for c := range C {
				if by[u*C+c] > by[u*C+best] {
					best = c
				}
			}
			if best == x.Preferred {
				agree++
			}
		}
	}
	for k := range cuts {
		// Prices, seasons and complements shift shares a little.
		if r := got[k] / want[k]; want[k] > 300 && math.Abs(r-1) > .12 {
			t.Errorf("taste up to %g: %.0f lines, planted %.0f", cuts[k], got[k], want[k])
		}
	}
	if heavy < 200 || float64(agree) < .6*float64(heavy) {
		t.Errorf("the most bought category is the preferred one for %d of %d heavy buyers", agree, heavy)
	}
}

// Within a category, users buy items of their style.
func TestStyleRecovered(t *testing.T) {
	s := get(t, usual)
	C := len(s.Categories)
	type pair struct{ sum, n float64 }
	random := make([]pair, C)
	dot := func(u, i int) float64 {
		v := 0.0
		for d, x := range s.Truth.Users[u].Style {
			v += x * s.Truth.Items[i].Style[d]
		}
		return v
	}
	bought, chance, n := 0.0, 0.0, 0.0
	for i := range s.Items {
		for u := range 200 {
			p := &random[s.Truth.Items[i].Category]
			p.sum += dot(u, i)
			p.n++
		}
	}
	for _, l := range linesOf(s) {
		bought += dot(l.user, l.item)
		chance += random[l.category].sum / random[l.category].n
		n++
	}
	if lift := (bought - chance) / n; lift < .25 {
		t.Errorf("style match of bought items is %.3f above chance, want > 0.25", lift)
	}
}

// The season of a category against all others is what was planted: slope 1 in
// log-log over periods of four weeks.
func TestSeasonRecovered(t *testing.T) {
	s := get(t, endless)
	C, P := len(s.Categories), s.Config.Days/28
	got, want := make([]float64, P*C), make([]float64, P*C)
	for _, l := range linesOf(s) {
		if p := l.day / 28; p < P {
			got[p*C+l.category] += float64(l.quantity)
		}
	}
	for p := range P {
		for c := range C {
			for w := range 4 {
				want[p*C+c] += s.Truth.Categories[c].Season[4*p+w] * s.Truth.Categories[c].Share / 4
			}
		}
	}
	share := func(m []float64, p, c int) float64 {
		sum := 0.0
		for k := range C {
			sum += m[p*C+k]
		}
		return m[p*C+c] / sum
	}
	var sxy, sxx, syy float64
	for c := range C {
		var x, y []float64
		mx, my := 0.0, 0.0
		for p := range P {
			x, y = append(x, math.Log(share(want, p, c))), append(y, math.Log(share(got, p, c)))
			mx, my = mx+x[p]/float64(P), my+y[p]/float64(P)
		}
		for p := range P {
			sxy += (x[p] - mx) * (y[p] - my)
			sxx += (x[p] - mx) * (x[p] - mx)
			syy += (y[p] - my) * (y[p] - my)
		}
	}
	slope := sxy / sxx
	within(t, "season slope", slope, 1, math.Sqrt((syy-slope*sxy)/float64(C*(P-1)-1)/sxx), 4, .05)
	if r := sxy / math.Sqrt(sxx*syy); r < .75 {
		t.Errorf("correlation of planted and measured season %.3f", r)
	}
	// Weekdays.
	var day [7]float64
	total := 0.0
	for i := range s.Orders {
		day[s.Orders[i].Time.Weekday()]++
		total++
	}
	for k, n := range day {
		within(t, "weekday "+time.Weekday(k).String(), n*7/total, s.Truth.Weekday[k], 7*math.Sqrt(n)/total, 4.5, .03)
	}
}

// Elasticity by log-log regression through the base price, stratified by item
// (Mantel-Haenszel rate ratios of each price level).
func TestElasticityRecovered(t *testing.T) {
	s := simulate(t, shop.Config{Users: 3000, Items: 150, Categories: 8, Tight: -1, Browse: -1, Seed: 21})
	levels := []float64{1.1, .9, .8, .7}
	n, D := len(s.Items), s.Config.Days
	level := make([]int8, n*D) // −2 not listed, −1 base, else index
	for i := range level {
		level[i] = -2
	}
	for _, p := range s.Prices {
		i, _ := s.ItemIndex(p.SKU)
		r := float64(p.Price) / float64(s.Items[i].Price)
		k := int8(-1)
		for j, x := range levels {
			if math.Abs(r-x) < .02 {
				k = int8(j)
			}
		}
		for d := int(p.From.Sub(s.Start) / (24 * time.Hour)); d < D; d++ {
			level[i*D+d] = k
		}
	}
	days, units := make([][5]float64, n), make([][5]float64, n)
	for i := range n {
		for d := range D {
			if l := level[i*D+d]; l >= -1 {
				days[i][l+1]++
			}
		}
	}
	for _, l := range linesOf(s) {
		units[l.item][level[l.item*D+l.day]+1] += float64(l.quantity)
	}
	var all, sse float64
	for c := range s.Categories {
		var sxy, sxx float64
		for k, r := range levels {
			var a, b, va float64
			for i := range n {
				T := days[i][0] + days[i][k+1]
				if s.Truth.Items[i].Category != c || days[i][0] == 0 || days[i][k+1] == 0 {
					continue
				}
				a += units[i][k+1] * days[i][0] / T
				b += units[i][0] * days[i][k+1] / T
				va += (units[i][0] + units[i][k+1]) * days[i][0] * days[i][k+1] / (T * T)
			}
			w := a * b / va // 1 / Var(log rate ratio)
			x := math.Log(r)
			sxy += w * x * math.Log(a/b)
			sxx += w * x * x
		}
		want := s.Truth.Categories[c].Elasticity
		got, se := sxy/sxx, math.Sqrt(1.8/sxx) // units come in lines of more than one
		all += (got - want) / float64(len(s.Categories))
		sse += se * se
		// .15 for what the season does to items by chance.
		within(t, "elasticity of "+s.Categories[c], got, want, math.Hypot(se, .15), 4, .35)
	}
	if math.Abs(all) > .12 {
		t.Errorf("mean error of elasticity %.3f", all)
	}
}

func TestBGNBDRecovered(t *testing.T) {
	s := get(t, large)
	tr := &s.Truth
	var rate, p, trips, expect, leave, expectLeave, varLeave, first float64
	n := float64(len(s.Users))
	for u := range s.Users {
		x := &tr.Users[u]
		rate += x.Rate / n
		p += x.Dropout / n
		if x.First.IsZero() {
			continue
		}
		first++
		own := float64(x.Trips - 1 - x.ExtraTrips)
		trips += own + float64(x.SkippedTrip)
		expect += x.Rate * x.Exposure
		expectLeave += own * x.Dropout
		varLeave += own * x.Dropout * (1 - x.Dropout)
		if !x.Churn.IsZero() {
			leave++
		}
	}
	within(t, "mean rate", rate, tr.R/tr.Alpha, math.Sqrt(tr.R)/tr.Alpha/math.Sqrt(n), 4, .001)
	within(t, "mean dropout", p, tr.A/(tr.A+tr.B), .13/math.Sqrt(n), 4, .003)
	within(t, "repeat trips", trips/first, expect/first, math.Sqrt(expect)/first, 4, .1)
	within(t, "departures", leave/first, expectLeave/first, math.Sqrt(varLeave)/first, 4, .02)

	// Orders are the trips, but for those the stock left empty.
	all := 0
	for i := range tr.Users {
		all += tr.Users[i].Trips
	}
	if r := float64(len(s.Orders)) / float64(all); r < .93 || r > 1 {
		t.Errorf("%d orders from %d trips", len(s.Orders), all)
	}
	// Gaps between orders of living users have the mean of their rates.
	count := map[string]float64{}
	for i := range s.Orders {
		count[s.Orders[i].User]++
	}
	var sxy, sx, sy, sxx, syy, m float64
	for u := range s.Users {
		if x := &tr.Users[u]; x.Exposure > 100 {
			a, b := math.Log(x.Rate), math.Log(count[s.Users[u].ID]/x.Exposure)
			sxy, sx, sy, sxx, syy, m = sxy+a*b, sx+a, sy+b, sxx+a*a, syy+b*b, m+1
		}
	}
	if r := (sxy - sx*sy/m) / math.Sqrt((sxx-sx*sx/m)*(syy-sy*sy/m)); r < .8 {
		t.Errorf("correlation of planted and observed order rates %.3f", r)
	}
}

func TestChurnedUsersStop(t *testing.T) {
	s := get(t, usual)
	churned := 0
	for u := range s.Users {
		if !s.Truth.Users[u].Churn.IsZero() {
			churned++
		}
	}
	if churned < 400 || churned > 1600 {
		t.Errorf("%d of 2000 users churned", churned)
	}
	for i := range s.Events {
		e := &s.Events[i]
		u, _ := s.UserIndex(e.User)
		if c := s.Truth.Users[u].Churn; !c.IsZero() && e.Time.After(c) {
			switch e.Kind {
			case shop.Rating, shop.Comment, shop.CampaignSend: // what follows the last order, or the shop itself does
			default:
				t.Fatalf("%s of %s at %v, who left at %v", e.Kind, e.User, e.Time, c)
			}
		}
	}
	for i := range s.Orders {
		u, _ := s.UserIndex(s.Orders[i].User)
		x := &s.Truth.Users[u]
		if st := s.StateAt(u, s.Orders[i].Time); st != shop.New && st != shop.Active {
			t.Fatalf("order by a %s user", st)
		}
		if s.Orders[i].Time.Before(x.First) {
			t.Fatal("order before the first trip")
		}
	}
	// Silence tells: of the frequent buyers, those alive at the end were mostly
	// seen in the last 45 days.
	seen := map[string]bool{}
	for i := range s.Events {
		if s.End.Sub(s.Events[i].Time) < 45*24*time.Hour && s.Events[i].Kind == shop.View {
			seen[s.Events[i].User] = true
		}
	}
	alive, silent := 0, 0
	for u := range s.Users {
		if x := &s.Truth.Users[u]; s.StateAt(u, s.End) == shop.Active && x.Rate > .03 {
			alive++
			if !seen[s.Users[u].ID] {
				silent++
			}
		}
	}
	if alive < 100 || silent > alive/20 {
		t.Errorf("%d of %d living frequent buyers silent", silent, alive)
	}
}

func TestStateAt(t *testing.T) {
	s := get(t, usual)
	count := map[shop.State]int{}
	for u := range s.Users {
		x := &s.Truth.Users[u]
		count[s.StateAt(u, s.End)]++
		if got := s.StateAt(u, s.Users[u].Registered.Add(-time.Second)); got != shop.Unregistered {
			t.Fatalf("before registration: %s", got)
		}
		if !x.First.IsZero() {
			if a, b := s.StateAt(u, x.First.Add(-time.Second)), s.StateAt(u, x.First); a != shop.Prospect || b != shop.New {
				t.Fatalf("around the first trip: %s, %s", a, b)
			}
		}
		if !x.Churn.IsZero() && s.StateAt(u, x.Churn.Add(time.Second)) != shop.Churned {
			t.Fatal("after churn")
		}
	}
	for _, st := range []shop.State{shop.Prospect, shop.New, shop.Active, shop.Churned} {
		if count[st] < 20 {
			t.Errorf("%d users are %s at the end", count[st], st)
		}
	}
}

// Uplift is measured from records alone: share of users with an order in the
// window, treated less control.
func TestUpliftRecovered(t *testing.T) {
	s := get(t, large)
	type arm struct{ n, y float64 }
	diff := func(a [2]arm) (d, se float64) {
		p, q := a[1].y/a[1].n, a[0].y/a[0].n
		return p - q, math.Sqrt(p*(1-p)/a[1].n + q*(1-q)/a[0].n)
	}
	bySegment := make([][2]arm, len(s.Truth.Segments))
	planted := make([]float64, len(s.Truth.Segments))
	var pooled, pooledVar float64
	for k := range s.Campaigns {
		c, tr := &s.Campaigns[k], &s.Truth.Campaigns[k]
		bought := map[string]bool{}
		for i := range s.Orders {
			if o := &s.Orders[i]; !o.Time.Before(c.Start) && o.Time.Before(c.End) {
				bought[o.User] = true
			}
		}
		var all [2]arm
		var y0, y1, base float64
		for i, a := range c.Assigned {
			arm, seg := 0, s.Truth.Users[tr.Users[i]].Segment
			if a.Treated {
				arm = 1
			}
			all[arm].n++
			bySegment[seg][arm].n++
			planted[seg] += tr.Uplift[i]
			if bought[a.User] {
				all[arm].y++
				bySegment[seg][arm].y++
			}
			if tr.IfControl[i] {
				y0++
			}
			if tr.IfTreated[i] {
				y1++
			}
			base += tr.Base[i]
		}
		n := all[0].n + all[1].n
		within(t, "share treated", all[1].n/n, .5, .5/math.Sqrt(n), 4, .02)
		d, se := diff(all)
		within(t, "uplift of "+c.ID, d, tr.Mean, se, 3.5, .03)
		pooled, pooledVar = pooled+d, pooledVar+se*se
		within(t, "control outcome of "+c.ID, y0/n, base/n, .5/math.Sqrt(n), 4, .02)
		within(t, "potential uplift of "+c.ID, (y1-y0)/n, tr.Mean, .4/math.Sqrt(n), 4, .02)
	}
	if z := pooled / math.Sqrt(pooledVar); z < 4 {
		t.Errorf("the campaigns' effect is %.1f standard errors: nobody would see it", z)
	}
	for seg, a := range bySegment {
		d, se := diff(a)
		within(t, "uplift of "+s.Truth.Segments[seg].Name, d, planted[seg]/(a[0].n+a[1].n), se, 3.5, .05)
	}
	gain, _ := diff(bySegment[0])
	loss, se := diff(bySegment[5])
	if gain < .1 || loss > -2*se {
		t.Errorf("persuadables %.3f, sleeping dogs %.3f ± %.3f: effects are not heterogeneous", gain, loss, se)
	}
}

// Coupons are used by the treated only, in the window only.
func TestCoupons(t *testing.T) {
	s := get(t, usual)
	treated := map[string]map[string]bool{}
	window := map[string]*shop.Campaign{}
	for k := range s.Campaigns {
		c := &s.Campaigns[k]
		window[c.ID], treated[c.ID] = c, map[string]bool{}
		for _, a := range c.Assigned {
			treated[c.ID][a.User] = a.Treated
		}
	}
	n := 0
	for i := range s.Orders {
		if o := &s.Orders[i]; o.Coupon != "" {
			n++
			c := window[o.Coupon]
			if !treated[o.Coupon][o.User] || o.Time.Before(c.Start) || !o.Time.Before(c.End) {
				t.Fatalf("order %s uses a coupon it cannot have", o.ID)
			}
		}
	}
	if n < 50 {
		t.Errorf("%d coupons used", n)
	}
}

// Sales are a censored view of demand; time in stock shows more of the truth.
func TestStockCensorsDemand(t *testing.T) {
	s := get(t, large)
	out, units := map[string]float64{}, map[string]float64{}
	for i := range s.Stock {
		units[s.Stock[i].SKU] += float64(s.Stock[i].Sold)
	}
	for i := range s.StockOuts {
		x := &s.StockOuts[i]
		to := x.To
		if to.IsZero() {
			to = s.End
		}
		out[x.SKU] += to.Sub(x.From).Hours() / 24
	}
	var wanted, sold, inStock, tight, loose, nt, nl float64
	for i := range s.Items {
		x := &s.Truth.Items[i]
		sku := s.Items[i].SKU
		listed := s.End.Sub(s.Items[i].Launch).Hours() / 24
		if got := 1 - out[sku]/listed; math.Abs(got-x.InStock) > 1e-6 {
			t.Fatalf("%s: in stock %.4f by stock-outs, %.4f by the truth", sku, got, x.InStock)
		}
		sum, lost := 0, 0
		for d := range s.Config.Days {
			sum += s.Truth.Wanted(i, d)
			lost += s.Truth.Lost(i, d)
		}
		if math.Abs(float64(sum)-x.DemandMean*listed) > 1e-6*float64(sum)+1e-9 || math.Abs(float64(sum-lost)-x.SoldMean*listed) > 1e-6*float64(sum)+1e-9 {
			t.Fatalf("%s: means do not agree with the days", sku)
		}
		if x.Understocked {
			tight += x.InStock
			nt++
			wanted += x.DemandMean
			sold += units[sku] / listed
			inStock += units[sku] / (listed - out[sku])
		} else {
			loose += x.InStock
			nl++
		}
	}
	if tight/nt > .85 || loose/nl < .95 {
		t.Errorf("in stock: %.3f of understocked, %.3f of others", tight/nt, loose/nl)
	}
	if sold > .9*wanted {
		t.Errorf("understocked items sell %.2f of %.2f units a day wanted: no censoring", sold, wanted)
	}
	if math.Abs(inStock-wanted) > .4*(wanted-sold) {
		t.Errorf("time in stock shows %.2f units a day, all time %.2f, truth %.2f", inStock, sold, wanted)
	}
	// Nothing is sold during a stock-out.
	gaps := map[string][]shop.StockOut{}
	for _, x := range s.StockOuts {
		gaps[x.SKU] = append(gaps[x.SKU], x)
	}
	for i := range s.Orders {
		for _, l := range s.Orders[i].Lines {
			for _, g := range gaps[l.SKU] {
				if at := s.Orders[i].Time; at.After(g.From) && (g.To.IsZero() || at.Before(g.To)) {
					t.Fatalf("%s sold at %v while out of stock", l.SKU, at)
				}
			}
		}
	}
	// Lead times of suppliers.
	var lead, plan, n float64
	for _, x := range s.Replenishments {
		if !x.Received.IsZero() {
			i, _ := s.ItemIndex(x.SKU)
			lead += x.Received.Sub(x.Ordered).Hours() / 24
			plan += s.Truth.Items[i].LeadMean
			n++
		}
	}
	if n < 1000 || math.Abs(lead-plan)/n > 1 {
		t.Errorf("lead time %.2f days, planted %.2f, of %g", lead/n, plan/n, n)
	}
}

func TestComplementsRecovered(t *testing.T) {
	s := get(t, endless)
	has := func(o *shop.Order, g int) bool {
		return slices.ContainsFunc(o.Lines, func(l shop.OrderLine) bool {
			i, _ := s.ItemIndex(l.SKU)
			return s.Truth.Items[i].Group == g
		})
	}
	if len(s.Truth.Complements) < 5 {
		t.Fatalf("%d complements", len(s.Truth.Complements))
	}
	for _, c := range s.Truth.Complements {
		var from, both, to, n float64
		for i := range s.Orders {
			a, b := has(&s.Orders[i], c.From), has(&s.Orders[i], c.To)
			n++
			if a {
				from++
			}
			if b {
				to++
			}
			if a && b {
				both++
			}
		}
		conf, lift := both/from, both/from/(to/n)
		if from < 100 || conf < .7*c.Prob || conf > 1.8*c.Prob || lift < 3 {
			t.Errorf("%s → %s: confidence %.3f (planted %.2f), lift %.1f, %g baskets", s.Truth.Groups[c.From].Name, s.Truth.Groups[c.To].Name, conf, c.Prob, lift, from)
		}
	}
}

// Result lists are in random order, so click rates by position show the bias.
func TestClicksRecovered(t *testing.T) {
	s := get(t, large)
	var shown, clicked [8]float64
	byItem := make([][2]float64, len(s.Items))
	appeal := 0.0
	for i := range s.Impressions {
		x := &s.Impressions[i]
		k, _ := s.ItemIndex(x.SKU)
		shown[x.Position-1]++
		appeal += s.Truth.Items[k].Appeal
		byItem[k][0] += s.Truth.PositionBias[x.Position-1]
		if x.Clicked {
			clicked[x.Position-1]++
			byItem[k][1]++
		}
	}
	appeal /= float64(len(s.Impressions))
	for p := range shown {
		ctr := clicked[p] / shown[p]
		within(t, "clicks at position "+strconv.Itoa(p+1), ctr, appeal*s.Truth.PositionBias[p], math.Sqrt(ctr/shown[p]), 4, .004)
	}
	far := 0
	for k, x := range byItem {
		if x[0] < 50 {
			continue
		}
		a := s.Truth.Items[k].Appeal
		if math.Abs(x[1]/x[0]-a) > 4*math.Sqrt(a/x[0]) {
			far++
		}
	}
	if far > 3 {
		t.Errorf("%d items are clicked unlike their appeal", far)
	}
	views := 0
	for i := range s.Events {
		if s.Events[i].Kind == shop.View && s.Events[i].Position > 0 {
			views++
		}
	}
	sum := 0.0
	for _, n := range clicked {
		sum += n
	}
	if float64(views) != sum {
		t.Errorf("%d views by position for %g clicks", views, sum)
	}
}

func TestRatingsRecovered(t *testing.T) {
	s := get(t, large)
	sum, n := make([]float64, len(s.Items)), make([]float64, len(s.Items))
	for i := range s.Events {
		if e := &s.Events[i]; e.Kind == shop.Rating {
			k, _ := s.ItemIndex(e.SKU)
			sum[k] += float64(e.Stars)
			n[k]++
		}
	}
	var sx, sy, sxx, syy, sxy, m float64
	for k := range n {
		if n[k] < 20 {
			continue
		}
		x, y := s.Truth.Items[k].Quality, sum[k]/n[k]
		sx, sy, sxx, syy, sxy, m = sx+x, sy+y, sxx+x*x, syy+y*y, sxy+x*y, m+1
	}
	r := (sxy - sx*sy/m) / math.Sqrt((sxx-sx*sx/m)*(syy-sy*sy/m))
	if m < 200 || r < .85 {
		t.Errorf("correlation of quality and mean stars %.3f over %g items", r, m)
	}
}

func TestServiceRecovered(t *testing.T) {
	s := get(t, large)
	parcel := map[string]*shop.Delivery{}
	onTime, n := map[string]float64{}, map[string]float64{}
	for i := range s.Deliveries {
		d := &s.Deliveries[i]
		parcel[d.Order] = d
		if d.Promised.AddDate(0, 0, 10).After(s.End) {
			continue
		}
		n[d.Carrier]++
		if !d.Delivered.IsZero() && !d.Delivered.After(d.Promised) {
			onTime[d.Carrier]++
		}
	}
	for _, c := range s.Truth.Carriers {
		p := c.OnTime * (1 - c.Lost)
		within(t, "on time by "+c.Name, onTime[c.Name]/n[c.Name], p, math.Sqrt(p*(1-p)/n[c.Name]), 4, .01)
	}
	// Refund rates.
	delivered, back := make([]float64, len(s.Categories)), make([]float64, len(s.Categories))
	kept := map[string]bool{}
	for i := range s.Orders {
		o := &s.Orders[i]
		if d := parcel[o.ID]; d == nil || d.Delivered.IsZero() || d.Damaged || s.End.Sub(d.Delivered) < 40*24*time.Hour {
			continue
		}
		kept[o.ID] = true
		for _, l := range o.Lines {
			k, _ := s.ItemIndex(l.SKU)
			delivered[s.Truth.Items[k].Category]++
		}
	}
	for _, f := range s.Refunds {
		if k, _ := s.ItemIndex(f.SKU); kept[f.Order] {
			back[s.Truth.Items[k].Category]++
		}
	}
	for c := range s.Categories {
		p := s.Truth.Categories[c].RefundRate
		within(t, "refunds of "+s.Categories[c], back[c]/delivered[c], p, math.Sqrt(p*(1-p)/delivered[c]), 4, .01)
	}
	// Bad parcels and slow replies cost satisfaction.
	slow := map[string]bool{}
	for _, x := range s.Tickets {
		slow[x.ID] = x.FirstResponse.Sub(x.Opened) > 8*time.Hour
	}
	type mean struct{ s, n float64 }
	var nps, csat [2]mean
	for _, x := range s.Surveys {
		if x.Answered.IsZero() {
			continue
		}
		d := parcel[x.Order]
		switch late := d.Delivered.After(d.Promised); {
		case x.Kind == shop.NPS:
			k := 0
			if late {
				k = 1
			}
			nps[k].s, nps[k].n = nps[k].s+float64(x.Score), nps[k].n+1
		case x.Kind == shop.CSAT:
			k := 0
			if slow[x.Ticket] {
				k = 1
			}
			csat[k].s, csat[k].n = csat[k].s+float64(x.Score), csat[k].n+1
		}
	}
	if d := nps[1].s/nps[1].n - nps[0].s/nps[0].n; nps[1].n < 100 || d > -1 || d < -2.5 {
		t.Errorf("late parcels change NPS scores by %.2f over %g answers, planted about %.2f", d, nps[1].n, 2.5*s.Truth.LateEffect)
	}
	if d := csat[1].s/csat[1].n - csat[0].s/csat[0].n; csat[1].n < 100 || math.Abs(d-s.Truth.SlowReplyEffect) > .35 {
		t.Errorf("slow replies change CSAT by %.2f over %g answers, planted %.2f", d, csat[1].n, s.Truth.SlowReplyEffect)
	}
}

// Items of a group share words and style, so that content and behaviour both
// find them.
func TestGroupsRecovered(t *testing.T) {
	s := get(t, usual)
	var zh, en int
	titles := map[string]bool{}
	for i := range s.Items {
		x := &s.Items[i]
		titles[x.Title] = true
		name := s.Truth.Groups[s.Truth.Items[i].Group].Name
		switch x.Language {
		case "en":
			en++
			if !strings.Contains(x.Title, name) || !strings.Contains(x.Description, name) {
				t.Errorf("%s %q lacks its product word %q", x.SKU, x.Title, name)
			}
		case "zh":
			zh++
			if !strings.ContainsFunc(x.Title, func(r rune) bool { return r >= 0x4e00 && r <= 0x9fff }) {
				t.Errorf("%s %q is not Chinese", x.SKU, x.Title)
			}
		}
		if x.Price <= 0 || x.Cost <= 0 || x.Cost >= x.Price {
			t.Errorf("%s: price %d, cost %d", x.SKU, x.Price, x.Cost)
		}
	}
	if en < 240 || zh < 240 || len(titles) < 590 {
		t.Errorf("%d English, %d Chinese, %d different titles", en, zh, len(titles))
	}
	dist := func(a, b int) float64 {
		d := 0.0
		for k := range s.Truth.Items[a].Style {
			x := s.Truth.Items[a].Style[k] - s.Truth.Items[b].Style[k]
			d += x * x
		}
		return d
	}
	var same, other, ns, no float64
	for a := range s.Items {
		for b := range a {
			if s.Truth.Items[a].Group == s.Truth.Items[b].Group {
				same += dist(a, b)
				ns++
			} else {
				other += dist(a, b)
				no++
			}
		}
	}
	if same/ns > .35*other/no {
		t.Errorf("style distance %.3f within groups, %.3f between", same/ns, other/no)
	}
	members := 0
	for _, g := range s.Truth.Groups {
		members += len(g.Items)
	}
	if members != len(s.Items) {
		t.Errorf("groups hold %d items", members)
	}
}
