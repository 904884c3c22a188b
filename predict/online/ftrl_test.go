package online_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/online"
)

// get fails a test by a panic, which names the line.
func get[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// small is a space of few weights.
func small(bits int) *online.Space {
	return get(online.NewSpace(online.SpaceOptions{Bits: bits, Namespaces: []string{"user", "ad", "site"}}))
}

// The printed numbers of one coordinate that sees x = 1, y = 1 four times: w, z and n after each.
func TestFTRLNumbers(t *testing.T) {
	s := get(online.NewSpace(online.SpaceOptions{Bits: 4}))
	m := get(online.NewFTRL(s, online.FTRLOptions{Alpha: .1, Beta: 1, L1: 1, L2: 1, NoIntercept: true}))
	row := s.Row()
	row.Add("", "x", 1)
	w := []float64{0, 0, .025432, .048974}
	z := []float64{-.5, -1, -1.5, -2.026910}
	n := []float64{.25, .5, .75, .993683}
	for k := range 4 {
		get(m.Learn(row, 1, 1))
		gw, gz, gn, err := m.Weight("", "x")
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, "w", gw, w[k], 5e-7)
		testkit.Near(t, "z", gz, z[k], 5e-7)
		testkit.Near(t, "n", gn, n[k], 5e-7)
	}
}

// oracle is FTRL-Proximal as the paper prints it, over a map, each weight derived when it is read.
type oracle struct {
	alpha, beta, l1, l2 float64
	z, n, top           map[string]float64
	scale               bool
}

func (o *oracle) weight(k string) float64 {
	z, l1, l2 := o.z[k], o.l1, o.l2
	if k == "" {
		l1, l2 = 0, 0
	}
	if math.Abs(z) <= l1 {
		return 0
	}
	sign := 1.0
	if z < 0 {
		sign = -1
	}
	return -(z - sign*l1) / ((o.beta+math.Sqrt(o.n[k]))/o.alpha + l2)
}

func (o *oracle) learn(x map[string]float64, y, weight, offset float64) float64 {
	probability := func() float64 {
		s := offset
		for k, v := range x {
			if o.scale && k != "" && o.top[k] > 0 {
				v /= o.top[k]
			}
			s += o.weight(k) * v
		}
		return 1 / (1 + math.Exp(-s))
	}
	told := probability() // by the scales of before
	for k, v := range x {
		o.top[k] = max(o.top[k], math.Abs(v))
	}
	p := probability()
	for k, v := range x {
		if o.scale && k != "" {
			v /= o.top[k]
		}
		g := weight * (p - y) * v
		sigma := (math.Sqrt(o.n[k]+g*g) - math.Sqrt(o.n[k])) / o.alpha
		o.z[k] += g - sigma*o.weight(k)
		o.n[k] += g * g
	}
	return told
}

// Random streams with weights, offsets and numbers end where the paper's formulas do.
func TestFTRLOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	s := small(18)
	names := []string{"a", "b", "c", "d", "e"}
	for k := range 6 {
		opt := online.FTRLOptions{NoScale: k%2 == 0, Alpha: .05 + r.Float64(), Beta: .1 + r.Float64(), L1: r.Float64(), L2: r.Float64()}
		m := get(online.NewFTRL(s, opt))
		o := oracle{opt.Alpha, opt.Beta, opt.L1, opt.L2, map[string]float64{}, map[string]float64{}, map[string]float64{}, !opt.NoScale}
		row := s.Row()
		loss := 0.0
		for range 400 {
			row.Reset()
			x := map[string]float64{"": 1}
			for _, k := range names {
				if r.IntN(2) == 0 {
					v := math.Round(4*r.NormFloat64()) / 4
					row.Add("ad", k, v)
					if v != 0 {
						x[k] = v
					}
				}
			}
			offset, weight, y := r.NormFloat64(), float64(1+r.IntN(3)), float64(r.IntN(2))
			row.Offset(offset)
			want := o.learn(x, y, weight, offset)
			testkit.Near(t, "p", get(m.Learn(row, y, weight)), want, 1e-9)
			loss -= weight * (y*math.Log(want) + (1-y)*math.Log(1-want))
		}
		for _, k := range names {
			w, z, n, err := m.Weight("ad", k)
			must(err)
			testkit.Near(t, "w", w, o.weight(k), 1e-9)
			testkit.Near(t, "z", z, o.z[k], 1e-9)
			testkit.Near(t, "n", n, o.n[k], 1e-9)
		}
		testkit.Near(t, "intercept", m.Intercept(), o.weight(""), 1e-9)
		testkit.Near(t, "loss", m.Progressive().Loss, loss, 1e-6)
	}
}

