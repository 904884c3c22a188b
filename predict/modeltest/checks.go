package modeltest

import (
	"bytes"
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

// checkFinite asks for the shape of predictions, and for the same bits alone and among others: a server asks row by row.
func checkFinite(t testing.TB, s *subject) {
	m := s.model(t)
	rows := s.test.Rows
	k := s.width()
	p, err := m.Predict([]float64{7}, rows)
	if err != nil {
		t.Fatalf("Predict fails: %v", err)
	}
	if len(p) != 1+k*len(rows) || p[0] != 7 {
		t.Fatalf("%d numbers for %d rows of %d behind one that was there", len(p), len(rows), k)
	}
	p = p[1:]
	for i, v := range p {
		if !finite(v) || s.Counts && v < 0 || s.probabilities() && !(v >= 0 && v <= 1) {
			t.Fatalf("row %d has %v", i/k, v)
		}
	}
	for i := 0; k > 1 && s.probabilities() && i < len(p); i += k {
		sum := 0.0
		for _, v := range p[i : i+k] {
			sum += v
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Fatalf("the probabilities of row %d sum to %v", i/k, sum)
		}
	}
	for _, i := range []int{0, len(rows) - 1} { // alone as among others
		if one := predict(t, m, rows[i:i+1]); !slices.EqualFunc(one, p[i*k:(i+1)*k], same) {
			t.Errorf("row %d has %v alone and %v among others", i, one, p[i*k:(i+1)*k])
		}
	}
	if none := predict(t, m, nil); len(none) != 0 {
		t.Errorf("no rows have %v", none)
	}
}

// probabilities reports whether predictions are such.
func (s *subject) probabilities() bool { return s.Classes > 0 && !s.Scores }

// checkLearns compares pairs of rows: of those whose y differ, the one of more should be predicted to be more, within
// queries where rows are ranked. Of classes, a row counts by the class that is predicted on the mean.
func checkLearns(t testing.TB, s *subject) {
	k := s.width()
	p := predict(t, s.model(t), s.test.Rows)
	value := func(i int) float64 {
		if k == 1 {
			return p[i]
		}
		mean := 0.0
		for c, v := range p[i*k : (i+1)*k] {
			mean += float64(c) * v
		}
		return mean
	}
	right, pairs := 0.0, 0.0
	for i := range s.test.Rows {
		for j := range i {
			if s.test.Y[i] == s.test.Y[j] || s.Groups && s.test.Groups[i] != s.test.Groups[j] {
				continue
			}
			pairs++
			switch d := (value(i) - value(j)) * (s.test.Y[i] - s.test.Y[j]); {
			case d > 0:
				right++
			case d == 0:
				right += .5
			}
		}
	}
	if !(right/pairs >= .6) {
		t.Errorf("%.3f of the pairs are in the right order, want .6", right/pairs)
	}
}

// checkMonotone moves column 0 of rows that the learner has not seen.
func checkMonotone(t testing.TB, s *subject) {
	if !s.Monotone {
		return
	}
	m, k := s.model(t), s.width()
	for _, row := range s.test.Rows[:min(40, len(s.test.Rows))] {
		last := math.Inf(-1)
		for x := -3.0; x <= 3; x += .125 {
			other := slices.Clone(row)
			other[0] = x
			p := predict(t, m, [][]float64{other})[k-1]
			if p < last {
				t.Fatalf("the prediction falls from %v to %v where column 0 rises to %v", last, p, x)
			}
			last = p
		}
	}
}

// checkMissing lets a learner that does not read missing values refuse a row, or answer it by NaN: a number would be a guess.
func checkMissing(t testing.TB, s *subject) {
	nan := make([]float64, len(s.test.Rows[0]))
	for j := range nan {
		nan[j] = math.NaN()
	}
	if s.Missing {
		for _, v := range predict(t, s.model(t), [][]float64{nan}) {
			if !finite(v) {
				t.Errorf("a row of missing values has %v", v)
			}
		}
		return
	}
	d := s.train.copied()
	d.Rows[3][0] = math.NaN()
	if _, err := s.Fit(context.Background(), d); err == nil {
		t.Error("a fit on a missing value is not refused")
	}
	p, err := s.model(t).Predict(nil, [][]float64{nan})
	if err == nil && slices.ContainsFunc(p, finite) {
		t.Errorf("missing values have the prediction %v", p)
	}
}

// checkUnseen asks for codes beyond those of the training rows, and beyond integers.
func checkUnseen(t testing.TB, s *subject) {
	if !s.Categorical {
		return
	}
	m := s.model(t)
	for _, code := range []float64{999, 1e6, 1e18, -1, 1e308} {
		row := slices.Clone(s.test.Rows[0])
		for _, j := range s.test.Categorical {
			row[j] = code
		}
		for _, v := range predict(t, m, [][]float64{row}) {
			if !finite(v) {
				t.Errorf("category %g has %v", code, v)
			}
		}
	}
}

func checkSameBytes(t testing.TB, s *subject) {
	want := s.print(t, s.model(t))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, n := range []int{1, 2, 8} {
		runtime.GOMAXPROCS(n)
		if s.print(t, s.fit(t, s.train)) != want {
			t.Errorf("at GOMAXPROCS %d it is another model", n)
		}
	}
}

// checkPermuted compares bytes, or predictions where sums are taken in the order of the rows.
func checkPermuted(t testing.TB, s *subject) {
	if s.Ordered {
		return // what the same order gives is for "same bytes"
	}
	m := s.model(t)
	other := s.fit(t, s.train.take(rng.New(3, 0x7e57, 1).Perm(len(s.train.Y))))
	if s.Permuted == 0 {
		if s.print(t, m) != s.print(t, other) {
			t.Error("permuted rows give another model")
		}
		return
	}
	if d := apart(predict(t, m, s.test.Rows), predict(t, other, s.test.Rows)); !(d <= s.Permuted) {
		t.Errorf("permuted rows move predictions by %.3g of their standard deviation, want %g", d, s.Permuted)
	}
}

// weighted returns the training data with whole weights, and the rows as often as these say, next to each other.
func (s *subject) weighted() (weights, often Data) {
	r := rng.New(4, 0x7e57, 2)
	weights = s.train
	weights.Weights = nil
	var order []int32
	for i := range weights.Y {
		w := r.Intn(4)
		weights.Weights = append(weights.Weights, float64(w))
		for range w {
			order = append(order, int32(i))
		}
	}
	plain := s.train
	plain.Weights = nil
	return weights, plain.take(order)
}

func checkWeights(t testing.TB, s *subject) {
	if s.Weighted == 0 {
		return
	}
	weights, often := s.weighted()
	a, b := predict(t, s.fit(t, weights), s.test.Rows), predict(t, s.fit(t, often), s.test.Rows)
	if d := apart(a, b); !(d <= s.Weighted) {
		t.Errorf("weights are %.3g of the standard deviation from rows that come so often, want %g", d, s.Weighted)
	}
	if plain := predict(t, s.model(t), s.test.Rows); apart(plain, a) <= s.Weighted {
		t.Error("weights make no difference")
	}
}

// checkAbsent has weights of 0 and 1 alone, so that a learner that counts rows must leave out those of 0.
func checkAbsent(t testing.TB, s *subject) {
	if s.Weighted == 0 {
		return
	}
	d := s.train.copied()
	d.Weights = nil
	var kept []int32
	for i := range d.Y {
		w := 1.0
		if i%4 == 3 {
			w = 0
		} else {
			kept = append(kept, int32(i))
		}
		d.Weights = append(d.Weights, w)
	}
	if d := apart(predict(t, s.fit(t, d), s.test.Rows), predict(t, s.fit(t, d.take(kept)), s.test.Rows)); !(d <= s.Weighted) {
		t.Errorf("rows of weight 0 move predictions by %.3g of their standard deviation, want %g", d, s.Weighted)
	}
}

// checkRoundTrip damages about a hundred places of the frame: large models would take too long otherwise.
func checkRoundTrip(t testing.TB, s *subject) {
	m := s.model(t)
	if m.State == nil || s.Decode == nil {
		if s.Decode != nil {
			t.Error("Decode without State")
		}
		return
	}
	frame := []byte(s.print(t, m))
	back, err := s.Decode(bytes.Clone(frame))
	if err != nil {
		t.Fatalf("its own bytes are refused: %v", err)
	}
	if !slices.EqualFunc(predict(t, m, s.test.Rows), predict(t, back, s.test.Rows), same) {
		t.Error("a decoded model predicts something else")
	}
	if back.State == nil || s.print(t, back) != string(frame) {
		t.Error("a decoded model has other bytes")
	}
	for at := 0; at < len(frame); at += 1 + len(frame)/97 {
		bad := bytes.Clone(frame)
		bad[at] ^= 0x40
		if _, err := s.Decode(bad); err == nil {
			t.Fatalf("byte %d of %d is damaged and accepted", at, len(frame))
		}
		if _, err := s.Decode(frame[:at]); err == nil {
			t.Fatalf("%d of %d bytes are accepted", at, len(frame))
		}
	}
}

// checkReaders finds memory that predictions share, best under the race detector.
func checkReaders(t testing.TB, s *subject) {
	m := s.model(t)
	want := predict(t, m, s.test.Rows)
	var all sync.WaitGroup
	for range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 3 {
				got, err := m.Predict(nil, s.test.Rows)
				if err != nil || !slices.EqualFunc(got, want, same) {
					t.Errorf("another reader gets other predictions: %v", err)
					return
				}
			}
		}()
	}
	all.Wait()
}

