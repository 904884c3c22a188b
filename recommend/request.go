package recommend

import (
	"fmt"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/ids"
)

// Seen says what becomes of items the person has in the history already.
type Seen int

const (
	DropSeen   Seen = iota // never recommend them (default)
	KeepSeen               // treat them like any other item
	Repurchase             // recommend them again after Request.Interval
)

// String returns the name of the policy.
func (s Seen) String() string {
	switch s {
	case DropSeen:
		return "DropSeen"
	case KeepSeen:
		return "KeepSeen"
	case Repurchase:
		return "Repurchase"
	}
	return fmt.Sprintf("Seen(%d)", int(s))
}

// Event is one thing a person did with an item.
//
// A weight below 0 takes back, as a return does: it counts against the other events of
// the pair of user and item, and a pair that nets to nothing is unseen and unweighted,
// in every model and every filter, as a Builder has it. (Under Max and Last that is a
// pair whose largest or latest weight is below 0; with BuilderOptions.Ratings weights
// are ratings, and none takes back.)
//
// A dislike lets the item never be recommended to the user, whatever Request.Seen says,
// and what the user did with it before counts no more, until a later event takes the
// item up again. It is no evidence against other items: no model of implicit feedback
// has a use for that. Dislikes live in an Engine and its snapshots; a Builder leaves
// them out, so that a host that starts an Engine anew observes those of its log again.
type Event[I ID] struct {
	Item    I         // an id; unknown ones are counted and left out
	Weight  float32   // strength, on the scale of the dataset; 0 means 1, below 0 it takes back
	At      time.Time // the zero time means now
	Seq     int64     // orders events of one instant, as Observation.Seq
	Dislike bool      // the person does not want the item; Weight does not count
}

// Request asks an Engine for recommendations. Only K is needed:
//
//   - User in the dataset: its stored history, with the events observed since
//     (Engine.Observe) and History added.
//   - User not in the dataset: the events observed, and History.
//   - Anonymous: History alone.
//   - Nothing of these: a stranger, who gets what the last models of the chain
//     and popularity have to say.
//
// All filters must let an item through: Allow and AllowItems (when given) both
// contain it, Where (when given) holds for it, Deny and DenyItems do not contain
// it, it is in stock (Engine.SetStock), and Seen has no objection. Filters that
// leave nothing give an empty answer, and Info.Why says so; that is no error.
type Request[U, I ID] struct {
	User      U    // who asks
	Anonymous bool // ignore User, whatever it holds

	// History is what the dataset does not know yet: the current session, the
	// basket, events since the dataset was built, oldest first where they have no
	// times. Models of order (OrderReader) read them as a sequence with what is
	// stored and observed; for the others items that come twice are merged by the
	// policy of the dataset's builder. Items outside the catalogue are ignored and
	// counted.
	History []Event[I]
	// SessionStart, when set, marks the current session: the events from then on,
	// observed or in History, those without a time included. Models of sessions
	// (Markov, SessionKNN) read these alone as their sequence, so that they say
	// nothing while there are none; every other model reads the whole history.
	SessionStart time.Time

	K int // how many items are wanted, in [1, EngineOptions.MaxK]

	Seen     Seen          // what happens to items of the user's history; default DropSeen
	Interval time.Duration // Repurchase: an item may return this long after its last event
	AsOf     time.Time     // Repurchase: the instant to count from
	// SeenWeight, when > 0, lets Seen look only at items whose weight in the history
	// is at least that: with views of weight 1, purchases of 5 and Duplicates Max,
	// SeenWeight 5 drops what was bought and keeps what was viewed.
	SeenWeight float32

	Allow *ItemSet // nil means all items
	Deny  *ItemSet // nil means none
	// AllowItems restricts like Allow: nil means all items, and an empty list
	// that is not nil means none. DenyItems adds to Deny. Ids outside the
	// catalogue are ignored and counted.
	AllowItems []I
	DenyItems  []I
	// Where restricts to the items for which the rule holds, by the catalogue of
	// the engine: unlike an item set it fits every dataset.
	Where *Rule

	Caps   []Cap    // see Cap for what K means then
	Pins   []Pin[I] // see Pin
	Boosts []Boost  // applied in order

	// Rerank goes before EngineOptions.Rerank: nil means as the engine says, and
	// &Rerank{} by score.
	Rerank *Rerank
	// Explore, when set, makes the answer explore and log propensities. With it, or
	// under a Rerank with Caps, a request allocates a little.
	Explore *Explore

	// Reasons, when > 0, asks for up to that many history items per result that
	// speak for it. It costs one allocation and some time.
	Reasons int

	// Cursor, when set, makes the answer a page: it says how far the list was read, is
	// empty for the first page, and is overwritten with what to ask the next one by.
	// Such a request allocates. See Cursor.
	Cursor *Cursor

	// Info, when set, is overwritten with what happened to the request. Requests
	// that run at the same time need one each.
	Info *Info
}

