package recommend

// fmReach bounds the rate times Σ z² over the features of a sample: a step moves the score by
// about as much of the slope, times squared lengths. Fits of .05 and 60 features an item, 6, diverge.
const fmReach = 1

// pace chooses the rate for a sample whose features have that Σ z², and returns up to which
// weight, at least 1, the sample may count: the weight multiplies the step as the rate does.
func (r *fmRun) pace(mass float32) float32 {
	r.rate = r.full
	if r.rate*mass > fmReach {
		r.rate = fmReach / mass
	}
	r.keep = 1 - float32(r.rate*r.lambda)
	return max(1, fmReach/float32(r.rate*max(mass, 1)))
}

// massOf returns Σ z² of the features of a part.
func (t *fmFit) massOf(part fmPart) float32 {
	if t.features[part.kind] == nil {
		return 0
	}
	return t.mass[part.kind][part.row]
}
