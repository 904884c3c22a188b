package modeltest_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/modeltest"
)

// recorder is a testing.TB that keeps whether it was told of a failure.
type recorder struct {
	testing.TB
	failed atomic.Bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Error(...any)          { r.failed.Store(true) }
func (r *recorder) Errorf(string, ...any) { r.failed.Store(true) }
func (r *recorder) Fatal(...any)          { r.failed.Store(true); runtime.Goexit() }
func (r *recorder) Fatalf(string, ...any) { r.failed.Store(true); runtime.Goexit() }

// reports runs a check and returns whether it reports something.
func reports(k modeltest.Check, c modeltest.Case) bool {
	var r recorder
	done := make(chan struct{})
	go func() { // Fatal ends the goroutine
		defer close(done)
		k.Run(&r, c)
	}()
	<-done
	return r.failed.Load()
}

// failing returns the names of the checks that report something.
func failing(c modeltest.Case) (names []string) {
	for _, k := range modeltest.Checks() {
		if reports(k, c) {
			names = append(names, k.Name)
		}
	}
	return names
}

type fit = func(ctx context.Context, x *recommend.Interactions) (recommend.Model, error)

// planted makes the Fit of shelves with a fault.
func planted[M recommend.Model](fault func(shelf) M) fit {
	return func(ctx context.Context, x *recommend.Interactions) (recommend.Model, error) {
		m, err := fitShelf(ctx, x)
		if err != nil {
			return nil, err
		}
		return fault(*m), nil
	}
}

type (
	wide      struct{ shelf }
	mute      struct{ shelf }
	forgetful struct{ shelf }
	eager     struct{ shelf }
	lax       struct{ shelf }
	polite    struct{ shelf }
	wasteful  struct{ shelf }
	fickle    struct{ shelf }
	backwards struct{ shelf }
	hasty     struct{ shelf }
	vain      struct{ shelf }
	trusting  struct{ shelf }
	half      struct{ shelf }
	sloppy    struct{ shelf }
	clamping  struct{ shelf }
	proud     struct{ shelf }
	empty     struct{ shelf }
	pompous   struct{ shelf }

	// sticky knows a history by where it lies in memory, which others use again.
	sticky struct {
		shelf
		mu   sync.Mutex
		said map[place][]float32
	}
	place struct {
		items   *int32
		weights *float32
		n       int
	}

	crowded struct {
		shelf
		inside atomic.Int32
	}
	// dull has no reasons: two methods of one depth hide each other.
	dull struct {
		shelf
		hidden //lint:ignore U1000 hides by being there
	}
	hidden struct{} //lint:ignore U1000 its method hides another
)

func (hidden) AppendReasons() {} //lint:ignore U1000 see dull

func (m *wide) Users() int {
	if m = held(m); m.items == 0 {
		return 0
	}
	return m.users + 1
}

func (m *mute) Meaning() string { return "" }

func latest(q recommend.Query) recommend.Query {
	half := len(q.Items) / 2
	q.Items = q.Items[half:]
	if q.Weights != nil {
		q.Weights = q.Weights[half:]
	}
	return q
}

func (m *forgetful) Score(dst []float32, q recommend.Query) error {
	m = held(m)
	if err := m.check(q.Items, q.Weights); err != nil {
		return err
	}
	return m.shelf.Score(dst, latest(q))
}

func (m *forgetful) AppendReasons(dst []recommend.Reason, q recommend.Query, item int32, k int) ([]recommend.Reason, error) {
	m = held(m)
	if err := m.check(q.Items, q.Weights); err != nil {
		return dst, err
	}
	return m.shelf.AppendReasons(dst, latest(q), item, k)
}

func (m *pompous) ReadsOrder() bool { return true }

func (m *sticky) Score(dst []float32, q recommend.Query) error {
	m = held(m)
	if err := m.shelf.Score(dst, q); err != nil {
		return err
	}
	at := place{&q.Items[0], nil, len(q.Items)}
	if len(q.Weights) > 0 {
		at.weights = &q.Weights[0]
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.said == nil { // decoded
		m.said = map[place][]float32{}
	}
	if old, ok := m.said[at]; ok {
		copy(dst, old)
	} else {
		m.said[at] = slices.Clone(dst)
	}
	return nil
}

func (m *eager) Score(dst []float32, q recommend.Query) error {
	m = held(m)
	err := m.shelf.Score(dst, q)
	for i := range dst {
		dst[i] += 1e-4
	}
	return err
}

func (m *dull) Score(dst []float32, q recommend.Query) error {
	m = held(m)
	err := m.shelf.Score(dst, q)
	for i := 0; i+1 < len(dst); i += 2 { // the next item is of another group
		dst[i], dst[i+1] = dst[i+1], dst[i]
	}
	return err
}

func (m *lax) Score(dst []float32, q recommend.Query) error {
	m = held(m)
	if err := m.shelf.Score(dst, q); !errors.Is(err, recommend.ErrRange) || errors.Is(err, recommend.ErrNotFinite) || q.Weights != nil {
		return err
	}
	return recommend.ErrUnknownID // no sentinel of Score
}

func (m *polite) Score(dst []float32, q recommend.Query) error {
	m = held(m)
	err := m.shelf.Score(dst, q)
	if errors.Is(err, recommend.ErrEmpty) && m.items > 0 {
		clear(dst)
		return nil
	}
	return err
}

var garbage atomic.Pointer[[]float32]

func (m *wasteful) Score(dst []float32, q recommend.Query) error {
	m = held(m)
	left := make([]float32, len(dst))
	garbage.Store(&left)
	return m.shelf.Score(dst, q)
}

func (m *fickle) Score(dst []float32, q recommend.Query) error {
	m = held(m)
	err := m.shelf.Score(dst, q)
	for i := range dst {
		if !q.Eligible(int32(i)) {
			dst[0]++
		}
	}
	return err
}

func (m *backwards) AppendSimilar(dst []recommend.Scored, item int32, k int) ([]recommend.Scored, error) {
	m = held(m)
	if _, err := m.shelf.AppendSimilar(nil, item, k); err != nil {
		return dst, err
	}
	all := m.similar(item, func(a, b int32) int { return cmp.Compare(b, a) })
	all = slices.DeleteFunc(all, func(o recommend.Scored) bool { return o.Item == item })
	return append(dst, all[:min(max(k, 0), len(all))]...), nil
}

func (m *hasty) UnmarshalBinary(data []byte) error {
	if m == nil {
		return recommend.ErrEmpty
	}
	m.shelf = shelf{}
	return m.shelf.UnmarshalBinary(data)
}

func (m *vain) AppendSimilar(dst []recommend.Scored, item int32, k int) ([]recommend.Scored, error) {
	m = held(m)
	if _, err := m.shelf.AppendSimilar(nil, item, k); err != nil {
		return dst, err
	}
	all := m.similar(item, cmp.Compare[int32])
	return append(dst, all[:min(max(k, 0), len(all))]...), nil
}

func (m *trusting) AppendSimilarUsers(dst []recommend.UserScore, user int32, k int) ([]recommend.UserScore, error) {
	m = held(m)
	if m.items > 0 && (user < 0 || int(user) >= m.users) {
		return dst, nil
	}
	return m.shelf.AppendSimilarUsers(dst, user, k)
}

func (m *half) AppendReasons(dst []recommend.Reason, q recommend.Query, item int32, k int) ([]recommend.Reason, error) {
	m = held(m)
	from := len(dst)
	dst, err := m.shelf.AppendReasons(dst, q, item, k)
	for n := range dst[from:] {
		dst[from+n].Contribution /= 2
	}
	return dst, err
}

// spilling hands out vectors that go on into the next ones.
type spilling struct {
	shelf
	rows []float32
}

func (m *spilling) ItemVector(i int) []float32 {
	if i < 0 || i >= m.items {
		return nil
	}
	return m.rows[2*i : 2*i+2]
}

func (m *sloppy) FoldIn(dst []float32, items []int32, weights []float32) error {
	m = held(m)
	return m.shelf.FoldIn(dst[:m.items], items, weights)
}

// crowded gives other scores to readers who meet.
func (m *crowded) Score(dst []float32, q recommend.Query) error {
	m = held(m)
	m.inside.Add(1)
	defer m.inside.Add(-1)
	runtime.Gosched()
	err := m.shelf.Score(dst, q)
	if m.inside.Load() > 1 {
		dst[0]++
	}
	return err
}

func (m *clamping) Score(dst []float32, q recommend.Query) error {
	m = held(m)
	if slices.ContainsFunc(q.Weights, func(w float32) bool { return w-w == 0 && math.Abs(float64(w)) > 1.01e30 }) {
		q.Weights = nil
	}
	return m.shelf.Score(dst, q)
}

// proud is itself and nothing else: nil is nobody it knows of.
func (m *proud) Users() int { return m.users }

// empty has an answer when it holds nothing.
func (m *empty) Score(dst []float32, q recommend.Query) error {
	if held(m).items == 0 {
		clear(dst)
		return nil
	}
	return m.shelf.Score(dst, q)
}

// like makes each item that nobody took as much like those it is related to as items can be.
func (m shelf) like(related func(i, j int) bool) *shelf {
	for i := range m.items {
		for j := range m.items {
			if i != j && related(i, j) && (m.cosine[i*m.items+i] == 0 || m.cosine[j*m.items+j] == 0) {
				m.cosine[i*m.items+j] = 1
			}
		}
	}
	return &m
}

// readAll reads more than one frame.
func readAll(r io.Reader) (recommend.Persistent, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	m := &shelf{}
	return m, m.UnmarshalBinary([]byte(strings.TrimSuffix(string(data), "rest")))
}

// faults are models with one fault each, by the check that must find it.
var faults = []struct {
	check string
	fault string
	modeltest.Case
}{
	{"shape", "counts one user too many", modeltest.Case{Fit: planted(func(m shelf) *wide { return &wide{m} })}},
	{"abilities", "means nothing", modeltest.Case{Fit: planted(func(m shelf) *mute { return &mute{m} })}},
	{"order", "reads the latest half alone", modeltest.Case{Fit: planted(func(m shelf) *forgetful { return &forgetful{m} })}},
	{"order", "says that it reads order, and does not", modeltest.Case{Fit: planted(func(m shelf) *pompous { return &pompous{m} })}},
	{"engine", "knows histories by their place in memory", modeltest.Case{Fit: planted(func(m shelf) *sticky { return &sticky{shelf: m} })}},
	{"sparse", "has a good word for everything", modeltest.Case{Fit: planted(func(m shelf) *eager { return &eager{m} })}},
	{"learns", "confuses neighbours on the shelf", modeltest.Case{Learns: true, Fit: planted(func(m shelf) *dull { return &dull{shelf: m} })}},
	{"bad queries", "another sentinel", modeltest.Case{Fit: planted(func(m shelf) *lax { return &lax{m} })}},
	{"strangers", "answers those it knows nothing of", modeltest.Case{Fit: planted(func(m shelf) *polite { return &polite{m} })}},
	{"strangers", "promises to answer everybody", modeltest.Case{Everybody: true, Fit: planted(func(m shelf) *shelf { return &m })}},
	{"allocations", "leaves garbage", modeltest.Case{Fit: planted(func(m shelf) *wasteful { return &wasteful{m} })}},
	{"top", "scores by what may be shown", modeltest.Case{Fit: planted(func(m shelf) *fickle { return &fickle{m} })}},
	{"ties", "names the last of equals first", modeltest.Case{Fit: planted(func(m shelf) *backwards { return &backwards{m} })}},
	{"round trip", "a failed decode leaves nothing", modeltest.Case{Fit: planted(func(m shelf) *hasty { return &hasty{m} })}},
	{"round trip", "reads on behind the frame", modeltest.Case{Fit: planted(func(m shelf) *shelf { return &m }), Read: readAll}},
	{"similar", "is most like itself", modeltest.Case{Fit: planted(func(m shelf) *vain { return &vain{m} })}},
	{"similar users", "knows users who are none", modeltest.Case{Fit: planted(func(m shelf) *trusting { return &trusting{m} })}},
	{"reasons", "tells half of it", modeltest.Case{Fit: planted(func(m shelf) *half { return &half{m} })}},
	{"vectors", "leaves room behind a vector", modeltest.Case{Fit: planted(func(m shelf) *spilling { return &spilling{m, make([]float32, 2*m.items)} })}},
	{"fold in", "takes a vector of any length", modeltest.Case{Fit: planted(func(m shelf) *sloppy { return &sloppy{m} })}},
	{"readers", "shares what readers write", modeltest.Case{Fit: planted(func(m shelf) *crowded { return &crowded{shelf: m} })}},
	{"same bytes", "counts processors", modeltest.Case{Fit: planted(func(m shelf) *shelf {
		m.cosine[len(m.cosine)-1] = float64(runtime.GOMAXPROCS(0)) // of the item that nobody took
		return &m
	})}},
	{"cancel", "does not listen", modeltest.Case{Fit: func(ctx context.Context, x *recommend.Interactions) (recommend.Model, error) {
		return fitShelf(context.WithoutCancel(ctx), x)
	}}},
	{"bad input", "takes no data for a wrong shape", modeltest.Case{Fit: func(ctx context.Context, x *recommend.Interactions) (recommend.Model, error) {
		if x == nil {
			return nil, recommend.ErrShape
		}
		return fitShelf(ctx, x)
	}}},
	{"degenerate", "wants two items", modeltest.Case{Fit: func(ctx context.Context, x *recommend.Interactions) (recommend.Model, error) {
		if x != nil && x.Items() == 1 {
			return nil, recommend.ErrShape
		}
		return fitShelf(ctx, x)
	}}},
	{"magnitudes", "sums of squares overflow", modeltest.Case{Fit: func(ctx context.Context, x *recommend.Interactions) (recommend.Model, error) {
		m, err := fitShelf(ctx, x)
		if err != nil {
			return nil, err
		}
		for u := range x.Users() {
			items, weights := x.Row(u)
			for k, w := range weights {
				if w*w-w*w != 0 {
					m.cosine[int(items[k])*m.items] = math.NaN()
				}
			}
		}
		return m, nil
	}}},
	{"odd shapes", "the first row must not be empty", modeltest.Case{Fit: func(ctx context.Context, x *recommend.Interactions) (recommend.Model, error) {
		if x != nil && x.Len() > 0 {
			if items, _ := x.Row(0); len(items) == 0 {
				return nil, recommend.ErrShape
			}
		}
		return fitShelf(ctx, x)
	}}},
	{"new items", "takes features upside down", modeltest.Case{NewItems: true, Fit: planted(func(m shelf) *shelf { return m.like(func(i, j int) bool { return i%4 != j%4 }) })}},
	{"new items", "puts what nobody took on top", modeltest.Case{Fit: planted(func(m shelf) *shelf { return m.like(func(int, int) bool { return true }) })}},
	{"unfitted", "panics for nil", modeltest.Case{Fit: planted(func(m shelf) *proud { return &proud{m} })}},
	{"unfitted", "scores without a fit", modeltest.Case{Fit: planted(func(m shelf) *empty { return &empty{m} })}},
	{"hostile weights", "makes do with weights beyond the range", modeltest.Case{Fit: planted(func(m shelf) *clamping { return &clamping{m} })}},
}

// Each check finds the fault planted for it, and no other check minds.
func TestPlantedFaults(t *testing.T) {
	found := map[string]bool{}
	for _, f := range faults {
		t.Run(f.check+"/"+f.fault, func(t *testing.T) {
			if f.check == "allocations" && testkit.Race {
				t.Skip("counts of allocations mean nothing under the race detector")
			}
			if got := failing(f.Case); !slices.Equal(got, []string{f.check}) {
				t.Errorf("the checks that report are %q, want %q alone", got, f.check)
			}
		})
		found[f.check] = true
	}
	for _, k := range modeltest.Checks() {
		if !found[k.Name] {
			t.Errorf("no fault is planted for check %q: %s", k.Name, k.Says)
		}
	}
}

// A model of somebody else passes: learning, with every ability, and one that is the
// same for all.
func TestConformanceOfStrangers(t *testing.T) {
	modeltest.Run(t, modeltest.Case{Learns: true, Fit: planted(func(m shelf) *shelf { return &m })})
	t.Run("with features", func(t *testing.T) {
		modeltest.Run(t, modeltest.Case{Learns: true, NewItems: true, Fit: planted(func(m shelf) *shelf {
			return m.like(func(i, j int) bool { return i%4 == j%4 })
		})})
	})
	t.Run("popular", func(t *testing.T) {
		modeltest.Run(t, modeltest.Case{Everybody: true, Fit: func(ctx context.Context, x *recommend.Interactions) (recommend.Model, error) {
			m, err := recommend.FitPopular(ctx, x, recommend.PopularOptions{})
			if err != nil {
				return nil, err
			}
			return recommend.NewFunc(m.Users(), m.Items(), m.Score)
		}, Skip: map[string]string{"order": "a function may read order, and this one does not"}})
	})
}

func TestSkip(t *testing.T) {
	modeltest.Run(t, modeltest.Case{
		Fit:  planted(func(m shelf) *wide { return &wide{m} }),
		Skip: map[string]string{"shape": "counts one user too many"},
	})
}

// The case of the examples.
func TestRareConformance(t *testing.T) { modeltest.Run(t, rare) }
