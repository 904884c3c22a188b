package recommend

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// slowFM is a factorisation machine over a list of features, as in the paper.
type slowFM struct {
	f int
	w []float64
	v [][]float64
}

type slowFeature struct {
	g int
	z float64
}

func (s *slowFM) score(x []slowFeature) float64 {
	r := 0.0
	for k, a := range x {
		r += s.w[a.g] * a.z
		for _, b := range x[:k] {
			for d := range s.f {
				r += s.v[a.g][d] * s.v[b.g][d] * a.z * b.z
			}
		}
	}
	return r
}

// grad adds c times the gradient of the score to gw and gv.
func (s *slowFM) grad(x []slowFeature, c float64, gw map[int]float64, gv map[int][]float64) {
	for k, a := range x {
		gw[a.g] += c * a.z
		if gv[a.g] == nil {
			gv[a.g] = make([]float64, s.f)
		}
		for l, b := range x {
			if k != l {
				for d := range s.f {
					gv[a.g][d] += c * a.z * b.z * s.v[b.g][d]
				}
			}
		}
	}
}

// features returns a random matrix of features.
func randomFeatures(r *rng.Stream, rows, n int) *Interactions {
	lists := make([][]int32, rows)
	for u := range lists {
		for g := range n {
			if r.Bool(0.4) {
				lists[u] = append(lists[u], int32(g))
			}
		}
	}
	x, err := InteractionsFromRows(n, lists)
	if err != nil {
		panic(err)
	}
	for p := range x.users.Val {
		x.users.Val[p] = float32(0.5 + r.Float64())
	}
	return x
}

