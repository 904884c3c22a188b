package lifetime

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/internal/survive"
)

// HazardOptions configures FitHazard. The zero value is its defaults.
type HazardOptions struct {
	// Names are those of the columns; nil names them x0, x1, ….
	Names []string
	// CLogLog takes the complementary log-log link, ln(−ln(1−h)), instead of the logit: the law of
	// proportional hazards of which only the period is known (Prentice and Gloeckler 1978).
	CLogLog bool
	// MaxIter bounds the iterations, > 0; 0: 100. Most fits take seven.
	MaxIter int
	// Progress, if not nil, is called after each iteration on the caller's goroutine.
	Progress func(Progress)
}

// Hazard is a fitted model of the chance to end in each period: a level of its own for each period,
// and the same effects of the columns in all. [FitHazard] makes it. It is immutable and safe for
// concurrent readers.
type Hazard struct {
	cloglog   bool
	names     []string
	beta      []float64
	stdErrs   []float64
	level     []float64 // by period, of a row of means; −Inf where none ended, +Inf where all did
	mean      []float64
	rows      int64
	value     float64
	iter      int
	converged bool
	warnings  []string
}

// FitHazard fits the model to n×d rows with the number of periods that each lasted or was watched,
// and whether it ended in the last of them (Cox 1972, section 6; Singer and Willett 1993): the likelihood
// is that of a logistic regression on one row for each case and period, which are never made. Equal
// rows are counted together. For contracts by month, and wherever many end at one time, where [FitCox]
// would have to break ties.
//
// lasted[i] is at least 1 and at most 65,536: in period 1 all are at risk. A case that is open was
// watched through its last period. A period in which none of those at risk ended has the chance 0, one
// in which all did the chance 1; both tell nothing of the columns. Permuted rows give the same model,
// byte for byte.
//
// A column that is constant or follows from others is ErrUndefined, as are rows of which none ended, or all
// in the periods in which any did. Columns that part those that end from the others have no
// finite coefficient: Converged is false then, with a warning. ErrEmpty, ErrShape, ErrNotFinite, ErrRange,
// ErrOption, ErrTooLarge beyond 1000 columns, context.Cause(ctx) when ctx ends. Cost: some seven passes over the
// distinct rows and their periods, d² operations each.
func FitHazard(ctx context.Context, rows [][]float64, lasted []int, ended []bool, opt HazardOptions) (*Hazard, error) {
	const where = "lifetime: FitHazard"
	opt.MaxIter = check.Default(opt.MaxIter, 100)
	n, names, err := columnsOf(rows, opt.Names, maxColumns)
	if err == nil {
		err = check.Len("lasted", len(lasted), n)
	}
	if err == nil {
		err = check.Len("ended", len(ended), n)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	d := len(names)
	var c check.Options
	c.Require(opt.MaxIter > 0, "MaxIter", opt.MaxIter, "> 0")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	for i, t := range lasted {
		if t < 1 || t > maxPeriods {
			return nil, fmt.Errorf("%s: %w", where, check.Private("lasted", int64(i), nil, t, fmt.Errorf("want from 1 to %d: %w", maxPeriods, ErrRange)))
		}
	}
	f := &hazardFit{d: d, cloglog: opt.CLogLog, meter: parallel.NewMeter(ctx)}
	if err := f.lay(rows, lasted, ended); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if err := f.search(ctx, opt); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	m := &Hazard{
		cloglog: opt.CLogLog, names: names, level: f.level, mean: f.mean, rows: int64(n),
		value: f.value, iter: f.iter, converged: f.converged, warnings: f.warnings,
	}
	for j := range d {
		m.beta = append(m.beta, f.beta[j]/f.scale[j])
		m.stdErrs = append(m.stdErrs, f.stdErrs[j]/f.scale[j])
	}
	return m, nil
}

// leaving are the cases of a group that lasted, or were watched, until the same period.
type leaving struct {
	period  int
	n, died int64 // all, and those that ended
}

// hazardFit is a fit under way: distinct rows, centred and scaled, with how many of them left in which
// period. Who was at risk is counted down again in each pass, so that memory does not grow with periods.
type hazardFit struct {
	d           int
	cloglog     bool
	meter       *parallel.Meter
	x           []float64   // groups×d
	leave       [][]leaving // by group, the periods ascending: as many as there are rows at most
	told        []bool      // by period: some ended and some did not
	mean, scale []float64

	level, beta, stdErrs []float64
	value                float64
	iter                 int
	converged            bool
	warnings             []string
}

// lay counts equal rows together.
func (f *hazardFit) lay(rows [][]float64, lasted []int, ended []bool) error {
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(slices.Compare(rows[a], rows[b]), cmp.Compare(lasted[a], lasted[b]), cmp.Compare(a, b))
	})
	var err error
	if f.mean, f.scale, err = columnScales(rows, order); err != nil {
		return err
	}
	for from := 0; from < len(order); {
		first := rows[order[from]]
		for j, v := range first {
			f.x = append(f.x, (v-f.mean[j])/f.scale[j])
		}
		var group []leaving
		for ; from < len(order) && slices.Equal(rows[order[from]], first); from++ {
			i := order[from]
			if len(group) == 0 || group[len(group)-1].period != lasted[i] {
				group = append(group, leaving{period: lasted[i]})
			}
			last := &group[len(group)-1]
			if last.n++; ended[i] {
				last.died++
			}
		}
		f.leave = append(f.leave, group)
	}
	risk, died := survive.RiskSets(lasted, ended)
	f.told, f.level, f.beta = make([]bool, len(risk)), make([]float64, len(risk)), make([]float64, f.d)
	any := false
	for t := range risk {
		p := float64(died[t]) / float64(risk[t])
		if f.told[t] = p > 0 && p < 1; f.told[t] {
			any = true
		}
		f.level[t] = math.Log(p / (1 - p))
		if f.cloglog {
			f.level[t] = math.Log(-math.Log1p(-p))
		}
	}
	if !any {
		return fmt.Errorf("in no period some ended and others did not: %w", ErrUndefined)
	}
	return nil
}

