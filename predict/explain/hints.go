package explain

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Action is a column that can be changed, and how.
type Action struct {
	// Column of the row.
	Column int
	// Name of what changes, for Hint.Text; "" is the column's number.
	Name string
	// Step is the smallest change: one order, ten points. > 0.
	Step float64
	// Low, High bound the new value; a value outside is not made, and the value that the row
	// has may be outside. Equal to the value of the row on one side, they allow one direction.
	Low, High float64
	// Cost of a step up or down; 0 means 1.
	Cost float64
	// Monotone: predictions only rise, or only fall, with this column, as with a constraint of
	// the fit. The steps needed are then found by halving instead of one by one.
	Monotone bool
}

// HintOptions configures Hints.
type HintOptions struct {
	// Target is the prediction to reach: at least Target, or at most where Below.
	Target float64
	// Below: lower is better.
	Below bool
	// Singles tries one change at a time only, no pairs.
	Singles bool
	// Most is how many hints to return; 0 means 5.
	Most int
	// MaxAsked bounds the predictions of a call; 0 means 100000.
	MaxAsked int
}

func (o HintOptions) validate(where string) error {
	var c check.Options
	c.Require(check.Finite(o.Target), "Target", o.Target, "finite")
	c.Require(o.Most > 0, "Most", o.Most, "> 0")
	c.Require(o.MaxAsked > 0 && int64(o.MaxAsked) <= maxAsked, "MaxAsked", o.MaxAsked, "1 … 2³¹")
	return c.Err(where)
}

// Change is one column of a hint.
type Change struct {
	Column   int     // of the row
	Name     string  // of the action, or its column's number
	From, To float64 // values before and after
	Steps    int     // of the action, negative: downwards
}

// Hint is a set of changes after which the prediction is on the right side of the target.
type Hint struct {
	Changes    []Change // one, or two
	Prediction float64  // after them
	Cost       float64  // of all steps
}

// reached reports whether a prediction is good enough.
func (o HintOptions) reached(p float64) bool {
	if o.Below {
		return p <= o.Target
	}
	return p >= o.Target
}

// Hints returns the cheapest changes of a row that bring its prediction to a target: "one more
// order in 30 days would". It tries every action by itself, in steps up and down within its
// bounds, and every pair of actions; of each action, and of each pair, the cheapest that
// reaches is a hint, a pair only where it costs less than either of its actions alone. Hints come by cost, then fewer changes, then
// by the better prediction, then by the order of actions. nil means that the row is there already, or that nothing reaches.
//
// What changes by itself when another column does (orders in 30 days and in 90) does so inside
// of f, which the caller can wrap. That a model predicts more after a change does not prove that the change makes it so.
//
// Cost: for one action as many predictions as it has steps, about 2·log₂ of that where Monotone; for a pair as many
// as fewer than the cheapest found so far leaves, and where these are more than MaxAsked and one of the two is Monotone, about 2·log₂ of
// its steps for each step of the other. Errors: ErrEmpty for no row or no actions, ErrShape, ErrNotFinite, ErrRange for a bad action or
// two of one column, ErrOption, ErrUndefined for an action on a missing value, ErrTooLarge beyond MaxAsked, those of f, context.Cause(ctx).
func Hints(ctx context.Context, f Func, row []float64, actions []Action, opt HintOptions) ([]Hint, error) {
	const where = "explain: Hints"
	d, err := table(where, f, [][]float64{row})
	if err != nil {
		return nil, err
	}
	opt.Most, opt.MaxAsked = check.Default(opt.Most, 5), check.Default(opt.MaxAsked, 100000)
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	s := search{asker: newAsker(ctx, where, f, d), row: row, opt: opt}
	if err := s.prepare(actions); err != nil {
		return nil, err
	}
	now, err := s.predictions([][2]int{{0, 0}}, 0, 0)
	if err != nil || opt.reached(now[0]) {
		return nil, err
	}
	for a := range s.moves {
		if err := s.single(a); err != nil {
			return nil, err
		}
	}
	for a := 0; a < len(s.moves) && !opt.Singles; a++ {
		for b := a + 1; b < len(s.moves); b++ {
			if err := s.pair(a, b); err != nil {
				return nil, err
			}
		}
	}
	slices.SortStableFunc(s.found, func(x, y Hint) int {
		better := cmp.Compare(y.Prediction, x.Prediction)
		if opt.Below {
			better = -better
		}
		return cmp.Or(cmp.Compare(x.Cost, y.Cost), cmp.Compare(len(x.Changes), len(y.Changes)), better)
	})
	return s.found[:min(len(s.found), opt.Most):min(len(s.found), opt.Most)], nil
}

