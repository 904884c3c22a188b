package rng

import (
	"math"
	"math/bits"
)

// Mix is the SplitMix64 finaliser: a bijection of uint64 whose outputs look
// independent for nearby inputs.
func Mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Hash folds words into one; the order of words matters.
func Hash(words ...uint64) uint64 {
	h := uint64(0x243f6a8885a308d3)
	for _, w := range words {
		h = Mix(h ^ Mix(w))
	}
	return h
}

// HashString hashes s (64-bit FNV-1a, then Mix).
func HashString(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return Mix(h)
}

// Unit maps 64 random bits to a float64 in [0, 1).
func Unit(x uint64) float64 { return float64(x>>11) * (1.0 / (1 << 53)) }

// Stream is a random number generator. It is not safe for concurrent use; the
// zero value is not valid, use New.
type Stream struct {
	s     [4]uint64
	spare float64
	has   bool
}

// New returns the stream named by seed, stage and block.
func New(seed, stage, block uint64) *Stream {
	r := &Stream{}
	r.Reset(seed, stage, block)
	return r
}

// Reset turns r into the stream named by seed, stage and block.
func (r *Stream) Reset(seed, stage, block uint64) {
	h := Hash(seed, stage, block)
	for i := range r.s {
		r.s[i] = Mix(h + uint64(i)*0x9e3779b97f4a7c15)
	}
	r.has = false
}

// Uint64 returns 64 random bits.
func (r *Stream) Uint64() uint64 {
	s := &r.s
	x := bits.RotateLeft64(s[1]*5, 7) * 9
	t := s[1] << 17
	s[2] ^= s[0]
	s[3] ^= s[1]
	s[1] ^= s[2]
	s[0] ^= s[3]
	s[2] ^= t
	s[3] = bits.RotateLeft64(s[3], 45)
	return x
}

// Uint64n returns a uniform integer in [0, n) without bias (Lemire 2019).
// It returns 0 for n == 0.
func (r *Stream) Uint64n(n uint64) uint64 {
	if n == 0 {
		return 0
	}
	hi, lo := bits.Mul64(r.Uint64(), n)
	if lo < n {
		for t := -n % n; lo < t; {
			hi, lo = bits.Mul64(r.Uint64(), n)
		}
	}
	return hi
}

// Intn returns a uniform integer in [0, n); 0 for n <= 0.
func (r *Stream) Intn(n int) int {
	if n <= 0 {
		return 0
	}
	return int(r.Uint64n(uint64(n)))
}

// Float64 returns a uniform number in [0, 1).
func (r *Stream) Float64() float64 { return Unit(r.Uint64()) }

// Bool returns true with probability p.
func (r *Stream) Bool(p float64) bool { return r.Float64() < p }

// Normal returns a standard normal deviate (polar method).
func (r *Stream) Normal() float64 {
	if r.has {
		r.has = false
		return r.spare
	}
	for {
		u, v := 2*r.Float64()-1, 2*r.Float64()-1
		q := u*u + v*v
		if q > 0 && q < 1 {
			f := math.Sqrt(-2 * math.Log(q) / q)
			r.spare, r.has = v*f, true
			return u * f
		}
	}
}

// Exp returns a standard exponential deviate (mean 1).
func (r *Stream) Exp() float64 { return -math.Log1p(-r.Float64()) }

// Gamma returns a deviate with the given shape and scale 1 (Marsaglia and Tsang
// 2000). shape must be finite and > 0; otherwise the result is NaN.
func (r *Stream) Gamma(shape float64) float64 {
	if !(shape > 0) || shape > math.MaxFloat64 {
		return math.NaN() // the rejection loop below would not end
	}
	if shape < 1 {
		return r.Gamma(shape+1) * math.Pow(1-r.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.Normal()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-r.Float64()) < 0.5*x*x+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// Beta returns a Beta(a, b) deviate; a and b must be > 0.
func (r *Stream) Beta(a, b float64) float64 {
	x, y := r.Gamma(a), r.Gamma(b)
	if x+y == 0 { // both underflowed: tiny shapes put all mass at the ends
		if r.Bool(a / (a + b)) {
			return 1
		}
		return 0
	}
	return x / (x + y)
}

// Poisson returns a Poisson deviate with the given mean, at most 10⁹; 0 for a
// mean that is not > 0 or is larger than that. Large means are cut down by gamma
// waiting times, so that the product method never underflows.
func (r *Stream) Poisson(mean float64) int {
	if !(mean > 0) || mean > 1e9 {
		return 0
	}
	n := 0
	for mean > 30 { // Ahrens and Dieter 1974: a gamma waiting time cuts the mean
		m := math.Floor(mean * 7 / 8)
		x := r.Gamma(m)
		if x > mean {
			return n + r.Binomial(int(m)-1, mean/x)
		}
		n += int(m)
		mean -= x
	}
	limit, p := math.Exp(-mean), 1.0
	for k := 0; ; k++ {
		p *= r.Float64()
		if p <= limit {
			return n + k
		}
	}
}

// Binomial returns the number of successes in n trials of probability p. p is
// clipped to [0, 1]; NaN counts as 0.
func (r *Stream) Binomial(n int, p float64) int {
	k := 0
	for n > 32 { // split at the median order statistic, a beta deviate
		if !(p > 0) {
			return k
		}
		if p >= 1 {
			return k + n
		}
		i := n/2 + 1
		x := r.Beta(float64(i), float64(n+1-i))
		if x <= p {
			k += i
			n -= i
			p = (p - x) / (1 - x)
		} else {
			n = i - 1
			p /= x
		}
	}
	for ; n > 0; n-- {
		if r.Bool(p) {
			k++
		}
	}
	return k
}

// Shuffle permutes n elements by swap (Fisher-Yates).
func (r *Stream) Shuffle(n int, swap func(i, j int)) {
	for i := n - 1; i > 0; i-- {
		swap(i, r.Intn(i+1))
	}
}

// Perm returns a random permutation of 0..n-1.
func (r *Stream) Perm(n int) []int32 {
	p := make([]int32, n)
	for i := range p {
		p[i] = int32(i)
	}
	r.Shuffle(n, func(i, j int) { p[i], p[j] = p[j], p[i] })
	return p
}

// Deal deals the entries of dst into k folds, 0 to k-1, in a random order from fold start
// on, and returns the fold after the last: dealing rows one after the other from there
// leaves folds whose sizes differ by one at most. k must be > 0, start in [0, k).
func (r *Stream) Deal(dst []int32, k, start int) (next int) {
	for pos, e := range r.Perm(len(dst)) {
		dst[e] = int32((start + pos) % k)
	}
	return (start + len(dst)) % k
}
