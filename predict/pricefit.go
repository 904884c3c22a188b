package predict

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/solve"
)

// priceEffects takes effects of products and periods out of columns, with weights.
type priceEffects struct {
	product, period []int32
	w               []float64 // nil: 1
	ofP, ofT        []float64 // sums of weights
}

func newPriceEffects(product, period []int32, nP, nT int, w []float64) *priceEffects {
	e := &priceEffects{product, period, w, make([]float64, nP), make([]float64, nT)}
	for i := range product {
		e.ofP[product[i]] += e.weight(i)
		e.ofT[period[i]] += e.weight(i)
	}
	return e
}

func (e *priceEffects) weight(i int) float64 {
	if e.w == nil {
		return 1
	}
	return e.w[i]
}

// center takes the means of the products out of v.
func (e *priceEffects) center(v []float64) {
	mean := make([]float64, len(e.ofP))
	for range 2 { // the second time takes what rounding left of large means
		clear(mean)
		for i, x := range v {
			mean[e.product[i]] += e.weight(i) * x / e.ofP[e.product[i]]
		}
		for i := range v {
			v[i] -= mean[e.product[i]]
		}
	}
}

// sums returns those of a column by period.
func (e *priceEffects) sums(v []float64) []float64 {
	out := make([]float64, len(e.ofT))
	for i, x := range v {
		out[e.period[i]] += e.weight(i) * x
	}
	return out
}

// absorb takes the effects of products and periods out of v, in the sense of weighted least squares,
// and returns those of the periods. It solves the normal equations of the periods, those of the
// products swept out, by conjugate gradients: a balanced panel takes one step.
func (e *priceEffects) absorb(ctx context.Context, v []float64) ([]float64, error) {
	e.center(v)
	effects := make([]float64, len(e.ofT))
	column := make([]float64, len(v))
	scale := 0.
	for round := range 2 { // the second one takes what the first has left to rounding
		r := e.sums(v)
		step := make([]float64, len(e.ofT)) // of the effects
		dir := make([]float64, len(e.ofT))
		old := 0.
		for k := 0; k < 4*len(e.ofT)+20; k++ {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			dot := 0.
			for t := range r {
				dot += r[t] * r[t] / e.ofT[t]
			}
			if k == 0 && round == 0 {
				scale = dot
			}
			if !(dot > 1e-30*scale) {
				break
			}
			for t := range dir {
				d := 0.
				if k > 0 {
					d = dot / old * dir[t]
				}
				dir[t] = r[t]/e.ofT[t] + d
			}
			old = dot
			for i := range column {
				column[i] = dir[e.period[i]]
			}
			e.center(column)
			image := e.sums(column)
			curve, size := 0., 0.
			for t := range dir {
				curve += dir[t] * image[t]
				size += dir[t] * dir[t] * e.ofT[t]
			}
			if !(curve > 1e-13*size) { // a constant over a part that hangs together is the products' own
				break
			}
			for t := range r {
				step[t] += dot / curve * dir[t]
				r[t] -= dot / curve * image[t]
			}
		}
		for i := range column {
			column[i] = step[e.period[i]]
		}
		e.center(column)
		for i := range v {
			v[i] -= column[i]
		}
		for t := range step {
			effects[t] += step[t]
		}
	}
	return effects, nil
}

// priceFit is the joint regression: one column a category, then one a pair.
type priceFit struct {
	k       int
	x, z    [][]float64 // absorbed
	why     []string    // by column: why it has no coefficient
	beta    []float64
	inverse []float64 // of Σ w·z·x, k×k; 0 where there is none
	u       []float64 // score residuals: rows times them is the score
	mu      []float64 // weights, nil: 1
	periods []float64 // effects of them
	stage   *priceFit // the instruments on themselves, for the first stage; nil until asked for
}

// columns lays the raw columns out.
func (p *pricePanel[K]) columns() (x, z [][]float64) {
	for c := range p.categories {
		own, cost := make([]float64, p.n), make([]float64, p.n)
		for i, who := range p.product {
			if p.category[who] == c {
				if own[i] = p.price[i]; p.instrument {
					cost[i] = p.cost[i]
				}
			}
		}
		x, z = append(x, own), append(z, cost)
	}
	x, z = append(x, p.crossX...), append(z, p.crossZ...)
	if !p.instrument {
		z = x
	}
	return x, z
}

