package audience_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aislekit/aisle/segment/audience"
)

// What can decide nothing any more is dropped, and the audience stays the same.
func TestLiveForgets(t *testing.T) {
	fewer := 0
	for text, most := range map[string]int{
		`log(category="tea", within=20h) >= 3`:                                32, // and 32 are always allowed
		`log(category="tea") == 40`:                                           2 * (41 + 41),
		`last(log, category="cup") >= 5h and log(within=2h) <= 3`:             64 + 32,
		`log(category="tea", within=10h) >= 2 then not log(amount > 2)`:       2 * 60,
		`log(within=30h) between 5 and 20 or last(log, amount < 1) < 3h`:      64 + 32,
		`not log(category="pot") then log(within=1h) >= 2 or buys(within=1d)`: 100_000, // ever: all
	} {
		r, err := audience.ParseText(text)
		must(err)
		w := &world{people: make([]person, 3)}
		live, err := compile(t, r, w.table()).Live(bg)
		must(err)
		draw, now, kept := rand.New(rand.NewPCG(1, 2)), at(0), 0
		for i := range 700 {
			now = now.Add(time.Duration(draw.IntN(30)) * time.Minute)
			_, err := live.Advance(bg, nil, now)
			must(err)
			e := happened{
				user: int32(draw.IntN(2)), kind: []string{"log", "log", "log", "buys"}[draw.IntN(4)], at: now.Add(-time.Duration(draw.IntN(120)-20) * 10 * time.Minute),
				category: []string{"tea", "cup", "pot", ""}[draw.IntN(4)], amount: float64(draw.IntN(4)),
			}
			w.events = append(w.events, e)
			row := audience.Events{Users: []int32{e.user}, At: []time.Time{e.at}}
			if e.kind == "log" {
				row.Texts, row.Numbers = map[string][]string{"category": {e.category}}, map[string][]float64{"amount": {e.amount}}
			}
			_, err = live.Add(nil, e.kind, row)
			must(err)
			if e.kind == "log" {
				kept = max(kept, audience.Kept(live, "log", e.user))
			}
			if i%10 != 0 {
				continue
			}
			p, err := audience.Compile(r, w.table(), audience.Options{AsOf: now, MinSize: -1})
			must(err)
			batch, err := p.Select(bg)
			must(err)
			set, err := live.Set()
			must(err)
			if !slices.Equal(batch.IDs(nil), set.IDs(nil)) {
				t.Fatalf("%s: event %d: live %v, batch %v", text, i, set.IDs(nil), batch.IDs(nil))
			}
			for u := range int32(3) {
				e, err := p.Explain(u)
				must(err)
				f, err := live.Explain(u)
				must(err)
				if why := explainedAlike(e, f, &fewer); why != "" {
					t.Fatalf("%s: event %d: %s:\nlive %v\nbatch %v", text, i, why, f, e)
				}
			}
		}
		if kept > most {
			t.Errorf("%s: %d events kept of one user, want at most %d", text, kept, most)
		}
	}
	if fewer < 20 {
		t.Errorf("%d values of what was dropped: too few to tell", fewer)
	}
}

// explainedAlike compares the explanation of a live audience with that of a table of all
// events: the same but for counts of what was dropped, which it says. It returns what differs.
func explainedAlike(e, f audience.Explanation, fewer *int) string {
	if e.Rule != f.Rule || e.Result != f.Result || !e.Turns.Equal(f.Turns) || len(e.Parts) != len(f.Parts) || len(e.Nearest) != len(f.Nearest) {
		return "another verdict or time"
	}
	was := *fewer
	for i := range e.Parts {
		if why := explainedAlike(e.Parts[i], f.Parts[i], fewer); why != "" {
			return why
		}
	}
	xs, ys := strings.Split(e.Value, ", "), strings.Split(f.Value, ", ")
	for i := range ys {
		y, more := strings.CutSuffix(ys[i], " or more")
		if f.Value == "events" || len(xs) == len(ys) && xs[i] == y && !more {
			continue
		}
		x, _, _ := strings.Cut(xs[i], " to ")
		all, err := strconv.Atoi(x[strings.LastIndex(x, " ")+1:])
		must(err)
		kept, err := strconv.Atoi(y[strings.LastIndex(y, " ")+1:])
		must(err)
		if *fewer++; !more || kept > all {
			return "value " + f.Value + " of " + e.Value
		}
	}
	for i, x := range e.Nearest {
		y := f.Nearest[i]
		if *fewer > was && y.By == 0 {
			x.By, x.Text = 0, y.Text
		}
		if x != y {
			return "another turn: " + y.Text + ", not " + x.Text
		}
	}
	return ""
}

// Readers and writers at once.
func TestLiveConcurrent(t *testing.T) {
	w := &world{people: make([]person, 8)}
	live, err := compile(t, audience.Frequency("log", day, 2, -1), w.table()).Live(bg)
	must(err)
	var group sync.WaitGroup
	for g := range 4 {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := range 50 {
				_, err := live.Add(nil, "log", audience.Events{Users: []int32{int32(g), int32(i % 8)}, At: []time.Time{at(0), at(1)}})
				must(err)
				_, err = live.Advance(bg, nil, at(0))
				must(err)
				live.Has(int32(g))
				_, err = live.Set()
				must(err)
			}
		}()
	}
	group.Wait()
	_, err = live.Advance(bg, nil, at(1))
	must(err)
	set, err := live.Set()
	must(err)
	if len(set.IDs(nil)) != 8 {
		t.Errorf("%v", set.IDs(nil))
	}
}