// Info says what an Engine made of a request.
type Info struct {
	Known    bool // the user is in the dataset
	History  int  // distinct catalogue items the answer was based on
	Live     int  // observed events it was based on
	Eligible int  // items that passed all filters
	Returned int  // min(K, Eligible); less only where caps left no more
	Pinned   int  // pins that are in the answer

	UnknownHistory int // ids outside the catalogue, ignored
	UnknownAllow   int // the same in AllowItems
	UnknownDeny    int // the same in DenyItems
	UnknownPins    int // the same among the pins

	// Why says, when no item is eligible, which filter took the last one, and when
	// caps left fewer than min(K, Eligible) that they did; "" otherwise.
	Why string

	fresh bool // the history holds events the models were not fitted on
}

// Recommendation is one item of an answer.
type Recommendation[I ID] struct {
	Item I   // its id
	Rank int // 1 is best
	// Score is the source's own score, boosts included; Engine.Meaning says what it
	// stands for. Scores of different sources are not comparable, so an answer
	// that changes source may jump in Score.
	Score   float32
	Source  string       // name of the model that put the item here
	Reasons []Because[I] // as asked for; empty where the source cannot explain

	// Probability is Source.Calibrate of the score without boosts, where
	// Calibrated; else 0.
	Probability float64
	Calibrated  bool

	// Propensity is the probability with which Request.Explore chose this item for
	// this place, given those before; 0 where nothing was explored. Its standard
	// error is 0 where it is exact.
	Propensity      float64
	PropensityError float64
}

// Because is a reason: "because you bought Item". Contributions are shares of
// the score, see Explainer and the source's type.
type Because[I ID] struct {
	Item         I       // of the history
	Contribution float32 // its share of the score
}

// SourcePinned names what a Pin put into an answer. It has no score.
const SourcePinned = "pinned"

// Cap lets at most Max items of each value of an attribute into an answer: two of
// a brand, three of a category. An item with several values counts for each of
// them; items without a value are not capped.
//
// Under caps an answer is what a walk from the best eligible item down keeps,
// when it takes every item that breaks no cap, until K are taken: pinned items
// first, then source by source. It is shorter than min(K, eligible) only when
// every item left would break a cap. With one cap on an attribute of one value
// each, no answer could be longer or better; with several caps another choice
// could be longer, at the price of leaving better items out.
type Cap struct {
	Attribute string // one that the catalogue knows
	Max       int    // >= 1
}

// Pin asks for an item at a fixed place of the answer. Pins are subject to all
// filters and caps, in the order of their positions: a pinned item that is not
// eligible is left out and its place is filled as usual. When the answer ends
// before the place, the pin moves up to its end; a place after K is none.
type Pin[I ID] struct {
	Item     I   // its id
	Position int // 1 is the first
}

// Boost changes the scores of the items that it means, in every source, before
// they are ranked: Multiply first, then Add. A negative score is divided by
// Multiply, so that a factor above 1 always raises and one below 1 always lowers.
// What a sparse source knows nothing about stays unknown.
type Boost struct {
	Set   *ItemSet // the items, or
	Where *Rule    // the items for which the rule holds; with both, those in both

	Multiply float32 // >= 0 and finite; 0 means 1
	Add      float32 // >= 0 and finite, on the scale of the source's scores
}

