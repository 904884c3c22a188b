package recommend

import "math"

// support says how much there is to learn from: entries / √(users·items), users and
// items without entries left out, the geometric mean of the entries of a user and of an
// item. Where it is low, what two items have in common is mostly chance, and only what
// many users do can be told; defaults follow it.
func (x *Interactions) support() float64 {
	users, items := 0, 0
	for u := range x.Users() {
		if x.users.RowLen(u) > 0 {
			users++
		}
	}
	byItem := x.byItem()
	for i := range byItem.Rows {
		if byItem.RowLen(i) > 0 {
			items++
		}
	}
	if users == 0 {
		return 0
	}
	return float64(x.Len()) / math.Sqrt(float64(users)*float64(items))
}

// breadth is the share of the catalogue that the user of an entry has, on average over
// the entries.
func (x *Interactions) breadth() float64 {
	sum := 0.0
	for u := range x.Users() {
		n := float64(x.users.RowLen(u))
		sum += float64(n * n)
	}
	return sum / float64(max(x.Len(), 1)) / float64(x.Items())
}
