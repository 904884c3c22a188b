package trigger

// Unguard switches guards off, so that a test of them can show that it would notice.
func Unguard[U, I ID](p *Planner[U, I], caps, quiet, exclusion, coolDown bool) {
	p.s.off = guards{caps, quiet, exclusion, coolDown}
}
