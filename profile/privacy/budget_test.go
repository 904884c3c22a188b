package privacy_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"sync"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/privacy"
)

func laplace(t testing.TB, sensitivity int64, epsilon float64) *privacy.Noise {
	t.Helper()
	n, err := privacy.NewLaplace(sensitivity, epsilon)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func gaussian(t testing.TB, squared int64, rho float64) *privacy.Noise {
	t.Helper()
	n, err := privacy.NewGaussian(squared, rho)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func open(t testing.TB, opt privacy.BudgetOptions) *privacy.Budget {
	t.Helper()
	l, err := privacy.NewBudget(opt)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Ten releases of a tenth are the budget, the eleventh is refused, and so is the smallest.
func TestBudgetEnds(t *testing.T) {
	l := open(t, privacy.BudgetOptions{Epsilon: 1})
	for range 10 {
		if _, err := l.Release("q", laplace(t, 1, .1), nil, []int64{1}); err != nil {
			t.Fatal(err)
		}
	}
	before, _ := l.MarshalBinary()
	for _, e := range []float64{.1, 1e-12, 1000} {
		if out, err := l.Release("q", laplace(t, 1, e), nil, []int64{1}); !errors.Is(err, privacy.ErrBudget) || out != nil {
			t.Errorf("ε %v: %v %v, want ErrBudget", e, out, err)
		}
	}
	if after, _ := l.MarshalBinary(); !bytes.Equal(before, after) {
		t.Error("a refused release has changed the budget")
	}
	if s, err := l.Spent(1e-6); s != 1 || err != nil || l.Remaining() != (privacy.Cost{}) || len(l.Entries()) != 10 {
		t.Errorf("spent %v, %v, %v left", s, err, l.Remaining())
	}
}

// A source that fails in the middle of a release leaves the budget whole.
func TestBudgetSourceFails(t *testing.T) {
	l := open(t, privacy.BudgetOptions{Rho: 1})
	broken := errors.New("no entropy")
	for _, src := range []io.Reader{bytes.NewReader(nil), io.LimitReader(seeded(3), 130), io.MultiReader(io.LimitReader(seeded(3), 128), failing{broken})} {
		if out, err := l.Release("q", gaussian(t, 900, .1), src, make([]int64, 1000)); err == nil || out != nil {
			t.Errorf("%v, %v", out, err)
		}
	}
	if _, err := laplace(t, 1, 1).Draw(failing{broken}); !errors.Is(err, broken) {
		t.Errorf("Draw hides why: %v", err)
	}
	if l.Remaining().Rho != 1 || len(l.Entries()) != 0 {
		t.Errorf("%v left, %v", l.Remaining(), l.Entries())
	}
}

// A source that is stuck, on whatever byte, or that gives nothing and no error, is an error: no
// noise that everybody knows, no endless loop.
func TestStuckSource(t *testing.T) {
	for name, n := range laws(t) {
		for b := range 256 {
			if k, err := n.Draw(stuck(b)); k != 0 || !errors.Is(err, privacy.ErrRange) {
				t.Fatalf("%s, bytes %x: %v, %v", name, b, k, err)
			}
		}
		if k, err := n.Draw(failing{}); k != 0 || !errors.Is(err, io.ErrNoProgress) {
			t.Errorf("%s, no bytes: %v, %v", name, k, err)
		}
	}
	l := open(t, privacy.BudgetOptions{Epsilon: 1})
	if out, err := l.Release("q", laplace(t, 1, .5), stuck(0xff), []int64{3}); out != nil || !errors.Is(err, privacy.ErrRange) || l.Remaining().Epsilon != 1 {
		t.Errorf("%v, %v, %v left", out, err, l.Remaining())
	}
}

// Short reads, of single bytes or with the end of the source, are joined: the draws are the same.
func TestShortReads(t *testing.T) {
	const draws = 40
	data := make([]byte, 128*draws*8)
	if _, err := io.ReadFull(seeded(9), data); err != nil {
		t.Fatal(err)
	}
	for name, n := range laws(t) {
		whole := bytes.NewReader(data)
		for rename, src := range map[string]io.Reader{"byte by byte": iotest.OneByteReader(bytes.NewReader(data)), "halves": iotest.HalfReader(bytes.NewReader(data)), "end with the last": iotest.DataErrReader(bytes.NewReader(data))} {
			whole.Reset(data)
			for i := range draws {
				want, err := n.Draw(whole)
				got, shortErr := n.Draw(src)
				if got != want || err != nil || shortErr != nil {
					t.Fatalf("%s, %s, draw %d: %d, %v, want %d, %v", name, rename, i, got, shortErr, want, err)
				}
			}
		}
		if _, err := n.Draw(bytes.NewReader(data[:127])); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s, 127 bytes: %v", name, err)
		}
		if _, err := n.Draw(iotest.DataErrReader(bytes.NewReader(data[:128]))); err != nil && !errors.Is(err, io.EOF) {
			t.Errorf("%s, 128 bytes and the end: %v", name, err)
		}
	}
}

type stuck byte

func (s stuck) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(s)
	}
	return len(p), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Of many releases at once just as many succeed as the budget holds.
func TestBudgetConcurrent(t *testing.T) {
	l := open(t, privacy.BudgetOptions{Epsilon: 1})
	n := laplace(t, 1, .05)
	var wg sync.WaitGroup
	var mu sync.Mutex
	ok := 0
	for range 50 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, err := l.Release("q", n, nil, []int64{1})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				ok++
			} else if !errors.Is(err, privacy.ErrBudget) {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	if ok != 20 {
		t.Errorf("%d releases of .05 out of 1", ok)
	}
}

func TestBudgetMeasures(t *testing.T) {
	if _, err := open(t, privacy.BudgetOptions{Epsilon: 1}).Release("q", gaussian(t, 1, .1), nil, []int64{1}); !errors.Is(err, privacy.ErrMismatch) {
		t.Errorf("Gaussian noise of pure ε: %v", err)
	}
	// Laplace noise costs ε²/2 of ρ.
	l := open(t, privacy.BudgetOptions{Rho: .5})
	if _, err := l.Release("q", laplace(t, 1, .6), nil, []int64{1}); err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "left", l.Remaining().Rho, .5-.18, 1e-12)
	// A budget of (ε, δ) is the largest ρ that keeps it.
	rho := open(t, privacy.BudgetOptions{Epsilon: 4.728387, Delta: 1e-5}).Total().Rho
	testkit.Near(t, "rho of (4.728387, 1e-5)", rho, .5, 1e-6)
	if e, err := privacy.EpsilonOf(rho, 1e-5); err != nil || e > 4.728387 {
		t.Errorf("ρ %v costs %v", rho, e)
	}
	for _, opt := range []privacy.BudgetOptions{
		{},
		{Epsilon: 1, Rho: 1},
		{Rho: 1, Delta: 1e-5},
		{Epsilon: -1},
		{Epsilon: math.NaN()},
		{Epsilon: math.Inf(1)},
		{Epsilon: 1, Delta: 1},
		{Epsilon: 1, Delta: -1e-9},
		{Epsilon: 1, Delta: math.NaN()},
		{Rho: 1001},
		{Delta: .5},
	} {
		if l, err := privacy.NewBudget(opt); !errors.Is(err, privacy.ErrOption) || l != nil {
			t.Errorf("%+v: %v", opt, err)
		}
	}
}