// absorbed returns a copy of v without the effects of the panel, and those of the periods.
func (p *pricePanel[K]) absorbed(ctx context.Context, e *priceEffects, v []float64) (out, periods []float64, err error) {
	out = append(make([]float64, 0, len(v)), v...)
	if p.periods {
		periods, err = e.absorb(ctx, out)
		return out, periods, err
	}
	e.center(out)
	return out, nil, nil
}

// fit fits all there is to be known.
func (p *pricePanel[K]) fit(ctx context.Context, level float64) (*PriceModel[K], error) {
	if p.n < 3 {
		return nil, fmt.Errorf("%d rows are left, want 3 at least: %w", p.n, ErrUndefined)
	}
	if !anyTrue(p.moved) {
		return nil, fmt.Errorf("no price ever moved, neither of product %v nor of another: %w", p.products[0], ErrUndefined)
	}
	f, err := p.pooled(ctx)
	if err != nil {
		return nil, err
	}
	m := &PriceModel[K]{products: p.products, categories: p.categories, pairs: append([][2]K(nil), p.opt.Cross...), left: p.left}
	m.pooled, m.cross = make([]priceAnswer, len(p.categories)), make([]priceAnswer, len(p.opt.Cross))
	any := false
	for c := range f.k {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		a := priceAnswer{why: f.why[c]}
		if a.why == "" {
			a = p.answer(f, c, level)
		}
		if c < len(m.pooled) {
			m.pooled[c] = a
			any = any || a.why == ""
		} else {
			m.cross[c-len(m.pooled)] = a
		}
		if a.why == "" && a.FirstStage < 10 {
			m.warnings = append(m.warnings, fmt.Sprintf("%s: the costs hardly explain the prices, F = %.3g: its interval does not hold", p.columnName(c), a.FirstStage))
		}
		if a.why == "" && c < len(m.pooled) && a.Products > 1 && a.Products < 10 {
			m.warnings = append(m.warnings, fmt.Sprintf("%s: %d products are few for errors that hang together within each", p.columnName(c), a.Products))
		}
	}
	if !any {
		return nil, fmt.Errorf("%s: %s: %w", p.columnName(0), f.why[0], ErrUndefined)
	}
	if m.of, err = p.alone(ctx, f, m.pooled, level); err != nil {
		return nil, err
	}
	return m, nil
}

func anyTrue(v []bool) bool {
	for _, b := range v {
		if b {
			return true
		}
	}
	return false
}

func (p *pricePanel[K]) columnName(c int) string {
	if n := len(p.categories); c >= n {
		return fmt.Sprintf("products %v and %v", p.opt.Cross[c-n][0], p.opt.Cross[c-n][1])
	}
	return fmt.Sprintf("category %q", p.categories[c])
}

// pooled fits the joint regression.
func (p *pricePanel[K]) pooled(ctx context.Context) (*priceFit, error) {
	x, z := p.columns()
	f := &priceFit{k: len(x), why: make([]string, len(x))}
	if p.opt.Counts {
		return f, p.poisson(ctx, f, x)
	}
	e := newPriceEffects(p.product, p.period, p.nP, p.nT, nil)
	if err := p.reduce(ctx, f, e, x, z); err != nil {
		return nil, err
	}
	y, _, err := p.absorbed(ctx, e, p.y)
	if err != nil {
		return nil, err
	}
	f.solve(y)
	f.u = f.residuals(y)
	v := make([]float64, p.n)
	for i := range v {
		v[i] = p.y[i]
		for c, b := range f.beta {
			v[i] -= b * x[c][i]
		}
	}
	_, f.periods, err = p.absorbed(ctx, e, v)
	return f, err
}

