package profile

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// The oracle is arithmetic without limit.
func TestFixedTimesProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		a := fixed{rapid.Uint64().Draw(r, "hi"), rapid.Uint64().Draw(r, "lo")}
		f := math.Exp2(-rapid.Float64Range(0, 200).Draw(r, "exponent"))
		big1 := new(big.Int).Add(new(big.Int).Lsh(new(big.Int).SetUint64(a.hi), 64), new(big.Int).SetUint64(a.lo))
		q := new(big.Rat).Mul(new(big.Rat).SetInt(big1), new(big.Rat).SetFloat64(f))
		want := new(big.Int).Quo(q.Num(), q.Denom())
		got := a.times(f)
		if x := new(big.Int).Add(new(big.Int).Lsh(new(big.Int).SetUint64(got.hi), 64), new(big.Int).SetUint64(got.lo)); x.Cmp(want) != 0 {
			r.Fatalf("%v · %v = %v, want %v", big1, f, x, want)
		}
	})
	if (fixed{1, 2}).times(1) != (fixed{1, 2}) || !(fixed{1, 2}).times(0).zero() {
		t.Error("times 1 and 0")
	}
}
