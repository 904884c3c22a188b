package feature

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/vec"
)

// ScreenOptions configures NewScreen.
type ScreenOptions struct {
	// Names of the columns, no two alike.
	Names []string
	// Classes is the number of classes, 2 … 1,000.
	Classes int
	// Bins cuts the columns, of the same Names, for what ScreenResult.Binned says: the
	// same Bins in every shard, from a sample. Default none.
	Bins *Bins
}

// Screen accumulates what tests of columns against classes need, for more rows than are in
// one place, or are wanted in memory: 32 bytes a column and class, and 8 a bin. Counts
// merge exactly, sums and squares up to rounding. NewScreen makes one. Not safe for
// concurrent use.
type Screen struct {
	names   []string
	classes int
	edges   [][]float64 // of the bins of each column; nil without bins
	rows    []int64     // by class
	low     []float64   // of each column the smaller of 0 and its smallest value
	sums    []screenSum // class by class
	table   []int64     // class by class, column by column: rows of each bin, without missing ones

	at    []int // where the bins of each column begin, and their number
	cuts  [][]float64
	spare *screenWork
}

// screenSum is what is known of one column in one class: the sum is hi + lo.
type screenSum struct {
	n          int64
	hi, lo, m2 float64 // m2: squared deviations from the mean
}

// screenBlock is how many rows are summed before they join the rest.
const screenBlock = 512

// screenWork is scratch of Screen: sums of a block about shift.
type screenWork struct {
	shift, s1, s2  []float64 // class by class, width each
	row, dst, low  []float64
	miss           []int64
	count          []int // rows of the block by class
	next           []screenSum
	width, columns int
}

// NewScreen returns an empty accumulator. No columns is ErrEmpty, a repeated name
// ErrDuplicate, Classes out of range ErrOption, Bins of other columns ErrMismatch.
func NewScreen(opt ScreenOptions) (*Screen, error) {
	const where = "feature: NewScreen"
	if _, err := NewColumns(opt.Names); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	var c check.Options
	c.Require(opt.Classes >= 2 && opt.Classes <= maxScreenClasses, "Classes", opt.Classes, "2 … 1,000")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	d := len(opt.Names)
	s := &Screen{names: slices.Clone(opt.Names), classes: opt.Classes, rows: make([]int64, opt.Classes), low: make([]float64, d), sums: make([]screenSum, opt.Classes*d)}
	if opt.Bins != nil {
		if !slices.EqualFunc(opt.Bins.columns, opt.Names, func(c binned, n string) bool { return c.name == n }) {
			return nil, fmt.Errorf("%s: Bins are of other columns: %w", where, ErrMismatch)
		}
		s.edges = make([][]float64, d)
		for j, c := range opt.Bins.columns {
			s.edges[j] = slices.Clone(c.edges)
		}
	}
	s.table = make([]int64, s.classes*s.prepare())
	return s, nil
}

const maxScreenClasses = 1000

// prepare lays out the table, returns the number of bins of a class, and pads the edges to
// lists of one less than a power of two, which are searched without branches.
func (s *Screen) prepare() int {
	s.at = []int{0}
	for _, edges := range s.edges {
		s.at = append(s.at, s.at[len(s.at)-1]+len(edges)+1)
		size := 1
		for size < len(edges) {
			size = 2*size + 1
		}
		cuts := slices.Repeat([]float64{math.Inf(1)}, size)
		copy(cuts, edges)
		s.cuts = append(s.cuts, cuts)
	}
	return s.at[len(s.at)-1]
}

// work returns scratch for sums about shift.
func (s *Screen) work() *screenWork {
	if s.spare == nil {
		d, k := len(s.names), s.classes
		w := vec.Pad4(d)
		s.spare = &screenWork{
			shift: make([]float64, k*w), s1: make([]float64, k*w), s2: make([]float64, k*w), row: make([]float64, w), dst: make([]float64, w), low: make([]float64, d),
			miss: make([]int64, k*d), count: make([]int, k), next: make([]screenSum, k*d), width: w, columns: d,
		}
	}
	return s.spare
}

