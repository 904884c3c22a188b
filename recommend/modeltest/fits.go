package modeltest

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/recommend"
)

func (s *subject) fit(x *recommend.Interactions) (recommend.Model, error) {
	return s.Fit(context.Background(), x)
}

// fingerprint is a number for all that m says about the people of x, and for its
// bytes.
func fingerprint(t testing.TB, m recommend.Model, x *recommend.Interactions) uint64 {
	t.Helper()
	h := fnv.New64a()
	h.Write(marshal(t, m))
	for _, q := range known(x) {
		for _, user := range []int32{q.User, recommend.Stranger} {
			q.User = user
			for _, v := range scores(t, m, q) {
				fmt.Fprintln(h, math.Float32bits(v))
			}
		}
	}
	return h.Sum64()
}

// checkSameBytes fits three times; bytes and scores are compared, so that a model
// without a binary form is checked as well.
func checkSameBytes(t testing.TB, s *subject) {
	old := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(old)
	var want uint64
	for k, n := range []int{1, 2, 8} {
		runtime.GOMAXPROCS(n)
		rows := groupRows(60, 48, 8, 3)
		for u := range rows {
			row := rows[u]
			rng.New(9, uint64(k), uint64(u)).Shuffle(len(row), func(i, j int) { row[i], row[j] = row[j], row[i] })
		}
		x, err := recommend.InteractionsFromRows(48, rows)
		if err != nil {
			t.Fatal(err)
		}
		m, err := s.fit(x)
		if err != nil {
			t.Fatal(err)
		}
		if got := fingerprint(t, m, x); k == 0 {
			want = got
		} else if got != want {
			t.Fatalf("GOMAXPROCS %d gives another model than 1", n)
		}
	}
}

func checkCancel(t testing.TB, s *subject) {
	stop := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(stop)
	if _, err := s.Fit(ctx, s.x); !errors.Is(err, stop) {
		t.Errorf("cancelled: %v, want the cause of the context", err)
	}
}

