package causal_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/aislekit/aisle/metrics/causal"
)

// A state that forgot a unit is, to the byte, the one that never saw it.
func TestForget(t *testing.T) {
	var with, without causal.DiffInDiff[string]
	for i, u := range []string{"a", "b", "c", "d"} {
		err := errors.Join(with.Add(u, i < 2, false, 1), with.Add(u, i < 2, true, float64(i)))
		if u != "b" {
			err = errors.Join(err, without.Add(u, i < 2, false, 1), without.Add(u, i < 2, true, float64(i)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !with.Forget("b") || with.Forget("b") || with.Forget("nobody") {
		t.Error("what was forgotten is not what was there")
	}
	a, err1 := with.MarshalBinary()
	b, err2 := without.MarshalBinary()
	if err := errors.Join(err1, err2); err != nil || !bytes.Equal(a, b) {
		t.Errorf("the state still knows the unit, %v", err)
	}
}
