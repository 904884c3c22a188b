package segment_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
)

func newMovement(groups int) *segment.Movement {
	m, err := segment.NewMovement(groups)
	must(err)
	m.MinAudience = -1
	return m
}

// Shards merge to what one state counts, in any order.
func TestMovementMergeProp(t *testing.T) {
	testkit.Laws[*segment.Movement]{
		Empty: func() *segment.Movement { return newMovement(3) },
		Add: func(t *rapid.T) func(*segment.Movement) {
			period, from, to := rapid.Int64Range(-1, 2).Draw(t, "period"), rapid.IntRange(-1, 2).Draw(t, "from"), rapid.IntRange(-1, 2).Draw(t, "to")
			return func(m *segment.Movement) { must(m.Add(period, from, to)) }
		},
		Merge: func(a, b *segment.Movement) error { return a.Merge(b) },
		Result: func(m *segment.Movement) (out []float64) {
			for period := int64(-1); period <= 2; period++ {
				for from := segment.Outside; from < 3; from++ {
					for to := segment.Outside; to < 3; to++ {
						n, err := m.Count(period, from, to)
						must(err)
						out = append(out, float64(n))
					}
				}
			}
			return append(out, float64(len(m.Periods())))
		},
		Other: func() *segment.Movement { return newMovement(4) },
	}.Check(t)
}

// Labels of a year of months, counted by hand: who stays, who moves, who comes and goes.
func TestMovementMonths(t *testing.T) {
	r, months := rng.New(4, 0, 0), make([][]int32, 13)
	for k := range months {
		for range 500 {
			months[k] = append(months[k], int32(r.Intn(4)-1))
		}
	}
	m := newMovement(3)
	for k := 1; k < len(months); k++ {
		must(m.AddLabels(int64(k), months[k-1], months[k]))
	}
	if p := m.Periods(); len(p) != 12 || p[0] != 1 || p[11] != 12 || m.Groups() != 3 {
		t.Fatalf("periods %v", p)
	}
	for k := 1; k < len(months); k++ {
		for from := segment.Outside; from < 3; from++ {
			total := 0
			var counts [4]int64
			for i, f := range months[k-1] {
				if int(f) == from {
					total++
					counts[months[k][i]+1]++
				}
			}
			for to := segment.Outside; to < 3; to++ {
				n, err := m.Count(int64(k), from, to)
				must(err)
				rate, err := m.Rate(int64(k), from, to)
				must(err)
				if n != counts[to+1] || rate != float64(n)/float64(total) {
					t.Errorf("month %d, %d to %d: %d, %v, want %d of %d", k, from, to, n, rate, counts[to+1], total)
				}
			}
		}
	}
}

// Few customers are not told about, a bad group counts nobody.
func TestMovementRules(t *testing.T) {
	m := newMovement(2)
	m.MinAudience = 0
	for range 49 {
		must(m.Add(7, 0, 1))
	}
	for range 80 {
		must(m.Add(7, 0, 0))
		must(m.Add(7, 1, 1))
	}
	if _, err := m.Count(7, 0, 1); !errors.Is(err, segment.ErrPrivacy) {
		t.Errorf("49 customers: %v", err)
	}
	if _, err := m.Rate(7, 0, 0); !errors.Is(err, segment.ErrPrivacy) {
		t.Errorf("a rate that tells of 49 customers: %v", err)
	}
	if n, err := m.Count(7, 0, 0); n != 80 || err != nil {
		t.Errorf("80 customers: %d, %v", n, err)
	}
	if x, err := m.Rate(7, 1, 1); x != 1 || err != nil {
		t.Errorf("all stay: %v, %v", x, err)
	}
	if _, err := m.Rate(8, 1, 1); !errors.Is(err, segment.ErrUndefined) {
		t.Errorf("a month without movements: %v", err)
	}
	before, _ := m.MarshalBinary()
	if err := m.AddLabels(7, []int32{0, 1}, []int32{1, 2}); !errors.Is(err, segment.ErrRange) {
		t.Errorf("group 2 of 0 to 1: %v", err)
	}
	if err := m.AddLabels(7, []int32{0, 1}, []int32{1}); !errors.Is(err, segment.ErrShape) {
		t.Errorf("labels of unequal length: %v", err)
	}
	if after, _ := m.MarshalBinary(); !slices.Equal(before, after) {
		t.Error("a refused call counted")
	}
	for groups, want := range map[int]error{0: segment.ErrRange, 1001: segment.ErrTooLarge} {
		if _, err := segment.NewMovement(groups); !errors.Is(err, want) {
			t.Errorf("%d groups: %v", groups, err)
		}
	}
}

// A count that is full stays.
func TestMovementFull(t *testing.T) {
	m, power := newMovement(1), newMovement(1)
	must(power.Add(1, 0, 0))
	for i := range 63 {
		must(m.Merge(power))
		if i < 62 {
			b, err := power.MarshalBinary()
			must(err)
			twin := newMovement(1)
			must(twin.UnmarshalBinary(b))
			must(power.Merge(twin))
		}
	}
	if err := m.Add(1, 0, 0); !errors.Is(err, segment.ErrOverflow) {
		t.Errorf("one more than MaxInt64: %v", err)
	}
	if n, err := m.Count(1, 0, 0); n != math.MaxInt64 || err != nil {
		t.Errorf("%d, %v after an error", n, err)
	}
}
