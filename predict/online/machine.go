package online

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/fm"
	"github.com/aislekit/aisle/internal/rng"
)

// maxTable bounds the numbers of a table: 4 GiB with their squares.
const maxTable = 1 << 29

// machine is a factorisation machine that learns.
type machine struct {
	space *Space
	opt   FMOptions
	table
	squares     []float32 // of gradients, for each number of the table, and 1
	base        float64
	baseSquares float64
	told        Progressive
	room        []float32 // of learn
}

// newMachine makes one with fields vectors a place.
func newMachine(where string, s *Space, opt FMOptions, fields int) (machine, error) {
	if s == nil || s.bits == 0 {
		return machine{}, fmt.Errorf("%s: space: %w", where, ErrEmpty)
	}
	opt = opt.withDefaults(fields > 1)
	if err := opt.validate(where); err != nil {
		return machine{}, err
	}
	m := machine{space: s, opt: opt, table: table{factors: opt.Factors, fields: fields, normalize: opt.Normalize}, baseSquares: 1}
	if s.pairs != nil {
		return machine{}, fmt.Errorf("%s: a space with Crosses, which its vectors learn: %w", where, ErrOption)
	}
	n := m.stride()
	if n > maxTable>>s.bits {
		return machine{}, fmt.Errorf("%s: %d numbers for each of 2^%d weights, want at most %d together: %w", where, n, s.bits, maxTable, ErrOption)
	}
	m.data, m.squares, m.room = make([]float32, n<<s.bits), make([]float32, n<<s.bits), make([]float32, opt.Factors)
	for i := range m.squares {
		m.squares[i] = 1
	}
	width, from := opt.Spread*math.Sqrt(3/float64(opt.Factors)), -1.0
	if fields > 1 {
		width, from = opt.Spread/math.Sqrt(float64(opt.Factors))/2, 0 // of a draw in [0, 2)
	}
	seed := rng.Hash(opt.Seed)
	for p := 0; p < len(m.data); p += n {
		for k := 1; k < n; k++ {
			m.data[p+k] = float32(width * (2*rng.Unit(rng.Mix(seed+uint64(p+k))) + from))
		}
	}
	return m, nil
}

// score is the linear predictor.
func (m *machine) score(x example, room []float32) float64 {
	return m.base + m.table.score(x, m.scale(x), room)
}

// learn makes the step.
func (m *machine) learn(x example, y, weight float64) (score, mean float64, ok bool) {
	scale := m.scale(x)
	score = m.base + m.table.score(x, scale, m.room)
	mean = m.opt.Loss.mean(score)
	g := weight * (mean - y)
	mass := 0.0
	for i := range x.cells {
		mass += math.Abs(float64(scale) * x.cells[i].value)
	}
	if !(math.Abs(g)*(1+mass)*(1+mass) < 1e15) {
		return score, mean, false
	}
	by := fm.Adaptive{Along: m.room, Slope: float32(g), Rate: float32(m.opt.Rate), L2: float32(m.opt.L2)}
	n := m.stride()
	for i := range x.cells {
		c := &x.cells[i]
		z, at := scale*float32(c.value), int(c.index)*n
		by.Weight(&m.data[at], &m.squares[at], z)
		if m.fields == 1 {
			by.Vector(m.data[at+1:at+n], m.squares[at+1:at+n], z)
		}
	}
	if m.fields > 1 {
		m.learnFields(x, scale, &by)
	}
	if !m.opt.NoIntercept {
		m.baseSquares += float64(g * g)
		m.base -= float64(m.opt.Rate*g) / math.Sqrt(m.baseSquares)
	}
	return score, mean, true
}

// learnFields moves the vectors of each pair of features.
func (m *machine) learnFields(x example, scale float32, by *fm.Adaptive) {
	n, f := m.stride(), m.factors
	for i := range x.cells {
		a := &x.cells[i]
		z := scale * float32(a.value)
		for j := range i {
			b := &x.cells[j]
			u, v := int(a.index)*n+1+int(b.field)*f, int(b.index)*n+1+int(a.field)*f
			by.Pair(m.data[u:u+f], m.squares[u:u+f], m.data[v:v+f], m.squares[v:v+f], float32(z*float32(scale*float32(b.value))))
		}
	}
}

// steps are those of all its numbers that a row of n features moves.
func (m *machine) steps(n int) int {
	n = min(n, 1<<10)
	if m.fields > 1 {
		return 16*(1+n) + n*n*m.factors
	}
	return 16*(1+n) + n*m.factors
}

func (m *machine) made() bool { return m != nil && m.space != nil }

// copy returns a machine that learns apart.
func (m *machine) copy() machine {
	c := *m
	c.data, c.squares, c.room = slices.Clone(m.data), slices.Clone(m.squares), slices.Clone(m.room)
	return c
}

// snapshot copies the weights.
func (m *machine) snapshot() *Snapshot {
	t := m.table
	t.data = slices.Clone(t.data)
	return &Snapshot{space: m.space, loss: m.opt.Loss, base: m.base, table: t}
}

func (m *machine) progressive() Progressive {
	if m == nil {
		return Progressive{}
	}
	return m.told
}

// put writes the payload of a frame.
func (m *machine) put(w *codec.Writer) {
	m.space.put(w)
	for _, x := range []float64{m.opt.Rate, m.opt.L2, m.opt.Spread} {
		w.Float64(x)
	}
	w.Int(int(m.opt.Loss))
	w.Bool(m.opt.NoIntercept)
	w.Uint64(m.opt.Seed)
	m.told.put(w)
	w.Float64(m.base)
	w.Float64(m.baseSquares)
	m.table.put(w)
	w.Float32s(m.squares)
}

// decode reads the payload of a frame of the kind; fields says whether its vectors are field-aware.
func (m *machine) decode(where string, data []byte, kind codec.Kind, fields bool) error {
	r, err := codec.Open(data, kind, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := machine{space: getSpace(r)}
	o := &d.opt
	o.Rate, o.L2, o.Spread = r.Float64(), r.Float64(), r.Float64()
	o.Loss, o.NoIntercept, o.Seed = Loss(r.Int()), r.Bool(), r.Uint64()
	d.told.get(r)
	d.base, d.baseSquares = r.Float64(), r.Float64()
	d.table.get(r, d.space)
	o.Factors, o.Normalize = d.factors, d.normalize
	d.squares = r.Float32s()
	if r.Err() == nil {
		ok := o.validate("") == nil && d.space.pairs == nil && (d.fields > 1) == fields && len(d.squares) == len(d.data)
		ok = ok && check.Finite(d.base) && check.Finite(d.baseSquares) && d.baseSquares >= 1
		for _, h := range d.squares {
			ok = ok && h >= 1 && check.Finite(float64(h))
		}
		if !ok {
			r.Fail("has a state that there is not")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d.room = make([]float32, d.factors)
	*m = d
	return nil
}
