package attribution

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/dict"
	"github.com/aislekit/aisle/metrics"
)

// Warnings of attribution.
const (
	WarnNoNullPaths    metrics.Warning = "only converting paths: removal effects need the paths that did not convert"
	WarnNegativeCredit metrics.Warning = "a channel has negative credit: paths with it convert less often"
)

// Options configures Paths.
type Options struct {
	Direct   string        // channel that last non-direct touch passes over, in any case; default "direct", as Google Analytics writes "Direct" and "(direct)"
	HalfLife time.Duration // of time decay; default 7 days
	First    float64       // position: share of the first touch; default 0.4
	Last     float64       // position: share of the last touch; default 0.4; the touches between share the rest
	MaxPaths int           // limit of distinct paths; default 1,000,000
}

func (o Options) withDefaults() Options {
	if o.Direct == "" {
		o.Direct = "direct"
	}
	o.HalfLife = check.Default(o.HalfLife, 7*24*time.Hour)
	if o.First == 0 && o.Last == 0 {
		o.First, o.Last = 0.4, 0.4
	}
	o.MaxPaths = check.Default(o.MaxPaths, 1_000_000)
	return o
}

func (o Options) validate(where string) error {
	var c check.Options
	c.Require(o.HalfLife > 0, "HalfLife", o.HalfLife, "> 0")
	c.Require(o.First >= 0 && o.Last >= 0 && o.First+o.Last > 0 && o.First+o.Last <= 1, "First, Last", [2]float64{o.First, o.Last}, ">= 0 with a sum in (0, 1]")
	c.Require(o.MaxPaths > 0, "MaxPaths", o.MaxPaths, "> 0")
	return c.Err(where)
}

const maxTouches = 1 << 16

// Touch is one contact of a user with a channel.
type Touch struct {
	Channel string    // its name, not empty
	At      time.Time // needed for TimeDecay; see Paths.Add
}

// Paths counts paths of touches that ended in a conversion or did not, and
// shares conversions and revenue out over the channels. Make one with
// New. Merge is exact for counts, up to rounding for time decay.
// Memory is one map entry a distinct path. It is not safe for concurrent use.
type Paths struct {
	opt   Options
	ids   dict.Dict[string] // channels
	paths map[string]*pathCount
	decay []decayCredit // by channel
	timed int64         // conversions whose touches had times
	total pathCount
	buf   []byte
}

type pathCount struct {
	conversions, nulls, revenue int64
}

type decayCredit struct{ conversions, revenue float64 }

// New returns an empty Paths. Bad options are ErrOption.
func New(opt Options) (*Paths, error) {
	opt = opt.withDefaults()
	if err := opt.validate("attribution: New"); err != nil {
		return nil, err
	}
	return &Paths{opt: opt, paths: map[string]*pathCount{}}, nil
}

// Add adds the path of one user up to a conversion, worth revenue in minor
// units, or without one (revenue must then be 0). The touches must be in the
// order they happened; where one has a time all must, in ascending order. An
// empty path or channel name is ErrEmpty, times out of order or only here and
// there, more than 65,536 touches or negative revenue are ErrRange, a new path
// beyond MaxPaths is ErrTooLarge. The state is unchanged after an error.
func (a *Paths) Add(touches []Touch, converted bool, revenue int64) error {
	if err := check.Receiver("attribution: Paths.Add", a); err != nil {
		return err
	}
	timed := len(touches) > 0 && !touches[0].At.IsZero()
	for i, t := range touches {
		if t.At.IsZero() == timed {
			return fmt.Errorf("attribution: Paths.Add: touch %d: some touches have a time and some have none: %w", i, ErrRange)
		}
		if i > 0 && t.At.Before(touches[i-1].At) {
			return fmt.Errorf("attribution: Paths.Add: touch %d is before the one in front of it: %w", i, ErrRange)
		}
	}
	var conversions, nulls int64 = 1, 0
	if !converted {
		conversions, nulls = 0, 1
	}
	channel := func(i int) string { return touches[i].Channel }
	if err := a.add(len(touches), channel, conversions, nulls, revenue); err != nil {
		return err
	}
	if converted && timed {
		// Time decay is relative within a path, so the time of the conversion
		// itself cancels out. Counted from the last touch nothing overflows.
		a.timed++
		end := touches[len(touches)-1].At
		weight := func(t Touch) float64 {
			return math.Exp2(-t.At.Sub(end).Abs().Seconds() / a.opt.HalfLife.Seconds())
		}
		var sum float64
		for _, t := range touches {
			sum += weight(t)
		}
		for _, t := range touches {
			d := &a.decay[a.ids.Index(t.Channel)]
			d.conversions += weight(t) / sum
			d.revenue += weight(t) / sum * float64(revenue)
		}
	}
	return nil
}

// AddPath adds a path that was already counted: how many times it ended in a
// conversion, how many times it did not, and the revenue of all its
// conversions. Errors are those of Add, and ErrRange for negative counts or
// revenue without conversions.
func (a *Paths) AddPath(channels []string, conversions, nulls, revenue int64) error {
	if err := check.Receiver("attribution: Paths.AddPath", a); err != nil {
		return err
	}
	return a.add(len(channels), func(i int) string { return channels[i] }, conversions, nulls, revenue)
}

