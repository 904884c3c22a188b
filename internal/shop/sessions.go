package shop

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/rng"
)

// acceptBase is the probability to take a considered item at its base price. At
// the lowest price and the strongest elasticity it is still below 1, so that
// acceptance follows price^elasticity exactly.
const acceptBase = .35

// want is a line a user would like to buy, before the stock is asked.
type want struct {
	sec      int64
	user     int32
	item     int32
	quantity int32
	got      int32 // after makeStock
}

// wantOrder is a basket of wants[from:to].
type wantOrder struct {
	trip
	user     int32
	seq      int32 // number of the trip among the user's
	from, to int32
	device   int8
}

// event is a compact Event; makeEvents fills in the strings.
type event struct {
	sec      int64
	session  int64
	user     int32
	item     int32 // −1 = none
	text     int32 // index in words.text, −1
	dwell    int32 // seconds
	campaign int16 // −1
	position int8
	stars    int8
	kind     int8
}

var kinds = [...]EventKind{View, Search, Cart, Favourite, Rating, Comment, CampaignSend, CampaignClick}

const (
	kView = iota
	kSearch
	kCart
	kFavourite
	kRating
	kComment
	kSend
	kClick
)

// log collects what users do.
type log struct {
	wants       []want
	orders      []wantOrder
	events      []event
	impressions []impression
	texts       []string
	textIndex   map[string]int32
}

type impression struct {
	sec      int64
	session  int64
	user     int32
	item     int32
	position int8
	clicked  bool
}

func (l *log) text(s string) int32 {
	if i, ok := l.textIndex[s]; ok {
		return i
	}
	i := int32(len(l.texts))
	l.texts = append(l.texts, s)
	l.textIndex[s] = i
	return i
}

const listLength = 8

// visitor makes the sessions of one user.
type visitor struct {
	s       *Shop
	cat     *catalogue
	l       *log
	r       *rng.Stream
	u       int32
	x       *UserTruth
	chinese bool
	session int64
	cum     []float64 // taste·season, cumulative
	week    int
	basket  []int32
}

// consider draws an item as the user would look for it at that moment; −1 if
// nothing suits. c < 0 draws the category too.
func (v *visitor) consider(sec int64, c int) int {
	if w := int(sec / (7 * daySeconds)); w != v.week {
		v.week = w
		sum := 0.0
		for k, x := range v.x.Taste {
			sum += x * v.s.Truth.Categories[k].Season[w]
			v.cum[k] = sum
		}
	}
	if c < 0 {
		x := v.r.Float64() * v.cum[len(v.cum)-1]
		for c = 0; c < len(v.cum)-1 && v.cum[c] <= x; c++ {
		}
	}
	bound := userStyle * itemStyleMax
	for try := 0; try < 1000; try++ { // the category stays, so that shares of categories are exact
		i := v.cat.propose(c, v.r)
		if l := v.cat.launch[i]; l > 0 && l+2*3600 > sec { // not launched when the session began
			continue
		}
		if v.r.Float64() < math.Exp(dot(&v.x.Style, &v.s.Truth.Items[i].Style)-bound) {
			return i
		}
	}
	return -1
}

// priceFactor is price^elasticity relative to the base price.
func (v *visitor) priceFactor(i int, sec int64) float64 {
	p := v.cat.price[i*v.cat.days+int(sec/daySeconds)]
	base := v.s.Items[i].Price
	if p == base {
		return 1
	}
	return math.Pow(float64(p)/float64(base), v.s.Truth.Categories[v.s.Truth.Items[i].Category].Elasticity)
}

func (v *visitor) add(e event) {
	e.user, e.session = v.u, v.session
	v.l.events = append(v.l.events, e)
}

func (v *visitor) view(sec int64, i int, position int) int64 {
	dwell := 6 + int32(22*v.r.Exp())
	v.add(event{sec: sec, item: int32(i), text: -1, campaign: -1, kind: kView, position: int8(position), dwell: dwell})
	return sec + int64(dwell) + 1
}

