// Package vec is float32 arithmetic for the hot loops.
//
// Each function stands beside its portable form, and has one for amd64 processors
// with AVX2 and FMA (vec_amd64.s, written by gen), chosen once at start-up; the
// build tag noasm leaves the portable form alone, and AISLE_KERNELS in the environment,
// read at start-up, allows at most the level it names: avx512, avx2 or portable
// (anything else is portable). Both are deterministic; they
// agree to rounding, not to the last bit, because only one fuses multiply and
// add.
//
// Operand lengths must agree and indices must be in range: callers validate
// once, outside the loop. Calls are cut so that none holds up the garbage
// collector for long.
package vec