// move is an action with the steps that it may take.
type move struct {
	Action
	down, up int     // steps at most, down as a number below 0
	cheapest float64 // of what it reaches alone
}

// search is one call of Hints.
type search struct {
	*asker
	row   []float64
	opt   HintOptions
	moves []move
	asked int
	found []Hint
}

// prepare checks the actions and counts their steps.
func (s *search) prepare(actions []Action) error {
	if len(actions) == 0 {
		return fmt.Errorf("%s: actions: %w", s.where, ErrEmpty)
	}
	used := map[int]bool{}
	for i, a := range actions {
		at := fmt.Sprintf("actions[%d]", i)
		if err := column(s.where, at+".Column", a.Column, s.d); err != nil {
			return err
		}
		a.Cost = check.Default(a.Cost, 1)
		x := s.row[a.Column]
		switch {
		case used[a.Column]:
			return fmt.Errorf("%s: %s.Column is %d, as of another: %w", s.where, at, a.Column, ErrRange)
		case x != x:
			return fmt.Errorf("%s: %s: the row misses column %d: %w", s.where, at, a.Column, ErrUndefined)
		case !(a.Step > 0) || !check.Finite(a.Step):
			return fmt.Errorf("%s: %s.Step is %v, want > 0: %w", s.where, at, a.Step, ErrRange)
		case !(a.Cost > 0) || !check.Finite(a.Cost):
			return fmt.Errorf("%s: %s.Cost is %v, want > 0: %w", s.where, at, a.Cost, ErrRange)
		case !check.Finite(a.Low) || !check.Finite(a.High) || a.Low > a.High:
			return fmt.Errorf("%s: %s: Low %v, High %v, want finite, Low <= High: %w", s.where, at, a.Low, a.High, ErrRange)
		}
		used[a.Column] = true
		m := move{Action: a, cheapest: math.Inf(1)}
		// A bound may miss a whole number of steps by a rounding error.
		down, up := math.Ceil((a.Low-x)/a.Step-1e-9), math.Floor((a.High-x)/a.Step+1e-9)
		if !(max(-down, up) < 1<<30) {
			return fmt.Errorf("%s: %s: %v steps: %w", s.where, at, max(-down, up), ErrTooLarge)
		}
		m.down, m.up = int(down), int(up)
		s.moves = append(s.moves, m)
	}
	return nil
}

// at is the value of an action after k steps.
func (s *search) at(a, k int) float64 {
	m := &s.moves[a]
	x := s.row[m.Column]
	if k == 0 {
		return x
	}
	return min(max(x+float64(k)*m.Step, min(m.Low, x)), max(m.High, x))
}

// predictions asks for steps of a and of b.
func (s *search) predictions(steps [][2]int, a, b int) ([]float64, error) {
	if s.asked += len(steps); s.asked > s.opt.MaxAsked {
		return nil, fmt.Errorf("%s: more than MaxAsked %d predictions: %w", s.where, s.opt.MaxAsked, ErrTooLarge)
	}
	return s.predict(nil, len(steps), func(i int, row []float64) {
		copy(row, s.row)
		if steps[i][1] != 0 {
			row[s.moves[b].Column] = s.at(b, steps[i][1])
		}
		if steps[i][0] != 0 {
			row[s.moves[a].Column] = s.at(a, steps[i][0])
		}
	})
}

// allowed reports whether k steps of m end within its bounds: a value outside of them may
// come in, and one within may not leave.
func (m *move) allowed(k int) bool { return k != 0 && k >= m.down && k <= m.up }

