// Package supply measures what a shop can deliver. It closes the circle of precision
// marketing: what customers are shown and promised must be there. It is for those who
// buy, store and ship, and for campaigns that should not sell what is not there; when
// and how much to order is planned by package reorder below it.
//
// Three names are enough to start: [Demand] adds up sales per product and period,
// [Demand.Series] corrects them for stock-outs, [Series.Moments] is what a plan needs.
//
//	demand, err := supply.NewDemand[string](supply.DemandOptions{Start: january, Period: 7 * 24 * time.Hour})
//	if err != nil {
//		return err
//	}
//	for _, s := range sales { // the caller's loop over orders
//		demand.Add(s.Product, s.At, s.Units)
//	}
//	demand.AddStockOut("tea", from, to) // nobody could buy it then
//	for _, id := range demand.IDs() {
//		series, _ := demand.Series(id, supply.Scale)
//		mean, sd, n, _ := series.Moments()
//		fmt.Printf("%s %.1f ± %.1f a week over %d weeks\n", id, mean, sd, n)
//	}
//
// # Which function when
//
//   - [Demand]: demand per product and period, of one length or by the calendar of a zone
//     ([Step]), corrected for stock-outs
//   - [Unconstrain]: demand that stock-outs have hidden, also where it was high demand that
//     emptied the shelf; fitted to all products together
//   - [Assortment]: how much is offered, how evenly it sells, in-stock rate, renewal
//   - [Inventory]: turnover, days of supply, GMROI, sell-through, age, dead stock, what
//     stock costs to keep
//   - [Fulfilment]: order cycle, on time, in full, perfect order, coverage
//   - [Service]: response and resolution time, backlog by age, first-contact resolution,
//     CSAT, NPS, CES, returns by reason and within their window
//   - [Hours]: these two by a clock that runs in business hours only
//   - [Expiry]: what expires before it is sold, and which lot leaves first
//   - [CostToServe]: cost by part and emissions by mode of transport, an order and a parcel
//   - [Complaints]: terms that complaints about a product are full of
//   - [ABC], [XYZ]: which products deserve attention, and which can be foreseen
//   - package reorder: order quantities, reorder points, service levels, whole plans
//   - package scorecard: KPI trees with weights and grades, what to improve first, surveys,
//     who gets an order and which store ships it
//
// Demand, Assortment, Inventory, Fulfilment, Service, Expiry, CostToServe and Complaints take records from
// any number of shards, in any order, and Merge into the same result as one pass. By category, region, carrier, customer or
// month they are the states of a Cube of package metrics/kpi, whose roll-ups have quantiles of
// the merged cases:
//
//	cube, err := kpi.NewCube(kpi.CubeOptions[cell, supply.Fulfilment]{
//		Merge: (*supply.Fulfilment).Merge,
//		New:   func() *supply.Fulfilment { f, _ := supply.NewFulfilment(opt); return f },
//	})
//
// # Guarantees
//
//   - A [Ratio] keeps numerator and denominator, and a ratio over nothing is undefined,
//     not 0.
//   - Durations of cases still open are censored, not dropped: see [Durations].
//   - Money is int64 in minor units; overflow is an error.
//   - Data never panics; every error is one of the sentinels of this package, wrapped
//     with the place and the field. A failed call changes nothing.
//   - Results do not depend on the order of input, except that sums of fractional
//     units may differ in the last bits.
//   - No state here holds a customer: ids are those of products, and there is nobody to
//     forget. A reason for a return is kept as the shop words it.
//   - Accumulators are not safe for concurrent use; everything else is immutable.
//
// # References
//
// APICS, SCOR model, metric RL.1.1. E. L. Kaplan and P. Meier, Nonparametric
// Estimation from Incomplete Observations, 1958. G. Vulcano, G. van Ryzin and R. Ratliff,
// Estimating Primary Demand for Substitutable Products from Sales Transaction Data, 2012. E. B. Wilson, Probable inference, the
// law of succession, and statistical inference, 1927.
package supply
