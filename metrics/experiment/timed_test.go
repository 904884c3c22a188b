package experiment_test

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/experiment"
	"pgregory.net/rapid"
)

func timedOptions() experiment.Options {
	return experiment.Options{Arms: []string{"none", "mail"}, Outcomes: 2, Timed: true, Metrics: []experiment.Metric{
		{Name: "spend"},
		{Name: "spend of 5 hours", Window: 5 * time.Hour},
		{Name: "buyers of 2 hours", Kind: experiment.Proportion, Window: 2 * time.Hour},
		{Name: "per visit", Kind: experiment.Ratio, Per: 1, Window: 5 * time.Hour},
	}}
}

// must is done where rapid draws.
func must(errs ...error) {
	if err := errors.Join(errs...); err != nil {
		panic(err)
	}
}

// row is a line of a log: an exposure with outcome −1, or an outcome.
type row struct {
	user, arm, outcome int
	x                  float64
	at                 int
}

func feed(rows []row) *experiment.Run[int] {
	e := got(experiment.New[int](timedOptions()))
	for _, r := range rows {
		if r.outcome < 0 {
			must(e.AssignAt(r.user, r.arm, hour(r.at)))
		} else {
			must(e.AddAt(r.user, r.outcome, r.x, hour(r.at)))
		}
	}
	return e
}

// slow answers question m as the words of the documentation say, one user after the other.
func slow(rows []row, m experiment.Metric, asOf int) (sums [2][][2]float64, immature int64) {
	for user := range 20 {
		first, arm, crossed := math.MaxInt, -1, false
		for _, r := range rows {
			if r.user == user && r.outcome < 0 {
				crossed = crossed || arm >= 0 && arm != r.arm
				first, arm = min(first, r.at), r.arm
			}
		}
		if crossed || first >= asOf {
			continue
		}
		end := asOf
		if m.Window > 0 {
			if end = first + int(m.Window/time.Hour); end > asOf {
				immature++
				continue
			}
		}
		var sum [2]float64
		for _, r := range rows {
			if r.user == user && r.outcome >= 0 && r.at >= first && r.at < end {
				sum[r.outcome] += r.x
			}
		}
		sums[arm] = append(sums[arm], sum)
	}
	return sums, immature
}