// nearest is the fewest steps that m may take, 0 where it may take none.
func (m *move) nearest() int {
	near := max(1, m.down, -m.up)
	if near > max(m.up, -m.down) {
		return 0
	}
	return near
}

// within bounds the steps of m to about those that cost budget at most, so that a search among pairs
// does not walk through what costs too much.
func (m *move) within(budget float64) (down, up int) {
	most := int(min(max(budget/m.Cost, -1), 1<<30)) + 1
	return max(m.down, -most), min(m.up, most)
}

// single looks for the fewest steps of one action, up and down.
func (s *search) single(a int) error {
	m := &s.moves[a]
	var best []int
	for _, sign := range [...]int{1, -1} {
		far := m.up
		near := max(1, m.down)
		if sign < 0 {
			far, near = -m.down, max(1, -m.up)
		}
		if far < near {
			continue
		}
		k, err := s.fewest(a, sign, near, far)
		if err != nil {
			return err
		}
		if k > 0 {
			best = append(best, sign*k)
		}
	}
	for _, k := range best {
		cost := math.Abs(float64(k)) * m.Cost
		if cost >= m.cheapest {
			continue
		}
		p, err := s.predictions([][2]int{{k, 0}}, a, 0)
		if err != nil {
			return err
		}
		if m.cheapest < math.Inf(1) {
			s.found = s.found[:len(s.found)-1]
		}
		m.cheapest = cost
		s.found = append(s.found, Hint{Changes: []Change{s.change(a, k)}, Prediction: p[0], Cost: cost})
	}
	return nil
}

// fewest returns the fewest steps from near to far in one direction that reach, 0 for none.
func (s *search) fewest(a, sign, near, far int) (int, error) {
	if s.moves[a].Monotone {
		reaches := func(k int) (bool, error) {
			p, err := s.predictions([][2]int{{sign * k, 0}}, a, 0)
			return err == nil && s.opt.reached(p[0]), err
		}
		ok, err := reaches(far)
		if err != nil || !ok {
			return 0, err
		}
		for near < far {
			mid := near + (far-near)/2
			if ok, err = reaches(mid); err != nil {
				return 0, err
			}
			if ok {
				far = mid
			} else {
				near = mid + 1
			}
		}
		return near, nil
	}
	for size := 16; near <= far; size = min(2*size, block) {
		steps := make([][2]int, 0, size)
		for k := near; k <= far && len(steps) < size; k++ {
			steps = append(steps, [2]int{sign * k, 0})
		}
		p, err := s.predictions(steps, a, 0)
		if err != nil {
			return 0, err
		}
		for i, y := range p {
			if s.opt.reached(y) {
				return near + i, nil
			}
		}
		near += len(steps)
	}
	return 0, nil
}

// pair looks for the cheapest steps of two actions together, cheaper than either alone: in
// rounds of rising cost, each of which asks for all that costs as much.
func (s *search) pair(a, b int) error {
	x, y := &s.moves[a], &s.moves[b]
	limit := min(x.cheapest, y.cheapest)
	if x.nearest() == 0 || y.nearest() == 0 {
		return nil
	}
	steps, err := s.steps(a, b, limit)
	switch {
	case err == nil:
	case y.Monotone && !(x.Monotone && x.up-x.down > y.up-y.down):
		steps, err = s.halved(a, b, limit)
	case x.Monotone:
		steps, err = s.halved(b, a, limit)
		for k, p := range steps {
			steps[k] = [2]int{p[1], p[0]}
		}
	}
	if err != nil {
		return err
	}
	slices.SortStableFunc(steps, func(p, q [2]int) int { return cmp.Compare(s.cost(a, b, p), s.cost(a, b, q)) })
	best, cost := Hint{}, math.Inf(1)
	for lo := 0; lo < len(steps); {
		hi := min(lo+256, len(steps))
		for hi < len(steps) && s.cost(a, b, steps[hi]) == s.cost(a, b, steps[hi-1]) {
			hi++ // all of one cost are compared
		}
		p, err := s.predictions(steps[lo:hi], a, b)
		if err != nil {
			return err
		}
		for i, q := range p {
			c := s.cost(a, b, steps[lo+i])
			better := q > best.Prediction != s.opt.Below && q != best.Prediction
			if s.opt.reached(q) && (c < cost || c == cost && better) {
				cost = c
				best = Hint{Changes: []Change{s.change(a, steps[lo+i][0]), s.change(b, steps[lo+i][1])}, Prediction: q, Cost: c}
			}
		}
		if best.Changes != nil {
			s.found = append(s.found, best)
			return nil
		}
		lo = hi
	}
	return nil
}

