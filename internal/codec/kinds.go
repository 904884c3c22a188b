package codec

// A Kind is the number of one type in the header of its frames. All of them
// stand in this file: a number is never given to a second type, nor changed when
// a type moves to another package or gets another name.
type Kind = uint16

// A Range is the numbers that one package may give out. A package without frames
// so far has its range all the same, so that two owners who build at once cannot
// meet. The first digit of the high byte is the top level, 0 for the six
// packages themselves.
type Range struct {
	Package     string // path below the module
	First, Last Kind
}

// Ranges lists them in order of number.
var Ranges = []Range{
	{"recommend", 0x0100, 0x01ff},
	{"profile", 0x0200, 0x02ff},
	{"segment", 0x0300, 0x03ff},
	{"predict", 0x0400, 0x04ff},
	{"metrics", 0x0500, 0x05ff},
	{"supply", 0x0600, 0x06ff},
	{"recommend/split", 0x1100, 0x11ff},
	{"recommend/evaluate", 0x1200, 0x12ff},
	{"recommend/modeltest", 0x1300, 0x13ff},
	{"recommend/ann", 0x1400, 0x14ff},
	{"recommend/bandit", 0x1500, 0x15ff},
	{"recommend/allocate", 0x1600, 0x16ff},
	{"recommend/tune", 0x1700, 0x17ff},
	{"recommend/hybrid", 0x1800, 0x18ff},
	{"profile/clean", 0x2100, 0x21ff},
	{"profile/feature", 0x2200, 0x22ff},
	{"profile/identity", 0x2300, 0x23ff},
	{"profile/privacy", 0x2400, 0x24ff},
	{"segment/audience", 0x3100, 0x31ff},
	{"segment/basket", 0x3200, 0x32ff},
	{"segment/trigger", 0x3300, 0x33ff},
	{"segment/offer", 0x3400, 0x34ff},
	{"segment/affinity", 0x3500, 0x35ff},
	{"predict/online", 0x4100, 0x41ff},
	{"predict/explain", 0x4200, 0x42ff},
	{"predict/tree", 0x4300, 0x43ff},
	{"predict/forecast", 0x4400, 0x44ff},
	{"predict/lifetime", 0x4500, 0x45ff},
	{"predict/uplift", 0x4600, 0x46ff},
	{"predict/ads", 0x4700, 0x47ff},
	{"predict/federated", 0x4800, 0x48ff},
	{"metrics/ranking", 0x5100, 0x51ff},
	{"metrics/experiment", 0x5200, 0x52ff},
	{"metrics/causal", 0x5300, 0x53ff},
	{"metrics/kpi", 0x5400, 0x54ff},
	{"metrics/attribution", 0x5500, 0x55ff},
	{"metrics/decision", 0x5600, 0x56ff},
	{"metrics/drift", 0x5700, 0x57ff},
	{"supply/reorder", 0x6100, 0x61ff},
	{"supply/scorecard", 0x6200, 0x62ff},
}

// Entry is one line of the table of frames.
type Entry struct {
	Kind    Kind
	Package string // where the type lives
	Type    string
}

