package reorder

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// SeasonPrices is what a unit of a season costs and brings.
type SeasonPrices struct {
	Price    float64 // when it is sold, above Cost
	Cost     float64 // to buy, > 0
	Salvage  float64 // when it is left over, below Cost; negative where it costs to get rid of it
	Goodwill float64 // lost with a customer who finds none, beyond the margin, >= 0; default 0
}

// SeasonProfit returns the quantity that earns most in a season, and the profit expected of it: the newsvendor with over = Cost - Salvage and under =
// Price - Cost + Goodwill. Errors: ErrOption naming every bad field; those of Newsvendor.
func SeasonProfit(demand Distribution, prices SeasonPrices) (season Season, profit float64, err error) {
	const where = "reorder: SeasonProfit"
	var c check.Options
	c.Require(demand != nil, "demand", demand, "a Distribution")
	check.Positive(&c, "Cost", prices.Cost)
	c.Require(prices.Price > prices.Cost && check.Finite(prices.Price), "Price", prices.Price, "above Cost")
	c.Require(prices.Salvage < prices.Cost && check.Finite(prices.Salvage), "Salvage", prices.Salvage, "below Cost")
	check.NonNegative(&c, "Goodwill", prices.Goodwill)
	if err := c.Err(where); err != nil {
		return Season{}, 0, err
	}
	over, under := prices.Cost-prices.Salvage, prices.Price-prices.Cost+prices.Goodwill
	if !check.Finite(over) || !check.Finite(under) {
		return Season{}, 0, fmt.Errorf("%s: a unit left over costs %v, one missing %v: %w", where, over, under, ErrOverflow)
	}
	s, err := Newsvendor(demand, over, under)
	if err != nil {
		return Season{}, 0, fmt.Errorf("%s: %w", where, err)
	}
	if profit = (prices.Price-prices.Cost)*demand.Mean() - s.Cost; !check.Finite(profit) {
		return Season{}, 0, fmt.Errorf("%s: profit is %v: %w", where, profit, ErrOverflow)
	}
	return s, profit, nil
}
