package online

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
)

// SpaceOptions configures NewSpace.
type SpaceOptions struct {
	// Bits is the binary logarithm of the number of weights, in [1, 28]; 0 means 18.
	Bits int
	// Namespaces are the kinds of features: "user", "ad", "site"; distinct, at most 256.
	// nil means one, "".
	Namespaces []string
	// Crosses are pairs of namespaces, each feature of the one of which makes a feature
	// with each of the other: what a linear model needs to learn that these users like those ads. The
	// same namespace twice makes its pairs. A row has at most 2^20 of them, else ErrRange.
	Crosses [][2]string
	// Seed chooses another hash, for whom two features share a weight that should not.
	Seed uint64
}

// maxNamespaces keeps the number of a namespace within a byte of a cell.
const maxNamespaces = 256

// Space is where features live: a feature is a name in a namespace, and its weight stands at
//
//	Mix(FNV-1a(namespace, 0xff, name) xor Mix(Seed)) mod 2^Bits
//
// where Mix is the finaliser of SplitMix64. Two features of the same place share their weight: with n
// features met so far, a new one meets an old one by a chance of 1-(1-2^-Bits)^n, n/2^Bits where that is
// small. A cross stands at Mix(a + 3·Mix(b)), a and b the hashes of its two features before the modulus. The
// hash is the same in every process and version. A Space is immutable and safe for concurrent use.
type Space struct {
	bits   int
	names  []string
	starts []uint64 // the hash of each namespace, which that of a name goes on from
	pairs  [][2]int // crosses by number
	seed   uint64
	salt   uint64 // Mix(seed)
	stamp  uint64 // of everything: equal spaces have equal ones
}

// NewSpace makes a space. ErrOption.
func NewSpace(opt SpaceOptions) (*Space, error) {
	var c check.Options
	bits, names := check.Default(opt.Bits, 18), slices.Clone(opt.Namespaces)
	if len(names) == 0 {
		names = []string{""}
	}
	c.Require(bits >= 1 && bits <= 28, "Bits", bits, "in [1, 28]")
	c.Require(len(names) <= maxNamespaces, "Namespaces", fmt.Sprintf("%d names", len(names)), fmt.Sprintf("at most %d", maxNamespaces))
	for i, n := range names[:min(len(names), maxNamespaces)] {
		c.Require(!slices.Contains(names[:i], n), fmt.Sprintf("Namespaces[%d]", i), fmt.Sprintf("%q", n), "a name of its own")
	}
	s, taken := &Space{bits: bits, names: names, seed: opt.Seed}, make(map[[2]int]bool)
	for i, x := range opt.Crosses {
		a, b := slices.Index(names, x[0]), slices.Index(names, x[1])
		p := [2]int{min(a, b), max(a, b)}
		c.Require(p[0] >= 0, fmt.Sprintf("Crosses[%d]", i), fmt.Sprintf("%q", x), "two of Namespaces")
		c.Require(!taken[p], fmt.Sprintf("Crosses[%d]", i), fmt.Sprintf("%q", x), "a pair of its own")
		taken[p] = true
		s.pairs = append(s.pairs, p)
	}
	if err := c.Err("online: NewSpace"); err != nil {
		return nil, err
	}
	s.finish()
	return s, nil
}

// finish derives what hashing and comparing need.
func (s *Space) finish() {
	s.starts = make([]uint64, len(s.names))
	words := []uint64{uint64(s.bits), s.seed, uint64(len(s.names))}
	for i, n := range s.names {
		s.starts[i] = (fnv(fnvStart, n) ^ 0xff) * fnvPrime
		words = append(words, s.starts[i], uint64(len(n)))
	}
	for _, p := range s.pairs {
		words = append(words, uint64(p[0]), uint64(p[1]))
	}
	s.salt = rng.Mix(s.seed)
	s.stamp = rng.Hash(words...)
}

const (
	fnvStart uint64 = 14695981039346656037
	fnvPrime uint64 = 1099511628211
)

// fnv goes on with the hash h over the bytes of name.
func fnv[S string | []byte](h uint64, name S) uint64 {
	for i := 0; i < len(name); i++ {
		h = (h ^ uint64(name[i])) * fnvPrime
	}
	return h
}

// hash is that of a feature before the modulus.
func (s *Space) hash(namespace int, name string) uint64 {
	return rng.Mix(fnv(s.starts[namespace], name) ^ s.salt)
}

// place is the weight of a hash.
func (s *Space) place(hash uint64) uint32 { return uint32(hash) & (1<<s.bits - 1) }

// number returns the number of a namespace, -1 where there is none of that name. There are
// few: a look at each is quicker than a map.
func (s *Space) number(namespace string) int {
	for i, n := range s.names {
		if n == namespace {
			return i
		}
	}
	return -1
}

// Row returns an empty row.
func (s *Space) Row() *Row {
	if s == nil {
		return nil
	}
	return &Row{space: s}
}

// Place returns where the weight of a feature stands, in [0, 2^Bits): for whom wants to know
// what shares it. ErrRange for a namespace that there is not.
func (s *Space) Place(namespace, name string) (int, error) {
	if s == nil || s.bits == 0 {
		return 0, fmt.Errorf("online: Space.Place: %w", ErrEmpty)
	}
	n := s.number(namespace)
	if n < 0 {
		return 0, fmt.Errorf("online: Space.Place: namespace %q: %w", namespace, ErrRange)
	}
	return int(s.place(s.hash(n, name))), nil
}

// put writes the space into a frame.
func (s *Space) put(w *codec.Writer) {
	w.Int(s.bits)
	w.Uint64(s.seed)
	w.Strings(s.names)
	w.Int(len(s.pairs))
	for _, p := range s.pairs {
		w.Int(p[0])
		w.Int(p[1])
	}
}

// getSpace reads what put wrote, and looks at no more namespaces and crosses than there may be.
func getSpace(r *codec.Reader) *Space {
	s := &Space{bits: r.Int(), seed: r.Uint64(), names: r.Strings()}
	n, most := r.Int(), len(s.names)*(len(s.names)+1)/2
	if s.bits < 1 || s.bits > 28 || len(s.names) < 1 || len(s.names) > maxNamespaces || n > most {
		r.Fail("has a space that there is not")
		return nil
	}
	for i, n := range s.names {
		if slices.Contains(s.names[:i], n) {
			r.Fail("has a namespace twice")
		}
	}
	taken := make(map[[2]int]bool)
	for ; n > 0 && r.Err() == nil; n-- {
		p := [2]int{r.Int(), r.Int()}
		if p[0] > p[1] || p[1] >= len(s.names) || taken[p] {
			r.Fail("has a cross that there is not")
		}
		taken[p] = true
		s.pairs = append(s.pairs, p)
	}
	if r.Err() != nil {
		return nil
	}
	s.finish()
	return s
}

// maxValue bounds values and labels, so that sums and squares stay finite in float32, too.
const maxValue = 1e9

// minValue is below what any feature says: weights for less, and for crosses of it, would leave float32.
const minValue = 1e-12

// checkNumber refuses what no arithmetic is safe with.
func checkNumber(where, field string, x float64) error {
	if !check.Finite(x) {
		return fmt.Errorf("online: %s: %s is %v: %w", where, field, x, ErrNotFinite)
	}
	if math.Abs(x) > maxValue {
		return fmt.Errorf("online: %s: %s is %v, want within ±%g: %w", where, field, x, maxValue, ErrRange)
	}
	return nil
}

// namespaces are the names, none of nil.
func (s *Space) namespaces() []string {
	if s == nil {
		return nil
	}
	return s.names
}
