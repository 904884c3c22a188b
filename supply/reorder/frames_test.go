package reorder_test

import (
	"context"
	"encoding"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

func TestFrames(t *testing.T) { testkit.Frames(t, "supply/reorder", frames()) }

func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

func frames() []testkit.Frame {
	return []testkit.Frame{{Kind: codec.KindSimulation, Fill: func(testing.TB) encoding.BinaryMarshaler { return filled() }, Values: func(_ testing.TB, s any) any {
		r := s.(*reorder.Simulation[string])
		return map[string]any{"IDs": r.IDs(), "Total": must(r.Total()), "a": must(r.Product("a")), "b": must(r.Product("b"))}
	}}}
}

// filled is a simulation in which every sum is above zero.
func filled() *reorder.Simulation[string] { return fill(3) }

// others is the same of other replications.
func others() *reorder.Simulation[string] { return fill(8) }

// fill simulates two replications from first on.
func fill(first int) *reorder.Simulation[string] {
	demand := []float64{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4}
	products := []reorder.Simulated[string]{
		{ID: "a", Policy: upTo{9, 30}, Demand: demand, OnHand: 30, Lead: 1, ShelfLife: 4},
		{ID: "b", Policy: upTo{4, 12}, Demand: demand, OnHand: 12, Lead: 2, ShelfLife: 3, LeadLaw: must(reorder.PoissonDemand(1.5))},
	}
	for i := range products {
		s := &products[i]
		s.Backorder, s.OrderCost, s.UnitCost, s.HoldingCost, s.BackorderCost, s.LostCost, s.WasteCost = .5, 10, 2, .25, 1, 3, .5
	}
	return must(reorder.Simulate(context.Background(), products, reorder.SimulateOptions{Warmup: 2, Batches: 2, Replications: 2, First: first, Seed: 5}))
}

// What a damaged frame must not bring back, and what a payload behind a checksum that is right must not either.
func TestSimulationDamaged(t *testing.T) {
	testkit.Damage(t, frames())
	good := must(filled().MarshalBinary())
	const header = 16
	word := func(at int, x uint64) func(p []byte) {
		return func(p []byte) { binary.LittleEndian.PutUint64(p[at:], x) }
	}
	for name, change := range map[string]func(p []byte){
		"no periods":               word(0, 0),
		"a warm-up of all":         word(8, 20),
		"more batches than days":   word(16, 19),
		"another number of them":   word(16, 3),
		"a level of 1":             word(32, math.Float64bits(1)),
		"fewer replications":       word(40, 1<<40),
		"replications descending":  word(56, 3),
		"ids of numbers":           word(64, 1),
		"a sum that is no number":  func(p []byte) { word(len(p)-8, math.Float64bits(math.NaN()))(p) },
		"a sum that is below zero": func(p []byte) { word(len(p)-16, math.Float64bits(-1))(p) },
		"periods of another batch": func(p []byte) { word(len(p)-8, math.Float64bits(10))(p) },
		"ready in more than all":   func(p []byte) { word(len(p)-16, math.Float64bits(10))(p) },
		"more good cycles":         func(p []byte) { word(len(p)-24, math.Float64bits(1e6))(p) },
		"more served than asked":   func(p []byte) { word(len(p)-11*8, math.Float64bits(1e6))(p) },
	} {
		bad := slices.Clone(good)
		change(bad[header : len(bad)-4])
		s := filled()
		if err := s.UnmarshalBinary(testkit.Refit(bad)); !errors.Is(err, reorder.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
		if !slices.Equal(must(s.MarshalBinary()), good) {
			t.Errorf("%s: changed by a failed decode", name)
		}
	}
	if err := new(reorder.Simulation[int]).UnmarshalBinary(good); !errors.Is(err, reorder.ErrCorrupt) {
		t.Errorf("ids of another type: %v", err)
	}
	// What is read goes on: it pairs with what it was, and merges.
	read := new(reorder.Simulation[string])
	if err := read.UnmarshalBinary(good); err != nil {
		t.Fatal(err)
	}
	if d := must(read.Against(filled())); d.Cost != (reorder.Measured{}) {
		t.Errorf("differs by %+v from what was written", d.Cost)
	}
	if err := read.Merge(filled()); !errors.Is(err, reorder.ErrDuplicate) {
		t.Error(err)
	}
}