// The steps of the fit are gradient steps on the formula of the paper, with its
// double sum, in float64.
func TestFMStepProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		task := rapid.SampledFrom([]FMTask{FMRanking, FMClicks, FMRatings}).Draw(t, "task")
		f := rapid.IntRange(1, 9).Draw(t, "factors")
		users, items := rapid.IntRange(2, 8).Draw(t, "users"), rapid.IntRange(9, 15).Draw(t, "items") // one cell
		x := groups(users, items, 2, seed)
		r := rng.New(seed, 4, 4)
		for p := range x.users.Val {
			x.users.Val[p] = float32(1+r.Intn(4)) / 2
		}
		opt := FMOptions{
			Task: task, Factors: f, Regularization: 0.1,
			UserFeatures: randomFeatures(r, users, 3), ItemFeatures: randomFeatures(r, items, 4), ContextFeatures: randomFeatures(r, x.Len(), 2),
		}
		m := &FM{task: task, rule: sgdRule{epochs: 1, rate: 0.02, regularization: 0.1, samples: 2}}
		_ = m.start(context.Background(), x, f, 0.3, seed)
		m.userBias = make([]float32, users)
		fit := newFMFit(m, x, &opt, ratingScale{mean: 2, deviation: 2})
		for _, v := range [][]float32{m.bias, m.userBias, fit.shared.w, fit.shared.v} {
			for i := range v {
				v[i] = float32(0.3 * r.Normal())
			}
		}
		g := newGrid(x.users, seed, 1)
		fit.copies = make([]fmShared, g.side)
		g.afterRound = fit.average

		slow := &slowFM{f: f}
		add := func(w []float32, v []float32) {
			for i := range w {
				row := make([]float64, f)
				for d := range row {
					row[d] = float64(v[i*f+d])
				}
				slow.w, slow.v = append(slow.w, float64(w[i])), append(slow.v, row)
			}
		}
		add(m.userBias, m.x)
		add(m.bias, m.y)
		add(fit.shared.w, fit.shared.v)
		present := func(u int32, i int32, p int64) []slowFeature {
			out := []slowFeature{{int(u), 1}, {users + int(i), 1}}
			base := users + items
			for _, k := range []struct {
				x *Interactions
				r int
			}{{opt.UserFeatures, int(u)}, {opt.ItemFeatures, int(i)}, {opt.ContextFeatures, int(p)}} {
				cols, vals := k.x.Row(k.r)
				for n, c := range cols {
					out = append(out, slowFeature{base + int(c), float64(vals[n])})
				}
				base += k.x.Items()
			}
			return out
		}
		w0 := 0.0
		_, err := g.epoch(context.Background(), 0, func(w int, c *sgdCell) float64 {
			stream := *c.rand
			for k := range c.users {
				u, pos := c.run(k)
				pool := slices.DeleteFunc(slices.Clone(c.items), func(i int32) bool { // known by features alone
					return x.ItemCounts()[i] == 0 && opt.ItemFeatures.users.RowLen(int(i)) > 0
				})
				negative := func() int32 {
					if !slices.ContainsFunc(pool, func(i int32) bool { return !x.Has(int(u), i) }) {
						return -1
					}
					for {
						if i := pool[stream.Intn(len(pool))]; !x.Has(int(u), i) {
							return i
						}
					}
				}
				descend := func(gw map[int]float64, gv map[int][]float64) {
					for g, d := range gv {
						slow.w[g] += 0.02 * (gw[g] - 0.1*slow.w[g])
						for k := range d {
							slow.v[g][k] += 0.02 * (d[k] - 0.1*slow.v[g][k])
						}
					}
				}
				for _, p := range pos {
					i := x.users.Col[p]
					switch task {
					case FMRatings:
						gw, gv := map[int]float64{}, map[int][]float64{}
						one := present(u, i, p)
						slow.grad(one, (float64(x.users.Val[p])-2)/2-slow.score(one), gw, gv)
						descend(gw, gv)
					case FMClicks:
						for n := range 3 {
							gw, gv := map[int]float64{}, map[int][]float64{}
							one, slope := present(u, i, p), float64(x.users.Val[p])/(1+math.Exp(w0+slow.score(present(u, i, p))))
							if n > 0 {
								j := negative()
								if j < 0 {
									break
								}
								one = present(u, j, p)
								slope = -1 / (1 + math.Exp(-w0-slow.score(one)))
							}
							w0 += 0.02 * slope
							slow.grad(one, slope, gw, gv)
							descend(gw, gv)
						}
					default:
						j := negative()
						if j < 0 {
							break
						}
						slow.pair(present(u, i, p), present(u, j, p), func(g int) bool {
							return g >= users && g < users+items || g >= users+items+3 && g < users+items+7
						})
					}
				}
			}
			fit.cell(w, c, 0.02)
			return 0
		})
		if err != nil {
			t.Fatal(err)
		}
		compare := func(name string, base int, w, v []float32) {
			for i := range w {
				if math.Abs(float64(w[i])-slow.w[base+i]) > 1e-3*(1+math.Abs(slow.w[base+i])) {
					t.Fatalf("weight %d of %s is %v, want %v", i, name, w[i], slow.w[base+i])
				}
				for d := range f {
					if got, want := float64(v[i*f+d]), slow.v[base+i][d]; math.Abs(got-want) > 1e-3*(1+math.Abs(want)) {
						t.Fatalf("vector %d of %s at %d is %v, want %v", i, name, d, got, want)
					}
				}
			}
		}
		if got := float64(fit.shared.base); math.Abs(got-w0) > 1e-3*(1+math.Abs(w0)) {
			t.Fatalf("w₀ is %v, want %v", got, w0)
		}
		compare("users", 0, m.userBias, m.x)
		compare("items", users, m.bias, m.y)
		compare("features", users+items, fit.shared.w, fit.shared.v)
	})
}

// pair takes the step of a pairwise loss: features of user and context, whose
// weights cancel, once; those of the first item and then those of the second, of
// which some may be the same.
func (s *slowFM) pair(one, two []slowFeature, isItem func(g int) bool) {
	slope := 1 / (1 + math.Exp(s.score(one)-s.score(two)))
	sum := func(x []slowFeature) []float64 {
		out := make([]float64, s.f)
		for _, a := range x {
			for d := range out {
				out[d] += a.z * s.v[a.g][d]
			}
		}
		return out
	}
	sums := [2][]float64{sum(one), sum(two)}
	for _, a := range one {
		if isItem(a.g) {
			continue
		}
		for d := range s.f { // its products with itself cancel
			s.v[a.g][d] += 0.02 * (slope*a.z*(sums[0][d]-sums[1][d]) - 0.1*s.v[a.g][d])
		}
	}
	for k, x := range [][]slowFeature{one, two} {
		e := slope * float64(1-2*k)
		for _, a := range x {
			if !isItem(a.g) {
				continue
			}
			s.w[a.g] += 0.02 * (e*a.z - 0.1*s.w[a.g])
			for d := range s.f {
				s.v[a.g][d] += 0.02 * (e*a.z*(sums[k][d]-a.z*s.v[a.g][d]) - 0.1*s.v[a.g][d])
			}
		}
	}
}