func TestBudgetRefuses(t *testing.T) {
	decode := func(data []byte) error { return new(privacy.Budget).UnmarshalBinary(data) }
	i64 := func(x int64) func(*codec.Writer) { return func(w *codec.Writer) { w.Int64(x) } }
	list := func(xs ...int64) func(*codec.Writer) { return func(w *codec.Writer) { w.Int64s(xs) } }
	testkit.Payload{Kind: codec.KindBudget, Decode: decode, Fields: []testkit.Field{
		{Name: "rho", Put: func(w *codec.Writer) { w.Bool(true) }},
		{Name: "total", Put: i64(100)},
		{Name: "costs", Put: list(60, 40)},
		{Name: "query 1", Put: func(w *codec.Writer) { w.String("a") }},
		{Name: "query 2", Put: func(w *codec.Writer) { w.String("b") }},
	}}.Refuse(t, privacy.ErrCorrupt, map[string][]func(*codec.Writer){
		"total": {i64(0), i64(-1), i64(99), i64(math.MaxInt64)},
		"costs": {list(60, 41), list(60), list(0, 1), list(-1, 1), list(math.MaxInt64, math.MaxInt64)},
	})
}

func TestSumsRefuses(t *testing.T) {
	decode := func(data []byte) error { return new(privacy.Sums[string]).UnmarshalBinary(data) }
	i64 := func(x int64) func(*codec.Writer) { return func(w *codec.Writer) { w.Int64(x) } }
	strs := func(xs ...string) func(*codec.Writer) { return func(w *codec.Writer) { w.Strings(xs) } }
	testkit.Payload{Kind: codec.KindSums, Decode: decode, Fields: []testkit.Field{
		{Name: "keys", Put: strs("a", "b")},
		{Name: "max keys", Put: i64(1)},
		{Name: "min", Put: i64(-3)},
		{Name: "max", Put: i64(7)},
		{Name: "class", Put: func(w *codec.Writer) { w.Int(int(ids.String)) }},
		{Name: "users", Put: strs("u")},
		{Name: "parts", Put: i64(2)},
		{Name: "key 1", Put: i64(0)},
		{Name: "sum 1", Put: i64(5)},
		{Name: "key 2", Put: i64(1)},
		{Name: "sum 2", Put: i64(5)},
	}}.Refuse(t, privacy.ErrCorrupt, map[string][]func(*codec.Writer){
		"keys":     {strs(), strs("a", "a"), strs("b", "a"), strs("a")},
		"max keys": {i64(0), i64(3), i64(-1)},
		"min":      {i64(8), i64(math.MinInt64)},
		"max":      {i64(math.MaxInt64), i64(-4)},
		"parts":    {i64(0), i64(3), i64(1), i64(1 << 40)},
		"key 1":    {i64(1), i64(2)},
		"key 2":    {i64(0), i64(2)},
	})
}