// reduce absorbs the columns and finds those without a coefficient.
func (p *pricePanel[K]) reduce(ctx context.Context, f *priceFit, e *priceEffects, x, z [][]float64) error {
	f.x, f.z = make([][]float64, f.k), make([][]float64, f.k)
	for c := range x {
		own := append([]float64(nil), x[c]...)
		e.center(own)
		within := e.square(own, own)
		var err error
		if f.x[c], _, err = p.absorbed(ctx, e, x[c]); err != nil {
			return err
		}
		if f.z[c] = f.x[c]; p.instrument {
			if f.z[c], _, err = p.absorbed(ctx, e, z[c]); err != nil {
				return err
			}
		}
		size := e.square(x[c], x[c])
		switch left := e.square(f.x[c], f.x[c]); {
		case !(within > 1e-24*size):
			f.why[c] = "no price of it ever moved"
		case !(left > 1e-16*within):
			f.why[c] = "all prices moved alike, so that effects of periods explain them"
		case p.instrument && !(e.square(f.z[c], f.z[c]) > 1e-16*e.square(z[c], z[c])):
			f.why[c] = "its costs never moved by themselves"
		}
	}
	return f.invert(ctx, e)
}

// square returns Σ w·a·b.
func (e *priceEffects) square(a, b []float64) (sum float64) {
	for i, x := range a {
		sum += e.weight(i) * x * b[i]
	}
	return sum
}

// invert fills the inverse of Σ w·z·x over the columns that have a coefficient, and says which follow
// from those before them.
func (f *priceFit) invert(ctx context.Context, e *priceEffects) error {
	for _, side := range [2][][]float64{f.x, f.z} {
		a := make([]float64, f.k*f.k)
		for i := range f.k {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			for j := range f.k {
				if f.why[i] == "" && f.why[j] == "" {
					a[i*f.k+j] = e.square(side[i], side[j])
				}
			}
		}
		for _, c := range solve.SemiCholesky64(a, f.k, 1e-10) {
			if f.why[c] == "" {
				f.why[c] = "its prices or costs follow from others"
			}
		}
	}
	var free []int
	for c, why := range f.why {
		if why == "" {
			free = append(free, c)
		}
	}
	n := len(free)
	a, inverse := make([]float64, n*n), make([]float64, n*n)
	for i, ci := range free {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for j, cj := range free {
			a[i*n+j] = e.square(f.z[ci], f.x[cj])
		}
		inverse[i*n+i] = 1
	}
	f.inverse = make([]float64, f.k*f.k)
	if !gauss(a, inverse, n) {
		for _, c := range free {
			f.why[c] = "the costs say nothing of the prices"
		}
		return nil
	}
	for i, ci := range free {
		for j, cj := range free {
			f.inverse[ci*f.k+cj] = inverse[i*n+j]
		}
	}
	return nil
}

// gauss turns b into the inverse of the n×n matrix a, b the identity, with pivots by rows; false where
// there is none.
func gauss(a, b []float64, n int) bool {
	for k := range n {
		best := k
		for i := k; i < n; i++ {
			if math.Abs(a[i*n+k]) > math.Abs(a[best*n+k]) {
				best = i
			}
		}
		if a[best*n+k] == 0 {
			return false
		}
		for j := range n {
			a[k*n+j], a[best*n+j] = a[best*n+j], a[k*n+j]
			b[k*n+j], b[best*n+j] = b[best*n+j], b[k*n+j]
		}
		pivot := a[k*n+k]
		for j := range n {
			a[k*n+j] /= pivot
			b[k*n+j] /= pivot
		}
		for i := range n {
			if by := a[i*n+k]; i != k && by != 0 {
				for j := range n {
					a[i*n+j] -= by * a[k*n+j]
					b[i*n+j] -= by * b[k*n+j]
				}
			}
		}
	}
	return true
}

// solve fills the coefficients: the inverse times Σ w·z·y.
func (f *priceFit) solve(y []float64) {
	moment := make([]float64, f.k)
	e := priceEffects{w: f.mu}
	for c := range f.k {
		moment[c] = e.square(f.z[c], y)
	}
	f.beta = make([]float64, f.k)
	for i := range f.k {
		for j := range f.k {
			f.beta[i] += f.inverse[i*f.k+j] * moment[j]
		}
	}
}

// residuals are those of an absorbed column.
func (f *priceFit) residuals(y []float64) []float64 {
	out := append([]float64(nil), y...)
	for c, b := range f.beta {
		for i, x := range f.x[c] {
			out[i] -= b * x
		}
	}
	return out
}

