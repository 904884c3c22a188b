// Package allocate shares scarce offers out: who of all customers gets which
// coupon, ad or last item, so that the campaign as a whole is worth the most. It is for
// those who plan a campaign with a budget, a stock or a number of views.
//
// A list for one person ignores the others. Where stock, money or exposure is
// short, the best list for each adds up to more than there is; then say what each
// offer would be worth to each person and let Solve choose. Four names are enough to
// start: [Proposal], [Offer], [Solve] and the [Plan] it returns.
//
//	proposals := []allocate.Proposal{{User: 0, Offer: 0, Value: 12}, {User: 0, Offer: 1, Value: 9}, {User: 1, Offer: 0, Value: 8}}
//	offers := []allocate.Offer{
//		{Stock: 1, Uses: []allocate.Use{{Limit: 0, Amount: 1000}}}, // 10.00 off
//		{Stock: -1, Uses: []allocate.Use{{Limit: 0, Amount: 300}}}, // 3.00 off
//	}
//	plan, err := allocate.Solve(ctx, proposals, offers, allocate.Options{Limits: []int64{2000}})
//	if err != nil {
//		return err
//	}
//	for _, c := range plan.Chosen {
//		fmt.Println("user", c.User, "gets offer", c.Offer)
//	}
//
// # Which type holds what
//
//   - [Proposal]: an offer that a user might get, with its value: the uplift of a
//     coupon in money, a calibrated probability times margin, a bid. Users and
//     offers are dense indices. Propose what makes sense only, say the ten best a
//     user: the work grows with the proposals
//   - [Offer]: its stock, and by [Use] what each assignment takes of limits that
//     offers share, such as a budget, the views of a campaign, the parcels of a day
//   - [Options]: those limits and how many offers a user gets; how long to search
//   - [Plan]: what was chosen, its value, how far from the best it can be at most
//     ([Plan.Gap]), and what one more unit of each stock or limit would add
//   - [Stream]: the same while requests arrive one by one, each answered at once
//
// # Guarantees
//
//   - No limit is exceeded, ever, and no user gets an offer twice.
//   - Bound holds: no assignment within the limits is worth more. Small problems
//     are solved to proven optimality.
//   - The same proposals, in any order, give the same plan at any GOMAXPROCS (on
//     one architecture).
//   - A Stream answers the same requests in the same order alike, and is safe for
//     concurrent use; a Plan is not changed by anybody.
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
//   - Balseiro, Lu, Mirrokni: The best of many worlds: dual mirror descent for online
//     allocation problems. Operations Research 71, 2023.
//   - Mehta, Saberi, Vazirani, Vazirani: AdWords and generalized online matching.
//     Journal of the ACM 54, 2007.
package allocate
