package attribution

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"pgregory.net/rapid"
)

func paths(t testing.TB, rows ...string) *Paths {
	t.Helper()
	a, err := New(Options{})
	must(t, err)
	for _, r := range rows { // "2 0 100 G M": conversions, nulls, revenue, channels
		f := strings.Fields(r)
		var n [3]int64
		for i := range n {
			n[i], err = strconv.ParseInt(f[i], 10, 64)
			must(t, err)
		}
		must(t, a.AddPath(f[3:], n[0], n[1], n[2]))
	}
	return a
}

// The numbers of the project's definitions.
func TestReference(t *testing.T) {
	a := paths(t, "2 0 0 G", "1 0 0 M", "1 0 0 G M", "0 1 0 G")
	m, err := a.Markov(context.Background(), 1)
	must(t, err)
	testkit.Near(t, "P(conversion)", m.Conversion, .8, 1e-15)
	for i, want := range []struct{ effect, credit float64 }{{.75, 2.4}, {.5, 1.6}} {
		testkit.Near(t, "effect", m.Channels[i].Effect, want.effect, 1e-15)
		testkit.Near(t, "credit", m.Channels[i].Conversions, want.credit, 1e-14)
	}
	if len(m.Warnings) != 0 {
		t.Error(m.Warnings)
	}
	s, err := a.Shapley(context.Background(), ShapleyOptions{})
	must(t, err)
	if s.Channels[0].Conversions != 2.5 || s.Channels[1].Conversions != 1.5 || !s.Exact {
		t.Errorf("Shapley %+v", s.Channels)
	}
}

type attributionGolden struct {
	Channels []string
	Paths    [][4]any
	Rules    map[string]map[string][2]float64
	Markov   map[int]struct {
		P                            float64
		Effect, Conversions, Revenue []float64
		States                       int
	}
	Shapley map[string][]float64
}

func (g attributionGolden) load(t testing.TB) *Paths {
	a, err := New(Options{})
	must(t, err)
	for _, p := range g.Paths {
		var channels []string
		for _, c := range p[0].([]any) {
			channels = append(channels, c.(string))
		}
		must(t, a.AddPath(channels, int64(p[1].(float64)), int64(p[2].(float64)), int64(p[3].(float64))))
	}
	return a
}

func TestPathsGolden(t *testing.T) {
	var g attributionGolden
	testkit.Golden(t, "attribution.json", &g)
	a := g.load(t)
	for rule := First; rule < TimeDecay; rule++ {
		got, err := a.Credit(rule)
		must(t, err)
		for _, c := range got {
			testkit.Near(t, fmt.Sprint(rule, " ", c.Channel), c.Conversions, g.Rules[rule.String()][c.Channel][0], 1e-11)
			testkit.Near(t, fmt.Sprint(rule, " ", c.Channel), c.Revenue, g.Rules[rule.String()][c.Channel][1], 1e-7)
		}
	}
	for order, want := range g.Markov {
		m, err := a.Markov(context.Background(), order)
		must(t, err)
		if m.States != want.States {
			t.Errorf("order %d: %d states, want %d", order, m.States, want.States)
		}
		testkit.Near(t, "conversion", m.Conversion, want.P, 1e-13)
		for i, c := range m.Channels {
			testkit.Near(t, "effect of "+c.Channel, c.Effect, want.Effect[i], 1e-12)
			testkit.Near(t, "conversions of "+c.Channel, c.Conversions, want.Conversions[i], 1e-10)
			testkit.Near(t, "revenue of "+c.Channel, c.Revenue, want.Revenue[i], 1e-6)
		}
	}
	total, err := a.Shapley(context.Background(), ShapleyOptions{})
	must(t, err)
	exact, err := a.Shapley(context.Background(), ShapleyOptions{Value: ShapleyRate})
	must(t, err)
	sampled, err := a.Shapley(context.Background(), ShapleyOptions{Value: ShapleyRate, Samples: 3000})
	must(t, err)
	again, err := a.Shapley(context.Background(), ShapleyOptions{Value: ShapleyRate, Samples: 3000, Seed: 9})
	must(t, err)
	differs := false
	for i, c := range total.Channels {
		testkit.Near(t, "Shapley "+c.Channel, c.Conversions, g.Shapley["total"][i], 1e-11)
		testkit.Near(t, "Shapley revenue "+c.Channel, c.Revenue, g.Shapley["total_revenue"][i], 1e-7)
		e, s := exact.Channels[i], sampled.Channels[i]
		testkit.Near(t, "rate "+c.Channel, e.Conversions, g.Shapley["rate"][i], 1e-11)
		testkit.Near(t, "rate revenue "+c.Channel, e.Revenue, g.Shapley["rate_revenue"][i], 1e-6)
		if !(s.SE > 0) || math.Abs(s.Conversions-e.Conversions) > 4*s.SE || math.Abs(s.Revenue/e.Revenue-1) > .1 {
			t.Errorf("sampled %s: %+v, exact %+v", c.Channel, s, e)
		}
		differs = differs || s.Conversions != again.Channels[i].Conversions
	}
	if !exact.Exact || sampled.Exact || !differs {
		t.Error("exact or sampled?")
	}
}

