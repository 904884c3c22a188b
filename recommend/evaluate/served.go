package evaluate

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/recommend"
)

// Served asks an engine for the list of every user of test that has an entry, in the
// order of test.Users, and hands each to judge with the items of the user's row: what
// the shop would have shown, with its sources, fallbacks, stock and rules. Ids need no
// alignment: customers and products that the engine does not know stay in and are
// counted. judge is called on the caller's goroutine, its arguments are valid during the
// call only; the AddSet of a ranking.Tally is such a function.
//
// req says K (default 20), filters, Seen and all else; User is set for each, and Info,
// Reasons and Explore do not count. The engine should serve the training part: an entry of test
// that its dataset has too is ErrLeakage naming the row and the item, unless Seen is
// Repurchase; then it is a repeat. Events observed live are part of the answers, and
// are not looked through.
//
// Errors: ErrEmpty (no engine, no test entry), ErrShape (indexes of test that are not those
// of its matrix), ErrLeakage, what Recommend or judge returned, naming
// the row of test, and context.Cause(ctx). workers: goroutines, 0 for GOMAXPROCS, without
// influence on the result. Cost: one Recommend a user.
func Served[U, I recommend.ID](ctx context.Context, e *recommend.Engine[U, I], test *recommend.Dataset[U, I], judge func(recommended, relevant []I) error, req recommend.Request[U, I], workers int) (Result, error) {
	const where = "evaluate: Served"
	if e == nil || e.Dataset() == nil {
		return Result{}, fmt.Errorf("%s: engine: %w", where, ErrEmpty)
	}
	if test == nil || test.Interactions == nil || test.Users == nil || test.Items == nil || test.Interactions.Len() == 0 {
		return Result{}, fmt.Errorf("%s: test: %w", where, ErrEmpty)
	}
	if x := test.Interactions; x.Users() != test.Users.Len() || x.Items() != test.Items.Len() {
		return Result{}, fmt.Errorf("%s: test: %d×%d entries under %d users and %d items: %w", where, x.Users(), x.Items(), test.Users.Len(), test.Items.Len(), ErrShape)
	}
	if judge == nil {
		return Result{}, fmt.Errorf("%s: judge: %w", where, ErrEmpty)
	}
	if req.K == 0 {
		req.K = Options{}.withDefaults().K
	}
	req.Info, req.Reasons, req.Explore, req.Anonymous = nil, 0, nil, false
	result, rows, err := compare(ctx, where, e.Dataset(), test, req.Seen)
	if err != nil {
		return Result{}, err
	}
	lists := make([][]recommend.Recommendation[I], min(chunkOf(max(req.K, 1)), len(rows)))
	var recommended, relevant []I
	for lo := 0; lo < len(rows); lo += len(lists) {
		block := rows[lo:min(lo+len(lists), len(rows))]
		err := parallel.For(ctx, len(block), 4, workers, func(_, from, to int) error {
			for k := from; k < to; k++ {
				one := req
				one.User = test.Users.ID(block[k])
				var err error
				if lists[k], err = e.Recommend(lists[k][:0], one); err != nil {
					return fmt.Errorf("%s: row %d of test: %w", where, block[k], err)
				}
			}
			return nil
		})
		if err != nil && result.Users == 0 {
			return Result{}, err
		}
		if err != nil {
			return result, err
		}
		for k, u := range block {
			recommended, relevant = recommended[:0], relevant[:0]
			for _, r := range lists[k] {
				recommended = append(recommended, r.Item)
			}
			items, _ := test.Interactions.Row(int(u))
			for _, i := range items {
				relevant = append(relevant, test.Items.ID(i))
			}
			result.add(len(recommended), req.K)
			if err := judge(recommended, relevant); err != nil {
				return result, fmt.Errorf("%s: judge of row %d of test: %w", where, u, err)
			}
		}
	}
	return result, nil
}

// compare lists the rows of test with an entry, counts what Result says about the data,
// and refuses entries that the engine's dataset has.
func compare[U, I recommend.ID](ctx context.Context, where string, train, test *recommend.Dataset[U, I], seen recommend.Seen) (r Result, rows []int32, err error) {
	x := test.Interactions
	counts := train.Interactions.ItemCounts()
	at := make([]int32, x.Items()) // of the items of test among those of train
	for i, n := range x.ItemCounts() {
		at[i] = train.Items.Of(test.Items.ID(int32(i)))
		if n > 0 && (at[i] < 0 || counts[at[i]] == 0) {
			r.ColdItems++
			r.Cold += n
		}
	}
	for u := range x.Users() {
		if u%lookEvery == 0 && ctx.Err() != nil {
			return r, nil, context.Cause(ctx)
		}
		items, _ := x.Row(u)
		if len(items) == 0 {
			r.Skipped++
			continue
		}
		rows = append(rows, int32(u))
		v := train.Users.Of(test.Users.ID(int32(u)))
		if v < 0 {
			r.ColdUsers++
			continue
		}
		if known, _ := train.Interactions.Row(int(v)); len(known) == 0 {
			r.ColdUsers++
		}
		for _, i := range items {
			if at[i] < 0 || !train.Interactions.Has(int(v), at[i]) {
				continue
			}
			if seen != recommend.Repurchase {
				return r, nil, fmt.Errorf("%s: row %d of test, item %v: in the engine's dataset too: %w", where, u, test.Items.ID(i), ErrLeakage)
			}
			r.Repeats++
		}
	}
	return r, rows, nil
}
