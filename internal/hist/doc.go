// Package hist cuts columns into bins and adds up two numbers of each row by bin, from
// which trees find their splits: gradients and Hessians for boosting, labels and
// weights for others.
//
// Sums are of integers. They are the same for any order of rows, any cut into blocks
// and any number of workers, and a histogram less that of one child is exactly that of the
// other. Parties that share the bins may add theirs up.
//
//   - Cuts, Levels: which bins a column has; Column, Matrix: the bins of rows
//   - Matrix.Add, Hist.Less: histograms; Quantum: the integers of a row
//   - Search: the best split of a node, by number or by category
package hist
