// Package sparse holds the compressed sparse row matrix that every model reads.
// Products, transposes, the most similar rows by any score of their common columns, and
// the k best of many growing lists belong to it.
package sparse
