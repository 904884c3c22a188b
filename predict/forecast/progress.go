package forecast

import (
	"context"

	"github.com/aislekit/aisle/internal/parallel"
)

// Progress is how far Backtest, FitPanel or FitLags are.
type Progress struct {
	// Fits is how many fits are done: of Backtest one a method, series and cut, of FitLags one a period ahead.
	Fits int
	// Total is of how many. FitPanel counts those of its backtest, and then anew those of what was chosen.
	Total int
}

// counter tells a callback how many fits are done; without one it tells nobody.
type counter struct {
	tell func(Progress)
	Progress
}

// done counts n more fits.
func (c *counter) done(n int) {
	c.Fits += n
	if c.tell != nil && n > 0 {
		c.tell(c.Progress)
	}
}

// each does all of n at so many at a time, item i being so many fits. The callback wants to hear of it between, so
// that then the workers wait for each other now and then.
func (c *counter) each(ctx context.Context, n, workers int, fits func(i int) int, do func(i int) error) error {
	step := max(n, 1)
	if c.tell != nil {
		step = max(8*parallel.Workers(workers), n/50)
	}
	for lo := 0; lo < n; lo += step {
		hi := min(lo+step, n)
		err := parallel.For(ctx, hi-lo, 1, workers, func(_, from, to int) error {
			for i := lo + from; i < lo+to; i++ {
				if err := do(i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		sum := 0
		for i := lo; i < hi; i++ {
			sum += fits(i)
		}
		c.done(sum)
	}
	return nil
}
