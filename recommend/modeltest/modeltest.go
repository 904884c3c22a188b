package modeltest

import (
	"context"
	"io"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/recommend"
)

// A Case is a model under test: how it is fitted, and what is special about it.
// The zero value of every field but Fit is what most models want.
type Case struct {
	// Fit fits the model on x. It is called many times, at once too, with data of
	// all kinds, and must not change x. Nil or empty data are ErrEmpty; a weight below
	// 0, unless Ratings says otherwise, or above 1e30 as a float32 is ErrRange.
	Fit func(ctx context.Context, x *recommend.Interactions) (recommend.Model, error)

	// Read reads one frame of the model and stops at its end. The models of package
	// recommend have recommend.ReadModel. Nil: frames are decoded by UnmarshalBinary
	// of a new value of the model's type.
	Read func(r io.Reader) (recommend.Persistent, error)

	// Learns says that the model must find out from Groups what the user's group
	// likes. False: its lists may be anything.
	Learns bool

	// Everybody says that the model answers people of whom nothing is known, as
	// lists that are the same for all do. False: they are ErrEmpty.
	Everybody bool

	// Ratings says that weights are ratings, which may be negative, and that equal
	// ones, as those of Groups, tell nothing about groups.
	Ratings bool

	// Unscored says that items without a score are minus infinity, as those of a
	// Cascade or of a Func may be. False: every score is finite.
	Unscored bool

	// MayDiverge says that Fit may return ErrDiverged for data that determine too
	// little, as without a penalty.
	MayDiverge bool

	// NewItems says that the model knows items that nobody has taken, as by features,
	// texts or vectors, and that the Fit gives it such: those of item i are those of
	// group i mod 4. False: it has no reason to recommend them.
	NewItems bool

	// Skip names the checks that do not apply, each with the reason, which the
	// skipped subtest gives. A name of no check fails Run.
	Skip map[string]string
}

// A Check is one property that every model has.
type Check struct {
	Name string // of the subtest
	Says string // what the model must do
	run  func(t testing.TB, s *subject)
}

// Run makes the check of a model, whatever Case.Skip says, and reports to t.
func (k Check) Run(t testing.TB, c Case) {
	t.Helper()
	if k.run == nil {
		t.Fatal("modeltest: a Check that is none of Checks")
	}
	k.run(t, newSubject(t, c))
}

// Checks returns all checks, in the order of Run.
func Checks() []Check { return slices.Clone(checks) }

var checks = []Check{
	{"shape", "Users and Items are those of the matrix", checkShape},
	{"abilities", "it says what a score means, whether scores are sparse and whether it reads order", checkAbilities},
	{"order", "a history in another order gets the same scores, and other ones from a model that reads order", checkOrder},
	{"engine", "behind an Engine it gives the lists that it gives when asked directly, score for score", checkEngine},
	{"sparse", "a model of sparse scores leaves some item of some user at 0 or below", checkSparse},
	{"learns", "items of the user's group come first, if it learns", checkLearns},
	{"bad queries", "wrong lengths, items and weights are refused, with the sentinels of Model.Score", checkBadQueries},
	{"strangers", "people without evidence are ErrEmpty, or answered as everybody; known histories are answered", checkStrangers},
	{"allocations", "Score allocates nothing in steady state and keeps its hands off the query", checkAllocations},
	{"top", "lists are the full sort of the scores, for every filter and length", checkTop},
	{"ties", "equal scores of similar items and users come by ascending index", checkTies},
	{"round trip", "a decoded model is the model, and damaged bytes are refused", checkRoundTrip},
	{"similar", "similar items are in order, without the item itself, and of its group if it learns", checkSimilar},
	{"similar users", "the same of users", checkSimilarUsers},
	{"reasons", "reasons are in order and add up to the score", checkReasons},
	{"vectors", "a vector handed out ends where it ends, and there is none out of range", checkVectors},
	{"fold in", "a folded-in vector has the promised length and finite numbers", checkFoldIn},
	{"readers", "many readers at once get what one gets", checkReaders},
	{"same bytes", "at GOMAXPROCS 1, 2 and 8, and for rows given in another order, the model is the same", checkSameBytes},
	{"cancel", "a fit whose context has ended returns its cause", checkCancel},
	{"bad input", "no data is ErrEmpty, a negative weight ErrRange unless it is a rating; the matrix is not changed", checkBadInput},
	{"degenerate", "one user, one item, no weight and more neighbours than items are answered in full", checkDegenerate},
	{"magnitudes", "weights from 1e-42 to 1e30 give finite scores", checkMagnitudes},
	{"odd shapes", "empty rows, full rows, twins and single entries give finite scores", checkShapes},
	{"new items", "items that nobody has taken come by what is known of them, and else not before what the user's group takes", checkNewItems},
	{"unfitted", "a nil and a zero model of the type hold nothing: ErrEmpty, 0 or nothing, and no panic", checkUnfitted},
	{"hostile weights", "a history of any weights gives finite scores, reasons and vectors, or ErrRange", checkHostileWeights},
}

