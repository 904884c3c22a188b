package shop

// Stages name the streams of random numbers: what a stage draws depends on (seed,
// stage, user or item) and on nothing else, so a stage more or less changes no
// other. A number is part of the meaning of a seed: it is never changed and never
// given to a second stage. The owners' ranges stand in the package documentation.
const (
	stageGroup = iota + 1
	stageItem
	stagePrice
	stageUser
	stageTrip
	stageBrowse
	stageContent
	stageStock
	stageAfter
	stageRawLine
	stageRawEvent
	stageCampaign = 100 // + number of the campaign
)
