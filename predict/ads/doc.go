// Package ads ranks and prices advertisements on a page, and learns how they are clicked. It is
// for shops that sell places among their products, and for whoever must say what one is worth.
//
// Three names are enough to start: a [Bid] is what an ad offers, an [Auction] puts bids in
// places, [Rates] say how probable a click is.
//
//	rates, err := ads.FitRates(trials, ads.RatesOptions{}) // every hour, of clicks and impressions
//	if err != nil {
//		return err
//	}
//	auction, err := ads.NewAuction(ads.AuctionOptions{Examination: []float64{1, .6, .4}, Payment: ads.VCG})
//	if err != nil {
//		return err
//	}
//	bids := []ads.Bid{{Ad: 7, Amount: 350_000, Click: rates.Of(path).Mean}} // .35 a click, in micros
//	places, err := auction.AppendPlaces(nil, bids)
//	if err != nil {
//		return err
//	}
//	fmt.Println(places[0].Ad, places[0].Price)
//
// # Which part does what
//
//   - [Auction]: order by expected value, quality and reserve; prices by [GSP], [VCG] or [FirstPrice]
//   - [Clicks], [FitExamination]: who was shown where and what was clicked; how much of a click is
//     owed to the position
//   - [Actions], [FitDelay]: what became of clicks; who will act and has not done so yet
//   - [FitRates]: rates of creatives, ads and advertisers that hold where there are few data
//
// # Guarantees
//
//   - Money is int64 in one unit of the caller's, such as micros; prices are rounded up to it and
//     never above a bid. Ties go by the number of the ad: nothing depends on the order of bids.
//   - Prices of VCG are those of all assignments tried out; no bid pays better than the value. Tests
//     show both, and that the examination of planted clicks is found.
//   - Counts merge exactly, in any order; they and what is fitted have a versioned, checksummed
//     binary form. The same counts give the same fit.
//   - Serving allocates nothing. What is fitted is immutable and safe for concurrent use; counts
//     are not.
//
// # References
//
// Edelman, Ostrovsky, Schwarz: Internet advertising and the generalized second-price auction,
// American Economic Review 97, 2007. Varian: Position auctions, 2007. Richardson, Dominowska, Ragno: Predicting
// clicks, WWW 2007. Wang et al.: Position bias estimation for unbiased learning to rank, WSDM
// 2018. Chapelle: Modeling delayed feedback in display advertising, KDD 2014. Kleinman:
// Proportions with extraneous variance, JASA 68, 1973. Varadhan, Roland: SQUAREM, 2008.
package ads