// validate checks everything about r that s can judge, and costs nothing where all
// is well: only what is wrong is described.
func (r *Request[U, I]) validate(s *state[U, I]) error {
	n := s.items
	if r.K < 1 || r.K > s.maxK || r.Seen < DropSeen || r.Seen > Repurchase || r.Reasons < 0 || r.Interval < 0 || r.Seen == Repurchase && r.AsOf.IsZero() || !(r.SeenWeight >= 0) {
		var c check.Options
		c.Require(r.K >= 1 && r.K <= s.maxK, "K", r.K, fmt.Sprintf("in [1, %d], see EngineOptions.MaxK", s.maxK))
		c.Require(r.Seen >= DropSeen && r.Seen <= Repurchase, "Seen", int(r.Seen), "DropSeen, KeepSeen or Repurchase")
		c.Require(r.Reasons >= 0, "Reasons", r.Reasons, "at least 0")
		c.Require(r.Interval >= 0, "Interval", r.Interval, "at least 0")
		c.Require(r.Seen != Repurchase || !r.AsOf.IsZero(), "AsOf", r.AsOf, "the instant to count Interval from")
		c.Require(r.SeenWeight >= 0, "SeenWeight", r.SeenWeight, "at least 0")
		return c.Err("recommend: Engine.Recommend")
	}
	for k := range r.History {
		if !check.Finite(float64(r.History[k].Weight)) {
			return fmt.Errorf("recommend: Engine.Recommend: History[%d].Weight is %v: %w", k, r.History[k].Weight, ErrNotFinite)
		}
	}
	if r.Rerank != nil {
		if err := r.Rerank.validate(n, "recommend: Engine.Recommend", "Rerank"); err != nil {
			return err
		}
		if err := s.data.checkRerank(r.Rerank, "recommend: Engine.Recommend"); err != nil {
			return err
		}
	}
	if r.Explore != nil {
		if err := r.Explore.validate(n); err != nil {
			return err
		}
		if p := r.Explore.Policy; s.data.alien(p, p.Arms()) {
			return s.data.checkItems(p, p.Arms(), "recommend: Engine.Recommend: Explore.Policy")
		}
	}
	return r.validatePolicy(s, "Engine.Recommend")
}

// validatePolicy checks filters, caps, pins and boosts for a method of Engine.
func (r *Request[U, I]) validatePolicy(s *state[U, I], method string) error {
	if !r.sound() {
		return r.complain(method)
	}
	for _, x := range [...]struct {
		set   *ItemSet
		field string
	}{{r.Allow, "Allow"}, {r.Deny, "Deny"}} {
		if !s.data.owns(x.set) {
			return s.data.foreign(x.set, "recommend: "+method+": "+x.field)
		}
	}
	for k, x := range r.Caps {
		if !s.view.knows(x.Attribute) {
			return fmt.Errorf("recommend: %s: Caps[%d]: attribute %q: %w", method, k, x.Attribute, ErrUnknownID)
		}
	}
	for k, b := range r.Boosts {
		if !s.data.owns(b.Set) {
			return s.data.foreign(b.Set, fmt.Sprintf("recommend: %s: Boosts[%d].Set", method, k))
		}
		if b.Where != nil {
			if err := s.view.check(b.Where, method); err != nil {
				return err
			}
		}
	}
	if r.Where != nil {
		return s.view.check(r.Where, method)
	}
	return nil
}

// sound checks the fields of caps, pins and boosts without a cost.
func (r *Request[U, I]) sound() bool {
	for _, x := range r.Caps {
		if x.Max < 1 {
			return false
		}
	}
	for k, p := range r.Pins {
		if p.Position < 1 {
			return false
		}
		for _, o := range r.Pins[:k] {
			if o.Position == p.Position || o.Item == p.Item {
				return false
			}
		}
	}
	for _, b := range r.Boosts {
		if !(b.Multiply >= 0) || !check.Finite(float64(b.Multiply)) || !(b.Add >= 0) || !check.Finite(float64(b.Add)) || b.Set == nil && b.Where == nil {
			return false
		}
	}
	return true
}