// search shows a result list of one category in random order, so that position
// and relevance are independent.
func (v *visitor) search(sec, now int64) int64 {
	first := v.consider(sec, -1)
	if first < 0 {
		return now
	}
	t := &v.s.Truth.Items[first]
	k := 0
	for k < nouns-1 && v.cat.groupOf[t.Category][k] != t.Group {
		k++
	}
	query := categoryWords[t.Category].nounsEN[k]
	if v.chinese {
		query = categoryWords[t.Category].nounsZH[k]
	}
	v.add(event{sec: now, item: -1, text: v.l.text(query), campaign: -1, kind: kSearch})
	now += 2
	list := append(v.basket[:0], int32(first))
	for try := 0; len(list) < listLength && try < 3*listLength; try++ {
		if i := v.consider(sec, t.Category); i >= 0 && !slices.Contains(list, int32(i)) {
			list = append(list, int32(i))
		}
	}
	v.r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	shown := now
	for p, i := range list {
		click := v.r.Bool(v.s.Truth.PositionBias[p] * v.s.Truth.Items[i].Appeal)
		v.l.impressions = append(v.l.impressions, impression{shown, v.session, v.u, i, int8(p + 1), click})
		if click {
			now = v.view(now+1, int(i), p+1)
		}
	}
	v.basket = list[:0]
	return now + 1
}

// browse is a session without a purchase.
func (v *visitor) browse(sec int64) {
	v.session++
	now := sec
	if v.r.Bool(.35) {
		now = v.search(sec, now)
	}
	for n := v.r.Poisson(2.2); n > 0; n-- {
		i := v.consider(sec, -1)
		if i < 0 {
			break
		}
		now = v.view(now, i, 0)
		if v.r.Bool(.06) {
			v.add(event{sec: now, item: int32(i), text: -1, campaign: -1, kind: kCart})
		}
		if v.r.Bool(.03) {
			v.add(event{sec: now, item: int32(i), text: -1, campaign: -1, kind: kFavourite})
		}
	}
}

// buy is a trip: the session ends at t.sec with the order.
func (v *visitor) buy(t trip, seq int) {
	v.session++
	sec := t.sec
	mark, markI := len(v.l.events), len(v.l.impressions)
	now := sec
	if t.campaign >= 0 {
		v.add(event{sec: now, item: -1, text: -1, campaign: int16(t.campaign), kind: kClick})
		now++
	}
	if v.r.Bool(.4) {
		now = v.search(sec, now)
	}
	device := int8(pick(v.r, len(deviceWords), func(i int) float64 { return deviceWords[i].share }))
	from := int32(len(v.l.wants))
	take := func(i int) {
		q := int32(1 + v.r.Poisson(categoryWords[v.s.Truth.Items[i].Category].units))
		if k := slices.Index(v.basket, int32(i)); k >= 0 {
			v.l.wants[int(from)+k].quantity += q
			return
		}
		now = v.view(now, i, 0)
		v.add(event{sec: now, item: int32(i), text: -1, campaign: -1, kind: kCart})
		now += 2
		v.basket = append(v.basket, int32(i))
		v.l.wants = append(v.l.wants, want{sec: sec, user: v.u, item: int32(i), quantity: q})
	}
	v.basket = v.basket[:0]
	// A number of looks that does not depend on prices: items do not compete for
	// a place in the basket, and each follows price^elasticity. Only where nothing
	// was taken the search goes on, for whoever comes buys something.
	for n, try := 1+v.r.Poisson(v.x.BasketMean/(acceptBase*1.15)), 0; (n > 0 || len(v.basket) == 0) && try < 200; try++ {
		n--
		i := v.consider(sec, -1)
		if i < 0 {
			continue
		}
		if !v.r.Bool(acceptBase * v.priceFactor(i, sec)) {
			now = v.view(now, i, 0)
			continue
		}
		take(i)
		g := v.s.Truth.Items[i].Group
		to := v.cat.partner[g]
		if to < 0 {
			continue
		}
		members := v.s.Truth.Groups[to].Items
		j := members[v.r.Intn(len(members))]
		if (v.cat.launch[j] == 0 || v.cat.launch[j]+2*3600 <= sec) && v.r.Bool(v.cat.prob[g]*v.priceFactor(j, sec)) {
			take(j)
		}
	}
	v.leadUp(sec, now, mark, markI)
	v.l.orders = append(v.l.orders, wantOrder{trip: t, user: v.u, seq: int32(seq), from: from, to: int32(len(v.l.wants)), device: device})
}

