package segment_test

import (
	"bytes"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
)

func newStep(t rapid.TB, centers [][]float64) *segment.KMeansStep {
	s, err := segment.NewKMeansStep(centers)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// nearStep compares weights exactly (they are whole) and the rest to rounding.
func nearStep(t *rapid.T, a, b *segment.KMeansStep) {
	ca, sa, errA := a.Next()
	cb, sb, errB := b.Next()
	if (errA == nil) != (errB == nil) {
		t.Fatalf("%v and %v", errA, errB)
	}
	if !testkit.Close(a.Inertia(), b.Inertia(), 1e-9, 1e-12) || !testkit.Close(sa, sb, 1e-9, 1e-9) {
		t.Fatalf("inertia %v and %v, shift %v and %v", a.Inertia(), b.Inertia(), sa, sb)
	}
	wa, wb := a.Weights(), b.Weights()
	for j := range ca {
		if wa[j] != wb[j] {
			t.Fatalf("weights %v and %v", wa, wb)
		}
		for q := range ca[j] {
			if !testkit.Close(ca[j][q], cb[j][q], 1e-9, 1e-12) {
				t.Fatalf("centres %v and %v", ca, cb)
			}
		}
	}
}

func TestKMeansStepMergeProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
		d, k, n := rapid.IntRange(1, 3).Draw(t, "d"), rapid.IntRange(1, 5).Draw(t, "k"), rapid.IntRange(0, 40).Draw(t, "n")
		draw := func(n int) [][]float64 {
			rows := make([][]float64, n)
			for i := range rows {
				rows[i] = make([]float64, d)
				for j := range rows[i] {
					rows[i][j] = float64(s.Intn(9)) / 3
				}
			}
			return rows
		}
		centers, rows := draw(k), draw(n)
		all := newStep(t, centers)
		part := []*segment.KMeansStep{newStep(t, centers), newStep(t, centers), newStep(t, centers)}
		for i, r := range rows {
			w := float64(i % 3)
			if err := all.Add(r, w); err != nil {
				t.Fatal(err)
			}
			if err := part[s.Intn(3)].Add(r, w); err != nil {
				t.Fatal(err)
			}
		}
		merge := func(order ...int) *segment.KMeansStep {
			m := newStep(t, centers) // the empty state is the identity
			for _, i := range order {
				if err := m.Merge(part[i]); err != nil {
					t.Fatal(err)
				}
			}
			return m
		}
		nearStep(t, all, merge(0, 1, 2))
		nearStep(t, all, merge(2, 0, 1))
		right := newStep(t, centers) // (0 + (1 + 2))
		if err := right.Merge(part[0]); err != nil {
			t.Fatal(err)
		}
		if err := right.Merge(merge(1, 2)); err != nil {
			t.Fatal(err)
		}
		nearStep(t, all, right)
		b, err := all.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var back segment.KMeansStep
		if err := back.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		again, err := back.MarshalBinary()
		if err != nil || !bytes.Equal(b, again) {
			t.Fatalf("round trip differs, %v", err)
		}
		nearStep(t, all, &back)
		// The distributed round is the round of FitKMeans.
		if n > 0 && k == 1 {
			next, _, err := all.Next()
			if err != nil {
				return // only rows of weight 0
			}
			var w []float64
			for i := range rows {
				w = append(w, float64(i%3))
			}
			m, err := segment.FitKMeans(bg, rows, segment.KMeansOptions{Centers: centers, Weights: w})
			if err != nil {
				t.Fatal(err)
			}
			for q, v := range m.Centers()[0] {
				if !testkit.Close(v, next[0][q], 1e-9, 0) {
					t.Fatalf("centre %v, step %v", m.Centers(), next)
				}
			}
		}
	})
}

// Driving the step to the end is FitKMeans from the same start.
func TestKMeansStepDrivesFit(t *testing.T) {
	rows, _ := blobs(600, 3, 4, 2, 9)
	far := [][]float64{rows[0], rows[1], rows[2], {900, 900, 900}} // the last one starts empty
	m, err := segment.FitKMeans(bg, rows, segment.KMeansOptions{Centers: far, Tol: -1})
	if err != nil {
		t.Fatal(err)
	}
	centers, inertia := far, 0.0
	for range 200 {
		s := newStep(t, centers)
		for _, r := range rows {
			if err := s.Add(r, 1); err != nil {
				t.Fatal(err)
			}
		}
		inertia = s.Inertia()
		next, shift, err := s.Next()
		if err != nil {
			t.Fatal(err)
		}
		centers = next
		if shift < 1e-25 {
			break
		}
	}
	testkit.Near(t, "inertia", inertia, m.Inertia(), 1e-7)
	for j, c := range m.Centers() {
		for q := range c {
			testkit.Near(t, "centre", centers[j][q], c[q], 1e-9)
		}
	}
}

func TestKMeansStepBadInput(t *testing.T) {
	s := newStep(t, [][]float64{{0}, {1}})
	wantErr(t, s.Add([]float64{1, 2}, 1), segment.ErrShape, "2 columns")
	wantErr(t, s.Add([]float64{math.NaN()}, 1), segment.ErrNotFinite, "column 0")
	wantErr(t, s.Add([]float64{1}, -1), segment.ErrRange, "weight")
	wantErr(t, s.Add([]float64{1}, math.Inf(1)), segment.ErrRange, "weight")
	wantErr(t, s.Merge(s), segment.ErrMismatch, "itself")
	wantErr(t, s.Merge(nil), segment.ErrMismatch, "nil")
	wantErr(t, s.Merge(newStep(t, [][]float64{{0}, {2}})), segment.ErrMismatch, "centres")
	_, _, err := s.Next()
	wantErr(t, err, segment.ErrEmpty, "no rows")
	wantErr(t, new(segment.KMeansStep).Add([]float64{1}, 1), segment.ErrEmpty, "NewKMeansStep")
	_, err = segment.NewKMeansStep(nil)
	wantErr(t, err, segment.ErrEmpty, "Centers")
	_, err = segment.NewKMeans([][]float64{{1}, {math.Inf(1)}})
	wantErr(t, err, segment.ErrNotFinite, "Centers row 1")
	if err := s.Add([]float64{1}, 1e308); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.Add([]float64{1}, 1e308), segment.ErrOverflow, "cluster 1")
	if w := s.Weights(); w[1] != 1e308 {
		t.Errorf("half changed: %v", w)
	}
}
