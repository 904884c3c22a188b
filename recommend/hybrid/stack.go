package hybrid

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/bitset"
	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/recommend"
)

// StackOptions configures stacking.
type StackOptions struct {
	Depth int // candidates of each source; default 100
}

// Stack turns what several sources say about an item into features for one model
// that learns how far to trust each (Wolpert 1992): hybrid by model. Candidates
// are the best Depth items of every source; each has three features a source,
//
//	score   the source's score; its lowest candidate's where it is no number
//	rank    1/rank among the source's candidates, 0 for items outside
//	knows   1 where the source answered the query and has a score, else 0
//
// as plain values, so that any model can be trained on them (StackFeatures makes
// the rows out of fold) and any function can rank by them (Stack.Model). Immutable,
// safe for concurrent use.
type Stack struct {
	fused
	names []string
	depth int
}

// Candidate is an item with its features.
type Candidate struct {
	Item     int32     // dense index
	Features []float64 // as Stack.Names says
}

// NewStack returns the stack of sources, fitted models with names of their own.
// Errors: ErrOption (no source, one without name or model, a name twice, Depth),
// ErrMismatch (sources of different catalogues).
func NewStack(sources []recommend.Source, opt StackOptions) (*Stack, error) {
	const where = "hybrid: NewStack"
	opt.Depth = check.Default(opt.Depth, 100)
	var c check.Options
	check.Positive(&c, "Depth", opt.Depth)
	parts := make([]Weighted, len(sources))
	s := &Stack{}
	for k, src := range sources {
		c.Require(src.Name != "" && !slices.Contains(s.names, src.Name+".score"), fmt.Sprintf("Sources[%d].Name", k), src.Name, "a name of its own")
		parts[k].Model = src.Model
		s.names = append(s.names, src.Name+".score", src.Name+".rank", src.Name+".knows")
	}
	var err error
	if s.fused, err = newFused(parts, where); err != nil {
		return nil, err
	}
	if err := c.Err(where); err != nil {
		return nil, err
	}
	s.depth = min(opt.Depth, s.items)
	return s, nil
}

// Names returns the names of the features: three a source, in order.
func (s *Stack) Names() []string {
	if s == nil {
		return nil
	}
	return slices.Clone(s.names)
}

// owns reports whether a set, when there is one, can be one of the items of s.
func (s *Stack) owns(set *recommend.ItemSet) bool {
	if set == nil {
		return true
	}
	_, items := set.Fingerprints()
	return set.Size() == s.items && (items == 0 || s.itemIDs == 0 || items == s.itemIDs)
}

// Candidates returns the candidates for q that pass f, ascending by item, with
// their features; ErrEmpty when no source knows the query, ErrMismatch for an item set
// of another catalogue. Cost: the Score of every source and a selection of Depth items.
func (s *Stack) Candidates(q recommend.Query, f recommend.Filter) ([]Candidate, error) {
	if err := s.all().made("Stack.Candidates"); err != nil {
		return nil, err
	}
	if err := q.Check(s.items); err != nil {
		return nil, err
	}
	if !s.owns(f.Allow) || !s.owns(f.Deny) {
		set := f.Allow
		if s.owns(set) {
			set = f.Deny
		}
		return nil, fmt.Errorf("hybrid: Stack.Candidates: a set of %d items of another catalogue than the %d items of the sources%s: %w", set.Size(), s.items, ids.FirstItem(set, s.all()), ErrMismatch)
	}
	free := bitset.New(s.items)
	for i := range int32(s.items) {
		if q.Eligible(i) && (f.Allow == nil || f.Allow.Has(i)) && (f.Deny == nil || !f.Deny.Has(i)) {
			free.Add(i)
		}
	}
	for _, i := range f.Items {
		free.Remove(i)
	}
	scores := make([][]float32, len(s.parts)) // nil: no answer
	tops := make([][]topk.Item, len(s.parts))
	scored := func(row []float32) func(i int32) bool {
		return func(i int32) bool { return free.Has(i) && row[i] >= -math.MaxFloat32 }
	}
	var h topk.Heap
	var set recommend.Query
	picked := bitset.New(s.items)
	answered := false
	for k, p := range s.parts {
		row := make([]float32, s.items)
		err := p.Model.Score(row, s.form(k, &q, &set))
		if errors.Is(err, ErrEmpty) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("hybrid: Stack.Candidates: source %d: %w", k, err)
		}
		answered, scores[k] = true, row
		tops[k] = bestOf(&h, nil, row, s.depth, s.sparse[k], scored(row))
		for _, it := range tops[k] {
			picked.Add(it.ID)
		}
	}
	if !answered {
		return nil, ErrEmpty
	}
	return s.features(picked, scores, tops), nil
}

// features makes the candidates of a set: for each source its scores (nil: no
// answer) and its best, best first.
func (s *Stack) features(picked *bitset.Set, scores [][]float32, tops [][]topk.Item) []Candidate {
	n := picked.Count()
	out := make([]Candidate, 0, n)
	slab := make([]float64, n*len(s.names))
	at := make(map[int32]int, n)
	for i := range picked.Range {
		at[i] = len(out)
		row := slab[:len(s.names):len(s.names)]
		slab = slab[len(s.names):]
		out = append(out, Candidate{i, row})
	}
	for k, row := range scores {
		if row == nil {
			continue
		}
		lowest := 0.0
		if m := len(tops[k]); m > 0 {
			lowest = float64(tops[k][m-1].Score)
		}
		for c := range out {
			v := float64(row[out[c].Item])
			known := check.Finite(v) && (!s.sparse[k] || v > 0)
			if !known {
				v = min(lowest, math.MaxFloat32)
			}
			out[c].Features[3*k] = v
			if known {
				out[c].Features[3*k+2] = 1
			}
		}
		for r, it := range tops[k] {
			out[at[it.ID]].Features[3*k+1] = 1 / float64(r+1)
		}
	}
	return out
}

