// Package supply measures what a shop can deliver and plans what it must order.
//
// It closes the circle of precision marketing: what customers are shown and
// promised must be there. It has three parts.
//
// # Measure
//
// Accumulators take records from any number of shards, in any order, and Merge
// into the same result as one pass:
//
//   - [Assortment]: how much is offered, how evenly it sells, in-stock rate, renewal
//   - [Fulfilment]: order cycle, on time, in full, perfect order, coverage
//   - [Service]: response and resolution time, first-contact resolution, CSAT, NPS, CES, returns
//   - [Inventory]: turnover, days of supply, GMROI, sell-through, age, dead stock
//   - [Demand]: demand per product and period, corrected for stock-outs
//
// # Decide
//
//   - [EOQ], [EOQDiscount]: how much to order at steady demand
//   - [Newsvendor]: how much to stock for one season
//   - [ReorderPoint], [SafetyStock]: when to order again
//   - [OrderPolicy]: both together, the (r, Q) policy
//   - [ABC], [XYZ]: which products deserve attention
//   - [NormalDemand], [PoissonDemand], [EmpiricalDemand]: laws of demand for all of these
//
// # Plan
//
// [Plan] takes a forecast, the stock and the lead time of every product and says
// whether to reorder, how much, and how likely a stock-out is.
// [Replenishment.Deliverable] is an allow list for a recommender;
// [Replenishment.AtRisk] names products whose campaigns should wait.
//
// # Guarantees
//
// A [Ratio] keeps numerator and denominator, and a ratio over nothing is
// undefined, not 0. Durations of cases still open are censored, not dropped
// ([Durations]). The cycle service level ([CycleService], the chance that a
// cycle passes without stock-out) and the fill rate ([FillRate], the share of
// demand served) are different numbers and never share a name. Money is int64 in
// minor units, overflow is an error. Data never panics; every error is one of
// the sentinels of this package, wrapped with the place and the field. A failed
// call changes nothing. Results do not depend on the order of input, except that
// sums of fractional units may differ in the last bits. Accumulators are not
// safe for concurrent use; everything else is immutable.
//
// # References
//
// F. W. Harris, How Many Parts to Make at Once, 1913. G. Hadley and T. M.
// Whitin, Analysis of Inventory Systems, 1963. Y.-S. Zheng, On Properties of
// Stochastic Inventory Systems, Management Science 38, 1992. A. Federgruen and
// Y.-S. Zheng, An Efficient Algorithm for Computing an Optimal (r, Q) Policy,
// Operations Research 40, 1992. L. V. Snyder and Z.-J. M. Shen, Fundamentals of
// Supply Chain Theory, 2nd ed., 2019. APICS, SCOR model, metric RL.1.1. E. L.
// Kaplan and P. Meier, Nonparametric Estimation from Incomplete Observations,
// 1958.
package supply
