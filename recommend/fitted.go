package recommend

import "cmp"

// Options returns what the model was fitted with, as far as its binary form keeps it:
// Factors, Alpha, Unobserved, Regularization and FrequencyExponent, and Iterations until it was read, with what FitALS
// took where they were left out; negative where it is 0. SolveALS with them goes on
// from m.
func (m *ALS) Options() ALSOptions {
	if m = orZero(m); m.factors == 0 {
		return ALSOptions{}
	}
	o := m.objective
	return ALSOptions{Factors: m.factors, Iterations: m.passes, Alpha: o.alpha, Unobserved: o.unobserved, Regularization: cmp.Or(o.lambda, -1), FrequencyExponent: cmp.Or(o.nu, -1)}
}

// Options returns what the model was fitted with, as far as its binary form keeps it:
// Factors, Epochs, Rate, Decay, Regularization, Candidates and Seed, with what FitBPR
// took where they were left out; negative where it is 0.
func (m *BPR) Options() BPROptions {
	if m = orZero(m); m.factors == 0 {
		return BPROptions{}
	}
	r := m.rule
	return BPROptions{Factors: m.factors, Epochs: r.epochs, Rate: r.rate, Decay: cmp.Or(r.decay, -1), Regularization: cmp.Or(r.regularization, -1), Candidates: r.samples, Seed: r.seed}
}

// Options returns what the model was fitted with, as far as its binary form keeps it:
// Factors, Epochs, Rate, Decay, Regularization, MaxTrials and Seed, with what FitWARP
// took where they were left out; negative where it is 0.
func (m *WARP) Options() WARPOptions {
	if m = orZero(m); m.factors == 0 {
		return WARPOptions{}
	}
	r := m.rule
	return WARPOptions{Factors: m.factors, Epochs: r.epochs, Rate: r.rate, Decay: cmp.Or(r.decay, -1), Regularization: cmp.Or(r.regularization, -1), MaxTrials: r.samples, Seed: r.seed}
}

// Options returns what the model was fitted with, as far as its binary form keeps it:
// Factors, Epochs, Rate, Decay, Regularization, Alpha, Negatives and Seed, with what
// FitLMF took where they were left out; negative where it is 0.
func (m *LMF) Options() LMFOptions {
	if m = orZero(m); m.factors == 0 {
		return LMFOptions{}
	}
	r := m.rule
	return LMFOptions{Factors: m.factors, Epochs: r.epochs, Rate: r.rate, Decay: cmp.Or(r.decay, -1), Regularization: cmp.Or(r.regularization, -1), Alpha: m.alpha, Negatives: r.samples, Seed: r.seed}
}

// Options returns what the model was fitted with, as far as its binary form keeps it:
// Task, Factors, Epochs, Rate, Decay, Regularization, Negatives (of FMClicks), Min and
// Max (of FMRatings) and Seed, with what FitFM took where they were left out; negative
// where it is 0.
func (m *FM) Options() FMOptions {
	if m = orZero(m); m.factors == 0 {
		return FMOptions{}
	}
	r := m.rule
	o := FMOptions{Task: m.task, Factors: m.factors, Epochs: r.epochs, Rate: r.rate, Decay: cmp.Or(r.decay, -1), Regularization: cmp.Or(r.regularization, -1), Seed: r.seed}
	switch m.task {
	case FMClicks:
		o.Negatives = r.samples
	case FMRatings:
		if m.lo < m.hi { // not where all ratings are one
			o.Min, o.Max = float64(m.lo), float64(m.hi)
		}
	}
	return o
}

// Options returns what the model was fitted with, as far as its binary form keeps it:
// Factors, L1 and L2, with what FitNMF took where they were left out; L2 is negative
// where it is 0.
func (m *NMF) Options() NMFOptions {
	if m = orZero(m); m.factors == 0 {
		return NMFOptions{}
	}
	return NMFOptions{Factors: m.factors, L1: m.l1, L2: cmp.Or(m.l2, -1)}
}

// Options returns what the model was fitted with, with what FitSLIM took where it was
// left out; L1 is negative where it is 0; L1 and L2 are 0 where the fit added what is popular,
// which no option says. Workers and Progress are empty. The zero value for a model that was
// read from its binary form, which keeps no options.
func (m *SLIM) Options() SLIMOptions { return toldOr(orZero(m).asked) }

// told returns options with their defaults as Options tells them.
func (o SLIMOptions) told() *SLIMOptions {
	o.L1, o.Workers, o.Progress = cmp.Or(o.L1, -1), 0, nil
	return &o
}

// Options returns what the model was fitted with, with what FitItemKNN, or
// Cooccurrence.ItemKNN, took where it was left out; Shrinkage and B are negative where
// they are 0; Similarity and Weighting are 0 where the fit added what is popular, which no option
// says. Workers and Progress are empty. The zero value for a model that was
// read from its binary form, which keeps no options.
func (m *ItemKNN) Options() ItemKNNOptions { return toldOr(orZero(m).asked) }

// Options returns what the model was fitted with, with what FitRP3Beta took where it
// was left out; Beta is negative where it is 0; Alpha and Beta are 0 where the fit added what
// is popular, which no option says. Workers and Progress are empty. The zero
// value for a model that was read from its binary form, which keeps no options.
func (m *RP3Beta) Options() RP3BetaOptions { return toldOr(orZero(m).asked) }

// Options returns what the model was fitted with, with what FitSparseEASE took where it
// was left out; L2 is 0 where the fit added what is popular, which no option says. Workers and Progress are empty. The zero value for a model that was read
// from its binary form, which keeps no options.
func (m *SparseEASE) Options() SparseEASEOptions { return toldOr(orZero(m).asked) }

// told returns options with their defaults as Options tells them.
func (o SparseEASEOptions) told() *SparseEASEOptions {
	o.Workers, o.Progress = 0, nil
	return &o
}

// told returns options with their defaults as Options tells them.
func (o RP3BetaOptions) told() *RP3BetaOptions {
	o.Beta, o.Workers, o.Progress = cmp.Or(o.Beta, -1), 0, nil
	return &o
}

// Options returns what the model was fitted with, as far as its binary form keeps it:
// Factors, as many as were kept, and Alpha, negative where it is 0.
func (m *GFCF) Options() GFCFOptions {
	if m = orZero(m); m.Items() == 0 {
		return GFCFOptions{}
	}
	return GFCFOptions{Factors: m.factors, Alpha: cmp.Or(float64(m.alpha), -1)}
}

// Factors returns the number of singular vectors kept, 0 where Alpha is 0.
func (m *GFCF) Factors() int { return orZero(m).factors }

// Factors returns the number of singular vectors kept.
func (m *BSPM) Factors() int { return orZero(m).factors }

// toldOr returns the zero value where a model was read and so knows no options.
func toldOr[O any](asked *O) (o O) {
	if asked != nil {
		o = *asked
	}
	return o
}

// told returns options with their defaults as Options tells them.
func (o ItemKNNOptions) told() *ItemKNNOptions {
	o.Shrinkage, o.B, o.Workers, o.Progress = cmp.Or(o.Shrinkage, -1), cmp.Or(o.B, -1), 0, nil
	return &o
}