// add counts a path of n touches. Channels that are new to a failed path are
// forgotten again.
func (a *Paths) add(n int, channel func(int) string, conversions, nulls, revenue int64) error {
	if n == 0 {
		return fmt.Errorf("attribution: Paths.Add: a path without touches: %w", ErrEmpty)
	}
	if n > maxTouches || conversions < 0 || nulls < 0 || revenue < 0 || revenue > 0 && conversions == 0 {
		return fmt.Errorf("attribution: Paths.Add: %d touches, %d conversions, %d nulls, revenue %d, want at most %d touches, nothing negative and no revenue without conversion: %w",
			n, conversions, nulls, revenue, maxTouches, ErrRange)
	}
	if a.paths == nil {
		return fmt.Errorf("attribution: Paths.Add: no options: make it with New: %w", ErrOption)
	}
	known := a.ids.Len()
	fail := func(err error) error {
		a.ids.Truncate(known)
		return fmt.Errorf("attribution: Paths.Add: %w", err)
	}
	a.buf = a.buf[:0]
	for i := range n {
		c := channel(i)
		if c == "" {
			return fail(fmt.Errorf("touch %d has no channel: %w", i, ErrEmpty))
		}
		id, err := a.ids.Add(c)
		if err != nil {
			return fail(err)
		}
		a.buf = binary.LittleEndian.AppendUint32(a.buf, uint32(id))
	}
	if err := a.count(a.buf, pathCount{conversions, nulls, revenue}); err != nil {
		return fail(err)
	}
	for len(a.decay) < a.ids.Len() {
		a.decay = append(a.decay, decayCredit{})
	}
	return nil
}

// count adds d to the path of that key, 4 bytes a touch, and to the total.
func (a *Paths) count(key []byte, d pathCount) error {
	total, err := a.total.plus(d)
	if err != nil {
		return err
	}
	p := a.paths[string(key)]
	if p == nil {
		if len(a.paths) >= a.opt.MaxPaths {
			return fmt.Errorf("a distinct path beyond the limit of %d: %w", a.opt.MaxPaths, ErrTooLarge)
		}
		p = &pathCount{}
		a.paths[string(key)] = p
	}
	*p, _ = p.plus(d) // no more than the total
	a.total = total
	return nil
}

// plus returns the sum; ErrOverflow where it, or the number of paths, is beyond int64.
func (p pathCount) plus(d pathCount) (pathCount, error) {
	var sum pathCount
	var err [3]error
	sum.conversions, err[0] = check.AddInt64(p.conversions, d.conversions)
	sum.nulls, err[1] = check.AddInt64(p.nulls, d.nulls)
	sum.revenue, err[2] = check.AddInt64(p.revenue, d.revenue)
	for _, e := range err {
		if e != nil {
			return p, e
		}
	}
	if sum.nulls > math.MaxInt64-sum.conversions {
		return p, fmt.Errorf("number of paths: %w", ErrOverflow)
	}
	return sum, nil
}

// Merge adds the paths of other, which must have equal options (else
// ErrMismatch). ErrTooLarge and ErrOverflow leave a unchanged.
func (a *Paths) Merge(other *Paths) error {
	if err := check.Merge("attribution: Paths.Merge", a, other); err != nil {
		return err
	}
	if a.opt != other.opt || a.paths == nil {
		return fmt.Errorf("attribution: Paths.Merge: merge of %+v into %+v: %w", other.opt, a.opt, ErrMismatch)
	}
	sum := Paths{opt: a.opt, ids: *a.ids.Clone(), paths: make(map[string]*pathCount, len(a.paths)), decay: slices.Clone(a.decay), timed: a.timed + other.timed, total: a.total}
	for k, p := range a.paths {
		c := *p
		sum.paths[k] = &c
	}
	to := make([]int32, other.ids.Len())
	for j, c := range other.ids.Keys() {
		i, err := sum.ids.Add(c)
		if err != nil {
			return fmt.Errorf("attribution: Paths.Merge: %w", err)
		}
		if int(i) == len(sum.decay) {
			sum.decay = append(sum.decay, decayCredit{})
		}
		to[j] = i
		sum.decay[i].conversions += other.decay[j].conversions
		sum.decay[i].revenue += other.decay[j].revenue
	}
	for k, p := range other.paths {
		sum.buf = sum.buf[:0]
		for i := 0; i < len(k); i += 4 {
			sum.buf = binary.LittleEndian.AppendUint32(sum.buf, uint32(to[pathAt(k, i/4)]))
		}
		if err := sum.count(sum.buf, *p); err != nil {
			return fmt.Errorf("attribution: Paths.Merge: %w", err)
		}
	}
	*a = sum
	return nil
}

func pathAt(key string, i int) int32 {
	return int32(uint32(key[4*i]) | uint32(key[4*i+1])<<8 | uint32(key[4*i+2])<<16 | uint32(key[4*i+3])<<24)
}

