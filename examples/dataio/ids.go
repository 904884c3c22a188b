package dataio

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// IDs numbers the ids of one kind in order of appearance, until Sort.
type IDs struct {
	What    string // "user" or "item", for messages
	Integer bool   // anything but a non-negative integer is malformed
	decided bool

	small []int32 // index+1 of small integers
	large map[int64]int32
	text  map[string]int32
	keys  []key
}

// key is an integer, or a text when text is not empty.
type key struct {
	num  int64
	text string
}

const smallIDs = 1 << 22

// Len returns the number of ids.
func (t *IDs) Len() int { return len(t.keys) }

// Name returns the id of index i as it stood in the file.
func (t *IDs) Name(i int32) string {
	if k := t.keys[i]; k.text != "" {
		return k.text
	}
	return strconv.FormatInt(t.keys[i].num, 10)
}

// parseInt reads a canonical non-negative integer: no sign, no leading zero.
func parseInt(tok []byte) (int64, bool) {
	if len(tok) == 0 || len(tok) > 18 || tok[0] == '0' && len(tok) > 1 {
		return 0, false
	}
	n := int64(0)
	for _, c := range tok {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// check says what is wrong with a token as an id.
func (t *IDs) check(tok []byte) error {
	if len(tok) == 0 {
		return fmt.Errorf("%s id is empty", t.What)
	}
	if t.Integer {
		if _, ok := parseInt(tok); !ok {
			return fmt.Errorf("%s id %s is not an integer as in the rest of the file", t.What, clip(tok))
		}
	}
	return nil
}

// add returns the index of the id in tok, which check has passed.
func (t *IDs) add(tok []byte) (int32, error) {
	if len(t.keys) >= math.MaxInt32 {
		return -1, errors.New("more than 2147483647 ids")
	}
	next := int32(len(t.keys))
	n, ok := parseInt(tok)
	switch {
	case !ok:
		if i, ok := t.text[string(tok)]; ok {
			return i, nil
		}
		if t.text == nil {
			t.text = make(map[string]int32)
		}
		s := string(tok)
		t.text[s] = next
		t.keys = append(t.keys, key{text: s})
		return next, nil
	case n < smallIDs:
		if int(n) >= len(t.small) {
			t.small = append(t.small, make([]int32, int(n)+1-len(t.small))...)
		}
		if i := t.small[n]; i != 0 {
			return i - 1, nil
		}
		t.small[n] = next + 1
	default:
		if i, ok := t.large[n]; ok {
			return i, nil
		}
		if t.large == nil {
			t.large = make(map[int64]int32)
		}
		t.large[n] = next
	}
	t.keys = append(t.keys, key{num: n})
	return next, nil
}

// sort renumbers the ids, integers first, and returns new indices by old. No id
// can be added afterwards.
func (t *IDs) sort() []int32 {
	order := make([]int32, len(t.keys))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		x, y := t.keys[a], t.keys[b]
		return cmp.Or(cmp.Compare(x.text, y.text), cmp.Compare(x.num, y.num))
	})
	perm, keys := make([]int32, len(order)), make([]key, len(order))
	for to, from := range order {
		perm[from], keys[to] = int32(to), t.keys[from]
	}
	t.keys, t.small, t.large, t.text = keys, nil, nil, nil
	return perm
}

// decide sets Integer from sample tokens, once: integers when at least half of
// them are.
func (t *IDs) decide(sample [][]byte) {
	if t.decided || len(sample) == 0 {
		return
	}
	t.decided = true
	n := 0
	for _, tok := range sample {
		if _, ok := parseInt(tok); ok {
			n++
		}
	}
	t.Integer = 2*n >= len(sample)
}

// list appends the ids of a line to dst: all of them, or after an error none.
func (d *IDs) list(dst []int32, line []byte) ([]int32, error) {
	for tok, rest := token(line); len(tok) > 0; tok, rest = token(rest) {
		if err := d.check(tok); err != nil {
			return dst, err
		}
	}
	n := len(dst)
	for tok, rest := token(line); len(tok) > 0; tok, rest = token(rest) {
		i, err := d.add(tok)
		if err != nil {
			return dst[:n], err
		}
		dst = append(dst, i)
	}
	return dst, nil
}