// matrix makes a matrix of data that are known to be good.
func matrix(t testing.TB, users, items int, ptr []int64, cols []int32, weights []float32) *recommend.Interactions {
	t.Helper()
	x, err := recommend.NewInteractions(users, items, ptr, cols, weights)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func fromRows(t testing.TB, items int, rows ...[]int32) *recommend.Interactions {
	t.Helper()
	x, err := recommend.InteractionsFromRows(items, rows)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// checkBadInput fits on what holds nothing, on a negative weight, and on a matrix that
// it must leave alone.
func checkBadInput(t testing.TB, s *subject) {
	for name, x := range map[string]*recommend.Interactions{"nil": nil, "no entries": fromRows(t, 4, nil, nil, nil), "no rows": fromRows(t, 0)} {
		if _, err := s.fit(x); !errors.Is(err, recommend.ErrEmpty) {
			t.Errorf("%s: %v, want ErrEmpty", name, err)
		}
	}
	if _, err := s.fit(matrix(t, 2, 2, []int64{0, 1, 2}, []int32{0, 1}, []float32{1, -1})); !errors.Is(err, recommend.ErrRange) && (err != nil || !s.Ratings) {
		t.Errorf("negative weight: %v, want ErrRange (see Case.Ratings)", err)
	}
	x, y := Groups(20, 16, 4, 3), Groups(20, 16, 4, 3)
	if _, err := s.fit(x); err != nil {
		t.Fatal(err)
	}
	for u := range x.Users() {
		a, v := x.Row(u)
		b, w := y.Row(u)
		if !slices.Equal(a, b) || !slices.Equal(v, w) {
			t.Fatalf("the fit changed row %d of its matrix", u)
		}
	}
}

// checkDegenerate: one user, one item, zero weights, everything equal; all with more
// factors and neighbours than items.
func checkDegenerate(t testing.TB, s *subject) {
	ptr, cols := []int64{0, 2, 4}, []int32{0, 1, 1, 2}
	for name, x := range map[string]*recommend.Interactions{
		"one":      fromRows(t, 1, []int32{0}),
		"one user": fromRows(t, 5, []int32{0, 2, 3}),
		"one item": fromRows(t, 1, []int32{0}, []int32{0}, nil, []int32{0}),
		"full":     fromRows(t, 3, []int32{0, 1, 2}, []int32{0, 1, 2}),
		"zeros":    matrix(t, 2, 3, ptr, cols, []float32{0, 0, 0, 0}),
		"huge":     matrix(t, 2, 3, ptr, cols, []float32{1e6, 1, 1e-6, 1e6}),
	} {
		m, err := s.fit(x)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		top, err := recommend.NewRanker(m).AppendTop(nil, x.Query(0), 10, recommend.Filter{})
		if err != nil && !errors.Is(err, recommend.ErrEmpty) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && len(top) != x.Items() {
			t.Errorf("%s: %d results, want all %d", name, len(top), x.Items())
		}
	}
}

// reweighed returns x with other weights. Draws are those of one stream, entry after
// entry.
func reweighed(t testing.TB, x *recommend.Interactions, weight func(u int, i int32, r *rng.Stream) float32) *recommend.Interactions {
	t.Helper()
	r := rng.New(9, 0, 0)
	ptr := make([]int64, x.Users()+1)
	var cols []int32
	var weights []float32
	for u := range x.Users() {
		items, _ := x.Row(u)
		for _, i := range items {
			cols, weights = append(cols, i), append(weights, weight(u, i, r))
		}
		ptr[u+1] = int64(len(cols))
	}
	return matrix(t, x.Users(), x.Items(), ptr, cols, weights)
}

// checkMagnitudes: weights of any magnitude up to 1e30 give finite scores and a model
// that can be read back, or a fit that says it diverged; no fit goes on for ever.
func checkMagnitudes(t testing.TB, s *subject) {
	few := []float32{1e-42, 1e-30, 1, 1e6, 1e30}
	scales := append([]float32{1e-12, 1e-6, 1e12}, few...)
	cases := map[string]func(u int, i int32, r *rng.Stream) float32{
		"mixed":       func(_ int, _ int32, r *rng.Stream) float32 { return few[r.Intn(len(few))] },
		"item scales": func(_ int, i int32, _ *rng.Stream) float32 { return few[int(i)%len(few)] },
		"user scales": func(u int, _ int32, _ *rng.Stream) float32 { return few[u%len(few)] },
		"one huge": func(u int, i int32, _ *rng.Stream) float32 {
			if u == 3 && i == 3 {
				return 1e30
			}
			return 1
		},
		"counts":    func(_ int, _ int32, r *rng.Stream) float32 { return float32(math.Floor(math.Exp(14 * r.Float64()))) },
		"some zero": func(_ int, _ int32, r *rng.Stream) float32 { return float32(r.Intn(2)) },
	}
	for _, width := range []float64{6, 12} { // of what users, items and entries weigh
		power := func(key int) float32 { return float32(math.Pow(10, width*float64(key%11-5)/5)) }
		cases[fmt.Sprintf("users by 1e±%v", width)] = func(u int, _ int32, _ *rng.Stream) float32 { return power(u) }
		cases[fmt.Sprintf("items by 1e±%v", width)] = func(_ int, i int32, _ *rng.Stream) float32 { return power(int(i)) }
		cases[fmt.Sprintf("entries by 1e±%v", width)] = func(_ int, _ int32, r *rng.Stream) float32 { return power(r.Intn(11)) }
	}
	for _, scale := range scales {
		cases[fmt.Sprintf("%g", scale)] = func(int, int32, *rng.Stream) float32 { return scale }
		cases[fmt.Sprintf("graded %g", scale)] = func(u int, i int32, _ *rng.Stream) float32 {
			return scale * (1 - 0.2*float32((7*u+3*int(i))%5))
		}
	}
	plain, err := s.fit(s.x)
	if err != nil {
		t.Fatal(err)
	}
	adds := s.sums(s.x, plain) == "" // else the check of reasons says so
	for name, weight := range cases {
		x := reweighed(t, s.x, weight)
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		m, err := s.Fit(ctx, x)
		cancel()
		if err != nil {
			if !errors.Is(err, recommend.ErrDiverged) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		s.finite(t, name, x, m)
		if said := s.sums(x, m); said != "" && adds && !strings.Contains(name, "1e-42") { // of which float32 holds three digits
			t.Errorf("%s: %s", name, said)
		}
	}
	over := reweighed(t, s.x, func(int, int32, *rng.Stream) float32 { return math.MaxFloat32 })
	if _, err := s.fit(over); err == nil {
		if !s.Ratings {
			t.Error("accepted weights whose sums overflow")
		}
	} else if !errors.Is(err, recommend.ErrRange) && !errors.Is(err, recommend.ErrDiverged) {
		t.Errorf("weights whose sums overflow: %v", err)
	}
}

// finite checks that m scores the people of x, as themselves and as strangers, that
// all it says is finite, and that its frame can be read.
func (s *subject) finite(t testing.TB, name string, x *recommend.Interactions, m recommend.Model) {
	t.Helper()
	dst := make([]float32, x.Items())
	for u := range x.Users() {
		for _, user := range []int32{int32(u), recommend.Stranger} {
			q := x.Query(u)
			q.User = user
			err := m.Score(dst, q)
			if err != nil && !errors.Is(err, recommend.ErrEmpty) && !errors.Is(err, recommend.ErrDiverged) {
				t.Errorf("%s: user %d asked as %d: %v", name, u, user, err)
				return
			}
			if err == nil && slices.ContainsFunc(dst, s.wrong) {
				t.Errorf("%s: user %d asked as %d: scores %v", name, u, user, dst)
				return
			}
		}
	}
	if a, ok := m.(recommend.Similar); ok {
		for i := range int32(x.Items()) {
			near, err := a.AppendSimilar(nil, i, math.MaxInt)
			if err != nil || slices.ContainsFunc(near, func(o recommend.Scored) bool { return infinite(o.Score) }) {
				t.Errorf("%s: like item %d: %v, %v", name, i, near, err)
				return
			}
		}
	}
	if data := marshal(t, m); data != nil {
		if _, err := s.read(m, string(data)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// sums says for whom reasons do not add up to scores, whatever the weights, as far as float32
// holds what is added up; "" for nobody.
func (s *subject) sums(x *recommend.Interactions, m recommend.Model) string {
	e, ok := m.(recommend.Explainer)
	if !ok || s.Skip["reasons"] != "" {
		return ""
	}
	dst := make([]float32, x.Items())
	for u := range x.Users() {
		q := x.Query(u)
		if m.Score(dst, q) != nil {
			continue
		}
		for _, i := range []int32{0, 7, int32(x.Items() - 1)} {
			all, err := e.AppendReasons(nil, q, i, len(q.Items))
			if errors.Is(err, recommend.ErrDiverged) || errors.Is(err, recommend.ErrEmpty) {
				continue
			}
			if err != nil {
				return fmt.Sprintf("reasons of user %d for item %d: %v", u, i, err)
			}
			sum, size := 0.0, 0.0
			for _, r := range all {
				sum += float64(r.Contribution)
				size += math.Abs(float64(r.Contribution))
			}
			if d := math.Abs(sum - float64(dst[i])); d > 1e-3*max(size, math.Abs(float64(dst[i]))) && d > 1e-30 {
				return fmt.Sprintf("user %d item %d: reasons add up to %v of %v, score is %v", u, i, sum, size, dst[i])
			}
		}
	}
	return ""
}

// checkShapes: every other row empty, a customer with everything, a stock of bots, an
// index of many ids for few events; each with weights of 1, of 0, and of both.
func checkShapes(t testing.TB, s *subject) {
	const items = 24
	all := make([]int32, items)
	for i := range all {
		all[i] = int32(i)
	}
	base := Groups(24, 17, 4, 3)
	interleaved, diagonal, twins, sparse := make([][]int32, 49), make([][]int32, items), make([][]int32, 30), make([][]int32, 40)
	for u := range base.Users() {
		row, _ := base.Row(u)
		for _, i := range row {
			interleaved[2*u+1] = append(interleaved[2*u+1], 2*i+1)
		}
	}
	for u := range diagonal {
		diagonal[u] = []int32{int32(u)}
	}
	for u := range twins {
		twins[u] = []int32{3, 5, 9, 11}
	}
	sparse[7] = []int32{4}
	for name, x := range map[string]*recommend.Interactions{
		"interleaved":            fromRows(t, 35, interleaved...),
		"everything":             fromRows(t, items, all),
		"full":                   fromRows(t, items, all, all, all, all, all),
		"twins":                  fromRows(t, items, twins...),
		"diagonal":               fromRows(t, items, diagonal...),
		"one entry":              fromRows(t, items, sparse...),
		"everything and nothing": fromRows(t, items, nil, all, nil, []int32{2}),
	} {
		zeros := reweighed(t, x, func(int, int32, *rng.Stream) float32 { return 0 })
		some := reweighed(t, x, func(u int, _ int32, _ *rng.Stream) float32 { return float32(u % 2) })
		for label, x := range map[string]*recommend.Interactions{name: x, name + " of zeros": zeros, name + " of some zeros": some} {
			m, err := s.fit(x)
			if errors.Is(err, recommend.ErrDiverged) && s.MayDiverge {
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", label, err)
				continue
			}
			s.finite(t, label, x, m)
		}
	}
}