// Against a reference that reads the whole log for every user; rows in any order, shards of
// them, and a state that was stored give the same bytes and the same answers, and Forget what
// a log without the user gives.
func TestTimedProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.Custom(func(t *rapid.T) row {
			r := row{user: rapid.IntRange(0, 19).Draw(t, "user"), outcome: rapid.IntRange(-1, 1).Draw(t, "outcome"), at: rapid.IntRange(0, 12).Draw(t, "at")}
			r.arm, r.x = r.user%2, float64(rapid.IntRange(-2, 30).Draw(t, "x"))/7
			if r.outcome == 1 {
				r.x = math.Abs(r.x)
			}
			if rapid.IntRange(0, 20).Draw(t, "crosses") == 0 {
				r.arm = 1 - r.arm
			}
			return r
		})
		rows := rapid.SliceOfN(draw, 1, 120).Draw(t, "rows")
		asOf := rapid.IntRange(6, 14).Draw(t, "as of")
		e := feed(rows)
		must(e.AsOf(hour(asOf)))
		r, err := e.Result()
		if err != nil {
			if !errors.Is(err, experiment.ErrEmpty) {
				t.Fatal(err)
			}
			return
		}
		for i, m := range timedOptions().Metrics {
			sums, immature := slow(rows, m, asOf)
			var p [2]metrics.Proportion
			var mean [2]metrics.Moments
			var ratio [2]experiment.RatioMoments
			for a := range sums {
				for _, s := range sums[a] {
					p[a].Add(s[0] > 0)
					must(mean[a].Add(s[0]), ratio[a].Add(s[0], s[1]))
				}
			}
			var want metrics.Effect
			switch m.Kind {
			case experiment.Mean:
				want, err = metrics.CompareMeans(mean[0], mean[1], metrics.CompareOptions{})
			case experiment.Proportion:
				want, err = metrics.CompareProportions(p[0], p[1], metrics.CompareOptions{})
			default:
				want, err = experiment.CompareRatios(ratio[0], ratio[1], metrics.CompareOptions{})
			}
			row := r.Rows[i]
			if row.Immature != immature || (row.Err == nil) != (err == nil) {
				t.Fatalf("%s: %d immature, want %d; error %v, want %v", m.Name, row.Immature, immature, row.Err, err)
			}
			if err == nil && (row.Effect.NA != want.NA || row.Effect.NB != want.NB || math.Abs(row.Effect.Estimate-want.Estimate) > 1e-9 || math.Abs(row.Effect.PValue-want.PValue) > 1e-6) {
				t.Fatalf("%s: %+v, want %+v", m.Name, row.Effect, want)
			}
		}
		shuffled := rapid.Permutation(rows).Draw(t, "order")
		cut := rapid.IntRange(0, len(rows)).Draw(t, "cut")
		other := feed(shuffled[:cut])
		must(other.AsOf(hour(asOf-1)), other.Merge(feed(shuffled[cut:])), other.AsOf(hour(asOf)))
		data := got(e.MarshalBinary())
		if !bytes.Equal(data, got(other.MarshalBinary())) {
			t.Fatal("rows in another order, in two shards, give another state")
		}
		var stored experiment.Run[int]
		must(stored.UnmarshalBinary(data))
		for _, x := range []*experiment.Run[int]{other, &stored} {
			if again := got(x.Result()); !reflect.DeepEqual(plainRows(again), plainRows(r)) || again.Before != r.Before {
				t.Fatalf("%+v\n%+v", again, r)
			}
		}
		gone := rows[0].user
		var rest []row
		for _, r := range rows {
			if r.user != gone {
				rest = append(rest, r)
			}
		}
		without := feed(rest)
		must(without.AsOf(hour(asOf)))
		if !stored.Forget(gone) || !bytes.Equal(got(stored.MarshalBinary()), got(without.MarshalBinary())) {
			t.Fatal("Forget leaves a trace")
		}
	})
}

// plainRows are the numbers of the rows, NaN as text so that they can be compared.
func plainRows(r experiment.Result) string {
	var b bytes.Buffer
	if err := r.Table().WriteText(&b); err != nil {
		return err.Error()
	}
	return b.String()
}

