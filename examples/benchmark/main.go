// Benchmark compares the recommenders of the library on a data set: quality, time,
// memory. What it understands is in the documentation of package bench, and in short:
//
//	benchmark -train FILE -test FILE [-algorithms a,b|all] [-tune DURATION]
//
// To compare a model of your own, copy this file and append it to the models.
package main

import "github.com/aislekit/aisle/examples/bench"

func main() { bench.Main(bench.Models()...) }
