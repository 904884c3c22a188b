package infer_test

import (
	"errors"
	"testing"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

// TestBetaMomentsInPart: units of half a trial say nothing of how much rates vary.
func TestBetaMomentsInPart(t *testing.T) {
	units := []infer.Trials{{S: .5, N: .5}}
	for range 9 {
		units = append(units, infer.Trials{N: .5})
	}
	if a, b, err := infer.BetaMoments(units); !errors.Is(err, check.ErrUndefined) {
		t.Errorf("Beta(%v, %v), %v", a, b, err)
	}
}