// The kinds that are given out.
const (
	KindPopular         Kind = 0x0101
	KindItemKNN         Kind = 0x0102
	KindALS             Kind = 0x0103
	KindTFIDFModel      Kind = 0x0104
	KindRP3Beta         Kind = 0x0105
	KindUserKNN         Kind = 0x0106
	KindEASE            Kind = 0x0107
	KindTurboCF         Kind = 0x0108
	KindBPR             Kind = 0x0109
	KindPureSVD         Kind = 0x010a
	KindGFCF            Kind = 0x010b
	KindSparseEASE      Kind = 0x010c
	KindSLIM            Kind = 0x010d
	KindNMF             Kind = 0x010e
	KindWARP            Kind = 0x010f
	KindLMF             Kind = 0x0110
	KindMF              Kind = 0x0111
	KindSVDPP           Kind = 0x0112
	KindFM              Kind = 0x0113
	KindGramian         Kind = 0x0114
	KindCooccurrence    Kind = 0x0115
	KindColdStart       Kind = 0x0116
	KindSessionKNN      Kind = 0x0117
	KindMarkov          Kind = 0x0118
	KindNextBasket      Kind = 0x0119
	KindItem2Vec        Kind = 0x011a
	KindCategoryPopular Kind = 0x011b
	KindBSPM            Kind = 0x011c
	KindEvents          Kind = 0x011d
	KindBlend           Kind = 0x011e
	KindRRF             Kind = 0x011f
	KindBorda           Kind = 0x0120
	KindCascade         Kind = 0x0121
	KindEmbeddings      Kind = 0x0122
	KindALSItems        Kind = 0x0123
	KindHNSW            Kind = 0x0180
	KindClickArms       Kind = 0x0181
	KindLinearArms      Kind = 0x0182
	KindStream          Kind = 0x1601 // of allocate
	KindEngine          Kind = 0x01e0
	KindDataset         Kind = 0x01e1
	KindServing         Kind = 0x01e2

	KindBuilder        Kind = 0x0200
	KindQuality        Kind = 0x0201
	KindProfileMoments Kind = 0x0202
	KindScaler         Kind = 0x0203
	KindImputer        Kind = 0x0204
	KindGroupBy        Kind = 0x0205
	KindDecayed        Kind = 0x0206
	KindSchema         Kind = 0x0207
	KindLedger         Kind = 0x2101
	KindDedupe         Kind = 0x2102
	KindOutliers       Kind = 0x2103
	KindRates          Kind = 0x2104
	KindMonitor        Kind = 0x2110
	KindColumns        Kind = 0x2201
	KindEncoder        Kind = 0x2202
	KindFeatureBins    Kind = 0x2203
	KindSelector       Kind = 0x2204
	KindCovariance     Kind = 0x2205
	KindProjection     Kind = 0x2206
	KindCrosses        Kind = 0x2207
	KindPipeline       Kind = 0x2208
	KindNeighbors      Kind = 0x2209
	KindScreen         Kind = 0x220a
	KindIdentity       Kind = 0x2301
	KindTraffic        Kind = 0x2302
	KindBudget         Kind = 0x2401
	KindSums           Kind = 0x2402

	KindKMeans      Kind = 0x0301
	KindKMeansStep  Kind = 0x0302
	KindRFM         Kind = 0x0303
	KindTransitions Kind = 0x0304
	KindAudience    Kind = 0x0305
	KindCuts        Kind = 0x0306
	KindDendrogram  Kind = 0x0307
	KindMixture     Kind = 0x0308
	KindMovement    Kind = 0x0309
	KindPrototypes  Kind = 0x030a
	KindPareto      Kind = 0x030b
	KindGaps        Kind = 0x030c
	KindPublished   Kind = 0x3101
	KindBaskets     Kind = 0x3201
	KindSets        Kind = 0x3202
	KindTwoPass     Kind = 0x3203
	KindJourneys    Kind = 0x3204
	KindOfferLedger Kind = 0x3401
	KindLifts       Kind = 0x3501
	KindTriggers    Kind = 0x3301

	KindLogistic        Kind = 0x0401
	KindLinear          Kind = 0x0402
	KindGram            Kind = 0x0403
	KindSigmoid         Kind = 0x0404
	KindIsotonic        Kind = 0x0405
	KindIsotonicBuckets Kind = 0x0406
	KindLabeler         Kind = 0x0407
	KindConformalScores Kind = 0x0409
	KindCrossConformal  Kind = 0x040a
	KindBeta            Kind = 0x040b
	KindSVM             Kind = 0x040c
	KindPoisson         Kind = 0x040d
	KindMultinomial     Kind = 0x040e
	KindNaiveBayes      Kind = 0x040f
	KindBayesModel      Kind = 0x0410
	KindVennAbers       Kind = 0x0412
	KindFederatedRound  Kind = 0x4801
	KindFederatedBayes  Kind = 0x4802
	KindNearest         Kind = 0x0411
	KindMLP             Kind = 0x0413
	KindModelSchema     Kind = 0x0408
	KindPriceModel      Kind = 0x0420
	KindEnsemble        Kind = 0x4301
	KindBoostRound      Kind = 0x4302

	KindNaive Kind = 0x4400
	KindMean  Kind = 0x4401
	KindETS   Kind = 0x4402
	KindTheta Kind = 0x4403
	KindAuto  Kind = 0x4404
	KindARIMA Kind = 0x4405

	KindIntermittent Kind = 0x4440
	KindConformal    Kind = 0x4441
	KindCombination  Kind = 0x4442
	KindPath         Kind = 0x4443
	KindEffects      Kind = 0x4444
	KindSTL          Kind = 0x4445

	KindMetricsMoments  Kind = 0x0501
	KindProportion      Kind = 0x0502
	KindRatio           Kind = 0x0503
	KindCounts          Kind = 0x0504
	KindConfusion       Kind = 0x0505
	KindScoreHistogram  Kind = 0x0506
	KindBinaryLoss      Kind = 0x0507
	KindRegression      Kind = 0x0508
	KindRanking         Kind = 0x0509
	KindRatioMoments    Kind = 0x0540
	KindCUPED           Kind = 0x0541
	KindCUPEDRatio      Kind = 0x0542
	KindUpliftHistogram Kind = 0x0543
	KindOffPolicy       Kind = 0x0544
	KindExposure        Kind = 0x0545
	KindClusters        Kind = 0x0546
	KindDiffInDiff      Kind = 0x0547
	KindFairness        Kind = 0x0548
	KindExperiment      Kind = 0x0549
	KindFunnel          Kind = 0x0580
	KindFunnelBuilder   Kind = 0x0581
	KindCustomers       Kind = 0x0582
	KindActivity        Kind = 0x0583
	KindCube            Kind = 0x0584
	KindAttribution     Kind = 0x0585
	KindDistinct        Kind = 0x0586
	KindQuantiles       Kind = 0x0587
	KindBins            Kind = 0x0588
	KindCUSUM           Kind = 0x0589
	KindEWMA            Kind = 0x058a
	KindPageHinkley     Kind = 0x058b
	KindAgreement       Kind = 0x058c
	KindForecasts       Kind = 0x058d
	KindBeyond          Kind = 0x058e
	KindEngagement      Kind = 0x058f
	KindSocial          Kind = 0x0590

	KindAssortment  Kind = 0x0601
	KindFulfilment  Kind = 0x0602
	KindService     Kind = 0x0603
	KindInventory   Kind = 0x0604
	KindDemand      Kind = 0x0605
	KindExpiry      Kind = 0x0606
	KindCostToServe Kind = 0x0607
	KindComplaints  Kind = 0x0608

	KindSimulation Kind = 0x6110

	KindQuestionnaire Kind = 0x6201

	KindUpliftForest Kind = 0x4601
	KindPolicyTree   Kind = 0x4602

	KindFTRL           Kind = 0x4101
	KindOnlineFM       Kind = 0x4102
	KindFieldFM        Kind = 0x4103
	KindOnlineSnapshot Kind = 0x4104
	KindText           Kind = 0x4105
	KindTextCounts     Kind = 0x4106

	KindSummary      Kind = 0x4501
	KindRepeatModel  Kind = 0x4502
	KindRound        Kind = 0x4503
	KindSpend        Kind = 0x4504
	KindGammaGamma   Kind = 0x4505
	KindTenures      Kind = 0x4506
	KindSBG          Kind = 0x4507
	KindRepeatOrders Kind = 0x4508
	KindSurvival     Kind = 0x4509
	KindCox          Kind = 0x450a
	KindHazard       Kind = 0x450b
	KindCovariates   Kind = 0x450c

	KindAdClicks    Kind = 0x4701
	KindExamination Kind = 0x4702
	KindAdRates     Kind = 0x4703
	KindAdActions   Kind = 0x4704
	KindDelay       Kind = 0x4705
	KindAdLedger    Kind = 0x4706
)

