// Package split cuts interactions into a part to learn from and a part to judge
// on. It is for everybody who compares models, searches settings or reports how
// good a recommender is.
//
// Two names are enough to start: [Time] for a log with times, [Random] for one
// without; both give [Parts].
//
//	s, err := split.Time(dataset.Interactions, time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC))
//	if err != nil {
//		return err
//	}
//	model, err := recommend.FitItemKNN(ctx, s.Train, recommend.ItemKNNOptions{})
//	if err != nil {
//		return err
//	}
//	ranker := recommend.NewRanker(model)
//	for u := range s.Test.Users() { // evaluate.Lists does this in one call
//		q := s.Train.Query(u)
//		top, err := ranker.AppendTop(nil, q, 3, recommend.Filter{Items: q.Items})
//		// … compare top with s.Test.Row(u)
//	}
//
// # Which split
//
//	what is asked                                     function
//	how good is tomorrow's list, from today's data    Time
//	what does each user take next                     Last
//	does the model know tastes; no times              Random
//	the same with every entry tested once             Folds
//	does it serve people it was not fitted on         Users
//	does it serve items it was not fitted on          Items
//	the test data is a file or table of its own       Aligned, AlignedRows
//	did any answer leak into training                 CheckDisjoint
//
// Time is the strictest: no model sees the future. Last lets one user's training
// entries come after another's test entries, and Random hides the season in both
// parts; both flatter models that read trends.
//
// # Guarantees
//
//   - Every entry of the source is in exactly one part, with its weight and time;
//     all parts have the shape of the source, so that indices stay valid.
//   - Equal data and seeds give equal parts. Seed 0 is a seed.
//   - The source is not changed. Data never panics: what is wrong is a wrapped
//     sentinel (errors.go).
//
// # References
//
//   - Liang, Krishnan, Hoffman, Jebara: Variational autoencoders for collaborative
//     filtering. WWW 2018 (whole users held out).
//   - Meng, McCreadie, Macdonald, Ounis: Exploring data splitting strategies for the
//     evaluation of recommendation models. RecSys 2020.
package split
