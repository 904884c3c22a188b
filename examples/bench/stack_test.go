package bench

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
)

// stackPlanted makes groups in which what is held out is what 2·second - first is highest for, and next to
// nothing of it what first alone, the sum that candidates are found by, puts in front.
func stackPlanted(n int, seed uint64) []stackGroup {
	r := rand.New(rand.NewPCG(seed, 1))
	groups := make([]stackGroup, n)
	for k := range groups {
		g := &groups[k]
		worth := make([]float64, 40)
		order := make([]int, 40)
		for c := range worth {
			first, second, idle := r.NormFloat64(), r.NormFloat64(), r.NormFloat64()
			g.features = append(g.features, float32(first), float32(second), float32(idle))
			worth[c], order[c] = 2*second-first+0.1*r.NormFloat64(), c
		}
		slices.SortFunc(order, func(a, b int) int {
			if worth[a] > worth[b] {
				return -1
			}
			return 1
		})
		g.taken, g.want = slices.Sorted(slices.Values(order[:3])), 3
	}
	return groups
}

func TestLearnStack(t *testing.T) {
	ctx := context.Background()
	start := []float64{1, 0, 0}
	mean := func(weights []float64) (sum float64) {
		fresh := stackPlanted(100, 9)
		for k := range fresh {
			sum += fresh[k].gain(fresh[k].scores(nil, weights)) / 100
		}
		return sum
	}
	got, err := learnStack(ctx, stackPlanted(400, 1), start, 5)
	if err != nil {
		t.Fatal(err)
	}
	if before, after := mean(start), mean(got); before > 0.4 || after < 0.95 || math.Abs(got[2]) > 0.1*got[1] || got[0] > 0 {
		t.Errorf("weights %.3f: NDCG of users never seen %.3f, of the sum %.3f", got, after, before)
	}
	again, err := learnStack(ctx, stackPlanted(400, 1), start, 5)
	if err != nil || !slices.Equal(got, again) {
		t.Errorf("%v, then %v, %v", got, again, err)
	}
	if few, err := learnStack(ctx, stackPlanted(stackGroups-1, 1), start, 5); err != nil || !slices.Equal(few, start) {
		t.Errorf("of a few users: %v, %v", few, err)
	}
	// Where the start is right already, nothing worse replaces it.
	if kept, err := learnStack(ctx, stackPlanted(400, 1), []float64{-100, 200, 0}, 5); err != nil || mean(kept) < 0.95 {
		t.Errorf("from the answer: %v, %v", kept, err)
	}
	ended, cancel := context.WithCancelCause(ctx)
	enough := errors.New("enough")
	cancel(enough)
	if w, err := learnStack(ended, stackPlanted(400, 1), start, 5); w != nil || !errors.Is(err, enough) {
		t.Errorf("cancelled: %v, %v", w, err)
	}
}