// The edges of a window, by hand: user 1 is exposed at 10:00, has a window of two hours and is
// of the control; users 2, 3 and 4 keep the arms from being empty.
func TestTimedEdges(t *testing.T) {
	opt := experiment.Options{Arms: []string{"none", "mail"}, Outcomes: 1, Timed: true, Metrics: []experiment.Metric{{Name: "spend", Window: 2 * time.Hour}}}
	base := func() *experiment.Run[int] {
		e := ok[*experiment.Run[int]](t)(experiment.New[int](opt))
		done(t, e.AssignAt(1, 0, hour(10)), e.AssignAt(2, 0, hour(1)), e.AssignAt(3, 1, hour(1)), e.AssignAt(4, 1, hour(1)), e.AddAt(3, 0, 8, hour(2)))
		return e
	}
	mean := func(e *experiment.Run[int]) (float64, experiment.Result) {
		r := ok[experiment.Result](t)(e.Result())
		if r.Rows[0].Err != nil {
			t.Fatal(r.Rows[0].Err)
		}
		return r.Rows[0].Effect.MeanA, r
	}
	for name, x := range map[string]struct {
		add    func(e *experiment.Run[int]) error
		sum    float64 // of user 1
		before int64
	}{
		"at the exposure":     {func(e *experiment.Run[int]) error { return e.AddAt(1, 0, 6, hour(10)) }, 6, 0},
		"a nanosecond before": {func(e *experiment.Run[int]) error { return e.AddAt(1, 0, 6, hour(10).Add(-1)) }, 0, 1},
		"last nanosecond":     {func(e *experiment.Run[int]) error { return e.AddAt(1, 0, 6, hour(12).Add(-1)) }, 6, 0},
		"at the end":          {func(e *experiment.Run[int]) error { return e.AddAt(1, 0, 6, hour(12)) }, 0, 0},
		"an earlier exposure is late": {func(e *experiment.Run[int]) error {
			return errors.Join(e.AddAt(1, 0, 6, hour(9)), e.AssignAt(1, 0, hour(9)))
		}, 6, 0},
		"… and shifts the window": {func(e *experiment.Run[int]) error {
			return errors.Join(e.AddAt(1, 0, 6, hour(11)), e.AssignAt(1, 0, hour(9)))
		}, 0, 0},
		"a later exposure does not": {func(e *experiment.Run[int]) error {
			return errors.Join(e.AddAt(1, 0, 6, hour(12)), e.AssignAt(1, 0, hour(11)))
		}, 0, 0},
		"another zone, the same time":  {func(e *experiment.Run[int]) error { return e.AddAt(1, 0, 6, hour(10).In(time.FixedZone("", 7200))) }, 6, 0},
		"of somebody never exposed":    {func(e *experiment.Run[int]) error { return e.AddAt(9, 0, 6, hour(11)) }, 0, 0},
		"a feed with a future outcome": {func(e *experiment.Run[int]) error { return e.AddAt(1, 0, 6, hour(999)) }, 0, 0},
	} {
		e := base()
		done(t, x.add(e), e.AsOf(hour(13)))
		got, r := mean(e)
		if got != x.sum/2 || r.Before != x.before || r.Rows[0].Immature != 0 || !r.AsOf.Equal(hour(13)) {
			t.Errorf("%s: mean %v, want %v; %d before, want %d; %d immature", name, got, x.sum/2, r.Before, x.before, r.Rows[0].Immature)
		}
	}
	// Immature until the window is over, and not a nanosecond longer.
	e := base()
	done(t, e.AddAt(2, 0, 4, hour(1)), e.AssignAt(5, 0, hour(2)), e.AddAt(9, 0, 1, hour(3)))
	for asOf, want := range map[time.Time]int64{hour(12).Add(-1): 1, hour(12): 0, hour(10): 0} {
		done(t, e.AsOf(asOf))
		_, r := mean(e)
		if r.Rows[0].Immature != want || r.Users[0] != map[bool]int64{true: 2, false: 3}[asOf == hour(10)] {
			t.Errorf("as of %v: %d immature, want %d; users %v", asOf, r.Rows[0].Immature, want, r.Users)
		}
		if unassigned := map[bool]int64{true: 2, false: 1}[asOf == hour(10)]; r.Unassigned != unassigned {
			t.Errorf("as of %v: %d unassigned, want %d", asOf, r.Unassigned, unassigned)
		}
	}
	// Without AsOf: by the last event, here the outcome of user 9 at 12:00.
	e = base()
	done(t, e.AssignAt(5, 0, hour(1)), e.AddAt(2, 0, 4, hour(1)), e.AddAt(9, 0, 1, hour(12)))
	if _, r := mean(e); r.Rows[0].Immature != 0 || !r.AsOf.Equal(hour(12)) {
		t.Errorf("%+v", r)
	}
	e.Forget(9)
	if _, r := mean(e); r.Rows[0].Immature != 1 || !r.AsOf.Equal(hour(10)) {
		t.Errorf("%+v", r)
	}
}

