package reorder

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// Season is the answer to a newsvendor problem.
type Season struct {
	Quantity float64 // units to have at the start
	Ratio    float64 // critical ratio: the best chance of not running out
	Cost     float64 // expected cost of what is left over and what is missing
}

// Newsvendor returns how much to stock for a single season: leftover units cost
// over each, missing units cost under each, and the best quantity is the
// quantile of demand at under/(over+under). Both costs must be > 0, otherwise
// ErrOption; a nil demand is ErrOption too. ErrUndefined where demand has no such quantile,
// ErrOverflow for a cost beyond float64.
func Newsvendor(demand Distribution, over, under float64) (Season, error) {
	var c check.Options
	c.Require(demand != nil, "demand", demand, "a Distribution")
	check.Positive(&c, "over", over)
	check.Positive(&c, "under", under)
	if err := c.Err("reorder: Newsvendor"); err != nil {
		return Season{}, err
	}
	var s Season
	_, s.Ratio = shares(over, under)
	s.Quantity = demand.Quantile(s.Ratio)
	if !check.Finite(s.Quantity) {
		return Season{}, fmt.Errorf("reorder: Newsvendor: no quantile of demand at %v: %w", s.Ratio, ErrUndefined)
	}
	short := demand.Loss(s.Quantity)
	left := s.Quantity - demand.Mean() + short
	s.Cost = over*left + under*short
	if !check.Finite(s.Cost) {
		return Season{}, fmt.Errorf("reorder: Newsvendor: cost is %v: %w", s.Cost, ErrOverflow)
	}
	return s, nil
}