// route is a distinct path over channels numbered by name.
type route struct {
	channels []int32
	pathCount
}

// routes returns the channels by name and the paths over their positions, both
// in an order that does not depend on the order of arrival.
func (a *Paths) routes() (names []string, rs []route) {
	names = slices.Sorted(slices.Values(a.ids.Keys()))
	rank := make([]int32, len(names))
	for r, n := range names {
		rank[a.ids.Index(n)] = int32(r)
	}
	for k, p := range a.paths {
		r := route{make([]int32, len(k)/4), *p}
		for i := range r.channels {
			r.channels[i] = rank[pathAt(k, i)]
		}
		rs = append(rs, r)
	}
	slices.SortFunc(rs, func(x, y route) int { return slices.Compare(x.channels, y.channels) })
	return names, rs
}

// Conversions returns the number of conversions.
func (a *Paths) Conversions() int64 {
	if a == nil {
		return 0
	}
	return a.total.conversions
}

// Nulls returns the number of paths without conversion.
func (a *Paths) Nulls() int64 {
	if a == nil {
		return 0
	}
	return a.total.nulls
}

// Revenue returns the revenue of all conversions in minor units.
func (a *Paths) Revenue() int64 {
	if a == nil {
		return 0
	}
	return a.total.revenue
}

// Rule shares a conversion out over the touches of its own path.
type Rule uint8

const (
	First         Rule = iota // all to the first touch
	Last                      // all to the last touch
	LastNonDirect             // all to the last touch that is not direct; to direct if there is no other
	Linear                    // equal shares
	Position                  // First and Last of the options to the ends, the rest equally between
	TimeDecay                 // shares halve with every HalfLife before the conversion
)

// String returns the name, "last non-direct".
func (r Rule) String() string {
	names := [...]string{"first", "last", "last non-direct", "linear", "position", "time decay"}
	if int(r) < len(names) {
		return names[r]
	}
	return fmt.Sprintf("Rule(%d)", uint8(r))
}

// ChannelCredit is what a channel is credited with.
type ChannelCredit struct {
	Channel     string  // its name
	Conversions float64 // sums to the conversions of all paths
	Revenue     float64 // in minor units; sums to the revenue of all paths
}

// Credit returns the credit of every channel, by name. ErrUndefined without a
// conversion and, for TimeDecay, if a conversion came without times.
func (a *Paths) Credit(rule Rule) ([]ChannelCredit, error) {
	if err := check.Receiver("attribution: Paths.Credit", a); err != nil {
		return nil, err
	}
	names, rs := a.routes()
	total := a.total
	if rule > TimeDecay {
		return nil, fmt.Errorf("attribution: Paths.Credit: rule %d is none: %w", rule, ErrOption)
	}
	if total.conversions == 0 {
		return nil, undefined("Paths.Credit: %v: no conversion", rule)
	}
	out := make([]ChannelCredit, len(names))
	for i, n := range names {
		out[i].Channel = n
	}
	if rule == TimeDecay {
		if a.timed != total.conversions {
			return nil, undefined("Paths.Credit: time decay: %d of %d conversions have times", a.timed, total.conversions)
		}
		for i := range out {
			d := a.decay[a.ids.Index(names[i])]
			out[i].Conversions, out[i].Revenue = d.conversions, d.revenue
		}
		return out, nil
	}
	direct := make([]bool, len(names)) // "Direct" and "direct" may both be there
	for i, n := range names {
		direct[i] = a.opt.direct(n)
	}
	for _, r := range rs {
		a.opt.share(rule, r.channels, direct, func(i int, share float64) {
			c := &out[r.channels[i]]
			c.Conversions += share * float64(r.conversions)
			c.Revenue += share * float64(r.revenue)
		})
	}
	return out, nil
}

// direct reports whether a channel is the direct one: letters may be of any case and, as
// Google Analytics writes it, the name in brackets.
func (o Options) direct(channel string) bool {
	bare := func(s string) string { return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(s), "("), ")") }
	return strings.EqualFold(bare(channel), bare(o.Direct))
}

// share calls give with the touches of a path that rule, not TimeDecay, gives a share to.
func (o Options) share(rule Rule, path []int32, direct []bool, give func(touch int, share float64)) {
	n := len(path)
	switch rule {
	case First:
		give(0, 1)
	case Last:
		give(n-1, 1)
	case LastNonDirect:
		i := n - 1
		for i >= 0 && direct[path[i]] {
			i--
		}
		if i < 0 {
			i = n - 1
		}
		give(i, 1)
	case Linear:
		for i := range n {
			give(i, 1/float64(n))
		}
	case Position:
		switch n {
		case 1:
			give(0, 1)
		case 2: // nothing between: the ends keep their proportion
			give(0, o.First/(o.First+o.Last))
			give(1, o.Last/(o.First+o.Last))
		default:
			give(0, o.First)
			give(n-1, o.Last)
			for i := 1; i < n-1; i++ {
				give(i, (1-o.First-o.Last)/float64(n-2))
			}
		}
	}
}
