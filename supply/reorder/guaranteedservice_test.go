package reorder_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

// example65 is example 6.5 of Snyder and Shen (2019), as stockpyl 1.0.2 ships it.
func example65() ([]reorder.Stage[int], []reorder.Arc[int]) {
	return []reorder.Stage[int]{
		{ID: 1, Time: 2, HoldingCost: 1, Inbound: 1},
		{ID: 2, Time: 1, HoldingCost: 3, Bound: 1},
		{ID: 3, Time: 1, HoldingCost: 2},
		{ID: 4, Time: 1, HoldingCost: 3, Bound: 1, Outbound: 1},
	}, []reorder.Arc[int]{
		{From: 1, To: 3}, {From: 3, To: 2}, {From: 3, To: 4},
	}
}

func totalCost[K string | int](plan []reorder.ServiceTime[K]) float64 {
	sum := 0.0
	for _, s := range plan {
		sum += s.Cost
	}
	return sum
}

func TestGuaranteedServiceGolden(t *testing.T) {
	stages, arcs := example65()
	plan := must(reorder.GuaranteedService(context.Background(), stages, arcs))
	var times []int
	for _, s := range plan {
		times = append(times, s.Service)
	}
	if !slices.Equal(times, []int{0, 0, 0, 1}) {
		t.Errorf("service times %v", times)
	}
	testkit.Near(t, "cost", totalCost(plan), 8.277917, 5e-7)
}

// randomTree draws a forest of n stages; every shape and direction of arcs occurs.
func randomTree(t *rapid.T, most, longest int) ([]reorder.Stage[int], []reorder.Arc[int]) {
	n := rapid.IntRange(1, most).Draw(t, "n")
	stages := make([]reorder.Stage[int], n)
	var arcs []reorder.Arc[int]
	for i := range stages {
		stages[i] = reorder.Stage[int]{
			ID: i * 7 % 101, Time: rapid.IntRange(0, longest).Draw(t, "time"), HoldingCost: rapid.SampledFrom([]float64{0, .5, 1, 2.5, 4}).Draw(t, "hold"),
			Bound:   rapid.SampledFrom([]float64{0, 0, 1, 3}).Draw(t, "bound"),
			Inbound: rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "inbound"), Outbound: rapid.IntRange(0, 2).Draw(t, "outbound"),
		}
		if i > 0 && rapid.IntRange(0, 9).Draw(t, "apart") > 0 {
			a := reorder.Arc[int]{From: stages[rapid.IntRange(0, i-1).Draw(t, "to")].ID, To: stages[i].ID, Units: rapid.SampledFrom([]float64{0, 1, 2}).Draw(t, "units")}
			if rapid.Bool().Draw(t, "up") {
				a.From, a.To = a.To, a.From
			}
			arcs = append(arcs, a)
		}
	}
	return stages, arcs
}

// chainCost is the cost of given service times, SI being the least that is possible; +Inf
// where they break a rule. pooled are the bounds.
func chainCost(stages []reorder.Stage[int], arcs []reorder.Arc[int], service []int) float64 {
	at := map[int]int{}
	for i, s := range stages {
		at[s.ID] = i
	}
	squares, seen := make([]float64, len(stages)), make([]bool, len(stages))
	var pool func(i int) float64
	pool = func(i int) float64 {
		if !seen[i] {
			seen[i], squares[i] = true, stages[i].Bound*stages[i].Bound
			for _, a := range arcs {
				if at[a.From] == i {
					u := max(a.Units, 0)
					if u == 0 {
						u = 1
					}
					squares[i] += u * u * pool(at[a.To])
				}
			}
		}
		return squares[i]
	}
	cost := 0.0
	for i, s := range stages {
		wait, customers := s.Inbound, 0
		for _, a := range arcs {
			if at[a.To] == i {
				wait = max(wait, service[at[a.From]])
			}
			if at[a.From] == i {
				customers++
			}
		}
		net := wait + s.Time - service[i]
		if net < 0 || (s.Bound > 0 || customers == 0) && service[i] > s.Outbound {
			return math.Inf(1)
		}
		cost += s.HoldingCost * math.Sqrt(pool(i)) * math.Sqrt(float64(net))
	}
	return cost
}