// complain names every field that is not sound.
func (r *Request[U, I]) complain(method string) error {
	var c check.Options
	for k, x := range r.Caps {
		c.Require(x.Max >= 1, fmt.Sprintf("Caps[%d].Max", k), x.Max, "at least 1")
	}
	for k, p := range r.Pins {
		c.Require(p.Position >= 1, fmt.Sprintf("Pins[%d].Position", k), p.Position, "at least 1")
		for j, o := range r.Pins[:k] {
			c.Require(o.Position != p.Position && o.Item != p.Item, fmt.Sprintf("Pins[%d]", k), p, fmt.Sprintf("an item and a position other than Pins[%d]'s", j))
		}
	}
	for k, b := range r.Boosts {
		check.NonNegative(&c, fmt.Sprintf("Boosts[%d].Multiply", k), b.Multiply)
		check.NonNegative(&c, fmt.Sprintf("Boosts[%d].Add", k), b.Add)
		c.Require(b.Set != nil || b.Where != nil, fmt.Sprintf("Boosts[%d]", k), "no items", "Set or Where")
	}
	return c.Err("recommend: " + method)
}

// wish is a request as a state reads it: indices for ids, Unix nanoseconds for times,
// and nothing left out. It lies in scratch memory. The stages of an answer read it and
// never the request, so that they know nothing of users' ids.
type wish struct {
	k       int
	user    int32      // -1: not in the dataset, or anonymous
	history []pastItem // of the request, as it lists them
	session int64      // when the session began; noTime: none is marked

	seen  Seen
	last  int64   // Repurchase: an item with an event after it was seen
	least float32 // Seen looks only at items of at least that weight; 0: at all

	allow, deny *ItemSet // nil: all, none
	listed      bool     // only what is in allowed
	allowed     []int32
	denied      []int32
	where       *Rule
	caps        []Cap
	pins        []pinned // in any order
	boosts      []Boost

	rerank  *Rerank // nil: by score
	explore *Explore
	width   int    // how many candidates are explored
	draws   uint64 // which numbers exploring draws for the user
	nobody  bool   // the request is anonymous, and draws as nobody does
	reasons int
}

// translate leaves in w.want what a valid request says, and counts in info the ids that
// the state does not know.
func (s *state[U, I]) translate(w *scratch[I], req *Request[U, I], info *Info) {
	r, user := &w.want, int32(-1)
	if !req.Anonymous {
		user = s.data.Users.Of(req.User)
	}
	*r = wish{
		k: req.K, user: user, history: r.history[:0], session: instant(req.SessionStart),
		seen: req.Seen, last: instant(req.AsOf.Add(-req.Interval)), least: req.SeenWeight,
		allow: req.Allow, deny: req.Deny, listed: req.AllowItems != nil, allowed: r.allowed[:0], denied: r.denied[:0],
		where: req.Where, caps: req.Caps, pins: r.pins[:0], boosts: req.Boosts,
		rerank: s.rerank, explore: req.Explore, nobody: req.Anonymous, reasons: req.Reasons,
	}
	now := instant(req.AsOf)
	for k := range req.History {
		ev := &req.History[k]
		i := s.of(ev.Item)
		if i < 0 {
			info.UnknownHistory++
			continue
		}
		e := pastItem{item: i, time: instant(ev.At), seq: ev.Seq, weight: check.Default(ev.Weight, 1), dislike: ev.Dislike}
		if e.time == noTime {
			e.time, e.undated = now, true
		}
		r.history = append(r.history, e)
	}
	r.allowed, info.UnknownAllow = s.appendKnown(r.allowed, req.AllowItems)
	r.denied, info.UnknownDeny = s.appendKnown(r.denied, req.DenyItems)
	for _, p := range req.Pins {
		if i := s.of(p.Item); i >= 0 {
			r.pins = append(r.pins, pinned{p.Position, i})
		} else {
			info.UnknownPins++
		}
	}
	if req.Rerank != nil {
		w.rerank = req.Rerank.withDefaults()
		r.rerank = &w.rerank
	}
	if req.Explore != nil {
		r.width = min(check.Default(req.Explore.Depth, max(exploreDepth, req.K)), maxListDepth)
		if !req.Anonymous {
			r.draws = ids.Hash(req.User)
		}
	}
}

// appendKnown appends the indices of ids, and counts the unknown ones.
func (s *state[U, I]) appendKnown(dst []int32, items []I) (known []int32, unknown int) {
	for _, id := range items {
		if i := s.of(id); i >= 0 {
			dst = append(dst, i)
		} else {
			unknown++
		}
	}
	return dst, unknown
}
