package segment_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/segment"
)

// clock is a full hour of one day.
func clock(hour int) time.Time { return time.Unix(1e9, 0).Add(time.Duration(hour) * time.Hour) }

// officeDay is customers and agents with some hours.
func officeDay() ([]segment.Window, []segment.Agent) {
	return []segment.Window{{From: clock(8), Until: clock(10)}, {From: clock(9), Until: clock(12)}, {From: clock(11), Until: clock(15)}, {}},
		[]segment.Agent{{Hours: []segment.Window{{From: clock(8), Until: clock(12)}, {From: clock(13), Until: clock(17)}}, Capacity: 2}, {Capacity: 1}}
}

// drawnDay draws customers, agents and scores, and for each pair whether so many hours fit,
// counted hour by hour.
func drawnDay(t *rapid.T, customers, agents, need int) (cs []segment.Window, as []segment.Agent, scores [][]float64, fits [][]bool) {
	type hours [12]bool
	window := func(name string) (w segment.Window, h hours) {
		from := rapid.IntRange(-1, 10).Draw(t, name)
		if from < 0 { // all of time
			for i := range h {
				h[i] = true
			}
			return w, h
		}
		until := rapid.IntRange(from+1, 12).Draw(t, name)
		for i := from; i < until; i++ {
			h[i] = true
		}
		return segment.Window{From: clock(from), Until: clock(until)}, h
	}
	var free []hours
	for range customers {
		w, h := window("customer")
		cs, free = append(cs, w), append(free, h)
	}
	var work []hours
	for range agents {
		a := segment.Agent{Capacity: rapid.IntRange(0, 2).Draw(t, "capacity")}
		var all hours
		for range rapid.IntRange(0, 3).Draw(t, "windows") {
			w, h := window("hours")
			a.Hours = append(a.Hours, w)
			for i := range h {
				all[i] = all[i] || h[i]
			}
		}
		if len(a.Hours) == 0 {
			for i := range all {
				all[i] = true
			}
		}
		as, work = append(as, a), append(work, all)
	}
	for i := range cs {
		var row []float64
		var ok []bool
		for k := range as {
			row = append(row, float64(rapid.IntRange(-2, 9).Draw(t, "score"))+float64(k)/8)
			n, longest := 0, 0 // hours without a break
			for x := range work[k] {
				if n++; !work[k][x] || !free[i][x] {
					n = 0
				}
				longest = max(longest, n)
			}
			ok = append(ok, longest >= need)
		}
		scores, fits = append(scores, row), append(fits, ok)
	}
	return cs, as, scores, fits
}

// Exact matchings are the best of all, found by trying all; auctions are near it and say how
// near; neither breaks hours or capacities.
func TestMatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		need := rapid.IntRange(1, 3).Draw(t, "need")
		cs, as, scores, fits := drawnDay(t, rapid.IntRange(0, 6).Draw(t, "customers"), rapid.IntRange(0, 4).Draw(t, "agents"), need)
		best := 0.0
		taken := make([]int, len(as))
		var try func(i int, value float64)
		try = func(i int, value float64) {
			if i == len(cs) {
				best = max(best, value)
				return
			}
			try(i+1, value)
			for k := range as {
				if fits[i][k] && taken[k] < as[k].Capacity && scores[i][k] > 0 {
					taken[k]++
					try(i+1, value+scores[i][k])
					taken[k]--
				}
			}
		}
		try(0, 0)
		score := func(i, k int) float64 {
			if scores[i][k] < 0 {
				return math.Inf(-1)
			}
			return scores[i][k]
		}
		for name, opt := range map[string]segment.MatchOptions{"exact": {}, "auction": {Exact: -1}} {
			opt.Need = time.Duration(need) * time.Hour
			m, err := segment.Match(bg, cs, as, score, opt)
			if err != nil {
				t.Fatal(err)
			}
			value, taken := 0.0, make([]int, len(as))
			for i, k := range m.Agent {
				if k < 0 {
					continue
				}
				if taken[k]++; !fits[i][k] || scores[i][k] <= 0 {
					t.Fatalf("%s: customer %d is with agent %d, who does not fit", name, i, k)
				}
				value += scores[i][k]
			}
			for k := range as {
				if taken[k] > as[k].Capacity || taken[k] != m.Taken[k] {
					t.Fatalf("%s: agent %d has %d customers, capacity %d, says %d", name, k, taken[k], as[k].Capacity, m.Taken[k])
				}
			}
			if math.Abs(value-m.Value) > 1e-9 || m.Bound < best-1e-9 || m.Optimal && value < best-1e-6 {
				t.Fatalf("%s: value %v, says %v, bound %v, best %v", name, value, m.Value, m.Bound, best)
			}
			if name == "exact" && (math.Abs(value-best) > 1e-9 || !m.Optimal) {
				t.Fatalf("exact: value %v, best %v, optimal %v", value, best, m.Optimal)
			}
			most := 0.0 // what all could have if nobody else were there
			for i := range cs {
				x := 0.0
				for k := range as {
					if fits[i][k] && as[k].Capacity > 0 {
						x = max(x, scores[i][k])
					}
				}
				most += x
			}
			if value < best-.005*most-1e-9 {
				t.Fatalf("%s: value %v, best %v, more than a step a customer less", name, value, best)
			}
			if m.Gap() < (best-value)/max(best, 1e-300)-1e-9 {
				t.Fatalf("%s: gap %v, value %v of %v", name, m.Gap(), value, best)
			}
		}
	})
}

