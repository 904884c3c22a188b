package causal

import (
	"context"
	"encoding"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/metrics"
)

var (
	_ encoding.BinaryAppender    = (*UpliftHistogram)(nil)
	_ encoding.BinaryUnmarshaler = (*UpliftHistogram)(nil)
)

// UpliftBootOptions configures UpliftIntervals.
type UpliftBootOptions struct {
	Replicates int     // of the bootstrap, 20 to 100,000; default 200
	Level      float64 // of the intervals, in (0, 1); default 0.95
	Seed       uint64  // of the bootstrap; 0 is a seed
	Workers    int     // default GOMAXPROCS; results do not depend on it
}

func (o UpliftBootOptions) withDefaults() UpliftBootOptions {
	o.Replicates = check.Default(o.Replicates, 200)
	o.Level = check.Default(o.Level, 0.95)
	return o
}

func (o UpliftBootOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Replicates >= 20 && o.Replicates <= 100_000, "Replicates", o.Replicates, "in [20, 100000]")
	c.Require(o.Level > 0 && o.Level < 1, "Level", o.Level, "in (0, 1)")
	check.NonNegative(&c, "Workers", o.Workers)
	return c.Err(where)
}

// UpliftIntervals returns what the score is worth over random targeting, per
// head (PerHead of the Qini and of the uplift curve), with intervals from a
// Poisson bootstrap: in each replicate every user counts Poisson(1) times,
// drawn from a hash of seed, user and replicate. ids name users and keep their
// draws the same in any order and any shard; nil means row numbers. Errors are
// those of Uplift. Cost O(n·(log n + replicates)).
func UpliftIntervals(ctx context.Context, y []float64, treated []bool, score []float64, ids []uint64, opt UpliftBootOptions) (qini, uplift metrics.Effect, err error) {
	const where = "UpliftIntervals"
	opt = opt.withDefaults()
	if err := opt.validate("causal: " + where); err != nil {
		return metrics.Effect{}, metrics.Effect{}, err
	}
	if err := checkUplift(where, y, treated, score); err != nil {
		return metrics.Effect{}, metrics.Effect{}, err
	}
	order, err := byScoreUntil(ctx, y, treated, score, opt.Workers)
	if err != nil {
		return metrics.Effect{}, metrics.Effect{}, err
	}
	meter := parallel.NewMeter(ctx)
	found, binary, err := upliftCells(meter, order, y, treated, score)
	if err != nil {
		return metrics.Effect{}, metrics.Effect{}, err
	}
	curves, err := newUpliftCurves(meter, where, found, binary)
	if err != nil {
		return metrics.Effect{}, metrics.Effect{}, err
	}
	if ids != nil {
		if err := check.Len("ids", len(ids), len(y)); err != nil {
			return metrics.Effect{}, metrics.Effect{}, fmt.Errorf("causal: %s: %w", where, err)
		}
	}
	// Users by falling score, side by side in memory.
	type row struct {
		user    uint64
		y       float64
		cell    int32
		treated bool
	}
	rows := make([]row, 0, len(y))
	cell, last := int32(-1), math.NaN()
	for _, i := range order {
		if err := meter.Did(16); err != nil {
			return metrics.Effect{}, metrics.Effect{}, err
		}
		if score[i] != last {
			last = score[i]
			cell++
		}
		id := uint64(i)
		if ids != nil {
			id = ids[i]
		}
		rows = append(rows, row{rng.Hash(opt.Seed, id), y[i], cell, treated[i]})
	}
	var reps [2][]float64
	for i := range reps {
		reps[i] = make([]float64, opt.Replicates)
	}
	err = parallel.For(ctx, opt.Replicates, 4, opt.Workers, func(_, lo, hi int) error {
		cells := make([]upliftCell, len(curves.Points))
		m := parallel.NewMeter(ctx)
		for r := lo; r < hi; r++ {
			clear(cells)
			for k := range rows {
				if k%1024 == 0 {
					if err := m.Did(1024); err != nil {
						return err
					}
				}
				x := &rows[k]
				w := poissonWeight(x.user, r)
				if w == 0 {
					continue
				}
				c := &cells[x.cell]
				if x.treated {
					c.nt += w
					c.yt += float64(w) * x.y
				} else {
					c.nc += w
					c.yc += float64(w) * x.y
				}
			}
			reps[0][r], reps[1][r] = perHead(cells)
		}
		return nil
	})
	if err != nil {
		return metrics.Effect{}, metrics.Effect{}, err
	}
	if qini, err = bootEffect(where, curves, curves.Qini, reps[0], opt.Level); err != nil {
		return metrics.Effect{}, metrics.Effect{}, err
	}
	uplift, err = bootEffect(where, curves, curves.Uplift, reps[1], opt.Level)
	return qini, uplift, err
}

