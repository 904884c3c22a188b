package recommend

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/rng"
)

// Split is a training and a test matrix of equal shape that share no entry. All
// functions that make one give ErrEmpty for nil interactions.
type Split struct {
	Train, Test *Interactions
}

func noData(where string) error {
	return fmt.Errorf("recommend: %s: interactions: %w", where, ErrEmpty)
}

// CheckDisjoint returns ErrLeakage, naming the first user and item, when an
// entry of test is in train too: a model that has seen the answer is no test.
// ErrShape when the shapes differ, ErrEmpty when a matrix is nil.
func CheckDisjoint(train, test *Interactions) error {
	if train == nil || test == nil {
		return noData("CheckDisjoint")
	}
	if train.Users() != test.Users() || train.Items() != test.Items() {
		return fmt.Errorf("recommend: CheckDisjoint: %d×%d against %d×%d: %w", train.Users(), train.Items(), test.Users(), test.Items(), ErrShape)
	}
	for u := range test.Users() {
		items, _ := test.Row(u)
		for _, i := range items {
			if train.Has(u, i) {
				return fmt.Errorf("recommend: CheckDisjoint: user %d item %d: %w", u, i, ErrLeakage)
			}
		}
	}
	return nil
}

func (x *Interactions) split(test func(u int, p int64) bool) Split {
	return Split{
		Train: x.filter(func(u int, p int64) bool { return !test(u, p) }),
		Test:  x.filter(test),
	}
}

// SplitRandom puts each entry into the test part with probability share, by a
// hash of seed, user and item, so the split of an entry does not depend on the
// rest of the data. Users keep at least one training entry: the one with the
// largest hash. share must be in (0, 1).
func SplitRandom(x *Interactions, share float64, seed uint64) (Split, error) {
	if x == nil {
		return Split{}, noData("SplitRandom")
	}
	if !(share > 0 && share < 1) {
		return Split{}, fmt.Errorf("recommend: SplitRandom: share is %v, want in (0, 1): %w", share, ErrOption)
	}
	draw := func(u int, p int64) float64 {
		return rng.Unit(rng.Hash(seed, uint64(u), uint64(x.users.Col[p])))
	}
	saved := make([]int64, x.Users())
	for u := range saved {
		saved[u] = -1
		best := -1.0
		for p := x.users.Ptr[u]; p < x.users.Ptr[u+1]; p++ {
			if d := draw(u, p); d > best {
				saved[u], best = p, d
			}
		}
	}
	return x.split(func(u int, p int64) bool { return p != saved[u] && draw(u, p) < share }), nil
}

// SplitLast puts the n latest entries of each user into the test part
// (leave-last-out), of equal times those with the larger item index. Users with
// n or fewer entries stay in training whole. ErrOption for n < 1, ErrEmpty when
// x has no times.
func SplitLast(x *Interactions, n int) (Split, error) {
	if x == nil {
		return Split{}, noData("SplitLast")
	}
	if n < 1 {
		return Split{}, fmt.Errorf("recommend: SplitLast: n is %d, want >= 1: %w", n, ErrOption)
	}
	if !x.HasTimes() {
		return Split{}, fmt.Errorf("recommend: SplitLast: times: %w", ErrEmpty)
	}
	test := make([]bool, x.Len())
	var order []int64
	for u := range x.Users() {
		a, b := x.users.Ptr[u], x.users.Ptr[u+1]
		if b-a <= int64(n) {
			continue
		}
		order = order[:0]
		for p := a; p < b; p++ {
			order = append(order, p)
		}
		slices.SortFunc(order, func(p, q int64) int { return cmp.Or(cmp.Compare(x.times[q], x.times[p]), cmp.Compare(q, p)) })
		for _, p := range order[:n] {
			test[p] = true
		}
	}
	return x.split(func(_ int, p int64) bool { return test[p] }), nil
}