// Negatives that are left out are made up for by those that are kept: probabilities stay those of the
// stream. MinRate follows a stream that turns round, which the falling rate does not.
func TestFTRLOptions(t *testing.T) {
	s := small(10)
	row := s.Row()
	stream := func(m *online.FTRL, n int, rate float64, r *rand.Rand) {
		for range n {
			row.Reset()
			row.Add("ad", "a", 1)
			y := 0.0
			if r.Float64() < rate {
				y = 1
			}
			get(m.Learn(row, y, 1))
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	m := get(online.NewFTRL(s, online.FTRLOptions{Negatives: .1}))
	stream(m, 20000, .05, r)
	first := m.Progressive()
	stream(m, 20000, .05, r)
	if p := get(m.Predict(row)); math.Abs(p-.05) > .01 {
		t.Errorf("with a tenth of the negatives: %v, want .05", p)
	}
	if c := m.Progressive().Since(first).Calibration(); math.Abs(c-1) > .1 {
		t.Errorf("calibration %v", c)
	}
	after := func(opt online.FTRLOptions) float64 {
		m := get(online.NewFTRL(s, opt))
		r := rand.New(rand.NewPCG(2, 2))
		stream(m, 20000, .8, r)
		stream(m, 2000, .2, r)
		return get(m.Predict(row))
	}
	if slow, quick := after(online.FTRLOptions{}), after(online.FTRLOptions{MinRate: .02}); quick > .3 || slow < quick+.1 {
		t.Errorf("after a turn: %v with a rate that falls for ever, %v with MinRate", slow, quick)
	}
	m = get(online.NewFTRL(s, online.FTRLOptions{L1: 50}))
	stream(m, 1000, .5, r)
	if m.NonZero() != 0 {
		t.Errorf("%d weights in spite of L1", m.NonZero())
	}
	p := get(online.NewFTRL(s, online.FTRLOptions{Loss: online.Squared, Alpha: 1}))
	for range 2000 {
		for v := range 3 {
			row.Reset()
			row.Add("user", "x", float64(v))
			get(p.Learn(row, 3+2*float64(v), 1))
		}
	}
	testkit.Near(t, "least squares", get(p.Predict(row)), 7, 1e-2)
}

// What cannot be learnt is refused, and nothing has moved.
func TestRefused(t *testing.T) {
	s, other := small(6), small(7)
	learners := map[string]online.Learner{
		"ftrl": get(online.NewFTRL(s, online.FTRLOptions{})), "fm": get(online.NewFM(s, online.FMOptions{})),
		"fieldfm": get(online.NewFieldFM(s, online.FMOptions{})), "squared": get(online.NewFTRL(s, online.FTRLOptions{Loss: online.Squared})),
	}
	for name, m := range learners {
		row := s.Row()
		row.Add("user", "a", 1)
		row.Add("ad", "b", 2)
		get(m.Learn(row, 1, 1))
		before := get(m.MarshalBinary())
		bad := func(what string, want error, _ float64, err error) {
			if !errors.Is(err, want) {
				t.Errorf("%s: %s: %v, want %v", name, what, err, want)
			}
		}
		learn := func(what string, want error, row *online.Row, y, weight float64) {
			t.Helper()
			p, err := m.Learn(row, y, weight)
			bad(what, want, p, err)
		}
		fault := func(f func(r *online.Row)) *online.Row { r := s.Row(); f(r); return r }
		if name != "squared" {
			learn("label", online.ErrRange, row, .5, 1)
		}
		learn("label NaN", online.ErrRange, row, math.NaN(), 1)
		learn("weight", online.ErrRange, row, 1, -1)
		learn("weight NaN", online.ErrRange, row, 1, math.NaN())
		learn("no row", online.ErrEmpty, nil, 1, 1)
		learn("zero row", online.ErrEmpty, new(online.Row), 1, 1)
		learn("other space", online.ErrMismatch, other.Row(), 1, 1)
		learn("namespace", online.ErrRange, fault(func(r *online.Row) { r.Add("nobody", "a", 1) }), 1, 1)
		learn("NaN", online.ErrNotFinite, fault(func(r *online.Row) { r.Add("ad", "a", math.NaN()) }), 1, 1)
		learn("infinite", online.ErrNotFinite, fault(func(r *online.Row) { r.Add("ad", "a", math.Inf(1)) }), 1, 1)
		learn("huge", online.ErrRange, fault(func(r *online.Row) { r.Add("ad", "a", 1e10) }), 1, 1)
		learn("offset", online.ErrNotFinite, fault(func(r *online.Row) { r.Offset(math.NaN()) }), 1, 1)
		p, err := m.Predict(other.Row())
		bad("predict", online.ErrMismatch, p, err)
		p, err = m.Snapshot().Predict(other.Row())
		bad("snapshot", online.ErrMismatch, p, err)
		get(m.Learn(row, 1, 0))
		if string(before) != string(get(m.MarshalBinary())) {
			t.Errorf("%s: something has moved", name)
		}
		unseen := s.Row()
		unseen.Add("site", "never seen", 1)
		if p := get(m.Predict(unseen)); name != "squared" && !(p > 0 && p < 1) {
			t.Errorf("%s: unseen feature: %v", name, p)
		}
		get(m.Predict(s.Row())) // a row of nothing
	}
}
