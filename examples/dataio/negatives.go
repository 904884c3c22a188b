package dataio

import (
	"bytes"
	"fmt"
	"slices"
)

// Candidates are test cases with sampled negatives, in the layout of He et al.
// (2017): "(user,item)" and then the negatives, separated by tabs or spaces.
// The numbers are indices of the reader's ids once Renumber was called.
type Candidates struct {
	User, Item []int32
	Ptr        []int64 // negatives of case c: Negatives[Ptr[c]:Ptr[c+1]]
	Negatives  []int32
	Own        int // cases whose item is among their negatives, as some published files have it
	r          *Reader
	done       bool
}

// Len returns the number of cases.
func (c *Candidates) Len() int { return len(c.User) }

// Negative returns the distinct negatives of case k in the order of the file.
func (c *Candidates) Negative(k int) []int32 { return c.Negatives[c.Ptr[k]:c.Ptr[k+1]] }

// Candidates reads a file of sampled negatives.
func (r *Reader) Candidates(path string) (*Candidates, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.close()
	rep := &Report{Format: NegativesFormat}
	r.Reports = append(r.Reports, rep)
	c := &Candidates{Ptr: []int64{0}, r: r}
	var row []int32
	seen := map[string]bool{}
	err = f.each(r.Strict, rep, func(_ int, line []byte) error {
		user, item, rest, err := r.pair(line)
		if err != nil {
			return err
		}
		pair := string(user) + "," + string(item)
		if seen[pair] {
			return fmt.Errorf("(%s) occurs twice", pair)
		}
		n := 0
		for tok, more := token(rest); len(tok) > 0; tok, more = token(more) {
			if err := r.Items.check(tok); err != nil {
				return err
			}
			if !bytes.Equal(tok, item) {
				n++
			}
		}
		if n == 0 {
			return fmt.Errorf("(%s) has no negatives but itself", pair)
		}
		seen[pair] = true
		u, err := r.Users.add(user)
		if err != nil {
			return err
		}
		i, err := r.Items.add(item)
		if err != nil {
			return err
		}
		if row, err = r.Items.list(row[:0], rest); err != nil {
			return err
		}
		row = distinct(row)
		if slices.Contains(row, i) {
			c.Own++
		}
		c.User, c.Item = append(c.User, u), append(c.Item, i)
		c.Negatives = append(c.Negatives, row...)
		c.Ptr = append(c.Ptr, int64(len(c.Negatives)))
		return nil
	})
	return c, err
}

// distinct drops what stands before already, in place.
func distinct(row []int32) []int32 {
	out := row[:0]
	for _, i := range row {
		if !slices.Contains(out, i) {
			out = append(out, i)
		}
	}
	return out
}

// pair reads the "(user,item)" that a line begins with, and checks both ids.
func (r *Reader) pair(line []byte) (user, item, rest []byte, err error) {
	line = bytes.TrimSpace(line)
	end := bytes.IndexByte(line, ')')
	if line[0] != '(' || end < 0 {
		return nil, nil, nil, fmt.Errorf("%s, want (user,item) first", clip(line))
	}
	user, item, ok := bytes.Cut(line[1:end], []byte{','})
	if !ok {
		return nil, nil, nil, fmt.Errorf("%s, want (user,item) first", clip(line))
	}
	user, item = bytes.TrimSpace(user), bytes.TrimSpace(item)
	if err := r.Users.check(user); err != nil {
		return nil, nil, nil, err
	}
	return user, item, line[end+1:], r.Items.check(item)
}

// Renumber moves the cases to the sorted ids; call it once, after Reader.Sort.
func (c *Candidates) Renumber() {
	if c.done {
		return
	}
	c.done = true
	for k := range c.User {
		c.User[k], c.Item[k] = c.r.userPerm[c.User[k]], c.r.itemPerm[c.Item[k]]
	}
	for k, i := range c.Negatives {
		c.Negatives[k] = c.r.itemPerm[i]
	}
}
