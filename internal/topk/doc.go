// Package topk selects the k best of many scored items with bounded memory.
//
// Order everywhere: higher score first, equal scores by ascending id. NaN
// scores are never selected.
package topk