func perHead(cells []upliftCell) (qini, uplift float64) {
	q, u := areas(cells)
	var all upliftCell
	for _, c := range cells {
		all.nt, all.nc, all.yt, all.yc = all.nt+c.nt, all.nc+c.nc, all.yt+c.yt, all.yc+c.yc
	}
	if all.nt == 0 || all.nc == 0 {
		return math.NaN(), math.NaN()
	}
	lastQ, lastU := all.values()
	n := float64(all.nt) + float64(all.nc)
	return q/n - lastQ/2, u/n - lastU/2
}

// bootEffect makes an effect of the spread of replicates; those that lost an
// arm are NaN and left out.
func bootEffect(where string, c UpliftCurves, a UpliftArea, reps []float64, level float64) (metrics.Effect, error) {
	var m metrics.Moments
	for _, x := range reps {
		if !math.IsNaN(x) {
			if err := m.Add(x); err != nil {
				return metrics.Effect{}, fmt.Errorf("causal: %s: %w", where, err)
			}
		}
	}
	v, err := m.Variance()
	if err != nil || v == 0 {
		return metrics.Effect{}, undefined("%s: the replicates do not vary", where)
	}
	n := float64(c.Treated) + float64(c.Control)
	e := metrics.Effect{
		Estimate: a.PerHead, SE: math.Sqrt(v), Method: fmt.Sprintf("Poisson bootstrap, %d replicates", m.N()), N: c.Treated + c.Control,
		NA: c.Control, NB: c.Treated, MeanA: a.Random / n, MeanB: a.Area / n, Warnings: c.Warnings,
	}
	e.Infer(level, math.Inf(1))
	return e, nil
}

// poissonWeight is the Poisson(1) deviate of a replicate; user is the hash of
// seed and id.
func poissonWeight(user uint64, replicate int) int64 {
	u := rng.Unit(rng.Mix(user + uint64(replicate)*0x9e3779b97f4a7c15))
	p := 1 / math.E
	k := int64(0)
	for u >= p && k < 20 {
		u -= p
		k++
		p /= float64(k)
	}
	return k
}

// UpliftHistogramOptions configures an UpliftHistogram.
type UpliftHistogramOptions struct {
	Min, Max   float64 // range of the scores; those outside fall into the end bins. Default −1 to 1
	Bins       int     // 1 to 2²⁰; default 1000
	Replicates int     // bootstrap replicates kept, for intervals, 0 to 10,000; default none
	Seed       uint64  // of the bootstrap; 0 is a seed
}

func (o UpliftHistogramOptions) withDefaults() UpliftHistogramOptions {
	if o.Min == 0 && o.Max == 0 {
		o.Min, o.Max = -1, 1
	}
	o.Bins = check.Default(o.Bins, 1000)
	return o
}

const maxUpliftCells = 1 << 26

func (o UpliftHistogramOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Min < o.Max && check.Finite(o.Max-o.Min), "Min, Max", [2]float64{o.Min, o.Max}, "finite, Min < Max")
	c.Require(o.Bins >= 1 && o.Bins <= 1<<20, "Bins", o.Bins, "in [1, 2^20]")
	c.Require(o.Replicates >= 0 && o.Replicates <= 10_000, "Replicates", o.Replicates, "in [0, 10000]")
	if c.Err(where) == nil {
		n := int64(o.Replicates+1) * int64(o.Bins)
		c.Require(n <= maxUpliftCells, "Bins·(Replicates+1)", n, "at most 2^26")
	}
	return c.Err(where)
}

