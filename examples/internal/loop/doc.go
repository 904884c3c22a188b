// Package loop asks what it earns to let a campaign, the forecast, the order and
// the audience know of each other: marketing and supply as one loop, on a simulated
// shop whose truth is known, against the same shop without it.
//
// The shop is that of internal/shop: its articles with their prices, purchase
// costs, categories, seasons and lead times, its customers with their segments and
// tastes. Here it is run day by day, so that what is ordered decides what can be
// sold: see [World]. settings.go states the shop, its costs, the seeds, the arms,
// the measures and the criteria. It was committed before anything of the loop was
// written; what is tried out is tried out on DevSeeds.
//
//	AISLE_LONG=1 go test -v -run Loop ./examples/internal/loop
//
// prints the comparison over all Seeds and Variations.
package loop
