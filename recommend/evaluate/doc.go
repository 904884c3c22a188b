// Package evaluate gives the list of each test user to whatever judges it: the
// offline evaluation of a recommender in one call. It is for everybody who asks how
// good a model is before customers see it.
//
// One name is enough to start: [Lists]. What judges is a function of yours; the Add
// of a tally of package metrics/ranking is one, and so is what you write yourself.
//
//	s, err := split.Time(dataset.Interactions, time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC))
//	if err != nil {
//		return err
//	}
//	model, err := recommend.FitItemKNN(ctx, s.Train, recommend.ItemKNNOptions{})
//	if err != nil {
//		return err
//	}
//	tally, err := ranking.NewDense(s.Test.Items(), ranking.Options{K: []int{10}})
//	if err != nil {
//		return err
//	}
//	asked, err := evaluate.Lists(ctx, model, s.Train, s.Test, tally.Add, evaluate.Options{K: 10})
//	if err != nil {
//		return err
//	}
//	result, err := tally.Result() // recall, NDCG, hit rate … of asked.Users users
//
// # Which way to ask
//
//	what is judged                                     function, option
//	a model, on the two parts of a split               Lists
//	a file of its own, new customers and products too  split.Aligned, then Lists
//	people the model was not fitted on                 Lists with Known (split.Users)
//	what is bought again                               Lists with Seen: recommend.Repurchase
//	what is in stock, one brand, one shop              Lists with Allow, Deny
//	a model of order, sessions, any question           Questions
//	what customers of the shop would be shown          Served
//	numbers that a paper sampled                       Lists with Sampled
//
// Sampled metrics are not the metrics of the same name. Among 100 candidates nearly
// every model looks good, and the order of two models may turn round against that of
// the whole catalogue (Krichene and Rendle 2020). Take them only to compare with
// numbers of the same protocol, and say so beside the number.
//
// # Guarantees
//
//   - Lists are made on several goroutines and judged on the caller's, one by one, in
//     the order of the users: what the judge adds up is the same at any GOMAXPROCS.
//   - Nothing is dropped in silence: relevant items that training has never seen stay
//     relevant, users without an answer are judged with an empty list, and [Result]
//     counts both.
//   - An entry on both sides is ErrLeakage, before anybody is asked.
//   - Memory: some thousand lists, what recommend.TopLists needs, and for sampled lists
//     one score an item for each worker. ctx is looked at between blocks of users.
//
// # References
//
//   - Krichene, Rendle: On sampled metrics for item recommendation. KDD 2020.
//   - He, Liao, Zhang, Nie, Hu, Chua: Neural collaborative filtering. WWW 2017 (one
//     item among 99 sampled).
//   - Liang, Krishnan, Hoffman, Jebara: Variational autoencoders for collaborative
//     filtering. WWW 2018 (held-out users).
package evaluate
