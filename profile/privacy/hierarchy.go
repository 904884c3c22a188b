package privacy

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aislekit/aisle/internal/check"
)

// Suppressed is what stands for a value that is not told.
const Suppressed = "*"

// Hierarchy says how a value is told less and less exactly: level 0 is the value
// itself, the last level Suppressed. What is one at a level is one at all higher
// ones. Make it with NewRanges, NewTree, NewDates or NewPrefixes; immutable and safe for
// concurrent use.
type Hierarchy struct {
	height int // the last level
	tell   func(value string, level int) (string, error)
}

// Height returns the last level, that of Suppressed.
func (h *Hierarchy) Height() int {
	if h == nil {
		return 0
	}
	return h.height
}

// Generalize returns value as level tells it. A level outside of 0 to Height is ErrRange,
// and so is a value that the hierarchy cannot read; one that NewTree was not given is
// ErrUnknownID. The last level takes any.
func (h *Hierarchy) Generalize(value string, level int) (string, error) {
	if h == nil || h.tell == nil {
		return "", fmt.Errorf("privacy: Hierarchy.Generalize: no hierarchy: %w", ErrEmpty)
	}
	if level < 0 || level > h.height {
		return "", fmt.Errorf("privacy: Hierarchy.Generalize: level is %d, want 0 to %d: %w", level, h.height, ErrRange)
	}
	if level == h.height {
		return Suppressed, nil
	}
	out, err := h.tell(value, level)
	if err != nil {
		return "", fmt.Errorf("privacy: Hierarchy.Generalize: %w", check.Private("value", -1, nil, value, err))
	}
	return out, nil
}

// NewRanges returns a hierarchy of decimal numbers: the number, then the range
// [a, a+width) that begins at origin or a multiple of width away, for each of the widths,
// then Suppressed. Origin and widths are the shortest decimals that are them (.1 is a tenth), and all
// that is told is exact in decimal, whatever float64 would make of it. Widths are > 0 and each a
// multiple of the one before, so that ranges nest, else ErrOption. Numbers are digits with at most one sign, point
// and exponent: others ("0x1p3", "inf", "1_000"), those beyond ±1e15, and those of more than
// 100 characters or with an exponent beyond ±100 are ErrRange when they are generalised.
func NewRanges(origin float64, widths ...float64) (*Hierarchy, error) {
	var c check.Options
	c.Require(math.Abs(origin) <= maxValue, "origin", origin, "a number within ±1e15")
	start, steps := decimal{}, make([]decimal, len(widths))
	if math.Abs(origin) <= maxValue {
		start, _ = decimalOf(strconv.FormatFloat(origin, 'f', -1, 64), math.MaxInt)
	}
	for i, w := range widths {
		ok := w > 0 && w <= maxValue && (i == 0 || w > widths[i-1] && steps[i-1].digits != nil)
		if ok {
			steps[i], _ = decimalOf(strconv.FormatFloat(w, 'f', -1, 64), math.MaxInt)
			ok = i == 0 || steps[i].multipleOf(steps[i-1])
		}
		c.Require(ok, fmt.Sprintf("widths[%d]", i), w, "> 0, a multiple of the one before")
	}
	if err := c.Err("privacy: NewRanges"); err != nil {
		return nil, err
	}
	return &Hierarchy{height: len(widths) + 1, tell: func(value string, level int) (string, error) {
		x, ok := decimalOf(value, 100)
		if !ok || !x.within(maxValue) {
			return "", fmt.Errorf("no decimal number within ±1e15: %w", ErrRange)
		}
		if level == 0 {
			return x.String(), nil
		}
		lo, hi := x.rangeOf(start, steps[level-1])
		return "[" + lo.String() + ", " + hi.String() + ")", nil
	}}, nil
}

// NewTree returns a hierarchy of categories: parents names the parent of each but the roots.
// Level n is the nth ancestor, or the root below that many, and the last Suppressed. Values that
// parents names neither as a child nor as a parent are ErrUnknownID when they are generalised, but to
// the last level. No parents are ErrEmpty, a circle ErrOption.
func NewTree(parents map[string]string) (*Hierarchy, error) {
	if len(parents) == 0 {
		return nil, fmt.Errorf("privacy: NewTree: parents: %w", ErrEmpty)
	}
	up := make(map[string]string, len(parents))
	known := make(map[string]bool, len(parents))
	for child, parent := range parents {
		up[child] = parent
		known[child], known[parent] = true, true
	}
	depth := 0
	for v := range up {
		d := 0
		for p, ok := up[v]; ok; p, ok = up[p] {
			if d++; d > len(up) {
				return nil, fmt.Errorf("privacy: NewTree: parents go in a circle: %w", ErrOption)
			}
		}
		depth = max(depth, d)
	}
	return &Hierarchy{height: depth + 1, tell: func(value string, level int) (string, error) {
		if !known[value] {
			return "", fmt.Errorf("in no tree: %w", ErrUnknownID)
		}
		for range level {
			p, ok := up[value]
			if !ok {
				break
			}
			value = p
		}
		return value, nil
	}}, nil
}

// NewDates returns the hierarchy of days as 2006-01-02: day, month 2006-01, year, decade
// 2000s, Suppressed.
func NewDates() *Hierarchy {
	return &Hierarchy{height: 4, tell: func(value string, level int) (string, error) {
		t, err := time.Parse(time.DateOnly, value)
		if err != nil {
			return "", fmt.Errorf("no day as 2006-01-02: %w", ErrRange)
		}
		switch level {
		case 0:
			return value, nil
		case 1:
			return t.Format("2006-01"), nil
		case 2:
			return t.Format("2006"), nil
		}
		return value[:3] + "0s", nil
	}}
}

// NewPrefixes returns a hierarchy of codes whose beginning says less: postal codes,
// geohashes, numbers of telephones. After the value itself come its first lengths characters,
// the rest each a *, or nothing where short is true (geohashes), then Suppressed. Lengths
// are >= 1 and descend strictly, else ErrOption. A code that is shorter stays as it is.
func NewPrefixes(short bool, lengths ...int) (*Hierarchy, error) {
	var c check.Options
	for i, n := range lengths {
		c.Require(n >= 1 && (i == 0 || n < lengths[i-1]), fmt.Sprintf("lengths[%d]", i), n, ">= 1, less than the one before")
	}
	if err := c.Err("privacy: NewPrefixes"); err != nil {
		return nil, err
	}
	lengths = slices.Clone(lengths)
	return &Hierarchy{height: len(lengths) + 1, tell: func(value string, level int) (string, error) {
		if !utf8.ValidString(value) {
			return "", fmt.Errorf("no UTF-8: %w", ErrRange)
		}
		if level == 0 {
			return value, nil
		}
		r := []rune(value)
		n := min(lengths[level-1], len(r))
		if short {
			return string(r[:n]), nil
		}
		return string(r[:n]) + strings.Repeat(Suppressed, len(r)-n), nil
	}}, nil
}
