package recommend_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/modeltest"
)

// passes are the fields that ask for work in proportion: a wrong number there is seen
// by the progress, and costs time that a cancel ends.
var passes = []string{"Iterations", "Epochs", "MaxIter"}

// A number of a configuration that is far too large is refused, or cut to what the data
// can use: no fit makes memory for it, and none but passes over the data makes it work.
func TestFitLimits(t *testing.T) {
	const most = 64 << 20 // bytes
	for _, f := range smallFitters(t, 12, 9) {
		for k := range f.opt.NumField() {
			field := f.opt.Field(k)
			if field.Type.Kind() != reflect.Int && field.Type.Kind() != reflect.Int64 {
				continue
			}
			for _, huge := range []int64{1 << 26, 1 << 30, 1 << 40, math.MaxInt64} {
				opt := reflect.New(f.opt).Elem()
				opt.Field(k).SetInt(huge)
				end := 100_000
				if slices.Contains(passes, field.Name) {
					end = 2000
				}
				looks := testkit.NewLooks(end, false)
				used := allocated(func() {
					err := f.fit(looks, opt)
					cancelled := errors.Is(err, context.Canceled)
					if cancelled && !slices.Contains(passes, field.Name) {
						t.Errorf("%s with %s %d works on and on", f.name, field.Name, huge)
					}
					if err != nil && !cancelled && !errors.Is(err, recommend.ErrOption) && !errors.Is(err, recommend.ErrTooLarge) && field.Name != "MinDF" {
						t.Errorf("%s with %s %d: %v", f.name, field.Name, huge, err)
					}
				})
				if used > most {
					t.Errorf("%s with %s %d allocates %d bytes", f.name, field.Name, huge, used)
				}
			}
		}
	}
}

// allocated returns the bytes that do allocates.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// The same of calls that answer: lists as long as there is, on as many goroutines as
// there is work for.
func TestCallLimits(t *testing.T) {
	ctx, x := context.Background(), modeltest.Groups(12, 9, 3, 1)
	als := must(recommend.FitALS(ctx, x, recommend.ALSOptions{Factors: 4, Iterations: 2}))(t)
	knn := must(recommend.FitItemKNN(ctx, x, recommend.ItemKNNOptions{}))(t)
	users := must(recommend.FitUserKNN(ctx, x, recommend.UserKNNOptions{}))(t)
	text := must(recommend.FitTFIDF(ctx, recommend.GroupTitles(9), recommend.TFIDFOptions{}))(t)
	b := must(recommend.NewBuilder[int, int](recommend.BuilderOptions{}))(t)
	for u := range x.Users() {
		items, _ := x.Row(u)
		for _, i := range items {
			if err := b.Add(u, int(i), 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	data := must(b.Build())(t)
	blend := must(recommend.Blended(als, 1, knn, 1))(t)
	e := must(recommend.NewEngine(data, recommend.EngineOptions{}))(t)
	for _, huge := range []int{math.MaxInt >> 8, math.MaxInt} {
		for name, call := range map[string]func() error{
			"TopLists": func() error {
				lists, err := recommend.TopLists(ctx, als, x.Users(), huge, func(u int) (recommend.Query, recommend.Filter) { return x.Query(u), recommend.Filter{} }, huge)
				for range lists {
				}
				return err()
			},
			"All": func() error {
				lists, err := e.All(ctx, recommend.Request[int, int]{K: 9}, huge)
				for range lists {
				}
				return err()
			},
			"AppendTop": func() error {
				_, err := recommend.NewRanker(als).AppendTop(nil, x.Query(0), huge, recommend.Filter{})
				return err
			},
			"AppendSimilar":      func() error { _, err := als.AppendSimilar(nil, 0, huge); return err },
			"AppendSimilarUsers": func() error { _, err := als.AppendSimilarUsers(nil, 0, huge); return err },
			"AppendNeighbors":    func() error { _, err := users.AppendNeighbors(nil, x.Query(0), huge); return err },
			"AppendSearch":       func() error { _, err := text.AppendSearch(nil, "kind1", huge, recommend.Filter{}); return err },
			"text AppendSimilar": func() error { _, err := text.AppendSimilar(nil, 0, huge); return err },
			"AppendReasons":      func() error { _, err := knn.AppendReasons(nil, x.Query(0), 3, huge); return err },
			"blend":              func() error { _, err := blend.(recommend.Similar).AppendSimilar(nil, 0, huge); return err },
			"Gramian":            func() error { _, err := recommend.NewGramian(huge); return refused(err) },
			"Cooccurrence": func() error {
				_, err := recommend.NewCooccurrence(huge, recommend.CooccurrenceOptions{})
				return refused(err)
			},
			"ItemSet":    func() error { _, err := recommend.NewItemSet(huge); return refused(err) },
			"Categories": func() error { _, err := recommend.NewCategories(huge, nil); return refused(err) },
			"Func": func() error {
				_, err := recommend.NewFunc(0, huge, func([]float32, recommend.Query) error { return nil })
				return refused(err)
			},
			"Interactions": func() error { _, err := recommend.InteractionsFromRows(huge, nil); return refused(err) },
			"users":        func() error { _, err := recommend.NewInteractions(huge, 1, nil, nil, nil); return refused(err) },
		} {
			if used := allocated(func() {
				if err := call(); err != nil {
					t.Errorf("%s of %d: %v", name, huge, err)
				}
			}); used > 8<<20 {
				t.Errorf("%s of %d allocates %d bytes", name, huge, used)
			}
		}
	}
}

// refused is nil for an error that says what is too large, and an error for none.
func refused(err error) error {
	if errors.Is(err, recommend.ErrOption) || errors.Is(err, recommend.ErrShape) || errors.Is(err, recommend.ErrRange) || errors.Is(err, recommend.ErrOverflow) {
		return nil
	}
	return fmt.Errorf("not refused: %v", err)
}
