package split

import (
	"fmt"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/recommend"
)

// Parts are a training and a test matrix of the shape of their source, which share
// no entry and hold all of its entries.
type Parts struct {
	Train *recommend.Interactions // to fit on
	Test  *recommend.Interactions // to judge on
}

// HeldOut are whole users held out (strong generalisation, Liang et al. 2018):
// models are fitted on Train, then asked about the held-out users with the history
// in Known and judged on Hidden. All three have the shape of the source; held-out
// users have empty training rows.
type HeldOut struct {
	Train  *recommend.Interactions // to fit on: everybody else, whole
	Known  *recommend.Interactions // what models see of the held-out users
	Hidden *recommend.Interactions // what they are judged on
}

// stages keep the draws of one seed apart.
const (
	userStage = 0x75736572
	itemStage = 0x6974656d
	foldStage = 0x666f6c64 // as in hybrid.StackFeatures
)

// none reports whether x is nil or zero, without users and items.
func none(x *recommend.Interactions) bool { return x.Users() == 0 && x.Items() == 0 }

func noData(where string) error {
	return fmt.Errorf("split: %s: interactions: %w", where, ErrEmpty)
}

// CheckDisjoint returns ErrLeakage, naming the first user and item, when an
// entry of test is in train too: a model that has seen the answer is no test.
// ErrShape when the shapes differ, ErrEmpty when a matrix is nil.
func CheckDisjoint(train, test *recommend.Interactions) error {
	if none(train) || none(test) {
		return noData("CheckDisjoint")
	}
	if train.Users() != test.Users() || train.Items() != test.Items() {
		return fmt.Errorf("split: CheckDisjoint: %d×%d against %d×%d: %w", train.Users(), train.Items(), test.Users(), test.Items(), ErrShape)
	}
	for u := range test.Users() {
		items, _ := test.Row(u)
		for _, i := range items {
			if train.Has(u, i) {
				return fmt.Errorf("split: CheckDisjoint: user %d item %d: %w", u, i, ErrLeakage)
			}
		}
	}
	return nil
}

// parts puts into the test part the entries for which test is true; k counts the
// entries of user u.
func parts(x *recommend.Interactions, test func(u, k int) bool) Parts {
	return Parts{
		Train: x.Select(func(u, k int) bool { return !test(u, k) }),
		Test:  x.Select(test),
	}
}

// Random puts each entry into the test part with probability share, by a hash of
// seed, user and item, so the part of an entry does not depend on the rest of the
// data. Users keep at least one training entry: the one with the largest hash.
// share must be in (0, 1). ErrEmpty for nil interactions, as from every function
// here.
func Random(x *recommend.Interactions, share float64, seed uint64) (Parts, error) {
	if none(x) {
		return Parts{}, noData("Random")
	}
	if !(share > 0 && share < 1) {
		return Parts{}, fmt.Errorf("split: Random: share is %v, want in (0, 1): %w", share, ErrOption)
	}
	draw := func(u, k int) float64 {
		items, _ := x.Row(u)
		return rng.Unit(rng.Hash(seed, uint64(u), uint64(items[k])))
	}
	saved := make([]int, x.Users())
	for u := range saved {
		saved[u] = -1
		best := -1.0
		items, _ := x.Row(u)
		for k := range items {
			if d := draw(u, k); d > best {
				saved[u], best = k, d
			}
		}
	}
	return parts(x, func(u, k int) bool { return k != saved[u] && draw(u, k) < share }), nil
}

// Last puts the n latest entries of each user into the test part (leave-last-out), by
// the order of Interactions.Sequences: of equal times and sequence numbers those that
// arrived later, or without events those with the larger item index. Users with n or
// fewer entries stay in training whole. ErrOption for n < 1, ErrEmpty when x has no
// times.
func Last(x *recommend.Interactions, n int) (Parts, error) {
	if none(x) {
		return Parts{}, noData("Last")
	}
	if n < 1 {
		return Parts{}, fmt.Errorf("split: Last: n is %d, want >= 1: %w", n, ErrOption)
	}
	events, err := x.Sequences()
	if err != nil {
		return Parts{}, fmt.Errorf("split: Last: times: %w", ErrEmpty)
	}
	latest := make([][]int32, x.Users()) // items, ascending
	for u := range latest {
		if items, _ := x.Row(u); len(items) <= n {
			continue
		}
		s := events.Sequence(u)
		for k := len(s) - 1; k >= 0 && len(latest[u]) < n; k-- {
			if at, found := slices.BinarySearch(latest[u], s[k]); !found {
				latest[u] = slices.Insert(latest[u], at, s[k])
			}
		}
	}
	return parts(x, func(u, k int) bool {
		items, _ := x.Row(u)
		_, ok := slices.BinarySearch(latest[u], items[k])
		return ok
	}), nil
}