// Working hours that overlap or meet are one, in whatever order they stand; a break parts them.
func TestMatchJoinsHours(t *testing.T) {
	day := func(hours ...int) (ws []segment.Window) {
		for i := 0; i < len(hours); i += 2 {
			ws = append(ws, segment.Window{From: clock(hours[i]), Until: clock(hours[i+1])})
		}
		return ws
	}
	for _, c := range []struct {
		hours []segment.Window
		want  int32
	}{
		{day(12, 17, 8, 12), 0}, {day(8, 13, 11, 12, 12, 17), 0}, {day(8, 17, 9, 10), 0}, {day(8, 12, 13, 17), -1}, {append(day(8, 9), segment.Window{}), 0}, {nil, 0},
	} {
		was := slices.Clone(c.hours)
		m, err := segment.Match(bg, day(11, 13), []segment.Agent{{Hours: c.hours, Capacity: 1}}, func(int, int) float64 { return 1 }, segment.MatchOptions{Need: 2 * time.Hour})
		if err != nil || m.Agent[0] != c.want || !slices.Equal(c.hours, was) {
			t.Errorf("%v: %+v, %v", c.hours, m, err)
		}
	}
}

// crowd is a problem with more customers than capacity, and skills as vectors.
func crowd(n, agents int, seed uint64) ([]segment.Window, []segment.Agent, func(i, k int) float64) {
	r := rng.New(seed, 0, 0)
	cs, as := make([]segment.Window, n), make([]segment.Agent, agents)
	wishes, skills := make([][4]float64, n), make([][4]float64, agents)
	for i := range cs {
		from := r.Intn(10)
		cs[i] = segment.Window{From: clock(from), Until: clock(from + 1 + r.Intn(4))}
		for d := range wishes[i] {
			wishes[i][d] = r.Float64()
		}
	}
	for k := range as {
		from := r.Intn(8)
		as[k] = segment.Agent{Hours: []segment.Window{{From: clock(from), Until: clock(from + 6)}}, Capacity: 1 + r.Intn(2*n*3/4/agents+1)}
		for d := range skills[k] {
			skills[k][d] = r.Float64()
		}
	}
	return cs, as, func(i, k int) float64 {
		s := 0.0
		for d := range skills[k] {
			s += wishes[i][d] * skills[k][d]
		}
		return s
	}
}

