package predict_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

type decoder interface {
	UnmarshalBinary([]byte) error
	MarshalBinary() ([]byte, error)
}

// fuzzDecoder feeds bytes to a decoder, as they are and with length and checksum
// made right: no panic, and what is accepted encodes to the same bytes again. The
// committed corpus in testdata/fuzz is tried by every go test.
func fuzzDecoder(f *testing.F, fresh func() decoder, seeds ...decoder) {
	for _, s := range seeds {
		b, err := s.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, data := range [][]byte{data, testkit.Refit(data)} {
			m := fresh()
			if err := m.UnmarshalBinary(data); err != nil {
				continue
			}
			b, err := m.MarshalBinary()
			if err == nil && !bytes.Equal(b[6:8], data[6:8]) { // an older version, which becomes the newest
				data = b
				if err = m.UnmarshalBinary(b); err == nil {
					b, err = m.MarshalBinary()
				}
			}
			if err != nil || !bytes.Equal(b, data) {
				t.Fatalf("accepted bytes are not canonical: %v", err)
			}
		}
	})
}

// FuzzUnmarshal has the kinds that have no target of their own, and all others.
func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

func FuzzLogisticUnmarshal(f *testing.F) {
	a, err := predict.FitLogistic(context.Background(), visits, bought, predict.LogisticOptions{StdErrors: true, Names: []string{"a", "b"}})
	if err != nil {
		f.Fatal(err)
	}
	fuzzDecoder(f, func() decoder { return new(predict.Logistic) }, a)
}

func FuzzLinearUnmarshal(f *testing.F) {
	a, err := predict.FitLinear(context.Background(), visits, []float64{1, 2, 2, 4, 5, 5, 7, 9}, predict.LinearOptions{})
	if err != nil {
		f.Fatal(err)
	}
	fuzzDecoder(f, func() decoder { return new(predict.Linear) }, a)
}

func FuzzGramUnmarshal(f *testing.F) {
	g := new(predict.Gram)
	for i, v := range visits {
		if err := g.Add(v, float64(i), 1); err != nil {
			f.Fatal(err)
		}
	}
	fuzzDecoder(f, func() decoder { return new(predict.Gram) }, g, new(predict.Gram))
}

func FuzzLabelerUnmarshal(f *testing.F) {
	fuzzDecoder(f, func() decoder { return new(predict.Labeler[string]) }, fill(f, map[string][]float64{"a": {1, 2}, "b": {3}}), new(predict.Labeler[string]))
}

func FuzzSigmoidUnmarshal(f *testing.F) {
	fuzzDecoder(f, func() decoder { return new(predict.SigmoidCalibrator) }, &predict.SigmoidCalibrator{A: -1, B: 2, Converged: true})
}

func FuzzIsotonicUnmarshal(f *testing.F) {
	a, err := predict.FitIsotonic([]float64{1, 2, 3}, []bool{false, true, false}, nil)
	if err != nil {
		f.Fatal(err)
	}
	fuzzDecoder(f, func() decoder { return new(predict.Isotonic) }, a)
}

func FuzzIsotonicBucketsUnmarshal(f *testing.F) {
	b, err := predict.NewIsotonicBuckets(0, 1, 5)
	if err != nil || b.Add(0.3, true) != nil {
		f.Fatal(err)
	}
	fuzzDecoder(f, func() decoder { return new(predict.IsotonicBuckets) }, b)
}
