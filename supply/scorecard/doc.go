// Package scorecard grades what a shop's supply can do, and chooses by it: how good a
// warehouse, carrier or supplier is, which improvement pays first, how an order is split
// among suppliers, and which store and carrier ships an order. It is for those who
// answer for supply, and for marketing that must know whom to trust with a promise.
//
// Two names are enough to start: [New] makes a [Card] of a tree of KPIs, and
// [Card.Evaluate] scores alternatives on it.
//
//	card, err := scorecard.New(scorecard.KPI{Name: "supply", Children: []scorecard.KPI{
//		{Name: "on time", Weight: .6, Floor: .8, Target: .98, Ceiling: 1},
//		{Name: "days", Weight: .4, Direction: scorecard.LowerIsBetter, Floor: 1, Target: 2, Ceiling: 10},
//	}}, scorecard.Options{})
//	if err != nil {
//		return err
//	}
//	e, err := card.Evaluate([][]float64{{.95, 3}, {.88, 2}})
//	if err != nil {
//		return err
//	}
//	fmt.Println(e.Scores, e.Grades, "first:", e.Order[0])
//
// # Which function when
//
//   - [Card.Evaluate]: scores, ranks and grades by weighted sum, TOPSIS, grey relation or
//     fuzzy evaluation, with weights given, by judgements (AHP), entropy or CRITIC, or combined
//   - [Evaluation.Contributions]: what each KPI has in a score
//   - [Evaluation.WeightRanges], [Evaluation.Acceptability]: whether another choice of weights
//     would have another winner, exactly or by simulation
//   - [Evaluation.Gaps], [Evaluation.Improve]: which improvement pays first
//   - [FitTrend]: whether the score moves
//   - [Card.Comprehensive]: fuzzy evaluation of judgements instead of values
//   - [Questionnaire]: reliability and response bias of a survey, added up over shards
//   - [SplitOrder], [TradeOff]: how much to order from which supplier
//   - [Source]: which store and carrier ships which order at least cost within its promise
//
// Vehicle routes, the order in which a van visits addresses, are out of scope: [Source]
// takes what a lane costs and how many parcels leave on it as given, from whoever plans the
// routes.
//
// # Guarantees
//
//   - Weights that do not sum to 1 are divided by their sum and reported, or refused; never
//     silently used.
//   - Contributions add up to the score, and a branch's are the sum of those below it.
//   - Results do not depend on the order of alternatives, suppliers, orders or stores, nor on
//     the number of processors; equal seeds give equal results.
//   - Money and units are int64, and overflow is an error.
//   - Data never panics; every error is one of the sentinels of this package, wrapped with the
//     function and what is wrong. A failed call changes nothing.
//   - A [Questionnaire] is not safe for concurrent use; everything else is immutable.
//
// # References
//
// T. L. Saaty, The Analytic Hierarchy Process, 1980. C.-L. Hwang and K. Yoon, Multiple
// Attribute Decision Making, 1981. J.-L. Deng, Control Problems of Grey Systems, 1982.
// D. Diakoulaki, G. Mavrotas and L. Papayannakis, The CRITIC Method, 1995. R. Lahdelma and
// P. Salminen, SMAA-2, Operations Research 49, 2001. L. J. Cronbach, Coefficient Alpha,
// Psychometrika 16, 1951. L. S. Feldt, The Approximate Sampling Distribution of
// Kuder-Richardson Reliability Coefficient Twenty, Psychometrika 30, 1965. R. K. Ahuja, T. L.
// Magnanti and J. B. Orlin, Network Flows, 1993.
package scorecard