// UpliftHistogram accumulates uplift curves over bins of the score: the mergeable
// form of Uplift, equal to it when scores are rounded to bins. Counts merge
// exactly, sums of outcomes up to rounding (exactly for whole numbers). Make
// one with NewUpliftHistogram. It is not safe for concurrent writers.
type UpliftHistogram struct {
	opt    UpliftHistogramOptions
	binary bool
	cells  []upliftCell // Bins of the data, then Bins of each replicate
}

// NewUpliftHistogram returns an empty histogram.
func NewUpliftHistogram(opt UpliftHistogramOptions) (*UpliftHistogram, error) {
	opt = opt.withDefaults()
	if err := opt.validate("causal: NewUpliftHistogram"); err != nil {
		return nil, err
	}
	return &UpliftHistogram{opt: opt, binary: true, cells: make([]upliftCell, opt.Bins*(opt.Replicates+1))}, nil
}

// Add adds a user. id names the user for the bootstrap; it does not matter
// without replicates. ErrNotFinite for a bad outcome or score,
// ErrOverflow for an outcome beyond ±1e280, so that sums stay finite.
func (h *UpliftHistogram) Add(id uint64, treated bool, y, score float64) error {
	if err := check.Receiver("causal: UpliftHistogram.Add", h); err != nil {
		return err
	}
	if !check.Finite(y) || !check.Finite(score) {
		return fmt.Errorf("causal: UpliftHistogram.Add: %w", check.Private("outcome or score", -1, nil, y, ErrNotFinite))
	}
	if math.Abs(y) > 1e280 {
		return fmt.Errorf("causal: UpliftHistogram.Add: %w", check.Private("outcome", -1, nil, y, ErrOverflow))
	}
	if len(h.cells) == 0 {
		return fmt.Errorf("causal: UpliftHistogram.Add: not made by NewUpliftHistogram: %w", ErrOption)
	}
	b := int(math.Max(math.Min((score-h.opt.Min)/(h.opt.Max-h.opt.Min)*float64(h.opt.Bins), float64(h.opt.Bins-1)), 0))
	h.cells[b].add(y, treated)
	h.binary = h.binary && (y == 0 || y == 1)
	user := rng.Hash(h.opt.Seed, id)
	for r := range h.opt.Replicates {
		w := poissonWeight(user, r)
		c := &h.cells[(r+1)*h.opt.Bins+b]
		if treated {
			c.nt += w
			c.yt += float64(w) * y
		} else {
			c.nc += w
			c.yc += float64(w) * y
		}
	}
	return nil
}

// Merge adds the users of other. ErrMismatch for other options or a merge with
// itself.
func (h *UpliftHistogram) Merge(other *UpliftHistogram) error {
	if err := check.Merge("causal: UpliftHistogram.Merge", h, other); err != nil {
		return err
	}
	if h.opt != other.opt {
		return fmt.Errorf("causal: UpliftHistogram.Merge: options %+v and %+v: %w", h.opt, other.opt, ErrMismatch)
	}
	h.binary = h.binary && other.binary
	for i, c := range other.cells {
		d := &h.cells[i]
		d.nt, d.nc, d.yt, d.yc = d.nt+c.nt, d.nc+c.nc, d.yt+c.yt, d.yc+c.yc
	}
	return nil
}

// replicate returns the filled cells of a replicate by falling score; 0 is the
// data.
func (h *UpliftHistogram) replicate(r int) []upliftCell {
	var out []upliftCell
	width := (h.opt.Max - h.opt.Min) / float64(h.opt.Bins)
	for b := h.opt.Bins - 1; b >= 0; b-- {
		if c := h.cells[r*h.opt.Bins+b]; c.nt+c.nc > 0 {
			c.score = h.opt.Min + float64(b)*width
			out = append(out, c)
		}
	}
	return out
}

// Result returns the curves; Score of a point is the lower end of its bin.
// ErrUndefined if an arm is empty.
func (h *UpliftHistogram) Result() (UpliftCurves, error) {
	if err := check.Receiver("causal: UpliftHistogram.Result", h); err != nil {
		return UpliftCurves{}, err
	}
	return newUpliftCurves(parallel.NewMeter(context.Background()), "UpliftHistogram", h.replicate(0), h.binary)
}

