// Package kpi counts what a shop reports: traffic, orders, customers, content,
// funnels and cohorts, in cells that add up.
//
// It is for whoever writes the report of the week. Most programs need four names:
// [Counts] holds the totals of a campaign or a day and answers with every usual KPI,
// [Customers] knows who bought, [Activity] who came back, a [Cube] keeps one of them
// for every combination of channel and category.
//
//	type cell struct{ Channel, Category string }
//	cube, err := kpi.NewCube(kpi.CubeOptions[cell, kpi.Counts]{Merge: (*kpi.Counts).Merge})
//	if err != nil {
//		return err
//	}
//	for _, e := range events {
//		c, err := cube.Cell(cell{e.Channel, e.Category})
//		if err != nil {
//			return err
//		}
//		if err := c.Add(kpi.Counts{Clicks: e.Clicks, Orders: e.Orders, Revenue: e.Revenue}); err != nil {
//			return err
//		}
//	}
//	total, err := cube.Total()
//	if err != nil {
//		return err
//	}
//	return total.Table().WriteText(os.Stdout)
//
// # Which one when
//
//   - Shops, campaigns, channels: [Counts]. Posts and channels of content: [Engagement],
//     which has likes, reads and plays apart; both have a CTR, of their own clicks.
//   - Repeat purchase, repurchase, revenue a customer: [Customers].
//   - Users over time: [Activity] in the periods of a [Calendar]: cohorts and their
//     retention, active users, stickiness, flows, churn. Two sets of users at hand:
//     [Retention].
//   - Ordered steps: [Funnel] with all events of a user at once, [FunnelBuilder] for a
//     log.
//   - By day, channel, category: a [Cube] of any of them.
//   - Rates over few trials: [FitRatePrior] and [RatePrior.Smooth].
//   - Why revenue changed: [Decompose]. By how much: [Growth]. Market share: [ShareOf].
//
// # Guarantees
//
// Each KPI is a metrics.Ratio that keeps numerator and denominator: a KPI over a field
// nobody filled is undefined, not 0. Accumulators Merge exactly, also for users seen by
// both; those with ids write them if they are strings, integers, booleans or structs of
// them. Money is int64 in minor units (cents, 分) of one currency, overflow checked.
// None is safe for concurrent use.
//
// To delete a customer, call Forget of [Customers], [Activity] and [FunnelBuilder]. [Counts],
// [Engagement], [Social], [Funnel] and a [Cube] of them are sums: count them anew.
//
// # References
//
// Kleinman (1973), Proportions with extraneous variance: single and independent
// samples.
package kpi