// leadUp shifts a session, which began at second sec and ran to now, so that it ends with
// the order at sec. Its records are those from mark and markI on.
func (v *visitor) leadUp(sec, now int64, mark, markI int) {
	shift := min(now-sec, 2*3600-1)
	for i := mark; i < len(v.l.events); i++ {
		v.l.events[i].sec = min(v.l.events[i].sec-shift, sec)
	}
	for i := markI; i < len(v.l.impressions); i++ {
		v.l.impressions[i].sec = min(v.l.impressions[i].sec-shift, sec)
	}
}

// visits makes all sessions of user u in order of time.
func (s *Shop) visits(u int, cat *catalogue, l *log, trips []trip, browse []int64, cum []float64) {
	x := &s.Truth.Users[u]
	v := visitor{
		s: s, cat: cat, l: l, r: rng.New(s.Config.Seed, stageContent, uint64(u)), u: int32(u), x: x,
		chinese: region(x.Region).chinese, session: int64(u) << 20, cum: cum, week: -1,
	}
	b := 0
	for k, t := range trips {
		for ; b < len(browse) && browse[b] < t.sec; b++ {
			v.browse(browse[b])
		}
		v.buy(t, k)
	}
	for ; b < len(browse); b++ {
		v.browse(browse[b])
	}
}

// browsing draws the times of sessions without purchase: from registration to
// departure, faster for frequent buyers.
func (s *Shop) browsing(u int, dst []int64) []int64 {
	x := &s.Truth.Users[u]
	from := max(int64(s.Users[u].Registered.Sub(s.Start).Seconds()), 0)
	to := int64(s.Config.Days) * daySeconds
	switch {
	case !x.Churn.IsZero():
		to = int64(x.Churn.Sub(s.Start).Seconds())
	case x.First.IsZero():
		to = min(to, from+20*daySeconds)
	}
	if to <= from {
		return dst
	}
	r := rng.New(s.Config.Seed, stageBrowse, uint64(u))
	rate := s.Config.Browse * (.03 + 1.4*min(x.Rate, .5))
	for n := r.Poisson(rate * float64(to-from) / daySeconds); n > 0; n-- {
		dst = append(dst, from+int64(float64(to-from)*r.Float64()))
	}
	slices.Sort(dst)
	return dst
}

type timeKey struct {
	sec         int64
	user, index int32
}

// byTime sorts n records by time and user, in the order of writing where both
// are equal.
func byTime(n int, of func(int) (int64, int32)) []timeKey {
	keys := make([]timeKey, n)
	for i := range keys {
		sec, user := of(i)
		keys[i] = timeKey{sec, user, int32(i)}
	}
	slices.SortFunc(keys, func(a, b timeKey) int {
		if a.sec != b.sec {
			return cmp.Compare(a.sec, b.sec)
		}
		if a.user != b.user {
			return cmp.Compare(a.user, b.user)
		}
		return cmp.Compare(a.index, b.index)
	})
	return keys
}

// makeEvents sorts the compact events and writes them out.
func (s *Shop) makeEvents(l *log) {
	end := int64(s.Config.Days) * daySeconds
	order := byTime(len(l.events), func(i int) (int64, int32) { return l.events[i].sec, l.events[i].user })
	s.Events = make([]Event, 0, len(l.events))
	for _, k := range order {
		e := &l.events[k.index]
		if e.sec >= end || e.sec < 0 {
			continue
		}
		o := Event{
			ID: int64(len(s.Events) + 1), Time: s.at(e.sec), User: s.Users[e.user].ID, Session: e.session, Kind: kinds[e.kind],
			Position: int(e.position), Dwell: time.Duration(e.dwell) * time.Second, Stars: int(e.stars),
		}
		if e.item >= 0 {
			o.SKU = s.Items[e.item].SKU
		}
		if e.campaign >= 0 {
			o.Campaign = s.Campaigns[e.campaign].ID
		}
		switch {
		case e.kind == kSearch:
			o.Query = l.texts[e.text]
		case e.kind == kComment:
			o.Text = l.texts[e.text]
		}
		s.Events = append(s.Events, o)
	}
	order = byTime(len(l.impressions), func(i int) (int64, int32) { return l.impressions[i].sec, l.impressions[i].user })
	s.Impressions = make([]Impression, 0, len(l.impressions))
	for _, k := range order {
		e := &l.impressions[k.index]
		if e.sec < end && e.sec >= 0 {
			s.Impressions = append(s.Impressions, Impression{s.at(e.sec), s.Users[e.user].ID, e.session, s.Items[e.item].SKU, int(e.position), e.clicked})
		}
	}
}
