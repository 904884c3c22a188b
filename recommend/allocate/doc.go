// Package allocate shares scarce offers out: who of all customers gets which
// coupon, ad or last item, so that the campaign as a whole is worth the most.
//
// A list for one person ignores the others. Where stock, money or exposure is
// short, the best list for each adds up to more than there is; then say what each
// offer would be worth to each person and let Solve choose:
//
//	models → []Proposal (user, offer, value) ┐
//	stocks and uses → []Offer                ├→ Solve → Plan
//	budgets and patience → Options           ┘
//
// # Which type
//
//   - Proposal is an offer that a user might get, with its value: the uplift of a
//     coupon in money, a calibrated probability times margin, a bid. Users and
//     offers are dense indices. Propose what makes sense only, say the ten best a
//     user: the work grows with the proposals.
//   - Offer has a Stock, and Uses: what each assignment takes of limits that
//     offers share, such as a budget, the views of a campaign, the parcels of a day.
//   - Options hold those limits and how many offers a user gets.
//   - Plan is the answer: what was chosen, its value, how far from the best it can
//     be at most (Gap), and what one more unit of each stock or limit would add.
//
// # In short
//
//	offers := []allocate.Offer{
//		{Stock: 500, Uses: []allocate.Use{{Limit: 0, Amount: 1000}}}, // 10.00 off
//		{Stock: -1, Uses: []allocate.Use{{Limit: 0, Amount: 300}}},   // 3.00 off
//	}
//	plan, err := allocate.Solve(ctx, proposals, offers, allocate.Options{Limits: []int64{200_000}})
//
// # Guarantees
//
//   - No limit is exceeded, ever, and no user gets an offer twice.
//   - Bound holds: no assignment within the limits is worth more. Small problems
//     are solved to proven optimality.
//   - The same proposals, in any order, give the same plan at any GOMAXPROCS (on
//     one architecture).
//   - Data never panics: what is wrong is a wrapped sentinel (errors.go) that names
//     the proposal, offer or field.
//
// # References
//
//   - Held, Wolfe, Crowder: Validation of subgradient optimization. Mathematical
//     Programming 6, 1974.
//   - Polyak: Minimization of unsmooth functionals. USSR Computational Mathematics
//     and Mathematical Physics 9, 1969 (the steps).
//   - Fisher: The Lagrangian relaxation method for solving integer programming
//     problems. Management Science 27, 1981.
package allocate
