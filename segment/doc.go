// Package segment groups customers: by likeness, by value, by stage of life, and
// by rules that people write down.
//
// # Which function when
//
//   - FitKMeans finds groups of alike customers in a table of numbers;
//     ChooseK compares numbers of clusters, DescribeClusters says what makes
//     each one special.
//   - FitRFM scores customers by recency, frequency and monetary value, and a
//     SegmentMap turns scores into names such as "champions" or "at risk".
//     FitCuts does the same for any one measure (value tiers, age bands).
//   - Lifecycle says who is new, active, sleeping, churned or reactivated at an
//     instant; Timeline lists the changes, Transitions counts them, and a
//     Playbook holds what to do about each.
//   - Rule, compiled against Attributes, selects an Audience: "women between 25
//     and 40 in two regions who bought twice in 90 days". An audience is a bitmap
//     over user indices with And, Or and AndNot; HoldOut keeps a control group
//     aside so that the campaign can be measured; Parity shows whom it reaches.
//
// Users are dense indices 0, 1, 2, … as a table or data set numbers them.
//
// # Guarantees
//
//   - The same input and seed give the same result, to the byte, at any
//     GOMAXPROCS and, for fits, in any order of rows.
//   - Bad data is an error that names the row, field, clause or cell, never a
//     panic; after an error nothing is half-changed.
//   - Fitted values, programs and audiences are immutable and safe for
//     concurrent use; builders and accumulators are not.
//   - Rules follow three-valued logic: what is missing is neither true nor
//     false. See Rule.
//   - A SegmentMap is total: holes and overlaps are found when it is built.
//
// # References
//
// Lloyd, Least squares quantization in PCM, 1982. Arthur and Vassilvitskii,
// k-means++, 2007. Hamerly, Making k-means even faster, 2010. Rousseeuw,
// Silhouettes, 1987. Caliński and Harabasz, A dendrite method for cluster
// analysis, 1974. Davies and Bouldin, A cluster separation measure, 1979.
// Tibshirani, Walther and Hastie, Estimating the number of clusters in a data
// set via the gap statistic, 2001. Kleene, Introduction to metamathematics, 1952,
// for the logic of rules.
package segment