// checkBadInput has a fault in each call, and asks for no sentinel: a learner of somebody else has its own errors.
func checkBadInput(t testing.TB, s *subject) {
	faults := map[string]func(d *Data){
		"no rows":         func(d *Data) { *d = Data{Categorical: d.Categorical} },
		"a label too few": func(d *Data) { d.Y = d.Y[1:] },
		"a row too short": func(d *Data) { d.Rows[5] = d.Rows[5][1:] },
		"an infinity":     func(d *Data) { d.Rows[5][0] = math.Inf(1) },
		"a label of NaN":  func(d *Data) { d.Y[5] = math.NaN() },
		"an infinite y":   func(d *Data) { d.Y[5] = math.Inf(-1) },
	}
	if s.Classes > 0 {
		faults["half a class"] = func(d *Data) { d.Y[5] = .5 }
	}
	if s.Classes > 0 || s.Counts {
		faults["a label below 0"] = func(d *Data) { d.Y[5] = -1 }
	}
	for name, damage := range faults {
		d := s.train.copied()
		damage(&d)
		if _, err := s.Fit(context.Background(), d); err == nil {
			t.Errorf("%s: not refused", name)
		}
	}
	if s.Weighted == 0 {
		return
	}
	for _, w := range []float64{-1, math.NaN(), math.Inf(1)} {
		d := s.train.copied()
		d.Weights = slices.Repeat([]float64{1}, len(d.Y))
		d.Weights[5] = w
		if _, err := s.Fit(context.Background(), d); err == nil {
			t.Errorf("a weight of %v is not refused", w)
		}
	}
	d := s.train.copied()
	d.Weights = []float64{1}
	if _, err := s.Fit(context.Background(), d); err == nil {
		t.Error("one weight for all rows is not refused")
	}
}

