package recommend

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/internal/topk"
)

// inBlocks returns users who take items of one of n blocks of items, and a few of everything.
func inBlocks(t *testing.T, users, items, n, each int) *Interactions {
	rows := make([][]int32, users)
	for u := range rows {
		r := rng.New(1, 0xb10c, uint64(u))
		seen := map[int32]bool{}
		for range each {
			i := int32(r.Intn(items/n)*n + u%n)
			if r.Bool(0.2) {
				i = int32(r.Intn(items))
			}
			if !seen[i] {
				seen[i] = true
				rows[u] = append(rows[u], i)
			}
		}
	}
	x, err := InteractionsFromRows(items, rows)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestHoldOut(t *testing.T) {
	x := inBlocks(t, 700, 60, 6, 12)
	h, ok, err := x.holdOut(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !ok || len(h.users) != heldUsers {
		t.Fatalf("%v, %d users", ok, len(h.users))
	}
	for u := range x.Users() {
		all, _ := x.Row(u)
		rest, _ := h.rest.Row(u)
		if n, held := slices.BinarySearch(h.users, int32(u)); held {
			if len(h.hidden[n]) != len(all)/heldEntries {
				t.Fatalf("%d of %d entries of user %d are hidden", len(h.hidden[n]), len(all), u)
			}
			rest = append(slices.Clone(rest), h.hidden[n]...)
			slices.Sort(rest)
		}
		if !slices.Equal(all, rest) {
			t.Fatalf("user %d: %v, the rest and what is hidden are %v", u, all, rest)
		}
	}
	if _, ok, _ := inBlocks(t, heldFewest-1, 60, 6, 12).holdOut(context.Background()); ok {
		t.Error("a few users are enough")
	}
}

// What has weight 0 is nothing that anybody took: it is not hidden, and five of it are no history.
// A context that has ended ends the choice.
func TestHoldOutWeights(t *testing.T) {
	x := inBlocks(t, 700, 60, 6, 12)
	for u := range x.Users() {
		_, weights := x.users.Row(u)
		for k := range weights {
			if u%2 == 0 && k >= heldEntries-1 || u%2 == 1 && k%3 == 0 {
				weights[k] = 0
			}
		}
	}
	h, ok, err := x.holdOut(context.Background())
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	for n, u := range h.users {
		if u%2 == 0 {
			t.Fatalf("user %d, who has %d entries of weight above 0, is held out", u, heldEntries-1)
		}
		items, weights := x.users.Row(int(u))
		for _, i := range h.hidden[n] {
			if k, _ := slices.BinarySearch(items, i); weights[k] == 0 {
				t.Fatalf("user %d: item %d of weight 0 is hidden", u, i)
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := x.holdOut(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("told to stop: %v", err)
	}
}

// The gain is NDCG of a ranking that leaves out what the rest holds.
func TestHeldOutGain(t *testing.T) {
	rest, err := InteractionsFromRows(30, [][]int32{{0, 4}})
	if err != nil {
		t.Fatal(err)
	}
	h := heldOut{rest: rest, users: []int32{0}, hidden: [][]int32{{2, 29}}}
	scores := make([]float32, 30)
	for i := range scores {
		scores[i] = float32(-i) // 0 and 4 are known: item 2 is second, item 29 not among 20
	}
	got, _ := h.gain(0, scores, &topk.Heap{}, nil)
	if want := 1 / math.Log2(3) / (1 + 1/math.Log2(3)); math.Abs(got-want) > 1e-12 {
		t.Errorf("gain %v, want %v", got, want)
	}
}

// The first setting stays unless another is better by more than chance.
func TestHeldOutChoose(t *testing.T) {
	h := heldOut{users: make([]int32, 100)}
	choose := func(gain func(n int) float64) int {
		best, err := h.choose(context.Background(), 2, 1, func(_, n int, gains []float64) error {
			gains[0], gains[1] = 0.5, 0.5+gain(n)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return best
	}
	if got := choose(func(int) float64 { return 0.01 }); got != 1 {
		t.Error("what is better for everybody is not chosen")
	}
	if got := choose(func(n int) float64 { return 0.01 + 0.4*float64(n%2*2-1) }); got != 0 {
		t.Error("what is better by chance is chosen")
	}
	if got := choose(func(int) float64 { return 0 }); got != 0 {
		t.Error("an equal is chosen")
	}
}

// Of forty blocks, equal but for chance, the vectors that the rule counts are any mixtures of some of them:
// fewer are taken where neither setting is asked for, and only there.
func TestGFCFChoice(t *testing.T) {
	x := inBlocks(t, 800, 400, 40, 12)
	rule := GFCFOptions{}.withDefaults(x)
	fit := func(o GFCFOptions) *GFCF {
		m, err := FitGFCF(context.Background(), x, o)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	if got := fit(GFCFOptions{}).factors; got < 1 || got > rule.Factors/2 {
		t.Errorf("%d vectors are chosen, by the rule %d", got, rule.Factors)
	}
	if got := fit(GFCFOptions{Alpha: 0.4}); got.factors != rule.Factors || got.alpha != 0.4 {
		t.Errorf("with Alpha .4: %d vectors and α %v", got.factors, got.alpha)
	}
	if got := fit(GFCFOptions{Factors: 9}); got.factors != 9 || float64(got.alpha) != float64(float32(rule.Alpha)) {
		t.Errorf("with 9 Factors: %d vectors and α %v", got.factors, got.alpha)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := rule.chosen(ctx, x); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// What SparseEASE finds on what is held out is what FitSparseEASE takes, and only where
// neither penalty is asked for; a limit that leaves no room for the search leaves the rule.
func TestSparseEASEChoice(t *testing.T) {
	x := inBlocks(t, 800, 120, 12, 12)
	fit := func(o SparseEASEOptions) SparseEASEOptions {
		m, err := FitSparseEASE(context.Background(), x, o)
		if err != nil {
			t.Fatal(err)
		}
		return m.Options()
	}
	o := SparseEASEOptions{}.withDefaults(x)
	want, err := o.chosen(context.Background(), x)
	if err != nil {
		t.Fatal(err)
	}
	if got := fit(SparseEASEOptions{}); got.L2 != want.L2 || got.Dropout != want.Dropout {
		t.Errorf("λ %v, p %v; held out %v, %v are best", got.L2, got.Dropout, want.L2, want.Dropout)
	}
	if got := fit(SparseEASEOptions{L2: 200}); got.L2 != 200 || got.Dropout != 0 {
		t.Errorf("λ 200 is asked for, and %v with p %v taken", got.L2, got.Dropout)
	}
	if got := fit(SparseEASEOptions{Dropout: 0.1}); got.L2 != 200 || got.Dropout != 0.1 {
		t.Errorf("p .1 is asked for, and %v with λ %v taken", got.Dropout, got.L2)
	}
	o.MemoryLimit = 200_000
	if got, err := o.chosen(context.Background(), x); err != nil || got.L2 != 200 || got.Dropout != 0 {
		t.Errorf("with little memory: λ %v, p %v, %v", got.L2, got.Dropout, err)
	}
}

// What is chosen, and so the model, is the same on any number of processors, with weights too, some of which are 0.
func TestChoicesOnAnyProcessors(t *testing.T) {
	users := 600
	if testkit.Race {
		users = heldFewest + 40
	}
	plain := inBlocks(t, users, 120, 12, 12)
	vals := make([]float32, plain.Len())
	for p := range vals {
		vals[p] = float32(p % 4)
	}
	x, err := NewInteractions(plain.Users(), plain.Items(), plain.users.Ptr, plain.users.Col, vals)
	if err != nil {
		t.Fatal(err)
	}
	for _, weighed := range []bool{false, true} {
		for name, fit := range map[string]func(workers int) (Persistent, error){
			"gfcf": func(workers int) (Persistent, error) {
				return FitGFCF(context.Background(), x, GFCFOptions{UseWeights: weighed, Workers: workers})
			},
			"sparseease": func(workers int) (Persistent, error) {
				return FitSparseEASE(context.Background(), x, SparseEASEOptions{UseWeights: weighed, Workers: workers})
			},
		} {
			var first []byte
			for _, workers := range []int{1, 3} {
				m, err := fit(workers)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				frame, err := m.AppendBinary(nil)
				if err != nil {
					t.Fatal(err)
				}
				if first == nil {
					first = frame
				} else if !slices.Equal(frame, first) {
					t.Errorf("%s, weights %v: another model with %d workers", name, weighed, workers)
				}
			}
		}
	}
}
