package audience

// Contradiction shows tests what is claimed of a rule before users are looked
// at.
func Contradiction(p *Program) string { return contradiction(p.root, false) }
