package dataio

import (
	"bytes"
	"fmt"
)

// Sessions are sequences of items in the order of the visits.
type Sessions struct {
	Ptr   []int64
	Items []int32
	// Target is the item that followed, for test cases; nil for training.
	Target []int32
	r      *Reader
	done   bool
}

// Len returns the number of sessions.
func (s *Sessions) Len() int { return len(s.Ptr) - 1 }

// Session returns the items of session k, oldest first, repeats included.
func (s *Sessions) Session(k int) []int32 { return s.Items[s.Ptr[k]:s.Ptr[k+1]] }

// Sessions reads a file of sessions. Training: one session a line, its items in
// order. Test: the items seen so far, a tab, and the one item that followed.
func (r *Reader) Sessions(path string, test bool) (*Sessions, error) {
	return r.sequences(path, test, false)
}

// Histories reads a file of histories: a user a line, then its items in order.
// The user is not kept.
func (r *Reader) Histories(path string) (*Sessions, error) { return r.sequences(path, false, true) }

// sequences reads a file of item sequences, one a line: of a named user, or a session. Of a
// test file, items that training does not know are counted and left out.
func (r *Reader) sequences(path string, test, named bool) (*Sessions, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.close()
	rep := &Report{Format: SessionsFormat}
	r.Reports = append(r.Reports, rep)
	r.Items.decide(itemTokens(f.sample(), named))
	s := &Sessions{Ptr: []int64{0}, r: r}
	if test {
		s.Target = []int32{}
	}
	err = f.each(r.Strict, rep, func(_ int, line []byte) error {
		var target []byte
		if named {
			_, line = token(line)
		}
		if test {
			var ok bool
			line, target, ok = bytes.Cut(line, []byte{'\t'})
			target = bytes.TrimSpace(target)
			if !ok || len(target) == 0 || bytes.ContainsAny(target, " \t,") {
				return fmt.Errorf("want the items seen, a tab and one target item")
			}
			if err := r.Items.check(target); err != nil {
				return err
			}
		}
		before := len(s.Items)
		if s.Items, err = r.Items.list(s.Items, line); err != nil {
			return err
		}
		if len(s.Items) == before {
			return fmt.Errorf("session without items")
		}
		s.Ptr = append(s.Ptr, int64(len(s.Items)))
		if test {
			i, err := r.Items.add(target)
			if err != nil {
				return err
			}
			s.Target = append(s.Target, i)
		}
		return nil
	})
	return s, err
}

// Renumber moves the sessions to the sorted ids; call it once, after
// Reader.Sort.
func (s *Sessions) Renumber() {
	if s.done {
		return
	}
	s.done = true
	for k, i := range s.Items {
		s.Items[k] = s.r.itemPerm[i]
	}
	for k, i := range s.Target {
		s.Target[k] = s.r.itemPerm[i]
	}
}

// Matrix returns the sessions×items matrix of visits: the number of times each
// item occurs in each session, or 1 with Ones.
func (s *Sessions) Matrix(items int, v Values) *Matrix {
	m := &Matrix{Rows: s.Len(), Cols: items, Ptr: append([]int64(nil), s.Ptr...), Col: append([]int32(nil), s.Items...), Val: make([]float32, len(s.Items))}
	for i := range m.Val {
		m.Val[i] = 1
	}
	m.mergeRows(v)
	m.Merged = 0
	return m
}

// itemTokens returns the items of some lines; named lines begin with a user.
func itemTokens(lines [][]byte, named bool) (toks [][]byte) {
	for _, line := range lines {
		if named {
			_, line = token(line)
		}
		for tok, rest := token(line); len(tok) > 0; tok, rest = token(rest) {
			toks = append(toks, tok)
		}
	}
	return toks
}
