package uplift_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/predict/uplift"
)

// mails is a small campaign: a mail helps those who have bought of late (column 0 is 1), and harms the others.
func mails() uplift.Data {
	var d uplift.Data
	for i := range 400 {
		recent, treated := float64(i%2), i/2%2
		y := 1 + recent + float64(i%5)/10
		if treated == 1 {
			y += 1.5*recent - .5
		}
		d.Rows, d.Treatment, d.Outcome, d.IDs = append(d.Rows, []float64{recent}), append(d.Treatment, treated), append(d.Outcome, y), append(d.IDs, uint64(i))
	}
	d.Propensities = []float64{.5, .5} // by the toss of a coin
	return d
}

// byGroup is any model as a plain function: here the mean of the rows that are equal in the first column.
func byGroup(ctx context.Context, rows [][]float64, y, weights []float64) (uplift.Predict, error) {
	return mean(ctx, rows, y, weights)
}

func Example() {
	ctx := context.Background()
	var learner uplift.Learner = byGroup
	var _ uplift.Predict // what it returns
	d := mails()
	m, err := uplift.FitDR(ctx, d, learner, uplift.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	average := m.Averages[0]
	fmt.Printf("a mail brings %.2f on average (%.2f to %.2f)\n", average.Value, average.Low, average.High)
	effects, err := m.Effects(ctx, nil, [][]float64{{0}, {1}})
	fmt.Printf("%.2f %v\n", effects, err)
	pseudo, err := m.Scores.Effects(1)
	fmt.Println(len(pseudo), len(m.OutOfFold), len(m.Propensities), err)
	// Output:
	// a mail brings 0.25 on average (0.17 to 0.33)
	// [-0.50 1.00] <nil>
	// 400 400 800 <nil>
}

func Example_learners() {
	ctx, d := context.Background(), mails()
	opt := uplift.Options{Folds: 4, Progress: func(uplift.Progress) {}}
	// FitS asks a learner that does not look at the column of the treatment.
	for _, fit := range []func(context.Context, uplift.Data, uplift.Learner, uplift.Options) (*uplift.Learned, error){uplift.FitS, uplift.FitT, uplift.FitX, uplift.FitR} {
		m, err := fit(ctx, d, byGroup, opt)
		if err != nil {
			fmt.Println(err)
			return
		}
		effects, err := m.EffectsGiven(ctx, nil, [][]float64{{0}, {1}}, []float64{.5, .5})
		fmt.Printf("%.2f %.2f %v\n", effects, m.Averages[0].Value, err)
	}
	// Output:
	// [0.00 0.00] 0.25 <nil>
	// [-0.50 1.00] 0.25 <nil>
	// [-0.50 1.00] 0.25 <nil>
	// [-0.50 1.00] 0.25 <nil>
}

func ExampleAssign() {
	// Three customers, a mail for 1 and a call for 3; an order is worth 40.
	effects := []float64{.05, .20, -.10, -.20, .10, .12}
	costs := []float64{0, 1, 3}
	plan, err := uplift.Assign(effects, 3, uplift.AssignOptions{Worth: 40, Costs: costs, Budget: 4})
	fmt.Println(plan.Policy, plan.Contacts, plan.Cost, err)
	fmt.Printf("%.1f of at most %.1f, %.2f for one more\n", plan.Gain, plan.Bound, plan.Price)
	plan, err = uplift.Assign(effects, 3, uplift.AssignOptions{Worth: 40, Costs: costs, Contacts: 1})
	fmt.Println(plan.Policy, err)
	// Output:
	// [2 0 1] 2 4 <nil>
	// 8.0 of at most 8.0, 0.00 for one more
	// [2 0 0] <nil>
}

func ExampleScores_Gain() {
	ctx, d := context.Background(), mails()
	policy := make([]int, len(d.Rows))
	for i, row := range d.Rows {
		policy[i] = int(row[0])
	}
	opt := uplift.ValueOptions{Worth: 10, Costs: []float64{0, 1}}
	scores, err := uplift.ScoresDR(ctx, d, byGroup, uplift.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	show := func(what string, e uplift.Estimate, err error) { fmt.Printf("%s %.2f %v\n", what, e.Value, err) }
	e, err := scores.Value(policy, opt)
	show("worth", e, err)
	e, err = scores.Gain(policy, nil, opt)
	show("more than no mail", e, err)
	e, err = scores.GainOverLot(policy, opt)
	show("more than by lot", e, err)
	e, err = scores.Average(1, .9)
	show("average effect", e, err)
	// Output:
	// worth 21.50 <nil>
	// more than no mail 4.50 <nil>
	// more than by lot 3.75 <nil>
	// average effect 0.25 <nil>
}

func ExampleScores_Harmed() {
	d := mails()
	scores, err := uplift.ScoresIPW(d)
	if err != nil {
		fmt.Println(err)
		return
	}
	predicted := make([]float64, len(d.Rows)) // by a model that was fitted elsewhere
	for i, row := range d.Rows {
		predicted[i] = 1.4*row[0] - .4
	}
	harm, err := scores.Harmed(1, predicted, uplift.HarmOptions{Groups: 5})
	fmt.Printf("%d rows, predicted %.1f and below: %.2f, at most %.2f %v\n", harm.Rows, harm.Threshold, harm.Effect.Value, harm.Effect.High, err)
	var _ uplift.Harm = harm
	// Output:
	// 200 rows, predicted -0.4 and below: -0.50, at most -0.18 <nil>
}

func ExampleFitTree() {
	ctx, d := context.Background(), mails()
	f, err := uplift.FitTree(ctx, d, uplift.TreeOptions{Criterion: uplift.CTS, MinLeaf: 50, Names: []string{"recent"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := f.Text(0)
	fmt.Print(text, err, "\n")
	nodes, err := f.Nodes(0)
	var root uplift.Node = nodes[0]
	fmt.Println(root.Column, root.Threshold, root.Rows, err)
	fmt.Println(f.Trees(), f.Arms(), f.Columns(), f.Names())
	var _ *uplift.Forest = f
	var _ uplift.Criterion = uplift.Euclidean
	fmt.Println(uplift.KL, uplift.ChiSquared)
	// Output:
	// all: 400 rows, effect +0.25
	//   recent <= 0.5: 200 rows, effect -0.5
	//   recent > 0.5 or missing: 200 rows, effect +1
	// <nil>
	// 0 0.5 [200 200] <nil>
	// 1 2 1 [recent]
	// KL ChiSquared
}

func ExampleFitForest() {
	ctx, d := context.Background(), mails()
	r, err := uplift.FitForest(ctx, d, uplift.ForestOptions{Trees: 50, Tree: uplift.TreeOptions{MinLeaf: 20}})
	if err != nil {
		fmt.Println(err)
		return
	}
	var result *uplift.ForestResult = r
	effects, err := result.Forest.Effects(nil, [][]float64{{0}, {1}})
	fmt.Printf("%.1f %v\n", effects, err)
	means, err := result.Forest.Means(nil, [][]float64{{1}})
	fmt.Printf("%.1f %v\n", means, err)
	shares, err := result.Forest.Importance()
	fmt.Println(shares, err)
	data, err := result.Forest.MarshalBinary()
	if err != nil {
		fmt.Println(err)
		return
	}
	var back uplift.Forest
	fmt.Println(back.UnmarshalBinary(data), back.Trees())
	more, err := back.AppendBinary([]byte("head"))
	fmt.Println(len(more)-len(data), err, len(r.OutOfBag), len(r.Averages))
	// Output:
	// [-0.5 1.0] <nil>
	// [2.2 3.2] <nil>
	// [1] <nil>
	// <nil> 50
	// 4 <nil> 400 1
}

func ExampleFitPolicyTree() {
	ctx, d := context.Background(), mails()
	scores, err := uplift.ScoresDR(ctx, d, byGroup, uplift.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	opt := uplift.PolicyTreeOptions{Depth: 1, Names: []string{"recent"}, Worth: 10, Costs: []float64{0, 1}}
	m, err := uplift.FitPolicyTree(ctx, scores, opt)
	if err != nil {
		fmt.Println(err)
		return
	}
	var tree *uplift.PolicyTree = m
	text, err := tree.Text([]string{"no mail", "mail"})
	fmt.Print(text, err, "\n")
	policy, err := tree.Policy(nil, [][]float64{{0}, {1}})
	var root uplift.PolicyNode = tree.Nodes()[0]
	fmt.Println(policy, root.Rows, err)
	// Output:
	// all:
	//   recent <= 0.5 or missing: no mail (200 rows)
	//   recent > 0.5: mail (200 rows, +9.009 a row)
	// <nil>
	// [0 1] 400 <nil>
}

func ExampleCrossFitPolicyTree() {
	ctx, d := context.Background(), mails()
	opt := uplift.CrossFitOptions{Tree: uplift.PolicyTreeOptions{Depth: 1, Worth: 10, Costs: []float64{0, 1}}}
	r, err := uplift.CrossFitPolicyTree(ctx, d, byGroup, opt)
	if err != nil {
		fmt.Println(err)
		return
	}
	var result *uplift.PolicyTreeResult = r
	gain, err := result.Scores.Gain(result.OutOfFold, nil, uplift.ValueOptions{Worth: 10, Costs: []float64{0, 1}})
	fmt.Printf("%d nodes, worth %.2f a customer (%.2f to %.2f) %v\n", len(result.Tree.Nodes()), gain.Value, gain.Low, gain.High, err)
	// Output:
	// 3 nodes, worth 4.50 a customer (4.02 to 4.99) <nil>
}

func ExampleScores_Overlap() {
	ctx, d := context.Background(), mails()
	scores, err := uplift.ScoresDR(ctx, d, byGroup, uplift.Options{Propensity: byGroup})
	if err != nil {
		fmt.Println(err)
		return
	}
	overlap, err := scores.Overlap(.1)
	var result uplift.OverlapResult = overlap
	var mail uplift.ArmOverlap = result.Arms[1]
	fmt.Printf("%d of %d rows below .1; the mail: %d rows, propensity %.2f to %.2f %v\n", result.Outside, result.Rows, mail.Rows, mail.Min, mail.Max, err)
	rest, err := scores.Trim(.1)
	if err != nil {
		fmt.Println(err)
		return
	}
	average, err := rest.Average(1, 0)
	fmt.Printf("%.2f %v\n", average.Value, err)
	// Output:
	// 0 of 400 rows below .1; the mail: 200 rows, propensity 0.50 to 0.50 <nil>
	// 0.25 <nil>
}
