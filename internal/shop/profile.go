package shop

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/rng"
)

// Stages of the planted log of identifiers.
const (
	stageProfilePerson = iota + 1000
	stageProfileMeet
	stageProfileRobot
	stageProfileWeight
)

// ProfileTouch is one page of a session as a raw log has it: whatever identifiers were seen with it. The names say nothing
// of the person.
type ProfileTouch struct {
	Time   time.Time
	Login  string // "" where nobody was logged in
	Device string
	Cookie string // renewed on each device after some months
	Phone  string // given at the checkout
	Dwell  time.Duration
	Bought bool
}

// ProfileTruth is what was planted in Shop.ProfileLog.
type ProfileTruth struct {
	Person   []int           // by touch, index in Users; below 0 a robot
	Guest    []bool          // by touch: a person on a device of somebody else, for once
	Shared   map[string]bool // devices of two people
	Recycled map[string]bool // devices, with their cookies, and phones that another person had before, months apart
	Robots   map[string]bool // devices
	Many     map[int]bool    // users with three devices
}

// profilePerson is what one user touches the shop with, and when.
type profilePerson struct {
	login, phone string
	devices      []profileDevice
	from, to     int64 // seconds since Start
	sessions     int
}

type profileDevice struct {
	name     string
	life     int64 // of a cookie, seconds
	from, to int64
}

// profileLog is what is being planted.
type profileLog struct {
	s       *Shop
	touches []ProfileTouch
	truth   ProfileTruth
	names   int
}

// ProfileLog returns the touches of all users by the identifiers that a log sees, by time, and the truth of each. dirt scales how often two people share a
// device, guests log in on one, phones and devices are recycled, and how many robots there are; 1 is usual. A third of the people have three
// devices whatever the dirt. It is made anew by every call and draws from stages of its own.
func (s *Shop) ProfileLog(dirt float64) ([]ProfileTouch, ProfileTruth) {
	l := &profileLog{s: s, truth: ProfileTruth{Shared: map[string]bool{}, Recycled: map[string]bool{}, Robots: map[string]bool{}, Many: map[int]bool{}}}
	people := make([]profilePerson, len(s.Users))
	var r rng.Stream
	for u := range people {
		r.Reset(s.Config.Seed, stageProfilePerson, uint64(u))
		people[u] = l.person(u, &r)
	}
	r.Reset(s.Config.Seed, stageProfileMeet, 0)
	l.meet(people, dirt, &r)
	for u := range people {
		r.Reset(s.Config.Seed, stageProfilePerson, uint64(len(people)+u))
		l.live(u, &people[u], &r)
	}
	r.Reset(s.Config.Seed, stageProfileMeet, 1)
	own := len(l.touches)
	l.guests(people, dirt, &r)
	lent := len(l.touches)
	for b := range max(6, int(math.Round(.03*dirt*float64(len(people))))) {
		r.Reset(s.Config.Seed, stageProfileRobot, uint64(b))
		l.robot(b, &r)
	}
	order := make([]int, len(l.touches))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return l.touches[i].Time.Compare(l.touches[j].Time) })
	touches, person := make([]ProfileTouch, len(order)), make([]int, len(order))
	guest := make([]bool, len(order))
	for k, i := range order {
		touches[k], person[k], guest[k] = l.touches[i], l.truth.Person[i], i >= own && i < lent
		if l.truth.Recycled[touches[k].Device] {
			l.truth.Recycled[touches[k].Cookie] = true // went with it
		}
	}
	l.truth.Person, l.truth.Guest = person, guest
	return touches, l.truth
}

// name returns an identifier that tells nothing.
func (l *profileLog) name(kind string) string {
	l.names++
	return fmt.Sprintf("%s%08x", kind, uint32(rng.Hash(l.s.Config.Seed, uint64(l.names))))
}

