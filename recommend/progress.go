package recommend

// Progress tells how far a fit is.
type Progress struct {
	Iteration  int     // iterations done, from 1
	Iterations int     // iterations planned
	Loss       float64 // training objective, NaN unless the options asked for it
}