func TestLiveBadInput(t *testing.T) {
	w := &world{people: make([]person, 3)}
	a := w.table()
	p, err := audience.Compile(audience.Has("x"), a, audience.Options{})
	must(err)
	_, err = p.Live(bg)
	wantErr(t, err, audience.ErrOption, "AsOf")
	live, err := compile(t, audience.Frequency("log", 5*day, 1, -1).Where(audience.In("category", "tea")), a).Live(bg)
	must(err)
	day1 := []time.Time{at(-1)}
	for _, c := range []struct {
		name   string
		events audience.Events
		want   error
		says   string
	}{
		{"lgo", audience.Events{}, audience.ErrUnknownID, `did you mean "log"?`},
		{"x", audience.Events{}, audience.ErrMismatch, "want events"},
		{"log", audience.Events{Users: []int32{3}, At: day1}, audience.ErrUnknownID, "user 3"},
		{"log", audience.Events{Users: []int32{1}}, audience.ErrShape, "instants"},
		{"log", audience.Events{Users: []int32{1}, At: []time.Time{{}}}, audience.ErrRange, "1678"},
		{"log", audience.Events{Missing: []int32{1}}, audience.ErrMismatch, "Missing"},
		{"log", audience.Events{Users: []int32{1}, At: day1, Texts: map[string][]string{"categry": {"tea"}}}, audience.ErrUnknownID, `did you mean "category"?`},
		{"log", audience.Events{Users: []int32{1}, At: day1, Texts: map[string][]string{"amount": {"tea"}}}, audience.ErrMismatch, "want texts"},
		{"log", audience.Events{Users: []int32{1}, At: day1, Texts: map[string][]string{"category": nil}}, audience.ErrShape, "0 values"},
		{"buys", audience.Events{Users: []int32{1}, At: day1, Texts: map[string][]string{"category": {"tea"}}}, audience.ErrUnknownID, "no properties"},
	} {
		_, err := live.Add(nil, c.name, c.events)
		wantErr(t, err, c.want, c.says)
	}
	many := audience.Events{Users: make([]int32, 1<<16+1), At: make([]time.Time, 1<<16+1)}
	for i := range many.At {
		many.At[i] = at(1)
	}
	_, err = live.Add(nil, "log", many)
	wantErr(t, err, audience.ErrTooLarge, "65536")
	_, err = live.Advance(bg, nil, at(-1))
	wantErr(t, err, audience.ErrRange, "before")
	_, err = live.Explain(3)
	wantErr(t, err, audience.ErrUnknownID, "user 3")
	if set, err := live.Set(); err != nil || len(set.IDs(nil)) > 0 || set.Reason() == "" {
		t.Errorf("%v, %v", set.IDs(nil), err)
	}

	// A clock that is stopped on the way stands at an instant of which all is told.
	tea := audience.Events{Users: []int32{0, 1}, At: []time.Time{at(1), at(2)}, Texts: map[string][]string{"category": {"tea", "tea"}}}
	_, err = live.Add(nil, "log", tea)
	must(err)
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(bg)
	cancel(cause)
	if changes, err := live.Advance(ctx, nil, at(9)); !errors.Is(err, cause) || changes != nil || !live.AsOf().Equal(at(0)) {
		t.Errorf("%v, %v, at %v", changes, err, live.AsOf())
	}
	changes, err := live.Advance(bg, nil, at(9))
	want := []audience.Change{{User: 0, At: at(1), In: true}, {User: 1, At: at(2), In: true}, {User: 0, At: at(6)}, {User: 1, At: at(7)}}
	if err != nil || !slices.Equal(changes, want) {
		t.Errorf("%v, %v", changes, err)
	}
}

// What the caller collected is not lost where a call is refused.
func TestLiveKeepsWhatWasCollected(t *testing.T) {
	r, err := audience.ParseText("log(within=2h)")
	must(err)
	live, err := compile(t, r, (&world{people: make([]person, 3)}).table()).Live(bg)
	must(err)
	dst := []audience.Change{{User: 7, In: true}}
	for name, err := range map[string]func() ([]audience.Change, error){
		"nothing": func() ([]audience.Change, error) { return (*audience.Live)(nil).Add(dst, "log", audience.Events{}) },
		"unknown": func() ([]audience.Change, error) { return live.Add(dst, "nothing", audience.Events{}) },
		"no such row": func() ([]audience.Change, error) {
			return live.Add(dst, "log", audience.Events{Users: []int32{9}, At: []time.Time{at(0)}})
		},
		"too many": func() ([]audience.Change, error) {
			n := 1<<16 + 1
			return live.Add(dst, "log", audience.Events{Users: make([]int32, n), At: slices.Repeat([]time.Time{at(0)}, n)})
		},
		"nobody":     func() ([]audience.Change, error) { return (*audience.Live)(nil).Advance(bg, dst, at(0)) },
		"no instant": func() ([]audience.Change, error) { return live.Advance(bg, dst, time.Time{}) },
		"back":       func() ([]audience.Change, error) { return live.Advance(bg, dst, at(-900)) },
	} {
		if got, err := err(); err == nil || !slices.Equal(got, dst) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}
