// Package modeltest tests a model of recommend against everything that engines,
// hybrids and rankers rely on. It is for whoever writes a model of their own, and it
// is what the models of the library themselves are tested with.
//
// Three names are enough to start: a [Case] says how the model is fitted and what is
// special about it, [Run] makes every check a subtest, and [Groups] is the data that
// they fit on, for tests of your own.
//
//	func TestRareConformance(t *testing.T) {
//		modeltest.Run(t, modeltest.Case{
//			Fit: func(ctx context.Context, x *recommend.Interactions) (recommend.Model, error) {
//				return FitRare(ctx, x)
//			},
//			Everybody: true, // strangers get the same list as anybody
//		})
//	}
//
// # Which field
//
//	the model …                                       Case
//	is a Persistent with a frame of its own           Read: how one is decoded
//	learns what groups of users like                  Learns
//	answers people of whom nothing is known           Everybody
//	predicts ratings, which may be negative           Ratings
//	knows items that nobody has taken                 NewItems
//	scores some items alone                           Unscored
//	has no unique solution for some data              MayDiverge
//	is spared a check that does not apply             Skip
//
// Abilities (Similar, SimilarUsers, Explainer, Folder, Persistent) are checked where
// the model has them. What it must have beside [recommend.Model] are the sentences
// about itself: [recommend.Meaner], [recommend.SparseScorer] and
// [recommend.OrderReader].
//
// # Which check
//
// [Checks] lists them with what each wants; a [Check] runs alone, too. Each of them
// is shown to fail on a model with just that fault.
//
//	shape            dimensions, bytes                 round trip, same bytes
//	what is refused  bad queries, bad input, unfitted  what is finite  magnitudes, odd shapes, hostile weights, degenerate
//	people           strangers, readers                lists           top, ties, learns, similar, similar users, reasons, fold in, new items
//	speed            allocations                       what it says    abilities, order, engine, sparse
//
// # Guarantees
//
//   - All checks of a model of the library take about a quarter of a second; they draw
//     nothing that is not seeded.
//   - A check needs nothing but a testing.TB, so that other frameworks can run it.
//   - Nothing but the Case is kept, and nothing runs on when a check has ended.
//
// # References
//
//   - The shape is that of testing/fstest and testing/slogtest of the standard
//     library; checkerboard data are those of the tests of benfred/implicit.
package modeltest
