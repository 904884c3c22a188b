package offer

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// benefit is what an offer gives, in whole numbers.
type benefit struct {
	off, every, most, least int64 // least: MinSpend
	each                    bool
	percent                 int64 // in ten-thousandths of a percent
	steps                   []Step
	times                   int64 // what the multiple is above 1, in ten-thousandths
	per                     int64 // minor units that earn a point
}

// mulDiv is a·b/c rounded down, exact; a, b >= 0, c > 0, and the result must fit.
func mulDiv(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(q)
}

// saturated is a·b, or the largest int64.
func saturated(a, b int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi > 0 || lo > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(lo)
}

// sumOf adds up the amounts of some lines, which fit together: New orders are checked.
func sumOf(amounts []int64, lines []int32) (sum int64) {
	for _, l := range lines {
		sum += amounts[l]
	}
	return sum
}

// gain returns what the offer takes off the amounts that are left of its lines, and the
// points it adds. It never grows where amounts shrink: the bound of the search needs that.
func (b *benefit) gain(amounts, quantity []int64, lines []int32) (money, points int64) {
	base := sumOf(amounts, lines)
	if base == 0 || base < b.least {
		return 0, 0
	}
	switch {
	case b.times > 0:
		if b.per == 0 {
			return 0, 0
		}
		return 0, b.extra(base)
	case b.every > 0:
		money = base / b.every * b.off
	case b.each:
		for _, l := range lines {
			money += b.ofLine(amounts[l], quantity[l])
		}
	case b.off > 0:
		money = min(b.off, base)
	case b.percent > 0:
		money = b.share(base)
	default:
		for _, s := range b.steps {
			if s.From <= base {
				money = s.Off
			}
		}
	}
	if b.most > 0 {
		money = min(money, b.most)
	}
	return money, 0
}

// share is the percentage of a sum, rounded half up.
func (b *benefit) share(base int64) int64 {
	hi, lo := bits.Mul64(uint64(base), uint64(b.percent))
	lo, carry := bits.Add64(lo, 500_000, 0)
	q, _ := bits.Div64(hi+carry, lo, 1_000_000)
	return int64(q)
}

// ceiling is at least what an offer takes off a sum. It never falls as sums grow, and what it
// leaves never does either.
func (b *benefit) ceiling(base int64) int64 {
	switch {
	case b.percent > 0:
		return b.share(base)
	case b.every > 0:
		return mulDiv(base, b.off, b.every)
	}
	return base
}

// ofLine is what an offer on each unit takes off a line.
func (b *benefit) ofLine(amount, quantity int64) int64 {
	return min(saturated(b.off, quantity), amount)
}

// extra returns the points that are earned beyond the usual ones on a sum.
func (b *benefit) extra(base int64) int64 {
	hi, lo := bits.Mul64(uint64(base), uint64(b.times))
	hi2, lo2 := bits.Mul64(uint64(b.per), 10_000)
	if hi2 > 0 || hi >= lo2 { // of so few points no minor unit is left, or of too many
		if hi2 > 0 {
			return 0
		}
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, lo2)
	return int64(min(q, math.MaxInt64))
}

// next returns the sum of its lines from which on the offer gives more than at base; 0 where
// there is none, as for a percentage.
func (b *benefit) next(base int64) int64 {
	switch {
	case base < b.least && len(b.steps) > 0:
		return max(b.least, b.steps[0].From)
	case base < b.least:
		return max(b.least, b.every)
	case b.every > 0:
		if base > math.MaxInt64-b.every || b.most > 0 && base/b.every*b.off >= b.most {
			return 0
		}
		return (base/b.every + 1) * b.every
	case len(b.steps) > 0:
		for _, s := range b.steps {
			if s.From > base {
				return s.From
			}
		}
	}
	return 0
}

// take puts into part what each line gives to money, which gain returned, and takes it off
// amounts. Lines give in proportion to what is left of them, for an offer on each unit to what
// it takes off them.
func (b *benefit) take(money int64, amounts, quantity []int64, lines []int32, part []int64) {
	weights := make([]int64, len(lines))
	for i, l := range lines {
		weights[i] = amounts[l]
		if b.each {
			weights[i] = b.ofLine(amounts[l], quantity[l])
		}
	}
	for i, x := range split(money, weights) {
		part[lines[i]] = x
		amounts[lines[i]] -= x
	}
}

// split cuts total into parts in proportion to weights by the method of largest remainders:
// each part is its share rounded down, and the units left go to the largest remainders, among
// equals to the first. The parts add up to total, and where total is at most the sum of the
// weights none is above its weight. Weights are >= 0 and add up to no more than an int64;
// total >= 0 is 0 where they are all 0. The weights are overwritten by the parts.
func split(total int64, weights []int64) []int64 {
	var sum int64
	for _, w := range weights {
		sum += w
	}
	if sum == 0 {
		return weights
	}
	rests := make([]remainder, 0, len(weights))
	left := total
	for i, w := range weights {
		hi, lo := bits.Mul64(uint64(total), uint64(w))
		q, r := bits.Div64(hi, lo, uint64(sum)) // hi < sum, since w <= sum
		weights[i] = int64(q)
		left -= int64(q)
		if r > 0 {
			rests = append(rests, remainder{int64(r), int32(i)})
		}
	}
	forward(rests, int(left))
	for _, r := range rests[:left] {
		weights[r.i]++
	}
	return weights
}

// remainder is what rounding down took from a part.
type remainder struct {
	of int64
	i  int32
}

func (r remainder) compare(s remainder) int {
	return cmp.Or(cmp.Compare(s.of, r.of), cmp.Compare(r.i, s.i))
}

// forward brings the n largest remainders to the front, by dividing the part in which the
// n-th one lies; where that goes badly too often, or little is left, by sorting it.
func forward(rs []remainder, n int) {
	for tries := 2 * bits.Len(uint(len(rs))); n > 0 && n < len(rs); tries-- {
		if tries == 0 || len(rs) <= 24 {
			slices.SortFunc(rs, remainder.compare)
			return
		}
		a, b, c := rs[0], rs[len(rs)/2], rs[len(rs)-1]
		if a.compare(b) > 0 {
			a, b = b, a
		}
		if b.compare(c) > 0 {
			b = c
		}
		if a.compare(b) > 0 {
			b = a
		}
		front := 0 // of those before b: there are some, as b is the middle one of three
		for i, r := range rs {
			if r.compare(b) < 0 {
				rs[front], rs[i] = r, rs[front]
				front++
			}
		}
		if n <= front {
			rs = rs[:front]
		} else {
			rs, n = rs[front:], n-front
		}
	}
}
