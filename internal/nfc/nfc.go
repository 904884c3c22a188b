package nfc

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// The Hangul syllables of UAX 15, section 16: sBase + (l·21 + v)·28 + t.
const (
	sBase, lBase, vBase, tBase     = 0xac00, 0x1100, 0x1161, 0x11a7
	lCount, vCount, tCount, sCount = 19, 21, 28, 11172
)

// tables are the generated strings as maps.
type tables struct {
	compose   map[[2]rune]rune
	decompose map[rune][]rune // fully, of composites and of what never stands in NFC
	class     map[rune]uint8
	watch     map[rune]bool // runes without which text is in NFC: marks, excluded ones, second parts
}

var load = sync.OnceValue(func() *tables {
	t := &tables{compose: make(map[[2]rune]rune), decompose: make(map[rune][]rune), class: make(map[rune]uint8), watch: make(map[rune]bool)}
	for rs := []rune(classes); len(rs) > 0; rs = rs[3:] {
		for r := rs[0]; r <= rs[1]; r++ {
			t.class[r] = uint8(rs[2])
			t.watch[r] = true
		}
	}
	for rs := []rune(excluded); len(rs) > 0; {
		n := 2 + int(rs[1])
		t.decompose[rs[0]] = rs[2:n:n]
		t.watch[rs[0]] = true
		rs = rs[n:]
	}
	split := make(map[rune][2]rune)
	for rs := []rune(pairs); len(rs) > 0; rs = rs[3:] {
		t.compose[[2]rune{rs[0], rs[1]}] = rs[2]
		split[rs[2]] = [2]rune{rs[0], rs[1]}
		t.watch[rs[1]] = true
	}
	for r := range split {
		var parts []rune
		head := r
		for {
			p, ok := split[head]
			if !ok {
				break
			}
			parts = append(parts, p[1])
			head = p[0]
		}
		parts = append(parts, head)
		slices.Reverse(parts)
		t.decompose[r] = parts
	}
	return t
})

// String returns s in normal form C, s itself, without allocation, where it holds no rune
// that could change. Bytes that are no UTF-8 become U+FFFD.
func String(s string) string {
	high := false // no rune below U+0300 combines with one before it, nor changes alone
	for i := 0; i < len(s) && !high; i++ {
		high = s[i] >= 0xcc
	}
	if !high && utf8.ValidString(s) {
		return s
	}
	t := load()
	if utf8.ValidString(s) && strings.IndexFunc(s, t.moves) < 0 {
		return s
	}
	return string(t.composed(t.decomposed(s)))
}

// moves reports whether text in NFC may have to change because of r: only marks, runes
// that never stand in NFC and second parts of pairs make it.
func (t *tables) moves(r rune) bool {
	return r >= 0x300 && (t.watch[r] || r >= vBase && r < vBase+vCount || r > tBase && r < tBase+tCount)
}

// decomposed returns the runes of s, canonically decomposed, marks in order of their
// class.
func (t *tables) decomposed(s string) []rune {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		switch d, ok := t.decompose[r]; {
		case ok:
			out = append(out, d...)
		case r >= sBase && r < sBase+sCount:
			i := r - sBase
			out = append(out, lBase+i/(vCount*tCount), vBase+i%(vCount*tCount)/tCount)
			if i%tCount > 0 {
				out = append(out, tBase+i%tCount)
			}
		default:
			out = append(out, r)
		}
	}
	for i := 0; i < len(out); {
		k := i + 1
		if t.class[out[i]] == 0 {
			i = k
			continue
		}
		for k < len(out) && t.class[out[k]] != 0 {
			k++
		}
		slices.SortStableFunc(out[i:k], func(a, b rune) int { return int(t.class[a]) - int(t.class[b]) })
		i = k
	}
	return out
}

// composed puts starters and the marks after them together again, in place (UAX 15,
// D117): a mark joins the last starter unless one of the same class, or of class 0,
// stands between.
func (t *tables) composed(rs []rune) []rune {
	out := rs[:0]
	starter, last := -1, 0 // place of the last starter; class of the rune before, of those kept
	for _, r := range rs {
		class := int(t.class[r])
		if starter >= 0 && (last < class || last == 0 && starter == len(out)-1) {
			if c := t.pair(out[starter], r); c >= 0 {
				out[starter] = c
				continue
			}
		}
		if class == 0 {
			starter = len(out)
		}
		last = class
		out = append(out, r)
	}
	return out
}

// pair returns what a and b compose to, or -1.
func (t *tables) pair(a, b rune) rune {
	switch {
	case a >= lBase && a < lBase+lCount && b >= vBase && b < vBase+vCount:
		return sBase + ((a-lBase)*vCount+b-vBase)*tCount
	case a >= sBase && a < sBase+sCount && (a-sBase)%tCount == 0 && b > tBase && b < tBase+tCount:
		return a + b - tBase
	}
	if c, ok := t.compose[[2]rune{a, b}]; ok {
		return c
	}
	return -1
}