// Table lists them with the type that writes each. Types that moved to a family keep
// their number, which then lies in the range of their former package.
var Table = []Entry{
	{KindPopular, "recommend", "Popular"},
	{KindItemKNN, "recommend", "ItemKNN"},
	{KindALS, "recommend", "ALS"},
	{KindTFIDFModel, "recommend", "TFIDFModel"},
	{KindRP3Beta, "recommend", "RP3Beta"},
	{KindUserKNN, "recommend", "UserKNN"},
	{KindEASE, "recommend", "EASE"},
	{KindTurboCF, "recommend", "TurboCF"},
	{KindBPR, "recommend", "BPR"},
	{KindPureSVD, "recommend", "PureSVD"},
	{KindGFCF, "recommend", "GFCF"},
	{KindSparseEASE, "recommend", "SparseEASE"},
	{KindSLIM, "recommend", "SLIM"},
	{KindNMF, "recommend", "NMF"},
	{KindWARP, "recommend", "WARP"},
	{KindLMF, "recommend", "LMF"},
	{KindMF, "recommend", "MF"},
	{KindSVDPP, "recommend", "SVDPP"},
	{KindFM, "recommend", "FM"},
	{KindGramian, "recommend", "Gramian"},
	{KindALSItems, "recommend", "ALSItems"},
	{KindCooccurrence, "recommend", "Cooccurrence"},
	{KindColdStart, "recommend", "ColdStart"},
	{KindSessionKNN, "recommend", "SessionKNN"},
	{KindMarkov, "recommend", "Markov"},
	{KindNextBasket, "recommend", "NextBasket"},
	{KindItem2Vec, "recommend", "Item2Vec"},
	{KindEmbeddings, "recommend", "Embeddings"},
	{KindCategoryPopular, "recommend", "CategoryPopular"},
	{KindBSPM, "recommend", "BSPM"},
	{KindEvents, "recommend", "Builder"},
	{KindBlend, "recommend/hybrid", "Blend"},
	{KindRRF, "recommend/hybrid", "RRF"},
	{KindBorda, "recommend/hybrid", "Borda"},
	{KindCascade, "recommend/hybrid", "Cascade"},
	{KindHNSW, "recommend/ann", "HNSW"},
	{KindClickArms, "recommend/bandit", "ClickArms"},
	{KindLinearArms, "recommend/bandit", "LinearArms"},
	{KindStream, "recommend/allocate", "Stream"},
	{KindDataset, "recommend", "Dataset"},
	{KindServing, "recommend", "Serving"},
	{KindEngine, "recommend", "Engine"},
	{KindBuilder, "profile", "Builder"},
	{KindQuality, "profile/clean", "Quality"},
	{KindProfileMoments, "profile", "Moments"},
	{KindScaler, "profile/feature", "Scaler"},
	{KindImputer, "profile/feature", "Imputer"},
	{KindGroupBy, "profile", "GroupBy"},
	{KindDecayed, "profile", "Decayed"},
	{KindSchema, "profile", "Schema"},
	{KindLedger, "profile/clean", "Ledger"},
	{KindDedupe, "profile/clean", "Dedupe"},
	{KindOutliers, "profile/clean", "Outliers"},
	{KindRates, "profile/clean", "Rates"},
	{KindMonitor, "profile/clean", "Monitor"},
	{KindColumns, "profile/feature", "Columns"},
	{KindEncoder, "profile/feature", "Encoder"},
	{KindFeatureBins, "profile/feature", "Bins"},
	{KindSelector, "profile/feature", "Selector"},
	{KindCovariance, "profile/feature", "Covariance"},
	{KindProjection, "profile/feature", "Projection"},
	{KindCrosses, "profile/feature", "Crosses"},
	{KindPipeline, "profile/feature", "Pipeline"},
	{KindNeighbors, "profile/feature", "Neighbors"},
	{KindScreen, "profile/feature", "Screen"},
	{KindIdentity, "profile/identity", "Graph"},
	{KindTraffic, "profile/identity", "Traffic"},
	{KindBudget, "profile/privacy", "Budget"},
	{KindSums, "profile/privacy", "Sums"},
	{KindKMeans, "segment", "KMeans"},
	{KindKMeansStep, "segment", "KMeansStep"},
	{KindRFM, "segment", "RFM"},
	{KindTransitions, "segment", "Transitions"},
	{KindAudience, "segment/audience", "Set"},
	{KindCuts, "segment", "Cuts"},
	{KindDendrogram, "segment", "Dendrogram"},
	{KindMixture, "segment", "Mixture"},
	{KindMovement, "segment", "Movement"},
	{KindPrototypes, "segment", "Prototypes"},
	{KindPareto, "segment", "Pareto"},
	{KindGaps, "segment", "Gaps"},
	{KindPublished, "segment/audience", "Published"},
	{KindBaskets, "segment/basket", "Baskets"},
	{KindSets, "segment/basket", "Sets"},
	{KindTwoPass, "segment/basket", "TwoPass"},
	{KindJourneys, "segment/basket", "Journeys"},
	{KindOfferLedger, "segment/offer", "Ledger"},
	{KindLifts, "segment/affinity", "Lifts"},
	{KindTriggers, "segment/trigger", "Planner"},
	{KindLogistic, "predict", "Logistic"},
	{KindLinear, "predict", "Linear"},
	{KindGram, "predict", "Gram"},
	{KindSigmoid, "predict", "SigmoidCalibrator"},
	{KindIsotonic, "predict", "Isotonic"},
	{KindIsotonicBuckets, "predict", "IsotonicBuckets"},
	{KindLabeler, "predict", "Labeler"},
	{KindModelSchema, "predict", "Schema"},
	{KindPriceModel, "predict", "PriceModel"},
	{KindSVM, "predict", "SVM"},
	{KindPoisson, "predict", "Poisson"},
	{KindMultinomial, "predict", "Multinomial"},
	{KindNaiveBayes, "predict", "NaiveBayes"},
	{KindBayesModel, "predict", "BayesModel"},
	{KindVennAbers, "predict", "VennAbers"},
	{KindNearest, "predict", "Neighbors"},
	{KindMLP, "predict", "MLP"},
	{KindFederatedRound, "predict/federated", "Round"},
	{KindFederatedBayes, "predict/federated", "Bayes"},
	{KindConformalScores, "predict", "Conformal"},
	{KindCrossConformal, "predict", "CrossConformal"},
	{KindBeta, "predict", "BetaCalibrator"},
	{KindUpliftForest, "predict/uplift", "Forest"},
	{KindPolicyTree, "predict/uplift", "PolicyTree"},
	{KindEnsemble, "predict/tree", "Ensemble"},
	{KindBoostRound, "predict/tree", "BoostRound"},
	{KindNaive, "predict/forecast", "Naive"},
	{KindMean, "predict/forecast", "Mean"},
	{KindETS, "predict/forecast", "ETS"},
	{KindTheta, "predict/forecast", "Theta"},
	{KindAuto, "predict/forecast", "Auto"},
	{KindARIMA, "predict/forecast", "ARIMA"},

	{KindIntermittent, "predict/forecast", "Intermittent"},
	{KindConformal, "predict/forecast", "Conformal"},
	{KindCombination, "predict/forecast", "Combination"},
	{KindPath, "predict/forecast", "Path"},
	{KindEffects, "predict/forecast", "Regression"},
	{KindSTL, "predict/forecast", "STL"},
	{KindMetricsMoments, "metrics", "Moments"},
	{KindProportion, "metrics", "Proportion"},
	{KindRatio, "metrics", "Ratio"},
	{KindCounts, "metrics/kpi", "Counts"},
	{KindConfusion, "metrics", "Confusion"},
	{KindScoreHistogram, "metrics", "ScoreHistogram"},
	{KindBinaryLoss, "metrics", "BinaryLoss"},
	{KindRegression, "metrics", "Regression"},
	{KindRanking, "metrics/ranking", "Tally"},
	{KindRatioMoments, "metrics/experiment", "RatioMoments"},
	{KindCUPED, "metrics/experiment", "CUPED"},
	{KindCUPEDRatio, "metrics/experiment", "CUPEDRatio"},
	{KindUpliftHistogram, "metrics/causal", "UpliftHistogram"},
	{KindOffPolicy, "metrics/causal", "OffPolicy"},
	{KindExposure, "metrics/ranking", "Exposure"},
	{KindClusters, "metrics/experiment", "Clusters"},
	{KindDiffInDiff, "metrics/causal", "DiffInDiff"},
	{KindFairness, "metrics", "Fairness"},
	{KindExperiment, "metrics/experiment", "Run"},
	{KindFunnel, "metrics/kpi", "Funnel"},
	{KindFunnelBuilder, "metrics/kpi", "FunnelBuilder"},
	{KindCustomers, "metrics/kpi", "Customers"},
	{KindActivity, "metrics/kpi", "Activity"},
	{KindCube, "metrics/kpi", "Cube"},
	{KindAttribution, "metrics/attribution", "Paths"},
	{KindDistinct, "metrics", "Distinct"},
	{KindQuantiles, "metrics", "Quantiles"},
	{KindBins, "metrics/drift", "Binned"},
	{KindCUSUM, "metrics/drift", "CUSUM"},
	{KindEWMA, "metrics/drift", "EWMA"},
	{KindPageHinkley, "metrics/drift", "PageHinkley"},
	{KindAgreement, "metrics", "Agreement"},
	{KindForecasts, "metrics", "Forecasts"},
	{KindBeyond, "metrics/ranking", "Beyond"},
	{KindEngagement, "metrics/kpi", "Engagement"},
	{KindSocial, "metrics/kpi", "Social"},
	{KindAssortment, "supply", "Assortment"},
	{KindFulfilment, "supply", "Fulfilment"},
	{KindService, "supply", "Service"},
	{KindInventory, "supply", "Inventory"},
	{KindDemand, "supply", "Demand"},
	{KindExpiry, "supply", "Expiry"},
	{KindCostToServe, "supply", "CostToServe"},
	{KindComplaints, "supply", "Complaints"},
	{KindQuestionnaire, "supply/scorecard", "Questionnaire"},
	{KindSimulation, "supply/reorder", "Simulation"},
	{KindFTRL, "predict/online", "FTRL"},
	{KindOnlineFM, "predict/online", "FM"},
	{KindFieldFM, "predict/online", "FieldFM"},
	{KindOnlineSnapshot, "predict/online", "Snapshot"},
	{KindText, "predict/online", "Text"},
	{KindTextCounts, "predict/online", "TextCounts"},
	{KindSummary, "predict/lifetime", "Summary"},
	{KindRepeatModel, "predict/lifetime", "Model"},
	{KindRound, "predict/lifetime", "Round"},
	{KindSpend, "predict/lifetime", "Spend"},
	{KindGammaGamma, "predict/lifetime", "GammaGamma"},
	{KindTenures, "predict/lifetime", "Tenures"},
	{KindSBG, "predict/lifetime", "SBG"},
	{KindRepeatOrders, "predict/lifetime", "Orders"},
	{KindSurvival, "predict/lifetime", "Survival"},
	{KindCox, "predict/lifetime", "Cox"},
	{KindHazard, "predict/lifetime", "Hazard"},
	{KindCovariates, "predict/lifetime", "Covariates"},
	{KindAdClicks, "predict/ads", "Clicks"},
	{KindExamination, "predict/ads", "Examination"},
	{KindAdRates, "predict/ads", "Rates"},
	{KindAdActions, "predict/ads", "Actions"},
	{KindDelay, "predict/ads", "Delay"},
	{KindAdLedger, "predict/ads", "Ledger"},
}