// Add takes one row and its class, from 0. NaN is missing, ±Inf ErrNotFinite, a row of another
// length ErrShape, a class that is none ErrRange, squares beyond float64 and rows beyond int64 ErrOverflow; nothing
// is changed then. AddAll is many times as fast.
func (s *Screen) Add(row []float64, class int) error {
	const where = "feature: Screen.Add"
	if err := made(where, s != nil && len(s.names) > 0); err != nil {
		return err
	}
	if err := addScreen(s, [][]float64{row}, []int{class}, 0); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}

// AddAll is Add for all rows, or for none where one is refused: rows and classes of different
// lengths are ErrShape. No allocation a row; on one processor, so that the bits do not depend
// on their number: shards and Merge are for more.
func (s *Screen) AddAll(ctx context.Context, rows [][]float64, classes []int) error {
	return addAllScreen(ctx, "feature: Screen.AddAll", s, rows, classes)
}

// AddAll32 is AddAll for rows of float32, which are half as large.
func (s *Screen) AddAll32(ctx context.Context, rows [][]float32, classes []int) error {
	return addAllScreen(ctx, "feature: Screen.AddAll32", s, rows, classes)
}

// addAllScreen adds block by block to a copy, which takes the place of s in the end.
func addAllScreen[T float32 | float64](ctx context.Context, where string, s *Screen, rows [][]T, classes []int) error {
	if err := made(where, s != nil && len(s.names) > 0); err != nil {
		return err
	}
	if err := check.Len("classes", len(classes), len(rows)); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	s.work()
	fresh := s.clone()
	for lo := 0; lo < len(rows); lo += screenBlock {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		hi := min(lo+screenBlock, len(rows))
		if err := addScreen(fresh, rows[lo:hi], classes[lo:hi], lo); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	*s = *fresh
	return nil
}

// clone returns a copy that shares what never changes, and the scratch.
func (s *Screen) clone() *Screen {
	out := *s
	out.rows, out.low, out.sums, out.table = slices.Clone(s.rows), slices.Clone(s.low), slices.Clone(s.sums), slices.Clone(s.table)
	return &out
}

// addScreen adds a block of rows, of which the first has number first, or nothing.
func addScreen[T float32 | float64](s *Screen, rows [][]T, classes []int, first int) error {
	w := s.work()
	clear(w.count)
	clear(w.miss)
	copy(w.low, s.low)
	for i, r := range rows {
		if len(r) != w.columns {
			return fmt.Errorf("row %d has %d columns, want %d: %w", first+i, len(r), w.columns, ErrShape)
		}
		if c := classes[i]; c < 0 || c >= s.classes {
			return fmt.Errorf("row %d is of class %d, want 0 … %d: %w", first+i, c, s.classes-1, ErrRange)
		}
		w.count[classes[i]]++
	}
	if n, err := s.total(); err != nil || n > math.MaxInt64-int64(len(rows)) {
		return fmt.Errorf("rows: %w", ErrOverflow)
	}
	for c, n := range w.count {
		if n > 0 {
			aim(s, w, rows, classes, c)
		}
	}
	for i, r := range rows {
		if j := spread(w, r, classes[i], true); j >= 0 {
			return check.Private(fmt.Sprintf("column %q", s.names[j]), int64(first+i), nil, float64(r[j]), ErrNotFinite)
		}
	}
	for c, n := range w.count {
		if n > 0 && w.cancels(c) {
			for i, r := range rows {
				if classes[i] == c {
					spread(w, r, c, false)
				}
			}
		}
		if j := w.commit(s.sums, c); j >= 0 {
			return fmt.Errorf("column %q: float64 cannot hold its squares: %w", s.names[j], ErrOverflow)
		}
	}
	copy(s.sums, w.next)
	copy(s.low, w.low)
	for c, n := range w.count {
		s.rows[c] += int64(n)
	}
	if s.edges != nil {
		for i, r := range rows {
			countBins(s.table[classes[i]*s.at[len(s.at)-1]:], s.at, s.cuts, r)
		}
	}
	return nil
}

// aim sets what class c is summed about: its means so far, else its first values, cut to 16
// bits, so that the sums of whole numbers, and of most that float32 holds, are exact.
func aim[T float32 | float64](s *Screen, w *screenWork, rows [][]T, classes []int, c int) {
	shift := w.shift[c*w.width:][:w.columns]
	clear(w.s1[c*w.width:][:w.width])
	clear(w.s2[c*w.width:][:w.width])
	open := 0
	for j := range shift {
		sum := s.sums[c*w.columns+j]
		if shift[j] = math.NaN(); sum.n > 0 {
			shift[j] = short(sum.hi / float64(sum.n))
		} else {
			open++
		}
	}
	for i := 0; open > 0 && i < len(rows); i++ {
		if classes[i] != c {
			continue
		}
		for j, x := range rows[i] {
			if y := float64(x); math.IsNaN(shift[j]) && check.Finite(y) {
				shift[j] = short(y)
				open--
			}
		}
	}
	for j, x := range shift {
		if math.IsNaN(x) {
			shift[j] = 0
		}
	}
}

// short is x with 16 bits.
func short(x float64) float64 {
	return math.Float64frombits(math.Float64bits(x)&^(1<<37-1)) + 0
}

// spread adds one row to the sums of class c. It returns the column that is infinite, or -1.
func spread[T float32 | float64](w *screenWork, r []T, c int, first bool) int {
	row, low := w.row[:len(r)], w.low[:len(r)]
	shift := w.shift[c*w.width:][:w.width]
	for j, x := range r {
		y := float64(x)
		if !check.Finite(y) {
			if math.IsInf(y, 0) {
				return j
			}
			if y = shift[j]; first {
				w.miss[c*w.columns+j]++
			}
		} else if y < low[j] {
			low[j] = y
		}
		row[j] = y
	}
	vec.CentreRow64(w.dst, row, shift, w.s1[c*w.width:][:w.width], w.s2[c*w.width:][:w.width], 1, nil)
	return -1
}

// values is how many values column j has in the rows of class c.
func (w *screenWork) values(c, j int) float64 {
	return float64(int64(w.count[c]) - w.miss[c*w.columns+j])
}

// cancels says whether the shift is so far from the mean of the block that squares about the
// mean would lose ten bits. It then moves the shift to the mean and clears the sums.
func (w *screenWork) cancels(c int) bool {
	s1, s2, shift := w.s1[c*w.width:][:w.width], w.s2[c*w.width:][:w.width], w.shift[c*w.width:][:w.columns]
	bad := false
	for j := range shift {
		n := w.values(c, j)
		if m := s1[j] / n; n > 0 && (math.IsInf(s2[j], 1) || s2[j]-m*s1[j] < s2[j]/1024) && check.Finite(shift[j]+m) {
			shift[j] += m
			bad = true
		}
	}
	if bad {
		clear(s1)
		clear(s2)
	}
	return bad
}

// commit puts into next what the sums of class c become with those of the block. It
// returns the column that overflows, or -1.
func (w *screenWork) commit(sums []screenSum, c int) int {
	for j := range w.columns {
		at, mine := c*w.width+j, c*w.columns+j
		n, shift, s1 := w.values(c, j), w.shift[at], w.s1[at]
		block := screenSum{n: int64(n)}
		if n > 0 {
			whole := shift * n
			block.hi, block.lo = twoSum(whole, s1)
			block.hi, block.lo = twoSum(block.hi, block.lo+math.FMA(shift, n, -whole))
			block.m2 = max(0, w.s2[at]-s1/n*s1)
		}
		var ok bool
		if w.next[mine], ok = sums[mine].join(block); !ok {
			return j
		}
	}
	return -1
}

// twoSum returns the rounded sum and what rounding took off it.
func twoSum(a, b float64) (sum, rest float64) {
	sum = a + b
	t := sum - a
	return sum, (a - (sum - t)) + (b - t)
}

// mean returns the mean in two parts, of which the second is far below the last digit of the first.
func (a screenSum) mean() (m, rest float64) {
	n := float64(a.n)
	m = a.hi / n
	return m, (math.FMA(-m, n, a.hi) + a.lo) / n
}

// join returns the sums of a and b together, the same for b and a, and whether float64 and int64
// hold them (Chan, Golub, LeVeque 1983).
func (a screenSum) join(b screenSum) (screenSum, bool) {
	n, err := check.AddInt64(a.n, b.n)
	switch {
	case err != nil:
		return a, false
	case a.n == 0:
		a = b
	case b.n > 0:
		am, ar := a.mean()
		bm, br := b.mean()
		delta := (am - bm) + (ar - br)
		weight := float64(a.n) * (float64(b.n) / float64(n))
		if a.n > b.n {
			weight = float64(b.n) * (float64(a.n) / float64(n))
		}
		a.m2 = (a.m2 + b.m2) + delta*delta*weight
		hi, rest := twoSum(a.hi, b.hi)
		a.hi, a.lo = twoSum(hi, rest+(a.lo+b.lo))
		a.n = n
	}
	return a, check.Finite(a.hi) && check.Finite(a.lo) && check.Finite(a.m2)
}

// countBins adds one row to the table of its class. Which half an edge sends a value to is read
// off the sign of their difference: a branch would be guessed wrong every other time.
func countBins[T float32 | float64](table []int64, at []int, cuts [][]float64, r []T) {
	at, cuts = at[:len(r)], cuts[:len(r)]
	for j, v := range r {
		x, e, k := float64(v)+0, cuts[j], 0 // -0 becomes 0
		if x != x {
			continue
		}
		for step := (len(e) + 1) / 2; step > 0; step /= 2 {
			below := int(int64(math.Float64bits(x-e[k+step-1])) >> 63)
			k += step &^ below
		}
		table[at[j]+k]++
	}
}

// Merge adds the rows of other, which it leaves alone. Other columns, classes or bins, nil and
// the receiver itself are ErrMismatch, squares beyond float64 and rows beyond int64 ErrOverflow; nothing is changed
// then.
func (s *Screen) Merge(other *Screen) error {
	const where = "feature: Screen.Merge"
	if err := check.Merge(where, s, other); err != nil {
		return err
	}
	if err := made(where, len(s.names) > 0); err != nil {
		return err
	}
	if !slices.Equal(s.names, other.names) || s.classes != other.classes || (s.edges == nil) != (other.edges == nil) || !slices.EqualFunc(s.edges, other.edges, slices.Equal[[]float64]) {
		return fmt.Errorf("%s: columns, classes or bins differ: %w", where, ErrMismatch)
	}
	fresh := s.clone()
	for k := range fresh.sums {
		var ok bool
		if fresh.sums[k], ok = s.sums[k].join(other.sums[k]); !ok {
			return fmt.Errorf("%s: column %q: %w", where, s.names[k%len(s.names)], ErrOverflow)
		}
	}
	for c := range fresh.rows {
		var err error
		if fresh.rows[c], err = check.AddInt64(s.rows[c], other.rows[c]); err != nil {
			return fmt.Errorf("%s: rows: %w", where, err)
		}
	}
	if _, err := fresh.total(); err != nil {
		return fmt.Errorf("%s: rows: %w", where, err)
	}
	for j := range fresh.low {
		fresh.low[j] = min(s.low[j], other.low[j])
	}
	for k, n := range other.table {
		fresh.table[k] += n // at most the rows
	}
	*s = *fresh
	return nil
}

// ScreenResult says how much one column tells about the class. What is undefined is NaN.
type ScreenResult struct {
	Column           string            // as given to NewScreen
	Rows, Missing    int64             // all rows, and those without a value
	F, FP            float64           // ANOVA between the classes, its probability
	SumChiSquare     float64           // of the sum of the column in each class, where it would be in proportion to rows: for counts; NaN where a value is negative
	SumP             float64           // its probability
	Binned           AssociationResult // of the bins and the classes, missing values a bin of their own; NaN without ScreenOptions.Bins
	InformationValue float64           // of the bins, class 1 as good, see Evidence; NaN unless there are two classes
}

// Result describes every column and changes nothing.
func (s *Screen) Result() []ScreenResult {
	if s == nil {
		return nil
	}
	out := make([]ScreenResult, len(s.names))
	for j := range out {
		out[j] = s.column(j)
	}
	return out
}

// column is Result for one column.
func (s *Screen) column(j int) ScreenResult {
	nan := math.NaN()
	r := ScreenResult{Column: s.names[j], InformationValue: nan}
	classes := make([]classSum, s.classes)
	var base, rest, total float64
	n, filled := 0., 0.
	for c := range classes {
		sum := s.sums[c*len(s.names)+j]
		r.Rows += s.rows[c]
		r.Missing += s.rows[c] - sum.n
		if sum.n == 0 {
			continue
		}
		m, low := sum.mean()
		if filled == 0 {
			base, rest = m, low
		}
		// F depends on differences of means alone, which lose no digit here.
		classes[c] = classSum{float64(sum.n), (m - base) + (low - rest), sum.m2}
		n, filled, total = n+float64(sum.n), filled+1, total+(sum.hi+sum.lo)
	}
	r.F, r.FP = anovaF(classes)
	r.SumChiSquare, r.SumP = nan, nan
	if chi, mean := 0., 0.; total > 0 && s.low[j] == 0 {
		for _, c := range classes {
			mean += c.n / n * c.mean
		}
		for _, c := range classes { // sums less those in proportion, by means about one of them
			if c.n > 0 {
				off := c.n * (c.mean - mean)
				chi += off * (off / (c.n / n * total))
			}
		}
		if r.SumChiSquare, r.SumP = chi, 1; filled > 1 {
			r.SumP = infer.ChiSquaredUpper(chi, filled-1)
		}
	}
	s.binned(&r, j)
	return r
}

// binned fills in what the table of bins and classes says of column j.
func (s *Screen) binned(r *ScreenResult, j int) {
	nan := math.NaN()
	r.Binned = AssociationResult{Entropy: nan, Gain: nan, GainRatio: nan, Gini: nan, GiniGain: nan, ChiSquare: nan, P: nan}
	if s.edges == nil {
		return
	}
	size := len(s.edges[j]) + 2
	cells, of := make([][]int64, size), make([][]int64, s.classes)
	for c := range of {
		of[c] = append(slices.Clone(s.table[c*s.at[len(s.at)-1]+s.at[j]:][:size-1]), s.rows[c]-s.sums[c*len(s.names)+j].n)
		for b, n := range of[c] {
			cells[b] = append(cells[b], n)
		}
	}
	if a, err := Association(cells); err == nil {
		r.Binned = a
	}
	if s.classes == 2 {
		if _, v, err := Evidence(of[1], of[0]); err == nil {
			r.InformationValue = v
		}
	}
}

// Selector keeps columns by what Result says, as FitSelector does by Relevances: opt.By may be
// ByF, and with bins ByGain, ByGainRatio, ByGini, ByChiSquare and ByInformationValue. What needs
// the rows is ErrOption: correlations, MaxCorrelation, MRMR, and leaks unless KeepLeaks
// says that they may stay; Names and Bins are not read. No column that tells anything is
// ErrUndefined.
func (s *Screen) Selector(opt SelectorOptions) (*Selector, error) {
	const where = "feature: Screen.Selector"
	if err := made(where, s != nil && len(s.names) > 0); err != nil {
		return nil, err
	}
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	var c check.Options
	c.Require(opt.By == ByF || s.edges != nil && opt.By != ByPearson && opt.By != BySpearman, "By", opt.By, "ByF, or one of bins where there are any")
	c.Require(opt.MaxCorrelation == 0, "MaxCorrelation", opt.MaxCorrelation, "0")
	c.Require(!opt.MRMR, "MRMR", opt.MRMR, "false")
	c.Require(opt.KeepLeaks, "KeepLeaks", opt.KeepLeaks, "true, since leaks cannot be seen without the rows")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	out := &Selector{names: slices.Clone(s.names)}
	value := make([]float64, len(s.names))
	for j, r := range s.Result() {
		value[j] = opt.By.of(&Relevance{F: r.F, Gain: r.Binned.Gain, GainRatio: r.Binned.GainRatio, GiniGain: r.Binned.GiniGain, ChiSquare: r.Binned.ChiSquare, InformationValue: r.InformationValue})
		if value[j] > 0 {
			out.kept = append(out.kept, j)
		}
	}
	if len(out.kept) == 0 {
		return nil, fmt.Errorf("%s: no column tells anything: %w", where, ErrUndefined)
	}
	slices.SortStableFunc(out.kept, func(a, b int) int { return cmp.Compare(value[b], value[a]) })
	if opt.Keep > 0 {
		out.kept = out.kept[:min(opt.Keep, len(out.kept))]
	}
	slices.Sort(out.kept)
	return out, nil
}