// Score, ScoreIn and Predict agree, and with the formula.
func TestFMScores(t *testing.T) {
	x := groups(20, 24, 4, 1)
	r := rng.New(1, 1, 1)
	for _, task := range []FMTask{FMRanking, FMClicks, FMRatings} {
		for p := range x.users.Val {
			x.users.Val[p] = float32(1 + r.Intn(5))
		}
		m, err := FitFM(context.Background(), x, FMOptions{
			Task: task, Factors: 3, Epochs: 5, Min: -100, Max: 100,
			UserFeatures: randomFeatures(r, 20, 3), ItemFeatures: randomFeatures(r, 24, 4), ContextFeatures: randomFeatures(r, x.Len(), 3),
		})
		if err != nil {
			t.Fatal(err)
		}
		if m.Contexts() != 3 {
			t.Fatalf("%d contexts", m.Contexts())
		}
		plain, in := make([]float32, 24), make([]float32, 24)
		for u := range int32(19) {
			q := x.Query(int(u))
			if err := errors.Join(m.Score(plain, q), m.ScoreIn(in, q, 2, 0)); err != nil {
				t.Fatal(err)
			}
			for i := range int32(24) {
				for _, c := range []struct {
					score   float32
					context []int32
				}{{plain[i], nil}, {in[i], []int32{0, 2}}} {
					got, err := m.Predict(u, i, c.context...)
					if err != nil {
						t.Fatal(err)
					}
					want := float64(c.score)
					if task == FMClicks {
						want = 1 / (1 + math.Exp(-want))
					}
					testkit.Near(t, fmt.Sprintf("task %d user %d item %d context %v", task, u, i, c.context), float64(got), want, 1e-4)
				}
			}
		}
		if err := m.ScoreIn(in, x.Query(0), 3); !errors.Is(err, ErrRange) {
			t.Errorf("unknown context: %v", err)
		}
		if _, err := m.Predict(0, 1, -1); !errors.Is(err, ErrRange) {
			t.Errorf("unknown context: %v", err)
		}
		if _, err := m.Predict(0, 24); !errors.Is(err, ErrUnknownID) {
			t.Errorf("unknown item: %v", err)
		}
		if err := m.ScoreIn(in, Query{User: Stranger}, 1); !errors.Is(err, ErrEmpty) {
			t.Errorf("stranger: %v", err)
		}
	}
}

