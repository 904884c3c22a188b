package audience

// Contradiction shows tests what is claimed of a rule before users are looked
// at.
func Contradiction(p *Program) string { return contradiction(p.root, false) }

// Kept tells tests how many events a live audience keeps of one user.
func Kept(l *Live, name string, user int32) int {
	h := l.kinds[l.p.table.columns[name]].histories[user]
	return len(h.times)
}
