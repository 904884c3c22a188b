package limit

import "slices"

// Clock is an instant that those who tell theirs agree has come: the lower quartile of the last 127 told. A few that are ahead,
// however far, do not move it, nor do fewer than a quarter that are behind. The zero value is ready. It is not safe for
// concurrent use.
type Clock struct {
	last [127]int64
	n    int // told so far, at most len(last)
	next int // place of the next one
	now  int64
}

// Tell takes an instant. Cost: a sort of 127 numbers each 16th time, no allocation.
func (c *Clock) Tell(at int64) {
	c.last[c.next] = at
	c.next = (c.next + 1) % len(c.last)
	c.n = min(c.n+1, len(c.last))
	if c.n > 16 && c.next%16 != 0 {
		return
	}
	sorted := c.last
	s := sorted[:c.n]
	slices.Sort(s)
	c.now = s[(c.n-1)/4]
}

// Now returns the instant, and whether any was told.
func (c *Clock) Now() (at int64, ok bool) { return c.now, c.n > 0 }