// Model returns the model that ranks by predict of the features, a function that
// is safe for concurrent use: the Predict of any model trained on StackFeatures.
// The history is left out of the candidates, as in training. Items that are no
// candidates score minus infinity, which an Engine leaves to its next source. The
// candidates are chosen among the items that are eligible for the request, as in
// Cascade.
func (s *Stack) Model(predict func(features []float64) float64) (*recommend.Func, error) {
	if err := s.all().made("Stack.Model"); err != nil {
		return nil, err
	}
	if predict == nil {
		return nil, fmt.Errorf("hybrid: Stack.Model: predict is nil, want a function: %w", ErrOption)
	}
	return recommend.NewFunc(s.users, s.items, func(dst []float32, q recommend.Query) error {
		candidates, err := s.Candidates(q, recommend.Filter{Items: q.Items})
		if err != nil {
			return err
		}
		for i := range dst {
			dst[i] = float32(math.Inf(-1))
		}
		for _, c := range candidates {
			if v := float32(predict(c.Features)); v == v {
				dst[c.Item] = v
			}
		}
		return nil
	})
}

// StackRows are training rows for a stacked model.
type StackRows struct {
	Names    []string    // of the features
	Features [][]float64 // one row a candidate
	Labels   []bool      // the user took the item in the held-out fold
	Users    []int32     // of each row, ascending within a fold; for grouped losses
	Items    []int32     // of each row
	Folds    []int32     // of each row: the one that was held out
}

// StackFeatures makes training rows without leakage. The entries of x are dealt
// into folds, as split.Folds does; for each fold, fit makes the sources from the others
// alone, and the users with an entry in the fold get the candidates that these
// sources name for their remaining history, labelled by whether the fold holds
// them. So no feature of a row has seen the row's label. x must be the training
// part: entries kept for the final test stay out of it, and with them out of every
// feature. For serving, fit the sources on all of x and stack them.
//
// Candidates leave out the remaining history, as answers do. Errors: ErrOption
// (folds below 2 or above the number of entries; nil), those of NewStack and fit,
// context.Cause(ctx); ErrMismatch when fit returns sources of other names for
// different folds.
func StackFeatures(ctx context.Context, x *recommend.Interactions, folds int, seed uint64, fit func(ctx context.Context, train *recommend.Interactions) ([]recommend.Source, error), opt StackOptions) (*StackRows, error) {
	const where = "hybrid: StackFeatures"
	if fit == nil || x == nil {
		return nil, fmt.Errorf("%s: fit or x is nil: %w", where, ErrOption)
	}
	if folds < 2 || folds > max(x.Len(), 2) {
		return nil, fmt.Errorf("%s: folds is %d, want in [2, %d], the entries: %w", where, folds, max(x.Len(), 2), ErrOption)
	}
	rows := &StackRows{}
	for f := range folds {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		train, test, err := fold(ctx, x, f, folds, seed)
		if err != nil {
			return nil, err
		}
		sources, err := fit(ctx, train)
		if err != nil {
			return nil, fmt.Errorf("%s: fold %d: %w", where, f, err)
		}
		s, err := NewStack(sources, opt)
		if err != nil {
			return nil, fmt.Errorf("%s: fold %d: %w", where, f, err)
		}
		if f == 0 {
			rows.Names = s.names
		} else if !slices.Equal(rows.Names, s.names) {
			return nil, fmt.Errorf("%s: fold %d has features %v, fold 0 %v: %w", where, f, s.names, rows.Names, ErrMismatch)
		}
		if s.items != x.Items() {
			return nil, fmt.Errorf("%s: fold %d: sources know %d items, x has %d: %w", where, f, s.items, x.Items(), ErrMismatch)
		}
		for u := range x.Users() {
			held, _ := test.Row(u)
			if len(held) == 0 {
				continue
			}
			if u%64 == 0 {
				if err := context.Cause(ctx); err != nil {
					return nil, err
				}
			}
			q := train.Query(u)
			candidates, err := s.Candidates(q, recommend.Filter{Items: q.Items})
			if errors.Is(err, ErrEmpty) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("%s: fold %d: user %d: %w", where, f, u, err)
			}
			for _, c := range candidates {
				rows.Features = append(rows.Features, c.Features)
				rows.Labels = append(rows.Labels, test.Has(u, c.Item))
				rows.Users = append(rows.Users, int32(u))
				rows.Items = append(rows.Items, c.Item)
				rows.Folds = append(rows.Folds, int32(f))
			}
		}
	}
	return rows, nil
}

// fold returns the training part and the test part of one of k folds, those of
// split.Folds with the same seed.
func fold(ctx context.Context, x *recommend.Interactions, f, k int, seed uint64) (train, test *recommend.Interactions, err error) {
	dealt := make([][]int32, x.Users())
	next, meter := 0, parallel.NewMeter(ctx)
	for u := range dealt {
		items, _ := x.Row(u)
		dealt[u] = make([]int32, len(items))
		if err := meter.Did(16 * len(items)); err != nil {
			return nil, nil, err
		}
		next = rng.New(seed, 0x666f6c64, uint64(u)).Deal(dealt[u], k, next)
	}
	train = x.Select(func(u, k int) bool { return dealt[u][k] != int32(f) })
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	return train, x.Select(func(u, k int) bool { return dealt[u][k] == int32(f) }), nil
}