// Against brute force over all service times of small trees; what is returned keeps the rules
// and costs what it says; permuted input gives the same.
func TestGuaranteedServiceProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stages, arcs := randomTree(t, 5, 2)
		plan, err := reorder.GuaranteedService(context.Background(), stages, arcs)
		if err != nil {
			t.Fatal(err)
		}
		limit := 2
		for _, s := range stages {
			limit += s.Time
		}
		least := math.Inf(1)
		service := make([]int, len(stages))
		var try func(i int)
		try = func(i int) {
			if i == len(stages) {
				least = min(least, chainCost(stages, arcs, service))
				return
			}
			for service[i] = 0; service[i] <= limit; service[i]++ {
				try(i + 1)
			}
			service[i] = 0
		}
		if math.Pow(float64(limit+1), float64(len(stages))) < 40_000 {
			try(0)
		} else {
			least = totalCost(plan)
		}
		checkTimes(t, stages, arcs, plan, least)
		p, q := rapid.Permutation(stages).Draw(t, "stages"), rapid.Permutation(arcs).Draw(t, "arcs")
		if again, err := reorder.GuaranteedService(context.Background(), p, q); err != nil || !slices.Equal(again, plan) {
			t.Fatalf("permuted: %v, %v", again, err)
		}
	})
}

// checkTimes holds a plan against the rules of the model and a cost.
func checkTimes(t *rapid.T, stages []reorder.Stage[int], arcs []reorder.Arc[int], plan []reorder.ServiceTime[int], want float64) {
	service := make([]int, len(stages))
	for i, s := range stages {
		k := slices.IndexFunc(plan, func(p reorder.ServiceTime[int]) bool { return p.ID == s.ID })
		service[i] = plan[k].Service
		if plan[k].Net != plan[k].Inbound+s.Time-plan[k].Service || plan[k].Net < 0 || plan[k].Service < 0 {
			t.Fatalf("times %+v", plan[k])
		}
	}
	total, cost := totalCost(plan), chainCost(stages, arcs, service)
	if math.Abs(total-want) > 1e-9*(1+want) || math.Abs(cost-want) > 1e-9*(1+want) {
		t.Fatalf("cost %v, of its service times %v, least %v: %+v", total, cost, want, plan)
	}
}

// No single service time of a larger tree can be changed for the better.
func TestGuaranteedServiceLocalProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stages, arcs := randomTree(t, 40, 9)
		plan, err := reorder.GuaranteedService(context.Background(), stages, arcs)
		if err != nil {
			t.Fatal(err)
		}
		checkTimes(t, stages, arcs, plan, totalCost(plan))
		service := make([]int, len(stages))
		for i, s := range stages {
			service[i] = plan[slices.IndexFunc(plan, func(p reorder.ServiceTime[int]) bool { return p.ID == s.ID })].Service
		}
		best := chainCost(stages, arcs, service)
		for range 30 {
			i := rapid.IntRange(0, len(stages)-1).Draw(t, "stage")
			old := service[i]
			service[i] = rapid.IntRange(0, 60).Draw(t, "service")
			if x := chainCost(stages, arcs, service); x < best-1e-9 {
				t.Fatalf("service time %d of stage %d costs %v, not %v", service[i], stages[i].ID, x, best)
			}
			service[i] = old
		}
	})
}

