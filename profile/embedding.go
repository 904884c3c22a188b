package profile

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// EmbeddingOptions configures NewEmbedding.
type EmbeddingOptions struct {
	// Name begins the columns, <Name>=0 … <Name>=<Dim-1>, and tells the feature from others.
	// Required.
	Name string
	// Dim is the length of every vector, 1 to 4096.
	Dim int
	// HalfLife is the age at which a record counts half; at least a second. Default 30 days, negative no
	// decay.
	HalfLife time.Duration
	// Vector returns the vector of a record, such as that of its Item, or nil for none. One
	// of another length, or with a value that is not within ±1e6, counts as none. It is called
	// by Add of every Builder with the feature, and its result is not kept. Required.
	Vector func(r *Record) []float32
}

// NewEmbedding returns the mean of the caller's vectors over the records of a customer, of
// which each counts half for every half-life of its age: where he stands among items. Its
// values come from integers, so they are the same bits in any order of records. What is older
// than the newest by 96 half-lives or more may be left out. A customer costs 8·(3+2·Dim)
// bytes in each stretch of 32 half-lives. Bad options are ErrOption.
func NewEmbedding(opt EmbeddingOptions) (Feature, error) {
	opt.HalfLife = check.OrOff(opt.HalfLife, 30*day)
	var c check.Options
	c.Require(opt.Name != "", "Name", opt.Name, "a name")
	c.Require(opt.Dim >= 1 && opt.Dim <= 4096, "Dim", opt.Dim, "1 to 4096")
	c.Require(opt.HalfLife <= 0 || opt.HalfLife >= minLife, "HalfLife", opt.HalfLife, "at least a second")
	c.Require(opt.Vector != nil, "Vector", "nil", "a function")
	if err := c.Err("profile: NewEmbedding"); err != nil {
		return nil, err
	}
	return &embedding{opt, fader{life: int64(max(opt.HalfLife, 0)), oldest: math.MinInt32}}, nil
}

// embedding keeps, for each block of a fader, its number, the sum of weights and those of the
// weighted coordinates, two words each, the high one first; of coordinates in the form of
// two's complement.
type embedding struct {
	opt  EmbeddingOptions
	fade fader
}

// keptBlocks is how many blocks before the newest an embedding and an affinity keep.
const keptBlocks = 3

func (f *embedding) Name() string {
	return fmt.Sprintf("%s/%d/%v", f.opt.Name, f.opt.Dim, f.opt.HalfLife)
}
func (*embedding) Days() []int { return nil }

func (f *embedding) Columns() []string {
	var out []string
	for i := range f.opt.Dim {
		out = append(out, fmt.Sprintf("%s=%d", f.opt.Name, i))
	}
	return out
}

func (f *embedding) size() int { return 3 + 2*f.opt.Dim }

// row returns the words of a block, which may be new, or nil where it is too old.
func (f *embedding) row(state []int64, block int64) (whole, row []int64) {
	n, size := 0, f.size()
	for n < len(state) && state[n] < block {
		n += size
	}
	if n == len(state) || state[n] != block {
		if len(state) > 0 && block < state[len(state)-size]-keptBlocks {
			return state, nil
		}
		state = slices.Insert(state, n, make([]int64, size)...)
		state[n] = block
		for oldest := state[len(state)-size] - keptBlocks; state[0] < oldest; n -= size {
			state = slices.Delete(state, 0, size)
		}
	}
	return state, state[n : n+size]
}

// accumulate adds a number of two words.
func accumulate(to []int64, hi, lo uint64) {
	l, c := bits.Add64(uint64(to[1]), lo, 0)
	h, _ := bits.Add64(uint64(to[0]), hi, c)
	to[0], to[1] = int64(h), int64(l)
}

// signed is a number of two words in two's complement. What is below 0 is converted as its
// opposite: the sum of both words as floats would be a small difference of large ones.
func signed(hi, lo uint64) float64 {
	if int64(hi) < 0 {
		l, c := bits.Add64(^lo, 1, 0)
		return -(math.Ldexp(float64(^hi+c), 64) + float64(l))
	}
	return math.Ldexp(float64(hi), 64) + float64(lo)
}

// Add weighs a vector by the moment of its record alone, never by a cut-off.
func (f *embedding) Add(state []int64, r *Record) []int64 {
	v := f.opt.Vector(r)
	if len(v) != f.opt.Dim || slices.ContainsFunc(v, func(x float32) bool { return !(math.Abs(float64(x)) <= 1e6) }) {
		return state
	}
	at := r.At.UnixNano()
	block, weight := f.fade.term(1, at)
	state, row := f.row(state, int64(block))
	if row == nil {
		return state
	}
	accumulate(row[1:], weight.hi, weight.lo)
	for i, x := range v {
		_, term := f.fade.term(math.Abs(float64(x)), at)
		if x < 0 { // two's complement
			lo, c := bits.Add64(^term.lo, 1, 0)
			term = fixed{^term.hi + c, lo}
		}
		accumulate(row[3+2*i:], term.hi, term.lo)
	}
	return state
}

func (f *embedding) Merge(state, other []int64) []int64 {
	for ; len(other) > 0; other = other[f.size():] {
		var row []int64
		if state, row = f.row(state, other[0]); row == nil {
			continue
		}
		for i := 1; i < len(row); i += 2 {
			accumulate(row[i:], uint64(other[i]), uint64(other[i+1]))
		}
	}
	return state
}

func (f *embedding) Valid(state []int64) bool {
	size := f.size()
	if len(state)%size != 0 {
		return false
	}
	for i := 0; i < len(state); i += size {
		newest := state[len(state)-size]
		if i > 0 && state[i] <= state[i-size] || state[i] < math.MinInt32 || state[i] > math.MaxInt32 || state[i] < newest-keptBlocks || state[i+1] < 0 || state[i+1]|state[i+2] == 0 {
			return false
		}
	}
	return true
}

// Result divides by the weights, so that the cut-off does not matter.
func (f *embedding) Result(dst []float64, states [][]int64, _ Clock) []float64 {
	s, size := states[0], f.size()
	sums := make([]float64, 1+f.opt.Dim)
	for i := 0; i < len(s); i += size { // blocks ascending: one order
		scale := math.Ldexp(1, int(s[i]-s[len(s)-size])*blockSize)
		for j := range sums {
			w := s[i+1+2*j:]
			sums[j] += scale * signed(uint64(w[0]), uint64(w[1]))
		}
	}
	for _, x := range sums[1:] {
		dst = append(dst, x/sums[0]) // NaN without any
	}
	return dst
}