// Large problems by auction: below the best by less than they say, and by little.
func TestMatchAuction(t *testing.T) {
	for seed := range uint64(5) {
		cs, as, score := crowd(400, 12, seed)
		exact, err := segment.Match(bg, cs, as, score, segment.MatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		m, err := segment.Match(bg, cs, as, score, segment.MatchOptions{Exact: -1})
		if err != nil {
			t.Fatal(err)
		}
		again, err := segment.Match(bg, cs, as, score, segment.MatchOptions{Exact: -1})
		if err != nil || !slices.Equal(again.Agent, m.Agent) {
			t.Error("another matching", err)
		}
		if !exact.Optimal || m.Value > exact.Value*(1+1e-9) || m.Bound < exact.Value*(1-1e-9) || m.Gap() > .01 {
			t.Errorf("seed %d: auction %v, bound %v, gap %v; exact %v, optimal %v", seed, m.Value, m.Bound, m.Gap(), exact.Value, exact.Optimal)
		}
	}
}

func TestMatchRefuses(t *testing.T) {
	one := func(int, int) float64 { return 1 }
	cs, as := officeDay()
	for name, c := range map[string]struct {
		customers []segment.Window
		agents    []segment.Agent
		score     func(int, int) float64
		opt       segment.MatchOptions
		want      error
	}{
		"reversed window":   {[]segment.Window{{From: clock(2), Until: clock(1)}}, as, one, segment.MatchOptions{}, segment.ErrRange},
		"empty window":      {[]segment.Window{{From: clock(2), Until: clock(2)}}, as, one, segment.MatchOptions{}, segment.ErrRange},
		"open window":       {[]segment.Window{{From: clock(2)}}, as, one, segment.MatchOptions{}, segment.ErrRange},
		"reversed hours":    {cs, []segment.Agent{{Hours: []segment.Window{{From: clock(2), Until: clock(1)}}, Capacity: 1}}, one, segment.MatchOptions{}, segment.ErrRange},
		"negative capacity": {cs, []segment.Agent{{Capacity: -1}}, one, segment.MatchOptions{}, segment.ErrRange},
		"no score":          {cs, as, nil, segment.MatchOptions{}, segment.ErrEmpty},
		"NaN":               {cs, as, func(int, int) float64 { return math.NaN() }, segment.MatchOptions{}, segment.ErrNotFinite},
		"infinite":          {cs, as, func(int, int) float64 { return math.Inf(1) }, segment.MatchOptions{}, segment.ErrRange},
		"need":              {cs, as, one, segment.MatchOptions{Need: -1}, segment.ErrOption},
		"gap":               {cs, as, one, segment.MatchOptions{Gap: 1e-7}, segment.ErrOption},
	} {
		if m, err := segment.Match(bg, c.customers, c.agents, c.score, c.opt); !errors.Is(err, c.want) || m != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The ends of what is allowed end.
	for _, x := range []float64{1e150, 1e-150, 1e-160, 5e-324} {
		for _, exact := range []int{0, -1} {
			m, err := segment.Match(bg, make([]segment.Window, 9), []segment.Agent{{Capacity: 2}, {Capacity: 3}}, func(i, _ int) float64 { return x / float64(1+i%2) }, segment.MatchOptions{Exact: exact})
			if err != nil || m.Value > 5*x || x >= 2e-150 && m.Value < 4*x {
				t.Errorf("scores of %v: %+v, %v", x, m, err)
			}
		}
	}
}

// Who speaks with whom: wishes and skills as vectors, hours, and how many an agent can take.
func ExampleMatch() {
	hour := func(h int) time.Time { return time.Date(2026, 11, 11, h, 0, 0, 0, time.UTC) }
	customers := []segment.Window{{From: hour(9), Until: hour(10)}, {From: hour(9), Until: hour(12)}, {From: hour(15), Until: hour(18)}}
	agents := []segment.Agent{
		{Hours: []segment.Window{{From: hour(8), Until: hour(12)}}, Capacity: 1},
		{Hours: []segment.Window{{From: hour(9), Until: hour(12)}, {From: hour(13), Until: hour(17)}}, Capacity: 2},
	}
	wishes := [][]float64{{1, 0}, {.9, .3}, {.2, 1}} // tea, electronics
	skills := [][]float64{{1, .1}, {.4, .8}}
	score := func(customer, agent int) float64 {
		s := 0.0
		for d, w := range wishes[customer] {
			s += w * skills[agent][d]
		}
		return s
	}
	var m *segment.Matching
	m, err := segment.Match(context.Background(), customers, agents, score, segment.MatchOptions{Need: 30 * time.Minute})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Agent, m.Taken, m.Optimal)
	fmt.Printf("%.2f\n", m.Value)
	// Output:
	// [0 1 1] [1 2] true
	// 2.48
}

func BenchmarkMatch(b *testing.B) {
	for _, c := range []struct{ customers, agents, exact int }{{1_000, 40, 0}, {1_000, 40, -1}, {20_000, 100, -1}} {
		b.Run(fmt.Sprintf("customers=%d/agents=%d/exact=%v", c.customers, c.agents, c.exact == 0), func(b *testing.B) {
			cs, as, score := crowd(c.customers, c.agents, 1)
			gap := 0.0
			for b.Loop() {
				m, err := segment.Match(bg, cs, as, score, segment.MatchOptions{Exact: c.exact})
				if err != nil {
					b.Fatal(err)
				}
				gap = m.Gap()
			}
			b.ReportMetric(100*gap, "gap-%")
		})
	}
}