// Run runs all checks of a model as subtests of t.
func Run(t *testing.T, c Case) {
	t.Helper()
	s := newSubject(t, c)
	for _, k := range checks {
		t.Run(k.Name, func(t *testing.T) {
			if why, skip := c.Skip[k.Name]; skip {
				t.Skip(why)
			}
			k.guarded(t, s)
		})
	}
	for name := range c.Skip {
		if !slices.ContainsFunc(checks, func(k Check) bool { return k.Name == name }) {
			t.Errorf("Skip names %q, which is no check", name)
		}
	}
}

// guarded runs the check, and reports a panic of the model as its failure, so that
// the other checks still have their say.
func (k Check) guarded(t testing.TB, s *subject) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("the model panics: %v\n%s", p, debug.Stack())
		}
	}()
	k.run(t, s)
}

// Groups returns a matrix of weights 1 in which users of group u mod 4 take n items
// of group i mod 4, with a little noise; the last user takes nothing, and nobody
// takes the last item. n is at most items/4. Equal seeds give equal matrices. Counts below
// 0 are 0; it panics, as make does, for more users or items than there may be.
func Groups(users, items, n int, seed uint64) *recommend.Interactions {
	users, items = max(users, 0), max(items, 0)
	x, err := recommend.InteractionsFromRows(items, groupRows(users, items, n, seed))
	if err != nil {
		panic(err) // more than there may be: the rows are ours
	}
	return x
}

// groupRows returns the rows of Groups, in the order drawn.
func groupRows(users, items, n int, seed uint64) [][]int32 {
	rows := make([][]int32, users)
	for u := range max(users-1, 0) {
		r := rng.New(seed, 1, uint64(u))
		for len(rows[u]) < min(n, items-1) {
			i := int32(r.Intn(items - 1))
			if r.Bool(0.95) {
				i = i/4*4 + int32(u%4)
			}
			if int(i) < items-1 && !slices.Contains(rows[u], i) {
				rows[u] = append(rows[u], i)
			}
		}
	}
	return rows
}

// subject is a case with the data that most checks fit on and the model fitted, made
// when first asked for.
type subject struct {
	Case
	x    *recommend.Interactions // 60×48
	once sync.Once
	m    recommend.Model
	err  error
}

func newSubject(t testing.TB, c Case) *subject {
	t.Helper()
	if c.Fit == nil {
		t.Fatal("modeltest: Case.Fit is nil")
	}
	return &subject{Case: c, x: Groups(60, 48, 8, 3)}
}

// model returns the model fitted on s.x.
func (s *subject) model(t testing.TB) recommend.Model {
	t.Helper()
	s.once.Do(func() { s.m, s.err = s.Fit(context.Background(), s.x) })
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.m
}

// known yields the queries of all users with entries.
func known(x *recommend.Interactions) func(yield func(u int, q recommend.Query) bool) {
	return func(yield func(u int, q recommend.Query) bool) {
		for u := range x.Users() {
			if q := x.Query(u); len(q.Items) > 0 && !yield(u, q) {
				return
			}
		}
	}
}

// scores returns what m says to q.
func scores(t testing.TB, m recommend.Model, q recommend.Query) []float32 {
	t.Helper()
	dst := make([]float32, m.Items())
	if err := m.Score(dst, q); err != nil {
		t.Fatal(err)
	}
	return dst
}

func infinite(v float32) bool { return v-v != 0 }

// wrong reports whether v is no score of the case.
func (s *subject) wrong(v float32) bool {
	return infinite(v) && !(s.Unscored && v < 0)
}

// marshal returns the bytes of m, nil where it has no binary form.
func marshal(t testing.TB, m recommend.Model) []byte {
	t.Helper()
	p, ok := m.(recommend.Persistent)
	if !ok {
		return nil
	}
	data, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// read decodes a frame as Case.Read says.
func (s *subject) read(m recommend.Model, frame string) (recommend.Persistent, error) {
	if s.Read != nil {
		return s.Read(strings.NewReader(frame))
	}
	back := reflect.New(reflect.TypeOf(m).Elem()).Interface().(recommend.Persistent)
	return back, back.UnmarshalBinary([]byte(frame))
}