// person draws what one user has. Users who came and went early leave identifiers that others get.
func (l *profileLog) person(u int, r *rng.Stream) profilePerson {
	end := int64(l.s.Config.Days) * daySeconds
	p := profilePerson{login: l.name("u"), phone: l.name("p"), to: end, sessions: 12 + r.Poisson(25)}
	p.from = int64(r.Float64() * .5 * float64(end))
	if r.Bool(.35) { // left for good
		p.to = p.from + int64((.15+.3*r.Float64())*float64(end))
	}
	if r.Bool(.05) {
		p.sessions *= 8 // a passion
	}
	n := 1 + r.Intn(2)
	if r.Bool(1. / 3) {
		n = 3
		l.truth.Many[u] = true
	}
	for range n {
		p.devices = append(p.devices, profileDevice{l.name("d"), int64(90+r.Intn(200)) * daySeconds, p.from, p.to})
	}
	return p
}

// meet plants devices of two people, and phones and devices that go to another after months.
func (l *profileLog) meet(people []profilePerson, dirt float64, r *rng.Stream) {
	for range int(math.Round(.05 * dirt * float64(len(people)))) {
		a, b := r.Intn(len(people)), r.Intn(len(people))
		if a == b || people[a].from >= people[b].to || people[b].from >= people[a].to {
			continue
		}
		d := profileDevice{l.name("d"), int64(90+r.Intn(200)) * daySeconds, max(people[a].from, people[b].from), min(people[a].to, people[b].to)}
		if d.to-d.from > 60*daySeconds { // long enough that both are seen on it
			people[a].devices, people[b].devices = append(people[a].devices, d), append(people[b].devices, d)
			l.truth.Shared[d.name] = true
		}
	}
	taken := map[int]bool{}
	for range int(math.Round(.3 * dirt * float64(len(people)))) {
		a, b := r.Intn(len(people)), r.Intn(len(people))
		gap := int64(75+r.Intn(120)) * daySeconds
		if a == b || taken[a] || taken[b] || people[a].to+gap+60*daySeconds > people[b].to {
			continue
		}
		taken[a], taken[b] = true, true
		d := &people[a].devices[0]
		if r.Bool(.5) && !l.truth.Shared[d.name] && d.to > d.from {
			people[b].devices = append(people[b].devices, profileDevice{d.name, d.life, max(people[b].from, people[a].to+gap), people[b].to})
			l.truth.Recycled[d.name] = true
			continue
		}
		if people[b].from >= people[a].to+gap { // a phone is of b from the start
			people[b].phone = people[a].phone
			l.truth.Recycled[people[a].phone] = true
		}
	}
}

// profileClock draws a second of the day at which people are awake, in the shop's zone.
func profileClock(r *rng.Stream) int64 {
	h := 15 + 4*r.Normal()
	for h < 7 || h > 23 {
		h = 15 + 4*r.Normal()
	}
	return int64(h*3600) - 8*3600
}

// live plants the sessions of one person.
func (l *profileLog) live(u int, p *profilePerson, r *rng.Stream) {
	days := (p.to - p.from) / daySeconds
	for range p.sessions {
		d := p.devices[r.Intn(len(p.devices))]
		if d.to-d.from < daySeconds || days < 1 {
			continue
		}
		day := d.from/daySeconds + int64(r.Intn(int((d.to-d.from)/daySeconds)))
		at := day*daySeconds + daySeconds + profileClock(r)
		login, phone := "", ""
		bought := r.Bool(.12)
		if r.Bool(.5) || bought && r.Bool(.6) {
			login = p.login
		}
		if bought {
			phone = p.phone
		}
		l.session(u, at, d, login, phone, bought, r)
	}
}

// session plants 1 to 30 pages of a person on a device.
func (l *profileLog) session(u int, at int64, d profileDevice, login, phone string, bought bool, r *rng.Stream) {
	pages := 1 + r.Poisson(5)
	cookie := fmt.Sprintf("c%08x", uint32(rng.Hash(rng.HashString(d.name), uint64(at/d.life))))
	for k := range pages {
		dwell := int64(3 + 25*r.Exp())
		t := ProfileTouch{Time: l.s.at(at), Login: login, Device: d.name, Cookie: cookie, Dwell: time.Duration(dwell) * time.Second}
		if k == pages-1 && bought {
			t.Phone, t.Bought = phone, true
		}
		l.touches, l.truth.Person = append(l.touches, t), append(l.truth.Person, u)
		at += dwell
	}
}

