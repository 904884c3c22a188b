// Package audience chooses whom to address by rules that people write down:
// "women between 25 and 40 in two regions who bought twice in 90 days". It is for
// those who plan campaigns and for the services that run them.
//
// Six names are enough to start: [Attributes] holds what is known about users, [And],
// [In] and [Frequency] build a [Rule], [Compile] binds it to a table and an instant.
//
//	table, _ := audience.NewAttributes(4)
//	table.AddTexts("region", []string{"north", "south", "north", ""})
//	table.AddEvents("purchases", [][]time.Time{{may, june}, {may}, {}, {june}})
//
//	rule := audience.And(audience.In("region", "north"), audience.Frequency("purchases", 90*24*time.Hour, 1, -1))
//	program, err := audience.Compile(rule, table, audience.Options{AsOf: now})
//	if err != nil {
//		return err
//	}
//	chosen, _ := program.Select(ctx)
//	target, control, _ := audience.HoldOut(chosen, ids, 0.1, 1)
//	fmt.Println(rule, target.IDs(nil), control.IDs(nil))
//
// # Which function when
//
//   - [Compare], [Between], [In], [Near]: clauses about a number, a text, a place
//   - [Recency], [Frequency]: clauses about when something happened, and how often
//   - [Has], [Missing]: whether an attribute is known at all
//   - [And], [Or], [Not]: rules of rules, of three-valued logic, see [Rule]
//   - [Rule.Where], [Then], [Sample]: events of some kind only, one after the other; the
//     same share of the users every day
//   - [ParseText], [Rule.String]: rules as people write them, with errors that say where
//     ([TextError]); [ParseRule], [Rule.MarshalJSON]: JSON. Both strict and canonical
//   - [Attributes.AddEventRows], [AddIDs]: events with properties, and whose row is whose
//   - [Program.Select]: everybody for whom the rule is true, as a [Set]; an empty one
//     says why, [Set.Reason]
//   - [Program.Explain]: why one user is in or out, until when, and what is nearest to
//     change it ([Turn])
//   - [Program.Live]: an audience that follows events and the clock ([Live], [Change])
//   - [Program.Estimate]: how many, from a sample, while somebody still edits the rule
//   - [New], [Set.And], [Set.Or], [Set.AndNot]: sets from anywhere, put together
//   - [HoldOut]: a control group, the same people whatever the day, so that the
//     campaign can be measured
//   - [Parity]: whom an audience reaches, group by group
//   - [Set.Count], [Published]: sizes that may be told to others, and no two that single
//     somebody out; [HoldOutKeyed]: a control group that nobody can foresee
//
// Users are dense indices 0, 1, 2, … as a table or data set numbers them.
//
// # Guarantees
//
//   - What is missing is neither true nor false, but unknown.
//   - What is published about fewer than Options.MinSize people is ErrPrivacy, unless that
//     is -1: counts, estimates, rows of Parity. Addressing them is not, see [Set.Small].
//   - The same input and seed give the same result, to the byte, at any GOMAXPROCS.
//   - Bad data is an error that names the user, attribute or clause, never a panic;
//     after an error nothing is half-changed.
//   - Rules, programs and sets are immutable and safe for concurrent use; a table is,
//     once no columns are added.
//
// # References
//
// Kleene, Introduction to metamathematics, 1952, for the logic. Wilson, Probable
// inference, the law of succession, and statistical inference, 1927, for estimates.
package audience
