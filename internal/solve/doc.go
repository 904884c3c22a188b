// Package solve holds the small dense solvers that models share.
//
//   - Cholesky32, Cholesky64: positive definite systems; SemiCholesky64: those that may
//     have columns that depend on others.
//   - Inverse32: large inverses, block by block.
//   - LBFGS: smooth minimisation, with a preconditioner, a context and progress.
//   - TruncatedSVD: the largest singular values of a sparse matrix.
//
// Dependency: gonum.org/v1/gonum/mat, for the eigenvalues of the small symmetric matrix
// within TruncatedSVD. BSD licence. Its optimize is not used: it adds
// golang.org/x/tools to users' graphs and knows no context.
package solve