// poisson fits the law of the counts by weighted least squares, again and again (the pseudo maximum
// likelihood of Santos Silva and Tenreyro).
func (p *pricePanel[K]) poisson(ctx context.Context, f *priceFit, x [][]float64) error {
	mean := 0.
	for _, y := range p.y {
		mean += y / float64(p.n)
	}
	eta, work := make([]float64, p.n), make([]float64, p.n)
	for i, y := range p.y {
		eta[i] = math.Log((y + mean) / 2)
	}
	f.mu = make([]float64, p.n)
	for iter := 0; ; iter++ {
		for i, y := range p.y {
			f.mu[i] = math.Exp(eta[i])
			work[i] = eta[i] + (y-f.mu[i])/f.mu[i]
			if !(f.mu[i] > 1e-200 && f.mu[i] < 1e200) {
				return fmt.Errorf("the counts part with the prices, no finite fit: %w", ErrDiverged)
			}
		}
		e := newPriceEffects(p.product, p.period, p.nP, p.nT, f.mu)
		clear(f.why)
		if err := p.reduce(ctx, f, e, x, x); err != nil {
			return err
		}
		y, _, err := p.absorbed(ctx, e, work)
		if err != nil {
			return err
		}
		f.solve(y)
		res := f.residuals(y)
		moved := 0.
		for i := range eta {
			next := work[i] - res[i]
			moved = max(moved, math.Abs(next-eta[i]))
			eta[i] += min(max(next-eta[i], -5), 5)
		}
		if moved < 1e-11 {
			v := make([]float64, p.n)
			for i := range v {
				v[i] = eta[i]
				for c, b := range f.beta {
					v[i] -= b * x[c][i]
				}
			}
			if _, f.periods, err = p.absorbed(ctx, e, v); err != nil {
				return err
			}
			break
		}
		if iter == 100 {
			return fmt.Errorf("no convergence in %d iterations: %w", iter, ErrDiverged)
		}
	}
	f.u = make([]float64, p.n)
	for i, y := range p.y {
		f.u[i] = y - math.Exp(eta[i])
	}
	return nil
}

// params counts what the regression has estimated: coefficients, and effects of periods, one less for
// each connected part. Those of products are nested in the clusters and do not count, as in Stata's
// reghdfe: counted, the intervals are too wide.
func (p *pricePanel[K]) params(f *priceFit) int {
	k := 0
	for _, why := range f.why {
		if why == "" {
			k++
		}
	}
	if !p.periods {
		return k + 1
	}
	seen := make(map[int32]bool)
	for _, who := range p.product {
		seen[who] = true
	}
	parent := make([]int, p.nP+p.nT)
	for i := range parent {
		parent[i] = i
	}
	root := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	parts := len(seen) + p.nT
	for i := range p.product {
		if a, b := root(int(p.product[i])), root(p.nP+int(p.period[i])); a != b {
			parent[a] = b
			parts--
		}
	}
	return k + p.nT - parts
}

// answer makes an estimate of a column: the errors of a category of several products robust to what
// hangs together within each, those of one product and of a pair over some periods.
func (p *pricePanel[K]) answer(f *priceFit, c int, level float64) priceAnswer {
	scores := make([]float64, p.n) // influence of each row
	for j := range f.k {
		if a := f.inverse[c*f.k+j]; a != 0 {
			for i, z := range f.z[j] {
				scores[i] += a * z * f.u[i]
			}
		}
	}
	counted, rows := make([]bool, p.nP), 0
	who := -1
	if c >= len(p.categories) {
		who = p.indexOf(p.opt.Cross[c-len(p.categories)][0])
	}
	g := 0
	for _, i := range p.product {
		if who >= 0 && int(i) != who || who < 0 && p.category[i] != c {
			continue
		}
		rows++
		if !counted[i] && (p.moved[i] || who >= 0) {
			counted[i] = true
			g++
		}
	}
	a := priceAnswer{PriceEstimate: PriceEstimate{Value: f.beta[c], Rows: rows, Products: g, FirstStage: math.NaN(), Own: 1}}
	n, k := float64(p.n), float64(p.params(f))
	if g > 1 {
		sum, byProduct := 0., make([]float64, p.nP)
		for i, s := range scores {
			byProduct[p.product[i]] += s
		}
		for _, s := range byProduct {
			sum += s * s
		}
		a.DF = float64(g - 1)
		a.StdErr = math.Sqrt(sum * float64(g) / float64(g-1) * (n - 1) / (n - k))
	} else {
		for i, ok := range counted {
			if ok {
				who = i
			}
		}
		a.StdErr, a.DF = p.single(f, c, who, scores)
	}
	if p.instrument {
		if a.FirstStage = p.firstStage(f, c); math.IsNaN(a.FirstStage) {
			a.FirstStage = 0 // costs that explain nothing, without an error
		}
	}
	if !(a.DF > 0) || !(n > k) || !(a.StdErr >= 0) {
		return priceAnswer{why: "there are no more rows than coefficients"}
	}
	a.Low, a.High, _, _ = infer.Estimate(a.Value, a.StdErr, 0, level, a.DF, 1)
	return a
}