// SplitTime puts every entry at or after cut into the test part (global time
// cut): what a shop could have known at cut against what came after. ErrEmpty
// when x has no times.
func SplitTime(x *Interactions, cut time.Time) (Split, error) {
	if x == nil {
		return Split{}, noData("SplitTime")
	}
	if !x.HasTimes() {
		return Split{}, fmt.Errorf("recommend: SplitTime: times: %w", ErrEmpty)
	}
	c := cut.Unix()
	return x.split(func(_ int, p int64) bool { return x.times[p] >= c }), nil
}

// SplitFolds cuts the entries into k random folds of nearly equal size and
// returns k splits, each with one fold as its test part. Each user's entries
// are dealt in a random order, starting at a random fold. k must be at least 2 and
// at most the number of entries.
func SplitFolds(x *Interactions, k int, seed uint64) ([]Split, error) {
	if x == nil {
		return nil, noData("SplitFolds")
	}
	if k < 2 || k > max(x.Len(), 2) {
		return nil, fmt.Errorf("recommend: SplitFolds: k is %d, want in [2, %d], the entries: %w", k, max(x.Len(), 2), ErrOption)
	}
	fold := make([]int32, x.Len())
	for u := range x.Users() {
		r := rng.New(seed, 0x666f6c64, uint64(u))
		a, n := x.users.Ptr[u], x.users.RowLen(u)
		start := r.Intn(k)
		for pos, e := range r.Perm(n) {
			fold[a+int64(e)] = int32((start + pos) % k)
		}
	}
	out := make([]Split, k)
	for f := range out {
		out[f] = x.split(func(_ int, p int64) bool { return fold[p] == int32(f) })
	}
	return out, nil
}

// UserSplit holds out whole users (strong generalisation, Liang et al. 2018):
// models are fitted on Train, then asked about the held-out users with the
// history in Known and judged on Hidden. All three have the shape of the source;
// held-out users have empty training rows.
type UserSplit struct {
	Train, Known, Hidden *Interactions
}

// SplitUsers holds out each user with probability share, and hides a share
// hidden of each held-out user's entries. Held-out users keep at least one
// known entry. Both shares must be in (0, 1).
func SplitUsers(x *Interactions, share, hidden float64, seed uint64) (UserSplit, error) {
	if x == nil {
		return UserSplit{}, noData("SplitUsers")
	}
	if !(share > 0 && share < 1) || !(hidden > 0 && hidden < 1) {
		return UserSplit{}, fmt.Errorf("recommend: SplitUsers: shares are %v and %v, want in (0, 1): %w", share, hidden, ErrOption)
	}
	out := make([]bool, x.Users())
	for u := range out {
		out[u] = rng.Unit(rng.Hash(seed, 0x75736572, uint64(u))) < share
	}
	held := x.filter(func(u int, _ int64) bool { return out[u] })
	s, err := SplitRandom(held, hidden, seed)
	if err != nil {
		return UserSplit{}, err
	}
	return UserSplit{
		Train:  x.filter(func(u int, _ int64) bool { return !out[u] }),
		Known:  s.Train,
		Hidden: s.Test,
	}, nil
}

// SplitItems holds out whole items with probability share (cold-start items):
// their entries are the test part, and training knows nothing of them, so only
// models that read content can do better than chance. share must be in (0, 1).
func SplitItems(x *Interactions, share float64, seed uint64) (Split, error) {
	if x == nil {
		return Split{}, noData("SplitItems")
	}
	if !(share > 0 && share < 1) {
		return Split{}, fmt.Errorf("recommend: SplitItems: share is %v, want in (0, 1): %w", share, ErrOption)
	}
	out := make([]bool, x.Items())
	for i := range out {
		out[i] = rng.Unit(rng.Hash(seed, 0x6974656d, uint64(i))) < share
	}
	return x.split(func(_ int, p int64) bool { return out[x.users.Col[p]] }), nil
}
