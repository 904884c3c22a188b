package causal

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"pgregory.net/rapid"
)

func TestDiffInDiffMerge(t *testing.T) {
	testkit.Laws[*DiffInDiff[int]]{
		Empty: func() *DiffInDiff[int] { return &DiffInDiff[int]{} },
		Add: func(t *rapid.T) func(*DiffInDiff[int]) {
			u, tr, post, y := rapid.IntRange(0, 4).Draw(t, "unit"), rapid.Bool().Draw(t, "treated"), rapid.Bool().Draw(t, "post"), value().Draw(t, "y")
			return func(d *DiffInDiff[int]) {
				if err := d.Add(u, tr, post, y); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *DiffInDiff[int]) error { return a.Merge(b) },
		Result: func(d *DiffInDiff[int]) []float64 {
			out := testkit.Numbers(d.Excluded())
			for u := range 5 {
				x := d.m[u]
				out = append(out, float64(x.n[0]), float64(x.n[1]), x.sum[0], x.sum[1])
			}
			return out
		},
		Tol: 1e-9,
	}.Check(t)
}

func TestOffPolicyMerge(t *testing.T) {
	testkit.Laws[*OffPolicy]{
		Empty: func() *OffPolicy { return ok[*OffPolicy](t)(NewOffPolicy(OffPolicyOptions{Clip: 2})) },
		Add: func(t *rapid.T) func(*OffPolicy) {
			r, p, w := rapid.Float64Range(-5, 5).Draw(t, "reward"), rapid.Float64Range(.05, 1).Draw(t, "p"), rapid.Float64Range(0, 1).Draw(t, "target")
			m := rapid.Bool().Draw(t, "model")
			return func(o *OffPolicy) {
				err := o.Add(r, p, w)
				if m {
					err = o.AddModel(r, p, w, r/2, r/3)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *OffPolicy) error { return a.Merge(b) },
		Result: func(o *OffPolicy) []float64 {
			out := testkit.Numbers(o.w.N(), o.m.N(), o.clipped, o.beyond, o.max)
			return append(out, append(joint(&o.w), joint(&o.m)...)...)
		},
		Tol:   1e-7,
		Other: func() *OffPolicy { return ok[*OffPolicy](t)(NewOffPolicy(OffPolicyOptions{})) },
	}.Check(t)
}

func TestUpliftHistogramMerge(t *testing.T) {
	o := UpliftHistogramOptions{Bins: 5, Replicates: 20, Seed: 9}
	testkit.Laws[*UpliftHistogram]{
		Empty: func() *UpliftHistogram { return ok[*UpliftHistogram](t)(NewUpliftHistogram(o)) },
		Add: func(t *rapid.T) func(*UpliftHistogram) {
			id, tr := rapid.Uint64Range(0, 50).Draw(t, "id"), rapid.Bool().Draw(t, "treated")
			y, s := rapid.Float64Range(-10, 10).Draw(t, "y"), rapid.Float64Range(-2, 2).Draw(t, "score")
			if rapid.Bool().Draw(t, "binary") {
				y = 1
			}
			return func(h *UpliftHistogram) {
				if err := h.Add(id, tr, y, s); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *UpliftHistogram) error { return a.Merge(b) },
		Result: func(h *UpliftHistogram) []float64 {
			var out []float64
			for _, c := range h.cells {
				out = append(out, float64(c.nt), float64(c.nc), c.yt, c.yc)
			}
			return out
		},
		Tol: 1e-9,
		Other: func() *UpliftHistogram {
			return ok[*UpliftHistogram](t)(NewUpliftHistogram(UpliftHistogramOptions{Bins: 6}))
		},
	}.Check(t)
}
