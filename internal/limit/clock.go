package limit

import "slices"

// Clock is an instant that those who tell theirs agree on, by the quartiles of the last 127 told. A few that are ahead or behind,
// however far, do not move it, and the first few do not make it. The zero value is ready. It is not safe for concurrent use.
type Clock struct {
	last        [127]int64
	n           int // told so far, at most len(last)
	next        int // place of the next one
	early, late int64
}

// Tell takes an instant. Cost: a sort of 127 numbers each 16th time, no allocation.
func (c *Clock) Tell(at int64) {
	c.last[c.next] = at
	c.next = (c.next + 1) % len(c.last)
	c.n = min(c.n+1, len(c.last))
	if c.n == len(c.last) && c.next%16 == 0 {
		sorted := c.last
		s := sorted[:]
		slices.Sort(s)
		c.early, c.late = s[(len(s)-1)/4], s[3*(len(s)-1)/4]
	}
}

// Now returns the lower quartile, which has come by three quarters of those told, and the upper one, which has not been passed by as
// many; ok tells whether 127 were told.
func (c *Clock) Now() (early, late int64, ok bool) { return c.early, c.late, c.n == len(c.last) }
