// Package ads ranks and prices advertisements on a page, and learns how they are clicked. It is
// for shops that sell places among their products, and for whoever must say what one is worth.
//
// Four names are enough to start: an [Ad] is what an advertiser books, a [Catalogue] finds those
// that may stand on a page, a [Server] chooses and prices them, and keeps budgets and caps.
//
//	catalogue, err := ads.NewCatalogue([]ads.Ad{{
//		ID: "tea", Advertiser: "acme", Creatives: []string{"pot"}, Amount: 350_000, Budget: 20_000_000, // .35 a click, 20 in all, in micros
//		Target: []ads.Clause{{{Field: "region", In: []string{"north"}}}}, Caps: []ads.Cap{{N: 2, Per: 24 * time.Hour}},
//	}})
//	if err != nil {
//		return err
//	}
//	server, err := ads.NewServer(catalogue, ads.ServerOptions[string]{Auction: ads.AuctionOptions{Examination: []float64{1, .6}, Payment: ads.VCG}})
//	if err != nil {
//		return err
//	}
//	page, err := server.Serve(nil, ads.Request[string]{ID: 1, User: "ann", At: now, Query: query})
//	if err != nil {
//		return err
//	}
//	cost, err := server.Record(page[0], ads.Clicked, now) // when it was clicked
//
// # Which part does what
//
//   - [Server]: the whole way of a page; [Server.Swap] puts another [Catalogue] or other rates in use; a
//     [Ledger] that several servers share, and that is stored, is what was spent and seen
//   - [Auction]: order by expected value, quality and reserve; prices by [GSP], [VCG] or [FirstPrice]
//   - [Clicks], [FitExamination]: who was shown where and what was clicked; how much of a click is
//     owed to the position
//   - [Actions], [FitDelay]: what became of clicks; who will act and has not done so yet
//   - [FitRates]: rates of creatives, ads and advertisers that hold where there are few data
//   - ServerOptions.Predict and ServerOptions.Choose: any model and any bandit, as functions
//   - [World]: a planted truth to simulate with
//
// # Guarantees
//
//   - Money is int64 in one unit of the caller's, such as micros; prices are rounded up to it and
//     never above a bid. What is spent is counted in thousandths, so that nothing is lost of one
//     impression of a thousand. Ties go by ID: nothing depends on the order of ads.
//   - Whatever runs at once, no budget is overspent and no cap broken; an event that is told twice
//     is charged once. Tests with eight servers show it.
//   - Prices of VCG are those of all assignments tried out; no bid pays better than the value. The
//     examination of planted clicks is found, where their share by position misleads.
//   - Counts merge exactly, in any order; they, ledgers and what is fitted have a versioned,
//     checksummed binary form. The same counts give the same fit, the same request the same page.
//   - Serving allocates nothing in steady state. There is no clock in here. What is fitted, catalogues, servers and
//     ledgers are safe for concurrent use; counts are not.
//
// # References
//
// Edelman, Ostrovsky, Schwarz: Internet advertising and the generalized second-price auction,
// American Economic Review 97, 2007. Varian: Position auctions, 2007. Richardson, Dominowska, Ragno: Predicting
// clicks, WWW 2007. Whang et al.: Indexing Boolean expressions, VLDB 2009. Wang et al.: Position bias estimation for unbiased learning to rank, WSDM
// 2018. Chapelle: Modeling delayed feedback in display advertising, KDD 2014. Kleinman:
// Proportions with extraneous variance, JASA 68, 1973. Varadhan, Roland: SQUAREM, 2008.
package ads
