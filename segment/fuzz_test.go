package segment_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
)

// form is the binary form that every model and accumulator has.
type form interface {
	MarshalBinary() ([]byte, error)
	AppendBinary([]byte) ([]byte, error)
	UnmarshalBinary([]byte) error
}

// fuzzForm feeds bytes as they are and with length and checksum made right: what
// is refused leaves the receiver alone, what is accepted is canonical.
func fuzzForm(f *testing.F, fresh func() form, use func(form)) {
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, data := range [][]byte{data, testkit.Refit(data)} {
			m := fresh()
			before, _ := m.MarshalBinary()
			if err := m.UnmarshalBinary(data); err != nil {
				if !errors.Is(err, segment.ErrCorrupt) && !errors.Is(err, segment.ErrVersion) && !errors.Is(err, segment.ErrMismatch) {
					t.Fatalf("unnamed error %v", err)
				}
				if after, _ := m.MarshalBinary(); !bytes.Equal(before, after) {
					t.Fatal("a failed decode changed the receiver")
				}
				continue
			}
			b, err := m.MarshalBinary()
			if err == nil && data[6] < b[6] { // an older version becomes the newest, which reads as the same
				data = b
				if err := m.UnmarshalBinary(b); err != nil {
					t.Fatal(err)
				}
				b, err = m.MarshalBinary()
			}
			if err != nil || !bytes.Equal(b, data) {
				t.Fatalf("accepts %d bytes and writes %d others, %v", len(data), len(b), err)
			}
			use(m) // must not panic
		}
	})
}

func FuzzKMeansUnmarshal(f *testing.F) {
	fuzzForm(f, func() form { return new(segment.KMeans) }, func(m form) {
		k := m.(*segment.KMeans)
		_, _, err := k.Nearest(make([]float64, k.Dim()))
		must(err)
	})
}

func FuzzKMeansStepUnmarshal(f *testing.F) {
	fuzzForm(f, func() form { return new(segment.KMeansStep) }, func(m form) { _, _, _ = m.(*segment.KMeansStep).Next() })
}

func FuzzRFMUnmarshal(f *testing.F) {
	fuzzForm(f, func() form { return new(segment.RFM) }, func(m form) {
		_, err := m.(*segment.RFM).Score(1, 2, 3)
		must(err)
	})
}

func FuzzCutsUnmarshal(f *testing.F) {
	fuzzForm(f, func() form { return new(segment.Cuts) }, func(m form) {
		if c := m.(*segment.Cuts); c.Level(3) < 1 || c.Level(3) > c.Levels() {
			panic("a level that is none")
		}
	})
}

func FuzzTransitionsUnmarshal(f *testing.F) {
	fuzzForm(f, func() form { return new(segment.Transitions) }, func(m form) {
		_, _ = m.(*segment.Transitions).Rate(segment.New, segment.Active)
	})
}
