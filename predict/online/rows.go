package online

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
)

// Rows holds examples to go over several times: 16 bytes a feature. The zero value is empty, and takes
// the space of its first row.
type Rows struct {
	space   *Space
	cells   []cell
	ends    []int
	labels  []float64
	weights []float64
	offsets []float64
}

// Add appends a copy of a row with its label and its weight, 1 being usual. Nothing changes on an error: what is
// wrong with the row, ErrMismatch for one of another space, ErrNotFinite, ErrRange (a weight
// outside of [0, 1e9], a label beyond ±1e9).
func (x *Rows) Add(r *Row, y, weight float64) error {
	const where = "Rows.Add"
	if err := check.Receiver("online: "+where, x); err != nil {
		return err
	}
	s := x.space
	if s == nil && r != nil {
		s = r.space
	}
	e, err := r.read(s)
	if err == nil {
		err = Squared.checkLabel(y, weight)
	}
	if err != nil {
		return fmt.Errorf("online: %s: %w", where, err)
	}
	x.space = s
	x.cells = append(x.cells, e.cells...)
	x.ends = append(x.ends, len(x.cells))
	x.labels, x.weights, x.offsets = append(x.labels, y), append(x.weights, weight), append(x.offsets, e.offset)
	return nil
}

// Len returns the number of rows.
func (x *Rows) Len() int {
	if x == nil {
		return 0
	}
	return len(x.ends)
}

// at returns row i.
func (x *Rows) at(i int) example {
	from := 0
	if i > 0 {
		from = x.ends[i-1]
	}
	return example{x.cells[from:x.ends[i]], x.offsets[i]}
}

// FitOptions configures Fit.
type FitOptions struct {
	// Epochs bounds the passes over the rows; 0 means 20 with a validation part, 1 without.
	Epochs int
	// Patience is how many passes in a row may not lower the validation loss; 0 means 2: vectors begin
	// slowly.
	Patience int
	// Seed is that of the order of rows, which is drawn anew for each pass.
	Seed uint64
	// InOrder takes the rows as they came, in each pass.
	InOrder bool
	// Progress, if not nil, is called after each pass, on the caller's goroutine.
	Progress func(Progress)
}

// Progress tells how far Fit is.
type Progress struct {
	Epoch int     // passes done, from 1
	Loss  float64 // mean loss of the pass, each row predicted before it was learnt
	Valid float64 // mean loss of the validation part; NaN without
}

// Fit lets a learner go over rows several times. With a validation part (nil: none) it ends when the loss there no
// longer falls, and the learner is left as it was after the best pass. Returned is what each
// pass reported. Rows of weight 0 count as absent. Progressive goes on with each pass: from the second on, rows that were seen
// before make it better than new ones would.
//
// The learner is unchanged on an error: ErrEmpty (no learner, no rows of weight), ErrMismatch (rows of another space), ErrRange (a
// label that the loss does not know), ErrOption, ErrDiverged, and context.Cause(ctx). Cost of a pass:
// that of Learn for each row; it holds a second copy of the weights, with a validation part a third.
func Fit(ctx context.Context, m Learner, train, valid *Rows, opt FitOptions) ([]Progress, error) {
	const where = "online: Fit"
	if m == nil || !m.made() {
		return nil, fmt.Errorf("%s: learner: %w", where, ErrEmpty)
	}
	epochs := 1
	if valid != nil {
		epochs = 20
	}
	opt.Epochs, opt.Patience = check.Default(opt.Epochs, epochs), check.Default(opt.Patience, 2)
	var c check.Options
	check.Positive(&c, "Epochs", opt.Epochs)
	check.Positive(&c, "Patience", opt.Patience)
	if err := c.Err(where); err != nil {
		return nil, err
	}
	for _, x := range []struct {
		name string
		rows *Rows
	}{{"train", train}, {"valid", valid}} {
		if x.name == "train" || x.rows != nil {
			if err := x.rows.fit(m); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", where, x.name, err)
			}
		}
	}
	return run(ctx, m, train, valid, &opt)
}

