// Package fm is the arithmetic of factorisation machines of second order (Rendle 2010), one
// feature at a time, so that each caller keeps weights and vectors in the layout it likes. A feature
// g of value z has a weight w and a vector v; of those present, the score is
//
//	w₀ + Σ_g w_g z_g + Σ_{g<h} v_g·v_h z_g z_h
//
// where the sum over pairs is (|s|² − Σ_g z_g²|v_g|²)/2 with s = Σ_g z_g v_g: O(kn) instead of
// O(kn²) for n features and vectors of length k.
package fm
