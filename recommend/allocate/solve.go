package allocate

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// Proposal is an offer that a user might get, with what that is worth: the
// uplift of a coupon in money, a calibrated probability times margin, a bid.
type Proposal struct {
	User  int32   // dense index of the user, >= 0
	Offer int32   // index of the offer
	Value float64 // what the assignment is worth, finite, at most 1e150 in magnitude
}

// Offer is something to assign to users: an item to recommend, a coupon, an ad.
type Offer struct {
	Stock int64 // how many users can get it at most; negative means no limit
	Uses  []Use // what each assignment takes of shared limits
}

// Use is the amount of a shared limit that one assignment takes: money of a
// budget, a view of a campaign's exposure, a parcel of a warehouse's day.
type Use struct {
	Limit  int   // index into Options.Limits
	Amount int64 // >= 0
}

// Options configures Solve.
type Options struct {
	PerUser  int     // offers a user gets at most, >= 1; default 1
	UserMost []int32 // by user, instead of PerUser; 0 gives nothing
	Limits   []int64 // shared limits, >= 0: money in minor units, views, parcels

	Iterations int     // steps of the search for prices, > 0; default 400
	Gap        float64 // the search for prices stops this near to the bound, relative, below 1; default 1e-4, negative means 0
	Nodes      int     // steps of the exact search that follows; default 300,000, negative means none
	Workers    int     // goroutines; default GOMAXPROCS. No influence on the result
}

func (o Options) withDefaults() Options {
	o.PerUser = check.Default(o.PerUser, 1)
	o.Iterations = check.Default(o.Iterations, 400)
	o.Gap = check.OrOff(o.Gap, 1e-4)
	o.Nodes = check.OrOff(o.Nodes, 300_000)
	return o
}

func (o Options) validate() error {
	var c check.Options
	c.Require(o.PerUser >= 1 && o.PerUser <= math.MaxInt32, "PerUser", o.PerUser, "at least 1")
	check.Positive(&c, "Iterations", o.Iterations)
	c.Require(o.Gap < 1, "Gap", o.Gap, "below 1")
	for i, l := range o.Limits {
		c.Require(l >= 0, fmt.Sprintf("Limits[%d]", i), l, "at least 0")
	}
	for u, n := range o.UserMost {
		c.Require(n >= 0, fmt.Sprintf("UserMost[%d]", u), n, "at least 0")
	}
	return c.Err("allocate: Solve")
}

// Plan says who gets what. No limit is exceeded, ever.
type Plan struct {
	Chosen []Proposal // by user, then offer
	Value  float64    // their sum
	// Bound is what no assignment within the limits can exceed; Value where
	// Optimal.
	Bound   float64
	Optimal bool // proven: no assignment is worth more (to 1e-9)

	Taken []int64 // by offer: assignments
	Used  []int64 // by shared limit

	// StockPrice and LimitPrice are dual prices: about what one more unit of an
	// offer's stock, or of a shared limit, would add to Value. 0 where there is
	// enough.
	StockPrice []float64
	LimitPrice []float64
}

// Gap returns (Bound - Value)/Bound, 0 where Bound is 0 or there is no plan.
func (a *Plan) Gap() float64 {
	if a == nil || a.Bound == 0 {
		return 0
	}
	return (a.Bound - a.Value) / a.Bound
}

// Solve chooses, out of the proposals of a whole campaign, who gets which
// offer, so that the sum of values is as large as stocks, budgets and the users'
// patience allow: each user gets at most PerUser offers, none twice, each offer
// goes to at most Stock users, and what assignments take of a shared limit adds
// up to no more than it. Proposals of value <= 0 are never chosen.
//
// The limits are turned into prices (Lagrangian relaxation): given prices every
// user takes what is worth more than it costs, and the prices move along the
// subgradient, with steps after Polyak, until demand meets supply. Every so
// often the choice at the present prices is repaired to keep all limits, in rounds in
// which users ask for the best that is left to them and the dearest wishes come first, and
// improved by exchanges; the best of these is the answer, and the
// lowest dual value met is the Bound. What gap is left is searched exactly, by
// branch and bound over the proposals (up to 20,000) with the bound at the final
// prices: small problems are solved to proven optimality, large ones come with
// their Gap.
//
// The result does not depend on Workers or on the order of proposals. Cost: O(proposals) an
// iteration, and every 25 a few looks at the proposals of users who may want more, with a sort
// of one wish each. Memory: 17 bytes a proposal beside those given. Of 50 million proposals of a
// million users, a Gap of .009 saves most of the time.
//
// Errors: ErrOption, ErrNotFinite (a value), ErrRange (an offer, user, limit or
// amount), ErrDuplicate (a proposal or limit twice), and context.Cause(ctx).
// No proposals are no error.
func Solve(ctx context.Context, proposals []Proposal, offers []Offer, opt Options) (*Plan, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	p, err := newProblem(proposals, offers, opt)
	if err != nil {
		return nil, err
	}
	if err := p.priceSearch(ctx); err != nil {
		return nil, err
	}
	optimal := p.closed(1e-9)
	if !optimal && opt.Nodes > 0 {
		if optimal, err = p.exactSearch(ctx); err != nil {
			return nil, err
		}
	}
	return p.result(optimal), nil
}