func (p *pricePanel[K]) indexOf(id K) int {
	for i, x := range p.products {
		if x == id {
			return i
		}
	}
	return -1
}

// single returns the standard error of a coefficient that the rows of one product tell: the greater of
// the classical one and of that of Newey and West.
func (p *pricePanel[K]) single(f *priceFit, c, who int, scores []float64) (se, df float64) {
	own, rows, params := 0., 0., 2.
	var mine []float64
	lever := 0.
	for _, pair := range p.opt.Cross {
		if p.indexOf(pair[0]) == who {
			params++
		}
	}
	for i, s := range scores {
		if int(p.product[i]) != who {
			continue
		}
		mine = append(mine, s)
		rows++
		own += f.u[i] * f.u[i]
		z := 0.
		for j := range f.k {
			z += f.inverse[c*f.k+j] * f.z[j][i]
		}
		lever += z * z
	}
	if df = rows - params; !(df > 0) {
		return math.NaN(), df
	}
	variance := neweyWest(mine) * rows / df
	if !p.opt.Counts {
		variance = max(variance, own/df*lever)
	}
	if p.periods { // the effects of the periods have eaten their share of the residuals
		variance *= float64(p.nP) / max(float64(p.nP-1), 1)
	}
	return math.Sqrt(variance), df
}

// neweyWest is the variance of a sum of terms in their order, those within ∛n of each other allowed to
// hang together (Bartlett's weights, which never give less than 0).
func neweyWest(s []float64) float64 {
	lags := int(math.Cbrt(float64(len(s))))
	sum := 0.
	for l := 0; l <= lags; l++ {
		at := 0.
		for i := l; i < len(s); i++ {
			at += s[i] * s[i-l]
		}
		if l > 0 {
			at *= 2 * (1 - float64(l)/float64(lags+1))
		}
		sum += at
	}
	return max(sum, 0)
}

// firstStage returns the F, robust within products, of the instrument of a column in the regression of
// its price on all instruments.
func (p *pricePanel[K]) firstStage(f *priceFit, c int) float64 {
	if f.stage == nil {
		f.stage = &priceFit{k: f.k, x: f.z, z: f.z, why: append([]string(nil), f.why...)}
		_ = f.stage.invert(context.Background(), new(priceEffects)) // which does not end
	}
	g := f.stage
	if g.why[c] != "" {
		return 0
	}
	g.solve(f.x[c])
	g.u = g.residuals(f.x[c])
	seen := make(map[int32]float64)
	sum, n := 0., 0.
	for i := range p.product {
		s := 0.
		for j := range g.k {
			s += g.inverse[c*g.k+j] * g.z[j][i]
		}
		seen[p.product[i]] += s * g.u[i]
		sum += s * s * g.u[i] * g.u[i]
		n++
	}
	if clusters := float64(len(seen)); clusters > 1 && c < len(p.categories) {
		sum = 0
		for who := range p.nP {
			sum += seen[int32(who)] * seen[int32(who)]
		}
		sum *= clusters / (clusters - 1)
	}
	k := float64(p.params(f))
	return g.beta[c] * g.beta[c] / (sum * (n - 1) / (n - k))
}