func TestStackGain(t *testing.T) {
	g := stackGroup{taken: []int{0, 2}, want: 3}
	ideal := 1 + 1/math.Log2(3) + 1/math.Log2(4)
	for name, c := range map[string]struct {
		scores []float64
		want   float64
	}{
		"first and last": {[]float64{9, 3, 1, 2}, (1 + 1/math.Log2(5)) / ideal},
		"ties by place":  {[]float64{1, 1, 1, 1}, (1 + 1/math.Log2(4)) / ideal},
	} {
		if got := g.gain(c.scores); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	late := stackGroup{taken: []int{30}, want: 1}
	if got := late.gain(make([]float64, 31)); got != 0 {
		t.Errorf("behind the list: %v", got)
	}
}

// The slope is that of the logarithm of the likelihood, by differences.
func TestStackSlope(t *testing.T) {
	g := stackPlanted(1, 3)[0]
	weights := []float64{0.3, -0.2, 0.7}
	likelihood := func() float64 {
		scores := g.scores(nil, weights)
		sum, own := 0.0, 0.0
		for _, s := range scores {
			sum += math.Exp(s)
		}
		for _, c := range g.taken {
			own += scores[c] / float64(len(g.taken))
		}
		return own - math.Log(sum)
	}
	gradient := make([]float64, 3)
	if got, want := g.slope(gradient, g.scores(nil, weights)), likelihood(); math.Abs(got-want) > 1e-12 {
		t.Errorf("likelihood %v, want %v", got, want)
	}
	for a := range weights {
		const h = 1e-5
		weights[a] += h
		up := likelihood()
		weights[a] -= 2 * h
		down := likelihood()
		weights[a] += h
		if want := (up - down) / (2 * h); math.Abs(gradient[a]-want) > 1e-6 {
			t.Errorf("weight %d: %v, by differences %v", a, gradient[a], want)
		}
	}
}

// synthetic returns the matrix of a -matrix flag.
func synthetic(t *testing.T, spec string) *recommend.Interactions {
	t.Helper()
	m, err := synthMatrix(spec)
	if err != nil {
		t.Fatal(err)
	}
	x, err := recommend.NewInteractions(m.Rows, m.Cols, m.Ptr, m.Col, m.Val)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// Rest and what is hidden are the data, and share nothing.
func TestStackHoldsOut(t *testing.T) {
	x := synthetic(t, "synth:3000,300,40000")
	h, ok := holdOutForStack(x, 1)
	if !ok || len(h.users) != len(h.hidden) || len(h.users) < 2000 {
		t.Fatalf("%v", ok)
	}
	for u := range x.Users() {
		all, _ := x.Row(u)
		rest, _ := h.rest.Row(u)
		if n, held := slices.BinarySearch(h.users, u); held != (len(all) >= stackShare) {
			t.Fatalf("user %d of %d entries: held out %v", u, len(all), held)
		} else if held {
			if len(h.hidden[n]) != len(all)/stackShare || len(h.hidden[n]) == 0 {
				t.Fatalf("user %d: %d of %d entries are hidden", u, len(h.hidden[n]), len(all))
			}
			rest = append(slices.Clone(rest), h.hidden[n]...)
			slices.Sort(rest)
		}
		if !slices.Equal(rest, all) {
			t.Fatalf("user %d has %v, rest and hidden are %v", u, all, rest)
		}
	}
	other, _ := holdOutForStack(x, 2)
	if slices.EqualFunc(h.hidden, other.hidden, slices.Equal) {
		t.Error("another seed hides the same entries")
	}
}

// On planted data the learned order is better than that of the same parts added up, and the same on any
// number of processors.
func TestStackOnPlantedData(t *testing.T) {
	matrix := "synth:1500,400,40000,2"
	if testkit.Race { // enough for equal results, not for better ones
		matrix = "synth:300,100,6000,2"
	}
	args := []string{"-matrix", matrix, "-holdout", "0.2", "-algorithms", "blend,stack", "-isolate=false", "-json", "-lists=false", "-k", "20"}
	var first string
	for _, threads := range []string{"1", "3"} {
		code, out, log := bench(t, append(args, "-threads", threads)...)
		if code != 0 {
			t.Fatal(log)
		}
		rows := parseLines(t, out)
		sum, learned := rows[0].number("ndcg@20"), rows[1].number("ndcg@20")
		if !(learned > 1.01*sum) && !testkit.Race || rows[1]["algorithm"] != "stack" {
			t.Errorf("ndcg@20 %v, of the blend %v", learned, sum)
		}
		if !(rows[1].number("model_bytes") > rows[0].number("model_bytes")) {
			t.Errorf("%v bytes, the blend has %v and a part less", rows[1]["model_bytes"], rows[0]["model_bytes"])
		}
		got := fmt.Sprint(rows[1]["settings"], learned, rows[1]["recall@20"], rows[1]["coverage@20"], rows[1]["model_bytes"])
		if first == "" {
			first = got
		} else if got != first {
			t.Errorf("%s threads: another result:\n%s\n%s", threads, got, first)
		}
	}
}

// The candidates come first in the learned order, then the others in that of the sum, whatever the history is;
// without weights all are in that of the sum, which is that of the blend.
func TestStackScore(t *testing.T) {
	ctx, x := context.Background(), synthetic(t, "synth:400,300,6000,4")
	a, sum := stack(), blend()
	s, err := complete(a.params, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := a.fitStack(ctx, x, s, Env{Seed: 1, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if s, err = complete(sum.params, nil); err != nil {
		t.Fatal(err)
	}
	b, err := sum.rank(ctx, x, s, Env{Seed: 1, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	q := x.Query(7)
	plain, added, learned := make([]float32, 300), make([]float32, 300), make([]float32, 300)
	if err := errors.Join(m.Score(plain, q), b.Score(added, q)); err != nil {
		t.Fatal(err)
	}
	for i, v := range plain {
		if math.Abs(float64(v/5-added[i])) > 1e-4 {
			t.Fatalf("item %d: %v of five parts, the blend has %v", i, v, added[i])
		}
	}
	m.weights = make([]float64, m.width())
	m.weights[0] = -1 // the worst of als first
	if err := m.Score(learned, q); err != nil {
		t.Fatal(err)
	}
	worst := make([]float32, 300)
	if err := m.part("als").Score(worst, q); err != nil {
		t.Fatal(err)
	}
	order := func(scores []float32) (out []int) {
		for i := range scores {
			out = append(out, i)
		}
		slices.SortStableFunc(out, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
		return out
	}
	isOwn := func(i int) bool { return slices.Contains(q.Items, int32(i)) }
	front := slices.DeleteFunc(order(plain), isOwn)[:stackDepth]
	got := order(learned)
	slices.SortStableFunc(front, func(a, b int) int { return cmp.Compare(worst[a], worst[b]) })
	if !slices.Equal(got[:stackDepth], front) {
		t.Errorf("candidates %v, want %v", got[:stackDepth], front)
	}
	rest := slices.DeleteFunc(order(plain), func(i int) bool { return slices.Contains(front, i) })
	if !slices.Equal(got[stackDepth:], rest) {
		t.Errorf("others %v, want %v", got[stackDepth:], rest)
	}
	if err := m.Score(learned, recommend.Query{User: recommend.Stranger}); !errors.Is(err, recommend.ErrEmpty) {
		t.Errorf("of nobody: %v", err)
	}
	if err := m.Score(learned[1:], q); !errors.Is(err, recommend.ErrShape) {
		t.Errorf("too short: %v", err)
	}
}

// A few users, or one item, are no failure: the order of the blend stays. A search does
// not ask for settings that it has not, and a run that is cancelled ends.
func TestStackOfLittle(t *testing.T) {
	for name, file := range map[string]string{
		"ten users": "1 1 2\n2 2 3\n3 1 3 4\n4 4 5\n5 1 5\n6 2 4\n7 3 5\n8 1 2 3\n9 4 1\n10 5 2\n",
		"one item":  "1 1\n2 1\n3 1\n",
	} {
		train, test := write(t, "a", file), write(t, "b", "11 1\n")
		if code, out, log := bench(t, "-train", train, "-test", test, "-algorithms", "stack", "-isolate=false", "-json", "-lists=false"); code != 0 || len(parseLines(t, out)) != 1 {
			t.Errorf("%s: exit %d: %s", name, code, log)
		}
	}
	train, test := toy(t)
	args := []string{"-train", train, "-test", test, "-algorithms", "stack", "-isolate=false", "-json", "-lists=false", "-k", "5"}
	code, out, log := bench(t, append(args, "-trials", "2")...)
	if code != 0 {
		t.Fatal(log)
	}
	if s := parseLines(t, out)[0]["tune"].(map[string]any); s["score"].(float64) < s["default"].(float64) {
		t.Errorf("below its defaults: %v", s)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("enough"))
	var stdout, stderr bytes.Buffer
	if code := Run(ctx, args, &stdout, &stderr, Models()...); code != exitFailed || stdout.Len() > 0 || !strings.Contains(stderr.String(), "enough") {
		t.Errorf("exit %d: %s", code, stderr.String())
	}
}