// steps lists the steps of two actions that cost less than limit.
func (s *search) steps(a, b int, limit float64) ([][2]int, error) {
	x, y := &s.moves[a], &s.moves[b]
	var steps [][2]int
	down, up := x.within(limit - float64(y.nearest())*y.Cost)
	for i := down; i <= up; i++ {
		low, high := y.within(limit - math.Abs(float64(i))*x.Cost)
		for j := low; j <= high; j++ {
			if !x.allowed(i) || !y.allowed(j) || s.cost(a, b, [2]int{i, j}) >= limit {
				continue
			}
			if steps = append(steps, [2]int{i, j}); len(steps) > s.opt.MaxAsked-s.asked {
				return nil, s.tooMany(a, b)
			}
		}
	}
	return steps, nil
}

func (s *search) tooMany(a, b int) error {
	return fmt.Errorf("%s: actions %d and %d have more than MaxAsked %d pairs of steps: %w", s.where, a, b, s.opt.MaxAsked, ErrTooLarge)
}

// halved lists, for each number of steps of a and each direction of b, which is Monotone, the fewest steps of b that reach and cost
// less than limit, found by halving, all beside each other: the cheapest pair is one of these.
func (s *search) halved(a, b int, limit float64) ([][2]int, error) {
	x, y := &s.moves[a], &s.moves[b]
	type span struct{ i, sign, near, far int }
	var open []span
	down, up := x.within(limit - float64(y.nearest())*y.Cost)
	for i := down; i <= up; i++ {
		low, high := y.within(limit - math.Abs(float64(i))*x.Cost)
		for _, p := range [...]span{{i, 1, max(1, low), high}, {i, -1, max(1, -high), -low}} {
			for p.far >= p.near && s.cost(a, b, [2]int{i, p.far}) >= limit {
				p.far-- // two at most: within is that near
			}
			if x.allowed(i) && p.far >= p.near {
				open = append(open, p)
			}
		}
		if len(open) > s.opt.MaxAsked-s.asked {
			return nil, s.tooMany(a, b)
		}
	}
	// The far ends first, then the middles of those that reach.
	for first := true; ; first = false {
		var steps [][2]int
		var of []int
		for k, p := range open {
			if first || p.near < p.far {
				at := p.far
				if !first {
					at = p.near + (p.far-p.near)/2
				}
				steps, of = append(steps, [2]int{p.i, p.sign * at}), append(of, k)
			}
		}
		if len(steps) == 0 {
			break
		}
		q, err := s.predictions(steps, a, b)
		if err != nil {
			return nil, err
		}
		for n, k := range of {
			p := &open[k]
			switch at := p.sign * steps[n][1]; {
			case s.opt.reached(q[n]):
				p.far = at
			case first:
				p.near = p.far + 1 // never
			default:
				p.near = at + 1
			}
		}
		open = slices.DeleteFunc(open, func(p span) bool { return p.near > p.far })
	}
	out := make([][2]int, len(open))
	for k, p := range open {
		out[k] = [2]int{p.i, p.sign * p.far}
	}
	return out, nil
}

// cost of steps of two actions.
func (s *search) cost(a, b int, k [2]int) float64 {
	return math.Abs(float64(k[0]))*s.moves[a].Cost + math.Abs(float64(k[1]))*s.moves[b].Cost
}

// change is what k steps of an action do.
func (s *search) change(a, k int) Change {
	m := &s.moves[a]
	name := m.Name
	if name == "" {
		name = fmt.Sprint("column ", m.Column)
	}
	return Change{Column: m.Column, Name: name, From: s.row[m.Column], To: s.at(a, k), Steps: k}
}
