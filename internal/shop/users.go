package shop

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/rng"
)

const (
	userStyle = 1.3 // length of the style vector of users
	flatTaste = .35 // share of a segment's taste that is spread over all categories
	tasteConc = 9   // Dirichlet concentration: smaller means more personal
	buysEver  = .93 // share of registered users with a first trip
	preShare  = .35 // share of users registered before Start
)

// makeSegments lays out the six segments, which categories each prefers, and the laws of
// buying and leaving.
func (s *Shop) makeSegments() {
	C := s.Config.Categories
	for _, w := range segmentWords {
		seg := SegmentTruth{Name: w.name, Share: w.share, Gain: w.gain, Loss: w.loss}
		for _, code := range w.preferredCodes {
			for c := 0; c < C; c++ {
				if categoryWords[c].code == code {
					seg.Preferred = append(seg.Preferred, c)
				}
			}
		}
		s.Truth.Segments = append(s.Truth.Segments, seg)
	}
	s.Truth.R, s.Truth.Alpha, s.Truth.A, s.Truth.B = 1.3, 28, .9, 6
}

// makeUsers draws who the users are; what they do follows in trips.go.
func (s *Shop) makeUsers() {
	cfg, C := &s.Config, s.Config.Categories
	s.Users = make([]User, cfg.Users)
	s.Truth.Users = make([]UserTruth, cfg.Users)
	s.userIndex = make(map[string]int, cfg.Users)
	tastes := make([]float64, cfg.Users*C)
	var r rng.Stream
	for u := range s.Users {
		r.Reset(cfg.Seed, stageUser, uint64(u))
		x, t := &s.Users[u], &s.Truth.Users[u]
		t.Segment = pick(&r, len(segmentWords), func(i int) float64 { return segmentWords[i].share })
		w := &segmentWords[t.Segment]
		t.Age = int(math.Min(90, math.Max(16, math.Round(w.age+w.ageSD*r.Normal()))))
		t.Sex = "m"
		if r.Bool(w.female) {
			t.Sex = "f"
		}
		reg := &regionWords[pick(&r, len(regionWords), func(i int) float64 { return regionWords[i].share })]
		t.Region = reg.name
		t.Channel = channelWords[pick(&r, len(channelWords), func(i int) float64 { return channelWords[i].share })].name

		t.Taste = tastes[u*C : (u+1)*C : (u+1)*C]
		s.drawTaste(t, &r)
		t.Style = unitVector(&r, userStyle)
		t.Rate = math.Max(r.Gamma(s.Truth.R), 1e-9) / s.Truth.Alpha
		t.Dropout = r.Beta(s.Truth.A, s.Truth.B)
		t.BasketMean = w.basket
		t.RatingBias = .3 * r.Normal()

		days := -365 * r.Float64()
		if !r.Bool(preShare) {
			days = float64(cfg.Days) * r.Float64()
		}
		x.ID = fmt.Sprintf("U%06d", u+1)
		x.Registered = s.at(int64(days * daySeconds))
		x.Name = name(&r, reg.chinese, t.Sex == "f")
		x.Age, x.Sex, x.Region, x.Channel = t.Age, t.Sex, t.Region, t.Channel
		s.forget(x, &r)
		s.userIndex[x.ID] = u
	}
}

// drawTaste draws the shares of the categories around those of the segment.
func (s *Shop) drawTaste(t *UserTruth, r *rng.Stream) {
	C := s.Config.Categories
	seg, sum := &s.Truth.Segments[t.Segment], 0.0
	flat := flatTaste
	if len(seg.Preferred) == 0 {
		flat = 1
	}
	for c := range t.Taste {
		t.Taste[c] = flat / float64(C)
	}
	for _, c := range seg.Preferred {
		t.Taste[c] += (1 - flat) / float64(len(seg.Preferred))
	}
	for c := range t.Taste {
		t.Taste[c] = r.Gamma(tasteConc*t.Taste[c]) + 1e-12
		sum += t.Taste[c]
	}
	for c := range t.Taste {
		t.Taste[c] /= sum
		s.Truth.Categories[c].Share += t.Taste[c] / float64(s.Config.Users)
		if t.Taste[c] > t.Taste[t.Preferred] {
			t.Preferred = c
		}
	}
}

// forget leaves out a share of what is known of a user.
func (s *Shop) forget(x *User, r *rng.Stream) {
	if r.Bool(s.Config.Missing) {
		x.Age = 0
	}
	if r.Bool(s.Config.Missing) {
		x.Sex = ""
	}
	if r.Bool(s.Config.Missing) {
		x.Region = ""
	}
	if r.Bool(s.Config.Missing) {
		x.Channel = ""
	}
	if r.Bool(s.Config.Missing) {
		x.Name = ""
	}
}

// name draws a name.
func name(r *rng.Stream, chinese, female bool) string {
	of := func(xs []string) string { return xs[r.Intn(len(xs))] }
	switch {
	case chinese && female:
		return of(familyZH) + of(givenZHf)
	case chinese:
		return of(familyZH) + of(givenZHm)
	case female:
		return of(givenFemale) + " " + of(familyEN)
	}
	return of(givenMale) + " " + of(familyEN)
}

func region(name string) *regionWord {
	for i := range regionWords {
		if regionWords[i].name == name {
			return &regionWords[i]
		}
	}
	return &regionWords[0]
}
