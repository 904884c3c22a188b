package experiment

import (
	"cmp"
	"encoding"
	"fmt"
	"slices"

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
		if version == 2 {
			w.Float64(m.Floor)
			w.Bool(m.Positive)
		}
	}
	w.Float64(o.Level)
	w.Int(int(o.Correction))
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
		for k := range o.Outcomes {
			w.Float64(e.sums[int(i)*o.Outcomes+k])
		}
		if e.known[i] {
			for k := range o.Outcomes {
				w.Float64(e.pre[int(i)*o.Outcomes+k])
			}
		}
	}
	return w.AppendFrame(dst, codec.KindExperiment, version), nil
}

// version is 2 where a question has what version 1 has not.
func (o Options) version() uint16 {
	for _, m := range o.Metrics {
		if m.Floor != 0 || m.Positive {
			return 2
		}
	}
	return 1
}

// MarshalBinary returns the binary form.
func (e *Run[U]) MarshalBinary() ([]byte, error) { return e.AppendBinary(nil) }

// UnmarshalBinary replaces state and options. Payload of version 2, little-endian; version 1 has
// neither floor nor positive, and is written where no question does:
//
//	[]str  names of the arms
//	[]f64  planned shares, empty for equal ones
//	i64    outcomes a user
//	i64    number of questions
//	…      each: str name, i64 kind, i64 outcome, i64 per, f64 cap, bool CUPED, i64 scale,
//	       f64 floor, bool positive
//	f64    level
//	i64    correction
//	i64    number of users
//	…      their names, ascending: strings with their length, integers in 8 bytes
//	…      for each i64 arm, −1 for none and −2 for two, bool has a pre-period, f64 sums of
//	       the outcomes, and with a pre-period f64 sums before
//
// Options must be valid and sums finite. Any other length or value is ErrCorrupt, a newer
// version ErrVersion; state and options are then unchanged.
func (e *Run[U]) UnmarshalBinary(data []byte) error {
	r, err := codec.Open(data, codec.KindExperiment, 2)
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
		if r.Version == 2 {
			m := &o.Metrics[len(o.Metrics)-1]
			m.Floor, m.Positive = r.Float64(), r.Bool()
		}
	}
	o.Level, o.Correction = r.Float64(), Correction(small())
	if r.Err() == nil && r.Version == 2 && o.version() != 2 {
		r.Fail("the options are those of version 1")
	}
	if r.Err() == nil && o.validate("") != nil {
		r.Fail("the options are invalid")
	}
	list, err := ids.GetSorted[U](r)
	if err != nil {
		return fmt.Errorf("experiment: Run.UnmarshalBinary: %w", err)
	}
	got := Run[U]{opt: o, index: map[U]int32{}}
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
		for range o.Outcomes {
			got.sums = append(got.sums, number())
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