// hazardSums are the derivatives of the likelihood: the information has an arrow's shape, a number for
// each period, a row of d beside it, and d×d for the columns.
type hazardSums struct {
	value         float64
	levels, curve []float64
	beside        []float64 // periods×d
	grad, info    []float64
}

// evaluate adds up over groups and periods.
func (f *hazardFit) evaluate(level, beta []float64) (*hazardSums, error) {
	d, periods := f.d, len(level)
	s := &hazardSums{
		levels: make([]float64, periods), curve: make([]float64, periods), beside: make([]float64, periods*d),
		grad: make([]float64, d), info: make([]float64, d*d),
	}
	for g, leave := range f.leave {
		x := f.x[g*d : (g+1)*d]
		eta := 0.
		for j, b := range beta {
			eta += b * x[j]
		}
		slope, curve := 0., 0.
		var atRisk int64
		for _, l := range leave {
			atRisk += l.n
		}
		longest := leave[len(leave)-1].period
		for t := range longest {
			n, died := atRisk, int64(0)
			if leave[0].period == t+1 {
				atRisk, died, leave = atRisk-leave[0].n, leave[0].died, leave[1:]
			}
			if !f.told[t] {
				continue
			}
			v, u, h := f.term(level[t]+eta, float64(n), float64(died))
			s.value += v
			s.levels[t] += u
			s.curve[t] += h
			slope, curve = slope+u, curve+h
			for j, z := range x {
				s.beside[t*d+j] += h * z
			}
		}
		for j, z := range x {
			s.grad[j] += slope * z
			for k := j; k < d; k++ {
				s.info[j*d+k] += curve * z * x[k]
			}
		}
		if err := f.meter.Did(longest*(d+20) + d*d); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// term returns the likelihood of one period of a group with its slope and its curvature, turned round.
func (f *hazardFit) term(eta, n, died float64) (value, slope, curve float64) {
	if f.cloglog {
		mu := math.Exp(min(eta, 700))
		w := 1 - mu/2 // μ/(e^μ − 1), near 0
		if mu > 1e-8 {
			w = mu / math.Expm1(mu)
		}
		value = -(n - died) * mu
		if died > 0 {
			value += died * math.Log(-math.Expm1(-mu))
		}
		return value, died*w - (n-died)*mu, died*w*(mu+w-1) + (n-died)*mu
	}
	soft := math.Log1p(math.Exp(-math.Abs(eta))) // ln(1+e^η) = max(η, 0) + soft
	p := 1 / (1 + math.Exp(-eta))
	q := 1 / (1 + math.Exp(eta))
	return died*eta - n*(max(eta, 0)+soft), died - n*p, n * p * q
}

// step solves for Newton's step: the periods are eliminated, which leaves d×d. It returns the inverse of
// that, too; false where the information is not positive definite.
func (f *hazardFit) step(s *hazardSums) (levels, beta, inverse []float64, gain float64, ok bool) {
	d := f.d
	a, b := slices.Clone(s.info), slices.Clone(s.grad)
	for t, told := range f.told {
		if !told {
			continue
		}
		if !(s.curve[t] > 0) {
			return nil, nil, nil, 0, false
		}
		row := s.beside[t*d : (t+1)*d]
		for j, v := range row {
			b[j] -= v * s.levels[t] / s.curve[t]
			for k := j; k < d; k++ {
				a[j*d+k] -= v * row[k] / s.curve[t]
			}
		}
	}
	for j := range d {
		if !(a[j*d+j] > 1e-12*s.info[j*d+j]) {
			return nil, nil, nil, 0, false
		}
	}
	if len(solve.SemiCholesky64(a, d, 1e-10)) > 0 {
		return nil, nil, nil, 0, false
	}
	solve.SolveCholesky64(a, d, b)
	levels = make([]float64, len(f.level))
	for t, told := range f.told {
		if told {
			levels[t] = s.levels[t]
			for j, v := range b {
				levels[t] -= s.beside[t*d+j] * v
			}
			levels[t] /= s.curve[t]
			gain += levels[t] * s.levels[t] / 2
		}
	}
	for j, v := range b {
		gain += v * s.grad[j] / 2
	}
	return levels, b, solve.SemiInverse64(a, d, nil), gain, true
}

// search is Newton's method with halved steps.
func (f *hazardFit) search(ctx context.Context, opt HazardOptions) error {
	cur, err := f.evaluate(f.level, f.beta)
	if err != nil {
		return err
	}
	f.stdErrs = make([]float64, f.d)
	for {
		levels, beta, inverse, gain, ok := f.step(cur)
		if !ok {
			if f.iter == 0 {
				return fmt.Errorf("a column follows from the others: %w", ErrUndefined)
			}
			f.warnings = append(f.warnings, "the information vanishes: columns part those that end from the others")
			for j := range f.stdErrs {
				f.stdErrs[j] = math.NaN()
			}
			break
		}
		for j := range f.stdErrs {
			f.stdErrs[j] = math.Sqrt(inverse[j*f.d+j])
		}
		small := gain <= 1e-12*(1+math.Abs(cur.value))
		if !small && f.iter == opt.MaxIter {
			break
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		moved := false
		for share := 1.; share > 1e-6 && !moved; share /= 2 {
			toLevel, toBeta := slices.Clone(f.level), slices.Clone(f.beta)
			for t, told := range f.told {
				if told {
					toLevel[t] += share * levels[t]
				}
			}
			for j := range toBeta {
				toBeta[j] += share * beta[j]
			}
			next, err := f.evaluate(toLevel, toBeta)
			if err != nil {
				return err
			}
			if moved = next.value > cur.value; moved {
				f.level, f.beta, cur = toLevel, toBeta, next
			}
		}
		// The step from where next to nothing is left to gain is the last that can be told from rounding.
		if small || !moved {
			f.converged = gain <= 1e-9*(1+math.Abs(cur.value)) && !slices.ContainsFunc(beta, func(b float64) bool { return math.Abs(b) > .1 })
			break
		}
		f.iter++
		if opt.Progress != nil {
			opt.Progress(Progress{f.iter, opt.MaxIter, cur.value})
		}
		if slices.ContainsFunc(f.beta, func(b float64) bool { return math.Abs(b) > 30 }) {
			f.warnings = append(f.warnings, "a coefficient grows without end: its column parts those that end from the others")
			break
		}
	}
	if f.value = cur.value; !f.converged && len(f.warnings) == 0 {
		f.warnings = append(f.warnings, fmt.Sprintf("no convergence in %d iterations", f.iter))
	}
	return nil
}

// ready refuses a model that no fit made.
func (m *Hazard) ready(where string) error {
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	if len(m.beta) == 0 {
		return fmt.Errorf("%s: no fit made it: %w", where, ErrEmpty)
	}
	return nil
}

// Report tells coefficients, on the scale of the link, standard errors and how the fit went; Customers
// are the rows. Nothing for a model that no fit made.
func (m *Hazard) Report() Report {
	if m.ready("") != nil {
		return Report{}
	}
	r := Report{Customers: m.rows, LogLikelihood: m.value, Iterations: m.iter, Converged: m.converged, Warnings: slices.Clone(m.warnings)}
	for j, name := range m.names {
		r.Params = append(r.Params, Param{name, m.beta[j], m.stdErrs[j]})
	}
	return r
}

// Periods returns the number of periods that the model knows: in later ones nobody was at risk.
func (m *Hazard) Periods() int {
	if m.ready("") != nil {
		return 0
	}
	return len(m.level)
}

// At returns the chance that a row that has lasted until then ends in a period, from 1 to Periods.
// ErrRange outside of that, ErrEmpty, ErrShape, ErrNotFinite, ErrOverflow for a row beyond numbers.
func (m *Hazard) At(row []float64, period int) (float64, error) {
	const where = "lifetime: Hazard.At"
	eta, err := m.eta(where, row)
	if err != nil {
		return 0, err
	}
	if period < 1 || period > len(m.level) {
		return 0, fmt.Errorf("%s: period is %d, want from 1 to %d: %w", where, period, len(m.level), ErrRange)
	}
	_, ends := m.chance(period, eta)
	return ends, nil
}

// eta is what the columns of a row add to the level of each period.
func (m *Hazard) eta(where string, row []float64) (float64, error) {
	if err := m.ready(where); err != nil {
		return 0, err
	}
	err := check.Len("row", len(row), len(m.beta))
	if err == nil {
		err = check.Slice("row", row)
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", where, err)
	}
	eta := 0.
	for j, b := range m.beta {
		eta += b * (row[j] - m.mean[j])
	}
	if math.IsNaN(eta) {
		return 0, fmt.Errorf("%s: the row is beyond numbers: %w", where, ErrOverflow)
	}
	return eta, nil
}

// chance returns the logarithm of the chance to outlast a period, and that to end in it.
func (m *Hazard) chance(period int, eta float64) (lnKept, ends float64) {
	level := m.level[period-1]
	if math.IsInf(level, 0) { // whatever the columns
		eta = 0
	}
	if m.cloglog {
		mu := math.Exp(level + eta)
		return -mu, -math.Expm1(-mu)
	}
	z := level + eta
	return -(max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))), 1 / (1 + math.Exp(-z))
}

// Alive returns the probability that a row lasts longer than so many periods, >= 0: past the last one of
// the fit it is what it was there. ErrRange for a negative number, ErrEmpty, ErrShape, ErrNotFinite, ErrOverflow.
func (m *Hazard) Alive(row []float64, periods int) (float64, error) {
	const where = "lifetime: Hazard.Alive"
	eta, err := m.eta(where, row)
	if err != nil {
		return 0, err
	}
	if periods < 0 {
		return 0, fmt.Errorf("%s: periods is %d, want >= 0: %w", where, periods, ErrRange)
	}
	sum := 0.
	for t := 1; t <= min(periods, len(m.level)); t++ {
		kept, _ := m.chance(t, eta)
		sum += kept
	}
	return math.Exp(sum), nil
}
