package profile

import (
	"math"
	"strings"
)

// tasteKey is the key of the sum of a label in one block of a fader.
func tasteKey(label, block int32) uint64 { return uint64(uint32(label))<<32 | uint64(uint32(block)) }

// term is a weight of one moment, as it stands in the sum of its block.
type term struct {
	sum   fixed
	block int32
}

func (b *Builder[U, I]) like(u int32, d Dimension, name string, w term) error {
	if name == "" || w.sum.zero() {
		return nil
	}
	l, err := b.label(d, name)
	if err == nil {
		b.likeLabel(u, l, w)
	}
	return err
}

// likeLabel adds w to a label that is known, or nothing to -1.
func (b *Builder[U, I]) likeLabel(u, label int32, w term) {
	if label < 0 {
		return
	}
	sum := b.taste.at(u, tasteKey(label, w.block))
	*sum = sum.add(w.sum)
}

// likes adds w to what a record carries besides its price.
func (b *Builder[U, I]) likes(u int32, category, brand string, w term) error {
	if err := b.like(u, Category, category, w); err != nil {
		return err
	}
	return b.like(u, Brand, brand, w)
}

// comes adds w to the ways on which a record came.
func (b *Builder[U, I]) comes(u int32, channel, campaign, device string, w term) error {
	if channel == "" && campaign == "" && device == "" {
		return nil
	}
	if err := b.like(u, Channel, channel, w); err != nil {
		return err
	}
	if err := b.like(u, Campaign, campaign, w); err != nil {
		return err
	}
	return b.like(u, Device, device, w)
}

// asks adds w to each word of a query.
func (b *Builder[U, I]) asks(u int32, query string, w term) error {
	for query != "" {
		word := query
		if i := strings.IndexByte(query, ' '); i >= 0 {
			word, query = query[:i], query[i+1:]
		} else {
			query = ""
		}
		if err := b.like(u, Term, word, w); err != nil {
			return err
		}
	}
	return nil
}

// decayed returns w halved once for every half-life between at and the cut-off.
func (b *Builder[U, I]) decayed(w float64, at int64) term {
	var t term
	t.block, t.sum = b.fade.term(w, at)
	return t
}

// loves calls f for each label of a user with its weight at the cut-off but for the
// factor fade.rest. A label that a fixed does not show any more is left out.
func (b *Builder[U, I]) loves(u int32, f func(label int32, sum fixed)) {
	b.taste.of(u, func(key uint64, sum *fixed) {
		if s := b.fade.now(int32(uint32(key)), *sum); !s.zero() {
			f(int32(key>>32), s)
		}
	})
}

// weigh is the weight of a sum that loves gave, to 14 digits: so a weight of 5 halved once
// is 2.5, whatever two powers of two that cancel are rounded to.
func (b *Builder[U, I]) weigh(sum fixed) float64 {
	frac, exp := math.Frexp(sum.float() * b.fade.rest)
	return math.Ldexp(math.Round(frac*(1<<47)), exp-47)
}