// Both solvers agree, also on chains with long loops.
func TestMarkovSolvers(t *testing.T) {
	var g attributionGolden
	testkit.Golden(t, "attribution.json", &g)
	a := g.load(t)
	loop := strings.Repeat("mail ads ", 300)
	must(t, a.AddPath(strings.Fields(loop), 1, 2, 500))
	must(t, a.AddPath([]string{"dead"}, 0, 3, 0))
	_, rs := a.routes()
	for order := 1; order <= 3; order++ {
		c, err := newChain(rs, order)
		must(t, err)
		for ch := int32(-1); ch < 6; ch++ {
			x, y := c.eliminate(ch)
			u, v, err := c.relax(context.Background(), ch)
			must(t, err)
			for i := range x {
				testkit.Near(t, "probability", u[i], x[i], 1e-12)
				testkit.Near(t, "revenue", v[i], y[i], 1e-8)
			}
		}
	}
	m, err := a.Markov(context.Background(), 1)
	must(t, err)
	for _, c := range m.Channels {
		if c.Channel == "dead" && (c.Effect != 0 || c.Conversions != 0) {
			t.Errorf("a channel that never converts has credit %+v", c)
		}
	}
}

func TestPathsTimeDecay(t *testing.T) {
	a, err := New(Options{HalfLife: 24 * time.Hour})
	must(t, err)
	must(t, a.Add([]Touch{{"x", dayOf(0)}, {"y", dayOf(2)}, {"x", dayOf(3)}}, true, 130))
	must(t, a.Add([]Touch{{"z", dayOf(0)}}, false, 0))
	got, err := a.Credit(TimeDecay)
	must(t, err)
	for i, want := range []float64{9.0 / 13, 4.0 / 13, 0} { // weights ⅛, ½, 1
		testkit.Near(t, got[i].Channel, got[i].Conversions, want, 1e-15)
		testkit.Near(t, got[i].Channel, got[i].Revenue, 130*want, 1e-12)
	}
	must(t, a.AddPath([]string{"x"}, 1, 0, 0))
	if _, err := a.Credit(TimeDecay); !errors.Is(err, ErrUndefined) {
		t.Errorf("conversions without times: %v", err)
	}
}