// Time puts every entry at or after asOf into the test part (global time cut): what
// a shop could have known as of then against what came after. ErrEmpty when x has no
// times, ErrOption for the zero time.
func Time(x *recommend.Interactions, asOf time.Time) (Parts, error) {
	if none(x) {
		return Parts{}, noData("Time")
	}
	if !x.HasTimes() {
		return Parts{}, fmt.Errorf("split: Time: times: %w", ErrEmpty)
	}
	if asOf.IsZero() {
		return Parts{}, fmt.Errorf("split: Time: asOf is zero, want a time: %w", ErrOption)
	}
	return parts(x, func(u, k int) bool { return !time.Unix(0, x.Times(u)[k]).Before(asOf) }), nil
}

// Folds cuts the entries into k random folds whose sizes differ by one at most, in
// total and for each user, and returns k parts, each with one fold to test on. Each
// user's entries are dealt in a random order, from the fold on at which those of the user
// before ended. k must be at least 2 and at most the number of
// entries.
func Folds(x *recommend.Interactions, k int, seed uint64) ([]Parts, error) {
	if none(x) {
		return nil, noData("Folds")
	}
	if k < 2 || k > max(x.Len(), 2) {
		return nil, fmt.Errorf("split: Folds: k is %d, want in [2, %d], the entries: %w", k, max(x.Len(), 2), ErrOption)
	}
	fold := make([][]int32, x.Users())
	next := 0
	for u := range fold {
		items, _ := x.Row(u)
		fold[u] = make([]int32, len(items))
		next = rng.New(seed, foldStage, uint64(u)).Deal(fold[u], k, next)
	}
	out := make([]Parts, k)
	for f := range out {
		out[f] = parts(x, func(u, k int) bool { return fold[u][k] == int32(f) })
	}
	return out, nil
}

// Users holds out each user with probability share, and hides a share hidden of
// each held-out user's entries. Held-out users keep at least one known entry. Both
// shares must be in (0, 1).
func Users(x *recommend.Interactions, share, hidden float64, seed uint64) (HeldOut, error) {
	if none(x) {
		return HeldOut{}, noData("Users")
	}
	if !(share > 0 && share < 1) || !(hidden > 0 && hidden < 1) {
		return HeldOut{}, fmt.Errorf("split: Users: shares are %v and %v, want in (0, 1): %w", share, hidden, ErrOption)
	}
	out := make([]bool, x.Users())
	for u := range out {
		out[u] = rng.Unit(rng.Hash(seed, userStage, uint64(u))) < share
	}
	whole := parts(x, func(u, _ int) bool { return out[u] })
	held, err := Random(whole.Test, hidden, seed)
	if err != nil {
		return HeldOut{}, err
	}
	return HeldOut{Train: whole.Train, Known: held.Train, Hidden: held.Test}, nil
}

// Items holds out whole items with probability share (cold-start items): their
// entries are the test part, and training knows nothing of them, so only models
// that read content can do better than chance. share must be in (0, 1).
func Items(x *recommend.Interactions, share float64, seed uint64) (Parts, error) {
	if none(x) {
		return Parts{}, noData("Items")
	}
	if !(share > 0 && share < 1) {
		return Parts{}, fmt.Errorf("split: Items: share is %v, want in (0, 1): %w", share, ErrOption)
	}
	out := make([]bool, x.Items())
	for i := range out {
		out[i] = rng.Unit(rng.Hash(seed, itemStage, uint64(i))) < share
	}
	return parts(x, func(u, k int) bool {
		items, _ := x.Row(u)
		return out[items[k]]
	}), nil
}
