package ads

import (
	"math"
	"time"

	"github.com/aislekit/aisle/internal/rng"
)

// World is a planted truth for simulations: who looks, clicks and acts. What would come of a
// creative on a page is drawn by Seed, the id of the page and the path, so that the same page with
// other ads, prices or positions has the same users: policies can be compared pair by pair, and what
// an off-policy estimate says be looked up. Its fields must not be changed while it is used; it is
// then safe for concurrent use.
type World struct {
	Examination []float64        // probability of a look, by position; 0 beyond
	Click       map[Path]float64 // probability of a click by who looks; 0 for others
	Action      map[Path]float64 // probability of an action after a click; 0 for others
	Delay       time.Duration    // mean time from a click to its action, exponential
	Seed        uint64           // of all draws; 0 is a seed
}

// Draw returns what becomes of what is shown at a position of a page, and for an action how long after
// the click it comes. A nil World has nobody. Cost: a few hashes and two look-ups, without allocation.
func (w *World) Draw(request uint64, path Path, position int) (viewed, clicked, acted bool, after time.Duration) {
	if w == nil || position < 0 || position >= len(w.Examination) {
		return false, false, false, 0
	}
	key := rng.Hash(w.Seed, request, rng.HashString(path.Advertiser), rng.HashString(path.Ad), rng.HashString(path.Creative))
	unit := func(what uint64) float64 { return rng.Unit(rng.Hash(key, what)) }
	viewed = unit(1) < w.Examination[position]
	clicked = viewed && unit(2) < w.Click[path]
	if acted = clicked && unit(3) < w.Action[path]; acted {
		after = time.Duration(min(-math.Log1p(-unit(4))*float64(max(w.Delay, 0)), math.MaxInt64/2))
	}
	return viewed, clicked, acted, after
}
