// Package forecast says what one series, such as the weekly sales of an article, will be in the
// periods to come, how far it may stray, and which method is to be trusted with it. It is for
// those who order, staff and budget by the numbers of next week.
//
// A series is a []float64, one value for each period of fixed length in order of time; a period
// without data is NaN, one without sales is 0. What is fitted to it is a [Forecaster]: Forecast
// appends the means of the next periods, Quantiles how far they may stray.
//
//	m, err := forecast.FitAuto(ctx, sales, forecast.AutoOptions{Season: 52, Horizon: 8, NonNegative: true})
//	if err != nil {
//		return err
//	}
//	weeks, err := forecast.Intervals(nil, m, 8, .8) // the next eight weeks, and where four in five fall
//	if err != nil {
//		return err
//	}
//	for _, w := range weeks {
//		fmt.Printf("%.0f (%.0f to %.0f)\n", w.Mean, w.Low, w.High)
//	}
//
// # Which function when
//
//   - [FitAuto]: what did well on the series, combined; where in doubt, this one
//   - [FitNaive]: as the last period, or as the same one of the last season, with or without
//     drift: what every other method has to beat
//   - [FitMean]: as the periods of the past on average, or those of each place of the season
//   - [FitETS]: level, trend and season that change slowly: simple, Holt, damped, Holt-Winters, the
//     form chosen by AICc, or one with parameters of one's own
//   - [FitARIMA]: by past values and past errors of differences, the orders found stepwise
//   - [FitTheta]: trend and smoothing in equal parts, for short and for trending series
//   - [SeasonIndex]: when a season is strong, as plain values for triggers and plans
//   - [FitIntermittent]: Croston, SBA, TSB, ADIDA, IMAPA, by [ClassifyDemand], for what is not
//     asked for in every period
//   - [FitPanel]: one method, the best of several, or a combination, for each of many series, with
//     intervals from its errors; [Backtest]: how far off methods were at cuts in the past; [Combine],
//     [NewConformal] by hand
//   - [FitRegression]: calendar ([CalendarColumns]), prices, promotions and stock-outs, and what another plan
//     would bring; [FitLags]: one fit for all series, by any learner; [FitAnalogues]: new articles
//   - [Decompose], [FitSTL], [AppendFourier]: seasons, several at once, and their index
//   - [FindBreaks]: from which period on a series is another one, and which stand alone
//   - [NewReconciler]: forecasts of the nodes of [NewTree] and [NewGroups] that add up
//   - [Intervals]: means and where most values will fall, of any [Forecaster]
//   - [With]: a function and its options as a [Fit], which is how methods are handed on; [CheckFit]:
//     whether one of your own keeps their promises
//   - [WriteModel], [ReadModel]: models in a file or on a wire
//
// What more a model can do is a small interface: [Historian] tells fitted values and residuals,
// [Appender] takes new periods without a new fit, [Persistent] has a binary form.
//
// # Guarantees
//
//   - The same series give the same bytes at any GOMAXPROCS and in any order among others, those of
//     FitLags if its Learner does and of FitAnalogues but for ties, on one processor architecture.
//   - Fitted models are immutable and safe for concurrent use.
//   - Input is checked: infinite values and negative demand are errors that name the period; a season
//     that a series is too short for is one unless FitETS, FitTheta or FitAuto can leave it out.
//   - An error wraps a sentinel of this package, and nothing is half-changed after it.
//
// # References
//
// Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 2021.
// Syntetos, Boylan and Croston, On the categorization of demand patterns, 2005. Wickramasuriya,
// Athanasopoulos and Hyndman, Optimal forecast reconciliation, 2019. Hyndman, Koehler, Ord and
// Snyder, Forecasting with Exponential Smoothing, 2008. Fiorucci et al., Models for optimising
// the theta method, 2016. Hyndman and Khandakar, Automatic time series forecasting, 2008. Cleveland et al., STL, 1990. Killick et al., PELT, 2012.
package forecast