func TestTimedBadInput(t *testing.T) {
	opt := timedOptions()
	e := ok[*experiment.Run[string]](t)(experiment.New[string](opt))
	opt.Timed = false
	_, window := experiment.New[string](opt)
	opt.Metrics = opt.Metrics[:1]
	plain := ok[*experiment.Run[string]](t)(experiment.New[string](opt))
	opt.Timed, opt.Metrics = true, []experiment.Metric{{Window: -1}}
	_, negative := experiment.New[string](opt)
	var none *experiment.Run[string]
	const who = "jane.doe@example.com"
	for name, x := range map[string]struct{ got, want error }{
		"window without times": {window, experiment.ErrOption},
		"negative window":      {negative, experiment.ErrOption},
		"Assign of timed":      {e.Assign(who, 0), experiment.ErrOption},
		"Add of timed":         {e.Add(who, 0, 1), experiment.ErrOption},
		"AssignAt of others":   {plain.AssignAt(who, 0, hour(1)), experiment.ErrOption},
		"AddAt of others":      {plain.AddAt(who, 0, 1, hour(1)), experiment.ErrOption},
		"AsOf of others":       {plain.AsOf(hour(1)), experiment.ErrOption},
		"merge":                {plain.Merge(e), experiment.ErrMismatch},
		"no time":              {e.AssignAt(who, 0, time.Time{}), experiment.ErrRange},
		"no time of outcome":   {e.AddAt(who, 0, 1, time.Time{}), experiment.ErrRange},
		"milliseconds":         {e.AddAt(who, 0, 1, time.Unix(1.7e12, 0)), experiment.ErrRange},
		"no moment":            {e.AsOf(time.Time{}), experiment.ErrRange},
		"arm":                  {e.AssignAt(who, 2, hour(1)), experiment.ErrRange},
		"outcome":              {e.AddAt(who, 2, 1, hour(1)), experiment.ErrRange},
		"NaN":                  {e.AddAt(who, 0, math.NaN(), hour(1)), experiment.ErrNotFinite},
		"infinite before":      {e.AddPre(who, 0, math.Inf(1)), experiment.ErrNotFinite},
		"plain arm":            {plain.Assign(who, 2), experiment.ErrRange},
		"plain outcome":        {plain.Add(who, -1, 2), experiment.ErrRange},
		"nil AssignAt":         {none.AssignAt(who, 0, hour(1)), experiment.ErrEmpty},
		"nil AddAt":            {none.AddAt(who, 0, 1, hour(1)), experiment.ErrEmpty},
		"nil AddPre":           {none.AddPre(who, 0, 1), experiment.ErrEmpty},
		"nil Add":              {none.Add(who, 0, 1), experiment.ErrEmpty},
		"nil Assign":           {none.Assign(who, 0), experiment.ErrEmpty},
		"nil AsOf":             {none.AsOf(hour(1)), experiment.ErrEmpty},
		"nil Result":           {second(none.Result()), experiment.ErrEmpty},
		"nil MarshalBinary":    {second(none.MarshalBinary()), experiment.ErrEmpty},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		} else if strings.Contains(x.got.Error(), who) {
			t.Errorf("%s names the user: %v", name, x.got)
		}
	}
	if a, b := ok[[]byte](t)(e.MarshalBinary()), ok[[]byte](t)(ok[*experiment.Run[string]](t)(experiment.New[string](timedOptions())).MarshalBinary()); !bytes.Equal(a, b) {
		t.Error("errors changed the state")
	}
	// A sum beyond float64 is the error of its rows.
	for i := range 4 {
		u := string(rune('a' + i))
		done(t, e.AssignAt(u, i%2, hour(1)), e.AddAt(u, 0, math.MaxFloat64, hour(1)), e.AddAt(u, 0, math.MaxFloat64, hour(2)), e.AddAt(u, 1, 1, hour(30)))
	}
	if r := ok[experiment.Result](t)(e.Result()); !errors.Is(r.Rows[0].Err, experiment.ErrOverflow) {
		t.Errorf("%+v", r.Rows[0])
	}
}
