package shop

import "time"

// StyleDim is the length of style vectors.
const StyleDim = 4

// Truth is what the simulator planted. Slices of users, items and categories run
// parallel to Shop.Users, Shop.Items and Shop.Categories.
type Truth struct {
	Categories  []CategoryTruth
	Segments    []SegmentTruth
	Groups      []Group
	Complements []Complement
	Users       []UserTruth
	Items       []ItemTruth
	Campaigns   []CampaignTruth
	Carriers    []CarrierTruth
	RawLines    []RawLineTruth // parallel to Shop.RawLines

	// Weekday is the factor of demand by time.Weekday, mean 1.
	Weekday [7]float64

	// BG/NBD over users, time in days: rate ~ Gamma(R, Alpha),
	// dropout ~ Beta(A, B).
	R, Alpha, A, B float64

	// PositionBias is the probability that position i+1 of a result list is
	// looked at. A click follows with the item's Appeal.
	PositionBias []float64

	// Effects on the mean score of a survey (CSAT scale of 1 to 5).
	LateEffect, DamageEffect, ShortEffect, SlowReplyEffect float64

	days         int
	wanted, lost []int32 // item·days + day, units
}

// CategoryTruth is the plan of one category.
type CategoryTruth struct {
	Elasticity float64   // d ln demand / d ln price, negative
	Season     []float64 // factor of demand by week since Start (may run into a 2nd year), mean about 1
	RefundRate float64   // probability that a delivered line comes back
	Share      float64   // mean taste of all users
}

// SegmentTruth is the plan of one user segment.
type SegmentTruth struct {
	Name      string
	Share     float64 // of users
	Preferred []int   // categories with raised taste
	Gain      float64 // probability of an extra trip if treated
	Loss      float64 // probability to skip an own trip if treated
}

// Group is a set of similar items: the same kind of product within a category,
// with close style vectors and shared words.
type Group struct {
	Category int
	Name     string
	Items    []int
}

// Complement says that a line of group From brings a line of group To into the
// same basket with about probability Prob, at base prices and if To has stock.
type Complement struct {
	From, To int
	Prob     float64
}

// UserTruth is the whole truth about one user.
type UserTruth struct {
	Segment     int
	Age         int
	Sex         string
	Region      string
	Channel     string
	Taste       []float64 // share of each category, sum 1
	Preferred   int       // category with the highest taste
	Style       [StyleDim]float64
	Rate        float64   // buying trips a day while alive, season aside
	Dropout     float64   // probability to leave after a repeat trip
	First       time.Time // first trip; zero = never bought
	Churn       time.Time // left for good after the trip at this time; zero = alive at the end
	Trips       int       // trips made, first included, lost ones too
	BasketMean  float64   // looks are 1+Poisson(BasketMean/0.4); baskets come out about 0.4 lines above BasketMean
	RatingBias  float64
	Exposure    float64 // ∫ season·weekday dt over the user's life after First, in days: E[repeat trips of own accord] = Rate·Exposure
	ExtraTrips  int     // trips made because of campaigns
	SkippedTrip int     // trips not made because of campaigns
}

// State is a user's place in the life cycle.
type State string

// States of the life cycle.
const (
	Unregistered State = "unregistered"
	Prospect     State = "prospect" // registered, never bought
	New          State = "new"      // first trip at most 30 days ago
	Active       State = "active"   // alive
	Churned      State = "churned"
)

// ItemTruth is the whole truth about one item.
type ItemTruth struct {
	Category     int
	Group        int
	Style        [StyleDim]float64
	Popularity   float64 // relative weight within its category
	Quality      float64 // mean stars less 3.8
	Appeal       float64 // click probability once looked at
	LeadMean     float64 // supplier's lead time, days
	LeadSD       float64
	Understocked bool    // planned with far too little stock
	DemandMean   float64 // units wanted a day while listed, sold or not
	SoldMean     float64 // units sold a day while listed
	InStock      float64 // share of listed time with stock
}

// CampaignTruth holds the effect of one campaign on each assigned user, parallel
// to Campaign.Assigned. Outcomes are "makes at least one trip in the window".
type CampaignTruth struct {
	Users     []int     // index of the user
	Uplift    []float64 // P(buys | treated) − P(buys | control) given the life until Start
	Base      []float64 // P(buys | control)
	IfControl []bool    // potential outcome without treatment
	IfTreated []bool    // potential outcome with treatment
	Mean      float64   // mean of Uplift
}

// CarrierTruth is the quality of a carrier.
type CarrierTruth struct {
	Name    string
	OnTime  float64 // probability that a parcel keeps its promise
	Damaged float64
	Lost    float64
}

// StateAt returns the life-cycle state of user u at time t.
func (s *Shop) StateAt(u int, t time.Time) State {
	x := &s.Truth.Users[u]
	switch {
	case t.Before(s.Users[u].Registered):
		return Unregistered
	case x.First.IsZero() || t.Before(x.First):
		return Prospect
	case !x.Churn.IsZero() && t.After(x.Churn):
		return Churned
	case t.Sub(x.First) <= 30*24*time.Hour:
		return New
	}
	return Active
}

// Wanted returns the units of an item wanted on a day (0 = Start), sold or not.
func (t *Truth) Wanted(item, day int) int { return int(t.wanted[item*t.days+day]) }

// Lost returns the wanted units that could not be sold for lack of stock.
func (t *Truth) Lost(item, day int) int { return int(t.lost[item*t.days+day]) }