// guests plants people who log in once on a device of somebody else.
func (l *profileLog) guests(people []profilePerson, dirt float64, r *rng.Stream) {
	for range int(math.Round(.1 * dirt * float64(len(people)))) {
		a, b := r.Intn(len(people)), r.Intn(len(people))
		p, d := &people[a], people[b].devices[0]
		from, to := max(p.from, d.from), min(p.to, d.to)
		if a == b || to-from < daySeconds {
			continue
		}
		at := (from/daySeconds+int64(r.Intn(int((to-from)/daySeconds))))*daySeconds + daySeconds + profileClock(r)
		l.session(a, at, d, p.login, "", false, r)
	}
}

// robot plants one of four sorts: a scraper that takes all in an hour or two, a crawler that never sleeps, one that keeps office hours and
// reads slowly, and a price watcher that comes by the clock.
func (l *profileLog) robot(b int, r *rng.Stream) {
	d := profileDevice{name: l.name("d"), life: 30 * daySeconds}
	l.truth.Robots[d.name] = true
	start := int64(r.Intn(max(1, l.s.Config.Days-30))) * daySeconds
	put := func(at int64, dwell float64) {
		cookie := fmt.Sprintf("c%08x", uint32(rng.Hash(rng.HashString(d.name), uint64(at/d.life))))
		l.touches = append(l.touches, ProfileTouch{Time: l.s.at(at), Device: d.name, Cookie: cookie, Dwell: time.Duration(dwell * float64(time.Second))})
		l.truth.Person = append(l.truth.Person, -1-b)
	}
	switch b % 4 {
	case 0:
		for k := range 300 + r.Intn(900) {
			put(start+int64(k*(4+r.Intn(3))), .2+r.Float64())
		}
	case 1:
		every := 200 + r.Intn(300)
		for k := range 4 * 86400 / every {
			put(start+int64(k*every+r.Intn(60)), .5+r.Float64())
		}
	case 2:
		for day := range 20 {
			for hour := 1; hour < 10; hour++ {
				for range 6 + r.Poisson(8) {
					put(start+int64(day)*daySeconds+int64(hour*3600+r.Intn(3600)), 4+20*r.Exp())
				}
			}
		}
	case 3:
		for hour := 0; hour < 24*25; hour += 1 + r.Intn(2) {
			for k := range 5 + r.Intn(3) {
				put(start+int64(hour*3600+k*9), 2+6*r.Float64())
			}
		}
	}
}

// ProfileWeight is the weight of one item as a source gave it, in grams by its own word.
type ProfileWeight struct {
	SKU, Group string
	Grams      float64
	Swapped    bool // the truth: it was in kilograms, or in thousands of grams
}

// ProfileWeights returns the weights of the items by three sources each, a share .04·dirt of them in the wrong unit: off by 1000 either way.
func (s *Shop) ProfileWeights(dirt float64) []ProfileWeight {
	var out []ProfileWeight
	var r rng.Stream
	for i := range s.Items {
		t := &s.Truth.Items[i]
		r.Reset(s.Config.Seed, stageProfileWeight, uint64(len(s.Items)+t.Group))
		grams := 50 * math.Exp(3.5*r.Float64())
		r.Reset(s.Config.Seed, stageProfileWeight, uint64(i))
		grams *= math.Exp(.5 * r.Normal())
		for range 3 {
			w := ProfileWeight{SKU: s.Items[i].SKU, Group: s.Truth.Groups[t.Group].Name, Grams: grams * math.Exp(.02*r.Normal())}
			if r.Bool(.04 * dirt) {
				w.Swapped = true
				w.Grams *= [2]float64{1000, .001}[r.Intn(2)]
			}
			out = append(out, w)
		}
	}
	slices.SortStableFunc(out, func(a, b ProfileWeight) int { return cmp.Compare(a.SKU, b.SKU) })
	return out
}
