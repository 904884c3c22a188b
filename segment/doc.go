// Package segment groups customers: by likeness, by value and by stage of life. It is
// for those who want to speak differently to different people; whom a campaign
// addresses is chosen by rules in package audience below it.
//
// Five names are enough to start: [FitRFM] scores customers by recency, frequency and
// monetary value, [DefaultMap] names the scores, [FitKMeans] finds groups of alike
// customers, [DescribeClusters] says what makes each special, [Lifecycle] who is new,
// active or gone.
//
//	days, orders, spent := []float64{2, 90, 30, 200, 10}, []float64{12, 1, 4, 6, 1}, []float64{900, 20, 210, 500, 35}
//	rfm, err := segment.FitRFM(days, orders, spent, 5)
//	if err != nil {
//		return err
//	}
//	names := segment.DefaultMap()
//	for i := range days {
//		score, _ := rfm.Score(days[i], orders[i], spent[i])
//		name, _ := names.Name(score)
//		fmt.Println(score, name)
//	}
//
// # Which function when
//
//   - [FitKMeans]: groups of alike customers in a table of numbers; [ChooseK] compares
//     numbers of clusters, [DescribeClusters] says what makes each one special
//   - [FitDendrogram]: a tree of clusters, by single, complete or average linkage or Ward's,
//     cut by count or height; [FitDendrogramDistances] for distances of any kind
//   - [FitMiniBatch]: k-means for many rows; [FitPrototypes]: for numbers and categories; [FitMixture]: soft groups, of any extent in
//     each column; [DBSCAN]: groups of any shape, and what belongs to none
//   - [Stability]: whether groups, by any of these, are there or arbitrary
//   - [ProfileClusters]: a group's size, money and growth, and what sets it apart, in words;
//     [Movement]: who moves from group to group, month by month
//   - [KMeansStep]: one round of k-means over shards, machines or parties
//   - [Silhouette], [SimplifiedSilhouette], [CalinskiHarabasz], [DaviesBouldin]: how well
//     given labels separate given rows
//   - [FitRFM], [FitRFMT], [Map]: scores by recency, frequency, value and the time between
//     orders, and names such as "champions" or "high value" for them
//   - [FitCuts]: levels of any one measure, such as age bands; [Bands]: with names, for the
//     score of a model; [Pareto]: tiers by money that follow the shop, who brings how much of it
//   - [Lifecycle]: who is new, active, sleeping, churned or reactivated at an instant, by
//     thresholds of the shop's own [Gaps]; [Lifecycle.Timeline] lists the changes, [Transitions]
//     counts them, and a [Playbook] holds what to do about each
//   - [Match]: which agent of the service serves which customer, within hours and capacities
//   - package audience: rules over attributes, sets of users, hold-outs, parity
//   - package affinity: which segment buys more or less of what, and the money missed
//   - package offer: coupons, points and member days, the best combination of them, budgets that hold
//   - package basket: what is bought together and after one another, rules that are no chance
//
// Rows and customers are dense indices 0, 1, 2, … as a table or data set numbers them.
//
// # Guarantees
//
//   - The same input and seed give the same result, to the byte, at any
//     GOMAXPROCS and, for fits, in any order of rows.
//   - Bad data is an error that names the row, field or cell, never a panic; after
//     an error nothing is half-changed.
//   - Fitted values are immutable and safe for concurrent use; accumulators are not.
//   - A [Map] is total: holes and overlaps are found when it is built.
//
// # References
//
// Lloyd, Least squares quantization in PCM, 1982. Arthur and Vassilvitskii,
// k-means++, 2007. Hamerly, Making k-means even faster, 2010. Rousseeuw,
// Silhouettes, 1987. Caliński and Harabasz, A dendrite method for cluster
// analysis, 1974. Davies and Bouldin, A cluster separation measure, 1979.
// Tibshirani, Walther and Hastie, Estimating the number of clusters in a data
// set via the gap statistic, 2001. Müllner, fastcluster, 2013.
// Sculley, Web-scale k-means clustering, 2010. Ester et al., DBSCAN, 1996. Dempster, Laird
// and Rubin, Maximum likelihood from incomplete data, 1977. Bertsekas and Castañon, The auction
// algorithm for the transportation problem, 1989.
package segment