func TestGuaranteedServiceBadInput(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name   string
		change func(s []reorder.Stage[int], a []reorder.Arc[int]) ([]reorder.Stage[int], []reorder.Arc[int])
		want   error
		text   string
	}{
		{"no stages", func(_ []reorder.Stage[int], a []reorder.Arc[int]) ([]reorder.Stage[int], []reorder.Arc[int]) {
			return nil, a
		}, reorder.ErrEmpty, ""},
		{"a stage twice", func(s []reorder.Stage[int], a []reorder.Arc[int]) ([]reorder.Stage[int], []reorder.Arc[int]) {
			return append(s, s[0]), a
		}, reorder.ErrDuplicate, "stage 1"},
		{"unknown", func(s []reorder.Stage[int], a []reorder.Arc[int]) ([]reorder.Stage[int], []reorder.Arc[int]) {
			return s[:3], a
		}, reorder.ErrUnknownID, "arcs[2]: To is 4"},
		{"a loop", func(s []reorder.Stage[int], a []reorder.Arc[int]) ([]reorder.Stage[int], []reorder.Arc[int]) {
			return s, append(a, reorder.Arc[int]{From: 1, To: 4})
		}, reorder.ErrUnsupported, "closes the loop"},
		{"a cycle", func(s []reorder.Stage[int], a []reorder.Arc[int]) ([]reorder.Stage[int], []reorder.Arc[int]) {
			return s, append(a, reorder.Arc[int]{From: 2, To: 1})
		}, reorder.ErrUnsupported, "1 – 3 – 2"},
		{"an arc twice", func(s []reorder.Stage[int], a []reorder.Arc[int]) ([]reorder.Stage[int], []reorder.Arc[int]) {
			return s, append(a, a[0])
		}, reorder.ErrUnsupported, "3 – 1"},
		{"an arc to itself", func(s []reorder.Stage[int], a []reorder.Arc[int]) ([]reorder.Stage[int], []reorder.Arc[int]) {
			return s, append(a, reorder.Arc[int]{From: 2, To: 2})
		}, reorder.ErrUnsupported, "from 2 to 2"},
		{"time", func(s []reorder.Stage[int], a []reorder.Arc[int]) ([]reorder.Stage[int], []reorder.Arc[int]) {
			s[2].Time = -1
			return s, a
		}, reorder.ErrRange, "stage 3: Time"},
		{"bound", func(s []reorder.Stage[int], a []reorder.Arc[int]) ([]reorder.Stage[int], []reorder.Arc[int]) {
			s[2].Bound = math.NaN()
			return s, a
		}, reorder.ErrNotFinite, "Bound"},
		{"cost", func(s []reorder.Stage[int], a []reorder.Arc[int]) ([]reorder.Stage[int], []reorder.Arc[int]) {
			s[2].HoldingCost = -1
			return s, a
		}, reorder.ErrRange, "HoldingCost"},
		{"units", func(s []reorder.Stage[int], a []reorder.Arc[int]) ([]reorder.Stage[int], []reorder.Arc[int]) {
			a[1].Units = -1
			return s, a
		}, reorder.ErrRange, "arcs[1]"},
		{"endless time", func(s []reorder.Stage[int], a []reorder.Arc[int]) ([]reorder.Stage[int], []reorder.Arc[int]) {
			for i := range s {
				s[i].Time = 1e7
			}
			return s, a
		}, reorder.ErrTooLarge, ""},
	} {
		stages, arcs := c.change(example65())
		if plan, err := reorder.GuaranteedService(ctx, stages, arcs); plan != nil || !errors.Is(err, c.want) || !contains(err, c.text) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func ExampleGuaranteedService() {
	stages := []reorder.Stage[string]{
		{ID: "leaves", Time: 20, HoldingCost: 1},
		{ID: "blend", Time: 5, HoldingCost: 3},
		{ID: "shop", Time: 2, HoldingCost: 4, Bound: 30},
		{ID: "online", Time: 1, HoldingCost: 4, Bound: 50, Outbound: 3},
	}
	arcs := []reorder.Arc[string]{{From: "leaves", To: "blend"}, {From: "blend", To: "shop"}, {From: "blend", To: "online"}}
	plan, err := reorder.GuaranteedService(context.Background(), stages, arcs)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range plan {
		fmt.Printf("%-6s delivers in %d periods, keeps %.0f\n", s.ID, s.Service, s.SafetyStock)
	}
	// Output:
	// blend  delivers in 2 periods, keeps 101
	// leaves delivers in 0 periods, keeps 261
	// online delivers in 3 periods, keeps 0
	// shop   delivers in 0 periods, keeps 60
}

// BenchmarkGuaranteedService has a chain, the worst case, and a bushy tree.
func BenchmarkGuaranteedService(b *testing.B) {
	for _, shape := range []string{"chain", "tree"} {
		stages := make([]reorder.Stage[int], 500)
		var arcs []reorder.Arc[int]
		for i := range stages {
			stages[i] = reorder.Stage[int]{ID: i, Time: 1 + i%5, HoldingCost: 1 + float64(i*i%7), Bound: float64(i % 2)}
			if shape == "chain" {
				stages[i].HoldingCost, stages[i].Bound = 1+float64(i)/50, 0
			}
			if i > 0 {
				to := i - 1
				if shape == "tree" {
					to = (i - 1) / 3
				}
				arcs = append(arcs, reorder.Arc[int]{From: to, To: i})
			}
		}
		stages[499].Bound = 1
		b.Run(fmt.Sprintf("shape=%s/stages=500", shape), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := reorder.GuaranteedService(context.Background(), stages, arcs); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A part in so many of the next, and so on, is more than a float64 holds; and arcs to one stage are connected in no time.
func TestGuaranteedServiceSize(t *testing.T) {
	var stages []reorder.Stage[int]
	var arcs []reorder.Arc[int]
	for i := range 30 {
		stages = append(stages, reorder.Stage[int]{ID: i, Time: 1, Bound: 1e15})
		if i > 0 {
			arcs = append(arcs, reorder.Arc[int]{From: i, To: i - 1, Units: 1e15})
		}
	}
	if _, err := reorder.GuaranteedService(context.Background(), stages, arcs); !errors.Is(err, reorder.ErrOverflow) {
		t.Error(err)
	}
	stages, arcs = nil, nil
	n := 20_000
	if testkit.Race {
		n = 2000
	}
	for i := range n {
		stages = append(stages, reorder.Stage[int]{ID: i, Bound: float64(i / (n - 1))})
		if i < n-1 {
			arcs = append(arcs, reorder.Arc[int]{From: i, To: n - 1})
		}
	}
	if r, err := reorder.GuaranteedService(context.Background(), stages, arcs); err != nil || len(r) != n {
		t.Error(len(r), err)
	}
}
