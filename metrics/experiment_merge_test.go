package metrics

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

func TestRatioMomentsMerge(t *testing.T) {
	accumulator[*RatioMoments]{
		empty: func() *RatioMoments { return &RatioMoments{} },
		add: func(t *rapid.T) func(*RatioMoments) {
			x, y := value().Draw(t, "num"), rapid.Float64Range(0, 100).Draw(t, "den")
			return func(m *RatioMoments) {
				if err := m.Add(x, y); err != nil {
					t.Fatal(err)
				}
			}
		},
		merge: func(a, b *RatioMoments) error { return a.Merge(b) },
		result: func(m *RatioMoments) []float64 {
			// Ratios of sums near 0 lose digits; compare what they are made of.
			return append(numbers(m.N(), m.m.at(0), m.m.at(1)), m.m.c[:]...)
		},
		tol: 1e-7,
	}.check(t)
}

func TestCUPEDMerge(t *testing.T) {
	accumulator[*CUPED]{
		empty: func() *CUPED { return &CUPED{} },
		add: func(t *rapid.T) func(*CUPED) {
			x, y, miss := value().Draw(t, "x"), value().Draw(t, "y"), rapid.Bool().Draw(t, "missing")
			return func(c *CUPED) {
				err := c.Add(y, x)
				if miss {
					err = c.AddMissing(y)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		},
		merge: func(a, b *CUPED) error { return a.Merge(b) },
		result: func(c *CUPED) []float64 {
			return append(numbers(c.N(), c.Missing(), nan(c.missing.Mean()), nan(c.missing.Variance()), c.seen.at(0), c.seen.at(1)), c.seen.c[:]...)
		},
		tol: 1e-6,
	}.check(t)
}

func TestCUPEDRatioMerge(t *testing.T) {
	accumulator[*CUPEDRatio]{
		empty: func() *CUPEDRatio { return &CUPEDRatio{} },
		add: func(t *rapid.T) func(*CUPEDRatio) {
			g := rapid.Float64Range(0, 100)
			x := [4]float64{g.Draw(t, "a"), g.Draw(t, "b"), g.Draw(t, "c"), g.Draw(t, "d")}
			miss := rapid.Bool().Draw(t, "missing")
			return func(c *CUPEDRatio) {
				var err error
				if miss {
					err = c.AddMissing(x[0], x[1])
				} else {
					err = c.Add(x[0], x[1], x[2], x[3])
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		},
		merge: func(a, b *CUPEDRatio) error { return a.Merge(b) },
		result: func(c *CUPEDRatio) []float64 {
			return append(numbers(c.N(), c.Missing(), c.m.at(0), c.m.at(1), c.m.at(2), c.m.at(3)), c.m.c[:]...)
		},
		tol: 1e-8,
	}.check(t)
}

// experimentStates returns a filled state of every type of the experiment
// files that has a binary form.
func experimentStates(t testing.TB) []binaryForm {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	var r RatioMoments
	must(r.Add(1, 2))
	must(r.Add(3, 5))
	var c CUPED
	must(c.Add(1, 2))
	must(c.Add(3, 5))
	must(c.AddMissing(4))
	var q CUPEDRatio
	must(q.Add(1, 2, 3, 4))
	must(q.AddMissing(1, 1))
	h, err := NewUpliftHistogram(UpliftHistogramOptions{Bins: 2, Replicates: 1})
	must(err)
	must(h.Add(1, true, 1, 0.5))
	o, err := NewOffPolicy(OffPolicyOptions{})
	must(err)
	must(o.AddModel(1, .5, .2, .7, .3))
	e, err := NewExposure([]int32{0, 1, 1})
	must(err)
	must(e.Add([]int32{2}, []int32{1, 2}, []int32{0}))
	var cl Clusters[string]
	must(cl.Add("shop", 3))
	var did DiffInDiff[int32]
	must(did.Add(-4, true, false, 3))
	var fair Fairness[string]
	fair.Add("a", true, false)
	x, err := NewExperiment[string](testOptions())
	must(err)
	must(x.Assign("anna", 1))
	must(x.AddPre("anna", 0, 5))
	must(x.Add("bert", 1, 2))
	return []binaryForm{&r, &c, &q, h, o, e, &cl, &did, &fair, x}
}

// FuzzUnmarshalExperiments is FuzzUnmarshal for the experiment files.
func FuzzUnmarshalExperiments(f *testing.F) {
	for i, s := range experimentStates(f) {
		data, err := s.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), data)
		f.Add(uint8(i), data[16:len(data)-4])
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		all := experimentStates(t)
		s := all[int(which)%len(all)]
		before, err := s.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		kind := uint16(before[4]) | uint16(before[5])<<8
		for _, in := range [][]byte{data, frame(data, kind)} {
			now, _ := s.MarshalBinary()
			err := s.UnmarshalBinary(in)
			after, merr := s.MarshalBinary()
			if merr != nil {
				t.Fatal(merr)
			}
			if err != nil && !bytes.Equal(after, now) {
				t.Fatal("a failed decode changed the state")
			}
			if err == nil && !bytes.Equal(after, in) {
				t.Fatalf("decoded %x, encodes as %x", in, after)
			}
		}
	})
}
