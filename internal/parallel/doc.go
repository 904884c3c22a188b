// Package parallel runs fixed blocks of work on several goroutines.
//
// The blocks depend on the amount of work only, never on the number of workers,
// and reductions run in block order: the same bytes come out at any GOMAXPROCS.
package parallel