func checkBadRows(t testing.TB, s *subject) {
	m, row := s.model(t), s.test.Rows[0]
	for _, bad := range [][]float64{nil, row[1:], append(slices.Clone(row), 1)} {
		got, err := m.Predict([]float64{7}, [][]float64{row, bad})
		if err == nil {
			t.Errorf("a row of %d columns is answered, the model has %d", len(bad), len(row))
		} else if len(got) != 1 || got[0] != 7 {
			t.Errorf("dst is %v after an error", got)
		}
	}
}

func checkCancel(t testing.TB, s *subject) {
	ctx, cancel := context.WithCancelCause(context.Background())
	cause := errors.New("enough")
	cancel(cause)
	if _, err := s.Fit(ctx, s.train); !errors.Is(err, cause) {
		t.Errorf("a cancelled fit returns %v, want its cause", err)
	}
}

// checkDataKept changes the data after the fit: callers fill the same rows again.
func checkDataKept(t testing.TB, s *subject) {
	d := s.train.copied()
	m := s.fit(t, d)
	if !d.equal(s.train) {
		t.Error("the fit has changed its data")
	}
	rows := s.test.copied().Rows
	want := predict(t, m, rows)
	if !(Data{Rows: rows}).equal(Data{Rows: s.test.Rows}) {
		t.Error("Predict has changed its rows")
	}
	for i := range d.Rows {
		clear(d.Rows[i])
		d.Y[i] = 0
	}
	if !slices.EqualFunc(predict(t, m, rows), want, same) {
		t.Error("the model changes with the data that it was fitted on")
	}
}
