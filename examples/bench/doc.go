// Package bench compares recommenders on a data set: quality, time, memory. It is for
// everybody who has to choose a model, and for those who wrote one of their own and
// want to see it beside the others.
//
// Two names are enough to start: [Main] is the whole program, [Models] are the
// recommenders of the library. A model of your own is a name and a fit:
//
//	func main() {
//		bench.Main(append(bench.Models(), bench.Model{
//			Name: "mine",
//			Rank: func(ctx context.Context, x *recommend.Interactions, e bench.Env) (recommend.Model, error) {
//				return recommend.NewFunc(x.Users(), x.Items(), func(dst []float32, q recommend.Query) error {
//					… one score an item
//				})
//			},
//		})...)
//	}
//
// Then go run . -train TRAIN -test TEST -algorithms popular,itemknn,mine; beside a clone the
// module wants two replace lines, for github.com/aislekit/aisle and for its examples.
// examples/benchmark is that program with the models of the library alone; package
// dataio reads the files.
//
// # Which flags
//
//	benchmark (-train FILE -test FILE [-negatives FILE] | -matrix PREFIX …) [-task ranking|rating|session]
//	    [-format auto|adjacency|triples|sessions] [-algorithms a,b|all] [-settings FILE.json]
//	    [-trials N] [-tune DURATION] [-measure ndcg@20] [-defaults]
//	    [-k 10,20] [-seed 1] [-threads N] [-repeat N] [-lists=false] [-from FILE.jsonl …] [-json] [-plots DIR]
//	    [-strict | -rejects SHARE]
//
// Files may be gzipped. Ranking scores all items, leaves out those of the
// training part, and averages over the users with test items; with -negatives
// it ranks each test item among the listed ones instead. -task session predicts
// what comes next in a sequence. Each algorithm runs in a process of its own, so that
// their memory peaks do not mix; with -repeat in that many, of which times are
// medians and the peak the largest.
//
// -trials N has each algorithm choose its settings in N trials on a part of the training data,
// then fits on all of it. The first trial is the defaults; others are judged with a third of
// the epochs, of the validation parts or, where an item keeps 25 entries, of the users, or with
// a ninth, and the best third of them with three times as much, up to all. Trials and result depend on data, -seed and N
// alone, on any machine, loaded or not; -tune DURATION ends them early and says so. The defaults
// stay unless the best is better by more than twice the standard error of the difference. A blend has
// N trials for each part and N for the weights, a stack N for each part. The log gives the work of each trial: 1 is a
// judgement of the defaults in full, a third of the data or of the epochs a third, twice
// the factors double.
//
// What is searched for is ndcg@20, mrr@20 of sessions and rmse of ratings, or what -measure says.
// The table and "tune" of -json say what the defaults and the best of all trials have in
// validation; -defaults measures the defaults on the test part too. So
//
//	benchmark -train TRAIN -holdout 0.2 -seed 3 -algorithms als,itemknn -trials 30 -k 20 -lists=false -defaults
//
// tells how far the defaults are from the best of a search, on a fifth of the entries that
// the search did not see. The table says, and "beyond_popularity" of -json, whether there is
// more to learn than what is popular, see recommend.Interactions.BeyondPopularity.
//
// -matrix may be given several times, and may be synth:USERS,ITEMS,ENTRIES[,SEED]
// for a matrix made on the spot. -plots then draws time and memory against size.
// -from adds lines that -json wrote before to the table and the plots, so that
// sizes may be measured one by one.
//
// Settings are printed as they took effect: where the fit found a value by itself, that
// value (-1: off), or "default" for what other settings left out and for what no setting says; a file of -settings may say
// "default" too. Progress and rejected lines go to standard error; a table, or with -json one
// object a line, to standard output. Exit status: 0, 1 when an algorithm
// failed, 2 for a wrong command line or unreadable data: a file of which more than half
// of the lines are rejected is in none of the layouts (-rejects allows more).
package bench
