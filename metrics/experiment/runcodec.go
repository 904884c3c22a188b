package experiment

import (
	"cmp"
	"encoding"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/metrics"
)

var (
	_ encoding.BinaryAppender    = (*Run[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Run[string])(nil)
)

// AppendBinary appends the binary form: options, users ascending, their arms and
// sums. ErrOption for users that are neither strings nor integers.
func (e *Run[U]) AppendBinary(dst []byte) ([]byte, error) {
	if err := e.made("Run.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	o := e.opt
	version := o.version()
	w.Strings(o.Arms)
	w.Float64s(o.Weights)
	w.Int(o.Outcomes)
	w.Int(len(o.Metrics))
	for _, m := range o.Metrics {
		w.String(m.Name)
		w.Int(int(m.Kind))
		w.Int(m.Outcome)
		w.Int(m.Per)
		w.Float64(m.Cap)
		w.Bool(m.CUPED)
		w.Int(int(m.Scale))
		if version >= 2 {
			w.Float64(m.Floor)
			w.Bool(m.Positive)
		}
		if version >= 3 {
			w.Int64(int64(m.Window))
		}
	}
	w.Float64(o.Level)
	w.Int(int(o.Correction))
	if o.Timed {
		w.Int64(e.asOf)
	}
	order := make([]int32, len(e.users))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int { return cmp.Compare(e.users[i], e.users[j]) })
	if _, err := ids.PutSorted(&w, e.users); err != nil {
		return nil, fmt.Errorf("experiment: Run.AppendBinary: %w", err)
	}
	for _, i := range order {
		w.Int64(int64(e.arm[i]))
		w.Bool(e.known[i])
		if o.Timed {
			putTimed(&w, e.first[i], e.log[i])
		} else {
			for k := range o.Outcomes {
				w.Float64(e.sums[int(i)*o.Outcomes+k])
			}
		}
		if e.known[i] {
			for k := range o.Outcomes {
				w.Float64(e.pre[int(i)*o.Outcomes+k])
			}
		}
	}
	return w.AppendFrame(dst, codec.KindExperiment, version), nil
}

// version is 3 of a Timed Run, 2 where a question has what version 1 has not.
func (o Options) version() uint16 {
	if o.Timed {
		return 3
	}
	for _, m := range o.Metrics {
		if m.Floor != 0 || m.Positive {
			return 2
		}
	}
	return 1
}

// MarshalBinary returns the binary form.
func (e *Run[U]) MarshalBinary() ([]byte, error) { return e.AppendBinary(nil) }

// putTimed writes what a Timed Run keeps of one user, its outcomes in their order.
func putTimed(w *codec.Writer, first int64, log []timedOutcome) {
	w.Int64(first)
	w.Int(len(log))
	for _, x := range slices.SortedFunc(slices.Values(log), compareTimed) {
		w.Int64(x.at)
		w.Int(int(x.outcome))
		w.Float64(x.x)
	}
}

// getTimed reads what putTimed wrote for a user who is assigned or not. Outcomes out of order
// have another form, so they are refused.
func getTimed(r *codec.Reader, assigned bool, outcomes int) (first int64, log []timedOutcome) {
	moment := func() int64 {
		t := r.Int64()
		if t < never || t >= latest.UnixNano() {
			r.Fail("a time is out of range")
		}
		return t
	}
	first = moment()
	if (first != never) != assigned {
		r.Fail("an arm without exposure, or the reverse")
	}
	for n := r.Int(); n > 0 && r.Err() == nil; n-- { // grows with bytes received
		x := timedOutcome{at: moment()}
		o := r.Int()
		x.outcome, x.x = int32(min(o, 1000)), r.Float64()
		if x.at == never || o >= outcomes || !check.Finite(x.x) || x.x == 0 && math.Signbit(x.x) {
			r.Fail("an outcome is out of range")
		}
		if len(log) > 0 && compareTimed(log[len(log)-1], x) > 0 {
			r.Fail("outcomes are not in order")
		}
		log = append(log, x)
	}
	return first, log
}

// UnmarshalBinary replaces state and options. Payload, little-endian, of version 3, which is
// that of a Timed Run; version 2 has neither windows, moment nor times, version 1 neither floor
// nor positive, and is written where no question does:
//
//	[]str  names of the arms
//	[]f64  planned shares, empty for equal ones
//	i64    outcomes a user
//	i64    number of questions
//	…      each: str name, i64 kind, i64 outcome, i64 per, f64 cap, bool CUPED, i64 scale,
//	       f64 floor, bool positive, i64 window in nanoseconds
//	f64    level
//	i64    correction
//	i64    moment as of which, −1 for the last event; times are nanoseconds since 1970
//	i64    number of users
//	…      their names, ascending: strings with their length, integers in 8 bytes
//	…      for each i64 arm, −1 for none and −2 for two, bool has a pre-period; of versions 1
//	       and 2 f64 sums of the outcomes; of version 3 i64 first exposure, −1 for none, i64
//	       number of outcomes, each i64 time, i64 outcome, f64 value, ascending; and with a
//	       pre-period f64 sums before
//
// Options must be valid, sums and values finite, times in the years 1970 to 2261, users in an
// arm exposed and others not. Any other length or value is ErrCorrupt, a newer
// version ErrVersion; state and options are then unchanged.
func (e *Run[U]) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("experiment: Run.UnmarshalBinary", e); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindExperiment, 3)
	if err != nil {
		return fmt.Errorf("experiment: Run.UnmarshalBinary: %w", err)
	}
	small := func() uint8 {
		x := r.Int()
		if x > 255 {
			r.Fail("an option is beyond its type")
		}
		return uint8(x & 255)
	}
	o := Options{Arms: r.Strings(), Weights: r.Float64s(), Outcomes: r.Int()}
	for n := r.Int(); n > 0 && r.Err() == nil; n-- { // grows with bytes received
		o.Metrics = append(o.Metrics, Metric{Name: r.String(), Kind: Kind(small()), Outcome: r.Int(), Per: r.Int(), Cap: r.Float64(), CUPED: r.Bool(), Scale: metrics.Scale(small())})
		m := &o.Metrics[len(o.Metrics)-1]
		if r.Version >= 2 {
			m.Floor, m.Positive = r.Float64(), r.Bool()
		}
		if r.Version >= 3 {
			m.Window = time.Duration(r.Int64())
		}
	}
	o.Level, o.Correction = r.Float64(), Correction(small())
	o.Timed = r.Version == 3
	if r.Err() == nil && r.Version != o.version() {
		r.Fail("the options are those of another version")
	}
	if r.Err() == nil && o.validate("") != nil {
		r.Fail("the options are invalid")
	}
	got := Run[U]{opt: o, index: map[U]int32{}, asOf: never}
	if o.Timed {
		if got.asOf = r.Int64(); got.asOf < never || got.asOf >= latest.UnixNano() {
			r.Fail("the moment is out of range")
		}
	}
	list, err := ids.GetSorted[U](r)
	if err != nil {
		return fmt.Errorf("experiment: Run.UnmarshalBinary: %w", err)
	}
	number := func() float64 {
		x := r.Float64()
		if !check.Finite(x) {
			r.Fail("a sum is not finite")
		}
		return x
	}
	for i, u := range list.Keys() {
		if r.Err() != nil {
			break
		}
		arm, known := r.Int64(), r.Bool()
		if arm < int64(crossed) || arm >= int64(len(o.Arms)) {
			r.Fail("a user is in no arm of the experiment")
		}
		got.index[u] = int32(i)
		got.users = append(got.users, u)
		got.arm = append(got.arm, int32(arm))
		got.known = append(got.known, known)
		if o.Timed {
			first, log := getTimed(r, arm != int64(unassigned), o.Outcomes)
			got.first, got.log = append(got.first, first), append(got.log, log)
		}
		for range o.Outcomes {
			x := 0.0
			if !o.Timed {
				x = number()
			}
			got.sums = append(got.sums, x)
		}
		for range o.Outcomes {
			x := 0.0
			if known {
				x = number()
			}
			got.pre = append(got.pre, x)
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("experiment: Run.UnmarshalBinary: %w", err)
	}
	*e = got
	return nil
}
