package recommend

import "cmp"

// Options returns what the model was fitted with, as far as its binary form keeps it:
// Factors, Alpha, Unobserved, Regularization and FrequencyExponent, with what FitALS
// took where they were left out; negative where it is 0. SolveALS with them goes on
// from m.
func (m *ALS) Options() ALSOptions {
	o := m.objective
	return ALSOptions{Factors: m.factors, Alpha: o.alpha, Unobserved: o.unobserved, Regularization: cmp.Or(o.lambda, -1), FrequencyExponent: cmp.Or(o.nu, -1)}
}

// Options returns what the model was fitted with, as far as its binary form keeps it:
// Factors, Epochs, Rate, Decay, Regularization, Candidates and Seed, with what FitBPR
// took where they were left out; negative where it is 0.
func (m *BPR) Options() BPROptions {
	r := m.rule
	return BPROptions{Factors: m.factors, Epochs: r.epochs, Rate: r.rate, Decay: cmp.Or(r.decay, -1), Regularization: cmp.Or(r.regularization, -1), Candidates: r.samples, Seed: r.seed}
}

// Options returns what the model was fitted with, as far as its binary form keeps it:
// Factors, Epochs, Rate, Decay, Regularization, MaxTrials and Seed, with what FitWARP
// took where they were left out; negative where it is 0.
func (m *WARP) Options() WARPOptions {
	r := m.rule
	return WARPOptions{Factors: m.factors, Epochs: r.epochs, Rate: r.rate, Decay: cmp.Or(r.decay, -1), Regularization: cmp.Or(r.regularization, -1), MaxTrials: r.samples, Seed: r.seed}
}

// Options returns what the model was fitted with, as far as its binary form keeps it:
// Factors, Epochs, Rate, Decay, Regularization, Alpha, Negatives and Seed, with what
// FitLMF took where they were left out; negative where it is 0.
func (m *LMF) Options() LMFOptions {
	r := m.rule
	return LMFOptions{Factors: m.factors, Epochs: r.epochs, Rate: r.rate, Decay: cmp.Or(r.decay, -1), Regularization: cmp.Or(r.regularization, -1), Alpha: m.alpha, Negatives: r.samples, Seed: r.seed}
}