func TestPathsBadInput(t *testing.T) {
	for name, o := range map[string]Options{
		"half-life":  {HalfLife: -1},
		"position":   {First: .7, Last: .7},
		"negative":   {First: -.1, Last: .5},
		"NaN":        {First: math.NaN()},
		"path limit": {MaxPaths: -1},
	} {
		if _, err := New(o); !errors.Is(err, ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx := context.Background()
	a, err := New(Options{MaxPaths: 1})
	must(t, err)
	only := paths(t, "3 0 10 a b", "1 0 5 b")
	none := paths(t, "0 3 0 a")
	full := paths(t, fmt.Sprintf("%d 0 0 a", int64(math.MaxInt64)))
	empty := a.Add
	for name, x := range map[string]struct{ got, want error }{
		"empty path":            {empty(nil, true, 0), ErrEmpty},
		"empty channel":         {a.AddPath([]string{"x", ""}, 1, 0, 0), ErrEmpty},
		"times backwards":       {a.Add([]Touch{{"x", dayOf(1)}, {"y", dayOf(0)}}, true, 0), ErrRange},
		"some times":            {a.Add([]Touch{{"x", dayOf(1)}, {"y", time.Time{}}}, true, 0), ErrRange},
		"revenue of nothing":    {a.Add([]Touch{{"x", dayOf(1)}}, false, 5), ErrRange},
		"negative revenue":      {a.Add([]Touch{{"x", dayOf(1)}}, true, -5), ErrRange},
		"negative count":        {a.AddPath([]string{"x"}, -1, 0, 0), ErrRange},
		"huge path":             {a.AddPath(make([]string, maxTouches+1), 1, 0, 0), ErrRange},
		"overflow":              {full.AddPath([]string{"b"}, 1, 0, 0), ErrOverflow},
		"overflow of all paths": {full.AddPath([]string{"b"}, 0, 1, 0), ErrOverflow},
		"rule":                  {second(only.Credit(9)), ErrOption},
		"no conversion":         {second(none.Credit(Linear)), ErrUndefined},
		"no conversion, Markov": {second(none.Markov(ctx, 1)), ErrUndefined},
		"no conversion, Shap":   {second(none.Shapley(ctx, ShapleyOptions{})), ErrUndefined},
		"order 0":               {second(only.Markov(ctx, 0)), ErrOption},
		"samples":               {second(only.Shapley(ctx, ShapleyOptions{Samples: -1})), ErrOption},
		"value":                 {second(only.Shapley(ctx, ShapleyOptions{Value: 7})), ErrOption},
		"no channels":           {second(a.Channels()), ErrEmpty},
		"cost":                  {second(Mix(nil, map[string]int64{"x": -1})), ErrRange},
		"credited twice":        {second(Mix([]ChannelCredit{{Channel: "x"}, {Channel: "x"}}, nil)), ErrDuplicate},
		"credit NaN":            {second(Mix([]ChannelCredit{{Channel: "x", Revenue: math.NaN()}}, nil)), ErrNotFinite},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	if a.ids.Len() != 0 || len(a.paths) != 0 || full.ids.Len() != 1 {
		t.Error("something changed")
	}
	must(t, a.AddPath([]string{"x"}, 1, 0, 0))
	if err := a.AddPath([]string{"y"}, 1, 0, 0); !errors.Is(err, ErrTooLarge) || a.ids.Len() != 1 {
		t.Errorf("path beyond the limit: %v", err)
	}
	m, err := only.Markov(ctx, 2)
	must(t, err)
	if len(m.Warnings) != 1 || m.Warnings[0] != WarnNoNullPaths {
		t.Errorf("only converting paths: %v", m.Warnings)
	}
	cancelled, cancel := context.WithCancelCause(ctx)
	cause := errors.New("stop")
	cancel(cause)
	if _, err := only.Markov(cancelled, 1); !errors.Is(err, cause) {
		t.Errorf("cancelled Markov: %v", err)
	}
	for _, samples := range []int{0, 9} {
		if _, err := only.Shapley(cancelled, ShapleyOptions{Value: ShapleyRate, Samples: samples}); !errors.Is(err, cause) {
			t.Errorf("cancelled Shapley: %v", err)
		}
	}
}

func TestChannelMix(t *testing.T) {
	a := paths(t, "2 1 900 ads mail ads", "1 5 300 mail", "0 1 0 social")
	st, err := a.Channels()
	must(t, err)
	if s := st[0]; s.Touches != 6 || s.Coverage != metrics.RatioOf(3, 10, 10) || s.Conversion != metrics.RatioOf(2, 3, 3) || s.Revenue != 900 {
		t.Errorf("%+v", s)
	}
	credit, err := a.Credit(Linear)
	must(t, err)
	mix, err := Mix(credit, map[string]int64{"ads": 150, "radio": 50})
	must(t, err)
	if len(mix) != 4 || mix[0].Channel != "ads" || math.Abs(mix[0].ROAS-4) > 1e-12 || math.Abs(mix[0].CPA-112.5) > 1e-12 || mix[0].ShareOfCost != .75 ||
		!math.IsNaN(mix[1].ROAS) || !math.IsNaN(mix[2].CPA) || mix[2].Channel != "radio" || mix[2].ROAS != 0 {
		t.Errorf("%+v", mix)
	}
}

func TestPathsMerge(t *testing.T) {
	make1 := func(h time.Duration) func() *Paths {
		return func() *Paths {
			a, err := New(Options{HalfLife: h})
			must(t, err)
			return a
		}
	}
	testkit.Laws[*Paths]{
		Empty: make1(time.Hour),
		Other: make1(time.Minute),
		Add: func(t *rapid.T) func(*Paths) {
			var ts []Touch
			for i := range rapid.IntRange(1, 3).Draw(t, "touches") {
				ts = append(ts, Touch{rapid.SampledFrom([]string{"b", "a", "direct"}).Draw(t, "channel"), day0.Add(time.Duration(i*30) * time.Minute)})
			}
			conv := rapid.Bool().Draw(t, "converted")
			rev := int64(0)
			if conv {
				rev = rapid.Int64Range(0, 9).Draw(t, "revenue")
			}
			return func(a *Paths) {
				if err := a.Add(ts, conv, rev); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *Paths) error { return a.Merge(b) },
		Result: func(a *Paths) []float64 {
			out := testkit.Numbers(a.Conversions(), a.Nulls(), a.Revenue(), len(a.paths))
			for r := First; r <= TimeDecay; r++ {
				cs, _ := a.Credit(r)
				for _, c := range cs {
					out = append(out, c.Conversions, c.Revenue)
				}
			}
			if m, err := a.Markov(context.Background(), 2); err == nil {
				for _, c := range m.Channels {
					out = append(out, c.Conversions, c.Revenue)
				}
			}
			return out
		},
		Tol: 1e-9,
	}.Check(t)
}

// Whatever the rule, all conversions and all revenue are handed out.
func TestPathsEfficient(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 12).Draw(t, "paths") {
			p := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "direct"}), 1, 6).Draw(t, "path")
			c := rapid.Int64Range(0, 5).Draw(t, "conversions")
			r := rapid.Int64Range(0, 900).Draw(t, "revenue")
			if c == 0 {
				r = 0
			}
			if err := a.AddPath(p, c, rapid.Int64Range(0, 5).Draw(t, "nulls"), r); err != nil {
				t.Fatal(err)
			}
		}
		if a.Conversions() == 0 {
			return
		}
		check := func(name string, cs []ChannelCredit) {
			var c, r float64
			for _, x := range cs {
				c, r = c+x.Conversions, r+x.Revenue
			}
			if math.Abs(c-float64(a.Conversions())) > 1e-9 || math.Abs(r-float64(a.Revenue())) > 1e-7 {
				t.Fatalf("%s hands out %v and %v of %d and %d", name, c, r, a.Conversions(), a.Revenue())
			}
		}
		for r := First; r < TimeDecay; r++ {
			cs, err := a.Credit(r)
			if err != nil {
				t.Fatal(err)
			}
			check(r.String(), cs)
		}
		for order := 1; order <= 3; order++ {
			m, err := a.Markov(context.Background(), order)
			if err != nil {
				t.Fatal(err)
			}
			var cs []ChannelCredit
			for _, c := range m.Channels {
				if !(c.Effect >= 0 && c.Effect <= 1) {
					t.Fatalf("effect %v", c.Effect)
				}
				cs = append(cs, c.ChannelCredit)
			}
			check("Markov", cs)
		}
		for _, o := range []ShapleyOptions{{}, {Value: ShapleyRate}, {Value: ShapleyRate, Samples: 3}} {
			s, err := a.Shapley(context.Background(), o)
			if err != nil {
				t.Fatal(err)
			}
			var cs []ChannelCredit
			for _, c := range s.Channels {
				cs = append(cs, c.ChannelCredit)
			}
			check("Shapley", cs)
		}
	})
}

func BenchmarkPaths(b *testing.B) {
	var g attributionGolden
	testkit.Golden(b, "attribution.json", &g)
	a := g.load(b)
	b.Run("op=Add", func(b *testing.B) {
		ts := []Touch{{"ads", dayOf(0)}, {"mail", dayOf(1)}, {"ads", dayOf(2)}}
		b.ReportAllocs()
		for b.Loop() {
			if err := a.Add(ts, true, 100); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("op=Markov/order=3", func(b *testing.B) {
		for b.Loop() {
			if _, err := a.Markov(context.Background(), 3); err != nil {
				b.Fatal(err)
			}
		}
	})
}
