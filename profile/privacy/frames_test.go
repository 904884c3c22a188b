package privacy_test

import (
	"bytes"
	"encoding"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/privacy"
)

// TestFrames reads the golden frame of every kind of this package.
func TestFrames(t *testing.T) { testkit.Frames(t, "profile/privacy", frames()) }

func TestDamage(t *testing.T) { testkit.Damage(t, frames()) }

func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

// keys are n keys that everybody knows.
func keys(n int) (out []privacy.Key) {
	for i := range n {
		k, err := privacy.NewKey("key-"+string(rune('1'+i)), bytes.Repeat([]byte{byte(i + 1)}, 32))
		if err != nil {
			panic(err)
		}
		out = append(out, k)
	}
	return out
}

func pseudonyms(t testing.TB, n int) *privacy.Pseudonyms {
	p, err := privacy.NewPseudonyms("agency", keys(n)...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// budget is one of ρ from which something was spent.
func budget(t testing.TB) *privacy.Budget {
	l, err := privacy.NewBudget(privacy.BudgetOptions{Rho: 2})
	if err != nil {
		t.Fatal(err)
	}
	gauss, err := privacy.NewGaussian(4, .125)
	if err != nil {
		t.Fatal(err)
	}
	laplace, err := privacy.NewLaplace(1, .5)
	if err != nil {
		t.Fatal(err)
	}
	for q, n := range []*privacy.Noise{gauss, laplace} {
		if _, err := l.Release([]string{"visits", "baskets"}[q], n, seeded(5), []int64{7, 9}); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

var sumsOptions = privacy.SumsOptions{Keys: []string{"south", "north", "west"}, MaxKeys: 2, Min: -5, Max: 100}

func sums(t testing.TB) *privacy.Sums[string] {
	s, err := privacy.NewSums[string](sumsOptions)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// frames are the kinds of this package with a state in which no field is zero.
func frames() []testkit.Frame {
	return []testkit.Frame{
		{
			Kind: codec.KindBudget,
			Fill: func(t testing.TB) encoding.BinaryMarshaler { return budget(t) },
			Values: func(t testing.TB, s any) any {
				l := s.(*privacy.Budget)
				spent, err := l.Spent(1e-6)
				if err != nil {
					t.Fatal(err)
				}
				return testkit.Plain(map[string]any{"total": l.Total(), "remaining": l.Remaining(), "entries": l.Entries(), "spent": spent})
			},
		},
		{
			Kind: codec.KindSums,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				s := sums(t)
				for _, r := range []struct {
					user, key string
					value     int64
				}{{"anna", "north", 3}, {"bert", "south", 400}, {"anna", "west", -9}, {"anna", "south", 1}, {"carla", "west", 20}, {"anna", "north", 3}} {
					if err := s.Add(r.user, r.key, r.value); err != nil {
						t.Fatal(err)
					}
				}
				return s
			},
			Values: func(_ testing.TB, s any) any {
				x := s.(*privacy.Sums[string])
				l1, squared := x.Sensitivity()
				return testkit.Plain(map[string]any{"keys": x.Keys(), "result": x.Result(), "l1": l1, "squared": squared})
			},
		},
	}
}