// fourKinds gives row i the feature i mod 4 and no other.
func fourKinds(t *testing.T, n int) *Interactions {
	t.Helper()
	rows := make([][]int32, n)
	for i := range rows {
		rows[i] = []int32{int32(i % 4)}
	}
	k, err := InteractionsFromRows(4, rows)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// An item nobody took and a user who took nothing are known by their features.
func TestFMColdStart(t *testing.T) {
	x := groups(60, 48, 8, 3) // item 47, of group 3, and user 59, of group 3, have no entry
	for _, task := range []FMTask{FMRanking, FMClicks} {
		for seed := range uint64(3) {
			m, err := FitFM(context.Background(), x, FMOptions{Task: task, Factors: 8, UserFeatures: fourKinds(t, 60), ItemFeatures: fourKinds(t, 48), Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			scores := make([]float32, 48)
			if err := m.Score(scores, Query{User: 59}); err != nil {
				t.Fatal(err)
			}
			for i := range 48 {
				if i%4 == 3 {
					continue
				}
				for j := 3; j < 48; j += 4 {
					if scores[i] >= scores[j] {
						t.Fatalf("task %d: a new user of group 3 prefers item %d (%v) to %d (%v)", task, i, scores[i], j, scores[j])
					}
				}
			}
			above, others := 0, 0
			for u := 3; u < 59; u += 4 {
				if err := m.Score(scores, x.Query(u)); err != nil {
					t.Fatal(err)
				}
				for j := range 47 {
					if j%4 != 3 {
						others++
						if scores[47] > scores[j] {
							above++
						}
					}
				}
			}
			if above < 490 || others != 504 {
				t.Errorf("task %d seed %d: the new item comes before %d of %d items of other groups", task, seed, above, others)
			}
		}
	}
}

// Who comes with nothing but items that nobody took, or is known by features alone, is served by
// what features say; with context too, and the same after a round through bytes.
func TestFMServesByFeatures(t *testing.T) {
	const users, items, cold = 64, 48, 8 // the last 8 of each have no entries: two of each group
	x := groups(users-cold+1, items-cold+1, 8, 3)
	ptr := slices.Clone(x.users.Ptr)
	for len(ptr) <= users {
		ptr = append(ptr, ptr[len(ptr)-1])
	}
	x, err := NewInteractions(users, items, ptr, x.users.Col, x.users.Val)
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range []FMTask{FMRanking, FMClicks} {
		m, err := FitFM(context.Background(), x, FMOptions{
			Task: task, Factors: 8, UserFeatures: fourKinds(t, users), ItemFeatures: fourKinds(t, items), ContextFeatures: randomFeatures(rng.New(1, 1, 1), x.Len(), 2),
		})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		read := &FM{}
		if err := read.UnmarshalBinary(raw); err != nil {
			t.Fatal(err)
		}
		for k := range int32(cold) {
			who := users - cold + k
			group := (items - cold + k) % 4
			for name, q := range map[string]Query{
				"a stranger with a new item": {User: Stranger, Items: []int32{items - cold + k}},
				"a user of features alone":   {User: who},
			} {
				plain, in, again := make([]float32, items), make([]float32, items), make([]float32, items)
				if err := errors.Join(m.Score(plain, q), m.ScoreIn(in, q, 1), read.ScoreIn(again, q, 1)); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(in, again) {
					t.Errorf("task %d: %s is served otherwise by the model that was read", task, name)
				}
				for _, scores := range [][]float32{plain, in} {
					above, pairs := 0, 0
					for i := range items {
						for j := range items {
							if int32(i%4) == group && int32(j%4) != group {
								pairs++
								if scores[i] > scores[j] {
									above++
								}
							}
						}
					}
					if float64(above) < 0.85*float64(pairs) {
						t.Errorf("task %d: %s of group %d has %d of %d pairs in order", task, name, group, above, pairs)
					}
				}
			}
		}
	}
}

// Whether an item without entries has features or none decides what its silence says.
func TestFMUnseenItems(t *testing.T) {
	x := groups(60, 48, 8, 3)
	rows := make([][]int32, 48)
	for i := range 47 {
		rows[i] = []int32{int32(i % 4)}
	}
	bare, err := InteractionsFromRows(6, rows) // nothing is known of item 47
	if err != nil {
		t.Fatal(err)
	}
	ptr, cols := slices.Clone(bare.users.Ptr), slices.Clone(bare.users.Col)
	ptr[48] += 2
	newBrand, err := NewInteractions(48, 6, ptr, append(cols, 2, 5), append(slices.Clone(bare.users.Val), 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range []FMTask{FMRanking, FMClicks} {
		for name, k := range map[string]*Interactions{"no features": bare, "a feature of its own and one of value 0": newBrand} {
			m, err := FitFM(context.Background(), x, FMOptions{Task: task, Factors: 8, ItemFeatures: k})
			if err != nil {
				t.Fatal(err)
			}
			scores := make([]float32, 48)
			for u := range 59 {
				if err := m.Score(scores, x.Query(u)); err != nil {
					t.Fatal(err)
				}
				above := 0
				for _, i := range x.Query(u).Items {
					if scores[47] >= scores[i] {
						above++
					}
				}
				if above > 0 {
					t.Errorf("task %d: an item of %s comes before %d of user %d", task, name, above, u)
				}
			}
			if !isZero(m.latent.ItemVector(47)) {
				t.Errorf("task %d: an item of %s has a vector", task, name)
			}
		}
	}
}

func TestFMRatings(t *testing.T) {
	train, test := ratings(120, 80, 0.4, 1)
	// On every other day, ratings are higher by 1.
	days := func(x *Interactions) *Interactions {
		rows := make([][]int32, x.Len())
		for p := range rows {
			rows[p] = []int32{int32(p % 2)}
			x.users.Val[p] += float32(p % 2)
		}
		d, err := InteractionsFromRows(2, rows)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	context1, _ := days(train), days(test)
	var losses []float64
	m, err := FitFM(context.Background(), train, FMOptions{
		Task: FMRatings, Factors: 4, Epochs: 80, Rate: 0.03, Regularization: 0.02, ContextFeatures: context1,
		Loss: true, Progress: func(p Progress) { losses = append(losses, p.Loss) },
	})
	if err != nil {
		t.Fatal(err)
	}
	sum, p := 0.0, 0
	for u := range test.Users() {
		items, vals := test.Row(u)
		for k, i := range items {
			r, err := m.Predict(int32(u), i, int32(p%2))
			if err != nil {
				t.Fatal(err)
			}
			sum += float64(r-vals[k]) * float64(r-vals[k])
			p++
		}
	}
	if e := math.Sqrt(sum / float64(p)); e > 0.4 {
		t.Errorf("test error is %v, want less than 0.4", e)
	}
	if first, last := losses[0], losses[len(losses)-1]; !(last < 0.3*first) {
		t.Errorf("loss went from %v to %v", first, last)
	}
}

func TestFMLearns(t *testing.T) {
	for _, task := range []FMTask{FMRanking, FMClicks} {
		testSampled(t, func(x *Interactions, progress func(Progress)) (Folder, error) {
			return FitFM(context.Background(), x, FMOptions{Task: task, Factors: 8, Rate: 0.05, Epochs: 100, Loss: true, Progress: progress})
		})
	}
}

// Shared vectors are averaged the same way at any number of processors.
func TestFMSameBytes(t *testing.T) {
	testkit.AtGOMAXPROCS(t, func() []byte {
		x := groups(100, 160, 8, 3)
		r := rng.New(1, 1, 1)
		m, err := FitFM(context.Background(), x, FMOptions{
			Factors: 5, Epochs: 4, UserFeatures: randomFeatures(r, 100, 6), ItemFeatures: randomFeatures(r, 160, 7), ContextFeatures: randomFeatures(r, x.Len(), 2),
		})
		if err != nil {
			t.Fatal(err)
		}
		return mustMarshal(t, m)
	})
}

func TestFMOptions(t *testing.T) {
	x := groups(10, 9, 2, 1)
	_, err := FitFM(context.Background(), x, FMOptions{
		Task: 7, Factors: -1, Epochs: -2, Rate: math.NaN(), Decay: 2, Regularization: math.Inf(1), Negatives: -1, Min: 2, Max: 1,
		UserFeatures: groups(9, 9, 2, 1), ItemFeatures: groups(10, 9, 2, 1), ContextFeatures: groups(10, 9, 2, 1),
	})
	if !errors.Is(err, ErrOption) {
		t.Fatal(err)
	}
	for _, field := range []string{"Task", "Factors", "Epochs", "Rate", "Decay", "Regularization", "Negatives", "Min, Max", "UserFeatures", "ItemFeatures", "ContextFeatures"} {
		if !contains(err.Error(), field) {
			t.Errorf("error does not name %s: %v", field, err)
		}
	}
}

func BenchmarkFitFM(b *testing.B) {
	x := groups(10_000, 3_000, 40, 1)
	r := rng.New(1, 1, 1)
	features := randomFeatures(r, 3_000, 5)
	b.Run("users=10k/entries=400k/factors=64/features=2", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := FitFM(context.Background(), x, FMOptions{Epochs: 2, ItemFeatures: features, Workers: 1}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(2*x.Len()*b.N), "ns/sample")
	})
}