// Intervals is UpliftIntervals from the replicates kept. ErrUndefined below 20.
func (h *UpliftHistogram) Intervals(level float64) (qini, uplift metrics.Effect, err error) {
	const where = "UpliftHistogram"
	if err := check.Receiver(where, h); err != nil {
		return metrics.Effect{}, metrics.Effect{}, err
	}
	if level, err = infer.Level(level); err != nil {
		return metrics.Effect{}, metrics.Effect{}, fmt.Errorf("causal: %s: %w", where, err)
	}
	if h.opt.Replicates < 20 {
		return metrics.Effect{}, metrics.Effect{}, undefined(where+": an interval of %d replicates", h.opt.Replicates)
	}
	curves, err := h.Result()
	if err != nil {
		return metrics.Effect{}, metrics.Effect{}, err
	}
	var reps [2][]float64
	for r := range h.opt.Replicates {
		q, u := perHead(h.replicate(r + 1))
		reps[0], reps[1] = append(reps[0], q), append(reps[1], u)
	}
	if qini, err = bootEffect(where, curves, curves.Qini, reps[0], level); err != nil {
		return metrics.Effect{}, metrics.Effect{}, err
	}
	uplift, err = bootEffect(where, curves, curves.Uplift, reps[1], level)
	return qini, uplift, err
}

// AppendBinary appends the binary form.
func (h *UpliftHistogram) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("causal: UpliftHistogram.AppendBinary", h); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Float64(h.opt.Min)
	w.Float64(h.opt.Max)
	w.Int(h.opt.Bins)
	w.Int(h.opt.Replicates)
	w.Uint64(h.opt.Seed)
	w.Bool(h.binary)
	var counts []int64
	var sums []float64
	for _, c := range h.cells {
		counts = append(counts, c.nt, c.nc)
		sums = append(sums, c.yt, c.yc)
	}
	w.Int64s(counts)
	w.Float64s(sums)
	return w.AppendFrame(dst, codec.KindUpliftHistogram, 1), nil
}

// MarshalBinary returns the binary form.
func (h *UpliftHistogram) MarshalBinary() ([]byte, error) { return h.AppendBinary(nil) }

// UnmarshalBinary replaces options and state. Payload of version 1, little-endian:
//
//	f64    Min
//	f64    Max
//	i64    Bins
//	i64    Replicates
//	u64    Seed
//	bool   all outcomes are 0 or 1
//	[]i64  counts: treated and others of each bin, of the data and then each replicate
//	[]f64  sums of outcomes in the same order
//
// Options must be valid, counts >= 0, sums finite, 0 where the count is and whole numbers
// up to the count where outcomes are 0 or 1. Any other length or value is ErrCorrupt, a
// newer version ErrVersion; options and state are then unchanged.
func (h *UpliftHistogram) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("causal: UpliftHistogram.UnmarshalBinary", h); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindUpliftHistogram, 1)
	if err != nil {
		return fmt.Errorf("causal: UpliftHistogram.UnmarshalBinary: %w", err)
	}
	got := UpliftHistogram{opt: UpliftHistogramOptions{r.Float64(), r.Float64(), r.Int(), r.Int(), r.Uint64()}, binary: r.Bool()}
	counts, sums := r.Int64s(), r.Float64s()
	if got.opt.validate("") != nil || got.opt != got.opt.withDefaults() || len(counts) != 2*got.opt.Bins*(got.opt.Replicates+1) || len(sums) != len(counts) {
		r.Fail("options are invalid or the bins do not fit them")
	}
	if err := r.Err(); err != nil {
		return fmt.Errorf("causal: UpliftHistogram.UnmarshalBinary: %w", err)
	}
	got.cells = make([]upliftCell, len(counts)/2)
	for i := range got.cells {
		c := upliftCell{nt: counts[2*i], nc: counts[2*i+1], yt: sums[2*i], yc: sums[2*i+1]}
		bad := func(n int64, y float64) bool {
			return n < 0 || !check.Finite(y) || n == 0 && y != 0 || got.binary && (y < 0 || y > float64(n) || y != math.Trunc(y))
		}
		if bad(c.nt, c.yt) || bad(c.nc, c.yc) {
			r.Fail("a bin is not a count and a sum of outcomes")
			break
		}
		got.cells[i] = c
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("causal: UpliftHistogram.UnmarshalBinary: %w", err)
	}
	*h = got
	return nil
}
