package privacy

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"math/big"
	"math/bits"
)

// coins draws exact events from a source of random bytes by whole numbers alone, after
// Canonne, Kamath and Steinke (2020), algorithms 1 to 3: what floating point would
// round away is what an attacker could tell two neighbours apart by. The first error of
// the source sticks and ends every loop.
type coins struct {
	src  io.Reader
	buf  [128]byte
	left []byte
	read int // bytes of this draw
	err  error
}

// maxRead is more than any draw takes of bytes that are random: a source that says the same
// for ever would otherwise be asked for ever.
const maxRead = 1 << 16

// newCoins returns coins from src, nil for those of the operating system.
func newCoins(src io.Reader) *coins {
	if src == nil {
		src = rand.Reader
	}
	return &coins{src: src}
}

// fill takes the next len(p) bytes.
func (c *coins) fill(p []byte) {
	for i := range p {
		if len(c.left) == 0 && c.err == nil {
			c.refill()
		}
		if c.read++; c.read > maxRead && c.err == nil {
			c.err = errSame
		}
		if c.err != nil {
			return
		}
		p[i], c.left = c.left[0], c.left[1:]
	}
}

// refill reads the next bytes, short reads joined. A source that goes on giving none is
// io.ErrNoProgress, and one that gives the same byte all along, which truly random ones do not
// once in 2⁹⁶⁰ times, is not random.
func (c *coins) refill() {
	n, idle := 0, 0
	for n < len(c.buf) && c.err == nil {
		var k int
		k, c.err = c.src.Read(c.buf[n:])
		if n += k; k > 0 {
			idle = 0
		} else if idle++; idle > 100 && c.err == nil {
			c.err = io.ErrNoProgress
		}
	}
	switch {
	case n == len(c.buf): // whatever came with the last of them
		c.err = nil
	case c.err == io.EOF && n > 0:
		c.err = io.ErrUnexpectedEOF
	}
	if c.left = c.buf[:]; c.err == nil && bytes.Count(c.left, c.left[:1]) == len(c.left) {
		c.err = errSame
	}
}

var errSame = fmt.Errorf("its bytes are not random: %w", ErrRange)

// small returns a uniform whole number below n >= 1.
func (c *coins) small(n uint64) uint64 {
	width := bits.Len64(n - 1)
	for c.err == nil && width > 0 {
		var p [8]byte
		c.fill(p[8-(width+7)/8:])
		x := uint64(0)
		for _, b := range p {
			x = x<<8 | uint64(b)
		}
		if x &= 1<<width - 1; x < n {
			return x
		}
	}
	return 0
}

// below returns a uniform whole number below n >= 1.
func (c *coins) below(n *big.Int) *big.Int {
	if n.IsUint64() {
		return new(big.Int).SetUint64(c.small(n.Uint64()))
	}
	width := new(big.Int).Sub(n, one).BitLen()
	p := make([]byte, (width+7)/8)
	x := new(big.Int)
	for c.err == nil {
		c.fill(p)
		p[0] &= 0xff >> (8*len(p) - width)
		if x.SetBytes(p); x.Cmp(n) < 0 {
			return x
		}
	}
	return new(big.Int)
}

var one = big.NewInt(1)

// exp is true with probability exp(−num/den), num/den in [0, 1]: the number of
// successes in a row of chance (num/den)/k, k = 1, 2, …, is even just so often.
func (c *coins) exp(num, den *big.Int) bool {
	k := uint64(1)
	for c.err == nil && c.small(k) == 0 && c.below(den).Cmp(num) < 0 {
		k++
	}
	return k%2 == 1
}

// expAny is exp for any num/den >= 0.
func (c *coins) expAny(num, den *big.Int) bool {
	whole, rest := new(big.Int).QuoRem(num, den, new(big.Int))
	for ; whole.Sign() > 0; whole.Sub(whole, one) {
		if c.err != nil || !c.exp(one, one) {
			return false
		}
	}
	return c.exp(rest, den)
}

// laplace returns y with a chance in proportion to exp(−|y|·s/t).
func (c *coins) laplace(t, s *big.Int) *big.Int {
	for c.err == nil {
		u := c.below(t)
		if !c.exp(u, t) {
			continue
		}
		v := int64(0)
		for c.err == nil && c.exp(one, one) {
			v++
		}
		y := new(big.Int).Mul(t, big.NewInt(v))
		y.Quo(y.Add(y, u), s)
		switch negative := c.small(2) == 1; {
		case negative && y.Sign() == 0: // or 0 would come twice as often
		case negative:
			return y.Neg(y)
		default:
			return y
		}
	}
	return new(big.Int)
}

// gaussian returns y with a chance in proportion to exp(−y²/2σ²), σ² = a/b, by
// rejection of Laplace noise of scale ⌊σ⌋+1.
func (c *coins) gaussian(a, b *big.Int) *big.Int {
	t := new(big.Int).Quo(a, b)
	t.Add(t.Sqrt(t), one)
	bt := new(big.Int).Mul(b, t)
	den := new(big.Int).Mul(a, bt)
	den.Lsh(den.Mul(den, t), 1)
	num := new(big.Int)
	for c.err == nil {
		y := c.laplace(t, one)
		num.Sub(num.Mul(num.Abs(y), bt), a)
		if c.expAny(num.Mul(num, num), den) {
			return y
		}
	}
	return new(big.Int)
}