func TestSumsLaws(t *testing.T) {
	testkit.Laws[*privacy.Sums[string]]{
		Empty: func() *privacy.Sums[string] { return sums(t) },
		Add: func(r *rapid.T) func(*privacy.Sums[string]) {
			user, key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "user"), rapid.SampledFrom(sumsOptions.Keys).Draw(r, "key")
			value := rapid.Int64Range(-200, 200).Draw(r, "value")
			return func(s *privacy.Sums[string]) {
				if err := s.Add(user, key, value); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *privacy.Sums[string]) error { return a.Merge(b) },
		Result: func(s *privacy.Sums[string]) []float64 {
			var out []float64
			for _, x := range s.Result() {
				out = append(out, float64(x))
			}
			return out
		},
		Other: func() *privacy.Sums[string] {
			opt := sumsOptions
			opt.Max++
			s, err := privacy.NewSums[string](opt)
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
	}.Check(t)
}

// One customer, whatever was done, changes the sums by no more than Sensitivity says, and
// after Forget there is no trace.
func TestSumsSensitivity(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := sums(t)
		add := func(user string) {
			for range rapid.IntRange(0, 8).Draw(r, "records") {
				if err := s.Add(user, rapid.SampledFrom(sumsOptions.Keys).Draw(r, "key"), rapid.Int64Range(-300, 300).Draw(r, "value")); err != nil {
					t.Fatal(err)
				}
			}
		}
		add("a")
		add("b")
		without, _ := s.MarshalBinary()
		before := s.Result()
		add("eve")
		l1, squared := s.Sensitivity()
		d1, d2 := 0.0, 0.0
		for k, x := range s.Result() {
			d := math.Abs(float64(x - before[k]))
			d1, d2 = d1+d, d2+d*d
		}
		if d1 > l1 || d2 > squared {
			r.Fatalf("changes %v and %v, bounds %v and %v", d1, d2, l1, squared)
		}
		s.Forget("eve")
		if after, _ := s.MarshalBinary(); !bytes.Equal(without, after) {
			r.Fatal("Forget leaves a trace")
		}
	})

	s := sums(t)
	for _, key := range sumsOptions.Keys[:sumsOptions.MaxKeys] {
		if err := s.Add("eve", key, sumsOptions.Max+1); err != nil {
			t.Fatal(err)
		}
	}
	d1, d2 := 0.0, 0.0
	for _, x := range s.Result() {
		d1, d2 = d1+float64(x), d2+float64(x*x)
	}
	if l1, squared := s.Sensitivity(); d1 != l1 || d2 != squared {
		t.Errorf("bounds %v and %v are not tight: %v and %v", l1, squared, d1, d2)
	}
}

// A budget that is read back while others use it: for the race detector.
func TestBudgetIsReadBackInUse(t *testing.T) {
	b, other := budget(t), budget(t)
	data, err := other.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	n, err := privacy.NewGaussian(1, 1e-6)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, f := range []func() error{
		func() error { return b.UnmarshalBinary(data) },
		func() error { _, err := b.Release("q", n, nil, []int64{1}); return err },
		func() error { _, err := b.Spent(1e-6); return err },
		func() error { _, err := b.MarshalBinary(); return err },
		func() error { b.Total(); b.Remaining(); b.Entries(); return nil },
	} {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 50 {
				if err := f(); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	all.Wait()
}