// fit refuses rows that the learner cannot use.
func (x *Rows) fit(m Learner) error {
	if x.Len() == 0 {
		return fmt.Errorf("rows: %w", ErrEmpty)
	}
	if x.space != m.over() && x.space.stamp != m.over().stamp {
		return fmt.Errorf("rows of another space: %w", ErrMismatch)
	}
	some := false
	for i, y := range x.labels {
		if err := m.loss().checkLabel(y, x.weights[i]); err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
		some = some || x.weights[i] > 0
	}
	if !some {
		return fmt.Errorf("rows, all of weight 0: %w", ErrEmpty)
	}
	return nil
}

// run makes the passes on a copy, which the learner becomes in the end.
func run(ctx context.Context, m Learner, train, valid *Rows, opt *FitOptions) ([]Progress, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	work, room, rows := m.clone(), make([]float32, m.scratch()), train.counting()
	var best Learner
	least, bad := math.Inf(1), 0
	var told []Progress
	for e := range opt.Epochs {
		before := work.Progressive()
		if err := pass(ctx, work, train, rows, opt, e); err != nil {
			return nil, err
		}
		p := Progress{e + 1, work.Progressive().Since(before).Mean(), math.NaN()}
		if valid != nil {
			var err error
			if p.Valid, err = lossOf(ctx, work, valid, room); err != nil {
				return nil, err
			}
		}
		told = append(told, p)
		if opt.Progress != nil {
			opt.Progress(p)
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if valid == nil {
			continue
		}
		if p.Valid < least {
			least, bad, best = p.Valid, 0, nil
			if e+1 < opt.Epochs {
				best = work.clone()
			} else {
				best = work
			}
		} else if bad++; bad >= opt.Patience {
			break
		}
	}
	switch {
	case valid == nil:
		m.become(work)
	case best != nil:
		m.become(best)
	}
	return told, nil
}

// counting returns the rows of weight.
func (x *Rows) counting() []int32 {
	var rows []int32
	for i, w := range x.weights {
		if w > 0 {
			rows = append(rows, int32(i))
		}
	}
	return rows
}

// pass learns each of the rows of x once. The order is one of those alone, so that what has no weight has no influence.
func pass(ctx context.Context, m Learner, x *Rows, rows []int32, opt *FitOptions, epoch int) error {
	meter := parallel.NewMeter(ctx)
	var order []int32
	if !opt.InOrder {
		order = rng.New(opt.Seed, 1, uint64(epoch)).Perm(len(rows))
	}
	for k := range rows {
		i := int(rows[k])
		if order != nil {
			i = int(rows[order[k]])
		}
		e := x.at(i)
		if err := meter.Did(m.steps(len(e.cells))); err != nil {
			return err
		}
		y, weight := x.labels[i], x.weights[i]
		score, mean, ok := m.learn(e, y, weight)
		if !ok {
			return diverged(fmt.Sprintf("Fit: row %d", i), score)
		}
		m.count().add(m.loss().of(y, score, mean), mean, y, weight)
	}
	return nil
}

// lossOf is the mean loss of rows.
func lossOf(ctx context.Context, m Learner, x *Rows, room []float32) (float64, error) {
	meter := parallel.NewMeter(ctx)
	sum, weight := 0.0, 0.0
	for i := range x.Len() {
		e := x.at(i)
		if err := meter.Did(m.steps(len(e.cells))); err != nil {
			return 0, err
		}
		score := m.score(e, room)
		if !check.Finite(score) {
			return 0, diverged(fmt.Sprintf("Fit: row %d of the validation part", i), score)
		}
		sum += float64(x.weights[i] * m.loss().of(x.labels[i], score, m.loss().mean(score)))
		weight += x.weights[i]
	}
	return sum / weight, nil
}
