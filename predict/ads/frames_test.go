package ads_test

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/ads"
)

// The golden frames, with every field in use.
func TestFrames(t *testing.T) { testkit.Frames(t, "predict/ads", frames()) }

// FuzzUnmarshal: what is refused changes nothing, what is read is canonical.
func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

func TestDamage(t *testing.T) { testkit.Damage(t, frames()) }

func TestNilReceivers(t *testing.T) {
	testkit.NilReceivers(t, nil, (*ads.Auction)(nil), (*ads.Clicks[ads.Path])(nil), (*ads.Actions[ads.Path])(nil), (*ads.Examination)(nil), (*ads.Delay)(nil), (*ads.Rates)(nil),
		(*ads.Catalogue)(nil), (*ads.Server[string])(nil), (*ads.Ledger[string])(nil), (*ads.World)(nil))
}

var paths = []ads.Path{{Advertiser: "acme", Ad: "tea", Creative: "pot"}, {Advertiser: "acme", Ad: "tea", Creative: "cup"}, {Advertiser: "zenith", Ad: "mugs", Creative: "blue"}}

// clicks are some of three creatives at two positions.
func clicks() *ads.Clicks[ads.Path] {
	c := new(ads.Clicks[ads.Path])
	for i, p := range paths {
		must(c.AddCounts(p, 0, int64(500+100*i), int64(50+20*i)))
		must(c.AddCounts(p, 1, int64(700-100*i), int64(40+5*i)))
	}
	return c
}

// acted are clicks of three creatives, of which some led to an action.
func acted() *ads.Actions[ads.Path] {
	c := new(ads.Actions[ads.Path])
	for i := range 200 {
		if i%(3+i%3) == 0 {
			must(c.AddActed(paths[i%3], time.Duration(1+i*i)*time.Second))
		} else {
			must(c.AddOpen(paths[i%3], time.Duration(1+200*i)*time.Second))
		}
	}
	return c
}

func trials() []ads.Trials {
	return get(get(ads.NewExamination([]float64{1, .6})).Trials(clicks()))
}

func beliefs(m *ads.Rates) any {
	var out []ads.Belief
	for _, p := range paths {
		out = append(out, m.Of(p), m.Of(ads.Path{Advertiser: p.Advertiser, Ad: "new"}))
	}
	return testkit.Plain(out)
}

func frames() []testkit.Frame {
	return []testkit.Frame{
		{
			Kind: codec.KindAdClicks,
			Fill: func(t testing.TB) encoding.BinaryMarshaler { return clicks() },
			Values: func(t testing.TB, s any) any {
				var out []any
				for cell := range s.(*ads.Clicks[ads.Path]).Result() {
					out = append(out, testkit.Plain(cell))
				}
				return out
			},
		},
		{
			Kind: codec.KindAdActions,
			Fill: func(t testing.TB) encoding.BinaryMarshaler { return acted() },
			Values: func(t testing.TB, s any) any {
				d := get(ads.FitDelay(bg, s.(*ads.Actions[ads.Path]), ads.DelayOptions[ads.Path]{}))
				return testkit.Plain(get(d.Trials(s.(*ads.Actions[ads.Path]))))
			},
		},
		{
			Kind: codec.KindExamination,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				return get(ads.FitExamination(bg, clicks(), ads.ExaminationOptions[ads.Path]{}))
			},
			Values: func(t testing.TB, s any) any {
				e := s.(*ads.Examination)
				loglik, n, converged := e.Report()
				return []any{e.Positions(), e.SE(), loglik, n, converged}
			},
		},
		{
			Kind: codec.KindDelay,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				return get(ads.FitDelay(bg, acted(), ads.DelayOptions[ads.Path]{Edges: []time.Duration{time.Hour}}))
			},
			Values: func(t testing.TB, s any) any {
				d := s.(*ads.Delay)
				loglik, n, converged := d.Report()
				return []any{d.Share(time.Minute), d.Share(5 * time.Hour), loglik, n, converged}
			},
		},
		{
			Kind: codec.KindAdLedger,
			Fill: func(t testing.TB) encoding.BinaryMarshaler { return spent().Ledger() },
			Values: func(t testing.TB, s any) any {
				l := s.(*ads.Ledger[string])
				return []any{l.Spent("tea"), l.Spent("mugs")}
			},
			Zero: ledgerZeros,
		},
		{
			Kind: codec.KindAdRates,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				return get(ads.FitRates(trials(), ads.RatesOptions{Moments: true}))
			},
			Values: func(t testing.TB, s any) any { return beliefs(s.(*ads.Rates)) },
		},
	}
}

// ledgerZeros are what a ledger that was read does not hold.
var ledgerZeros = []string{
	".accounts[value].bucket: pacing begins anew", ".accounts[value].bucket.at: pacing begins anew", ".accounts[value].bucket.tokens: pacing begins anew",
	".accounts[value].pid: pacing begins anew", ".accounts[value].pid.P: the default", ".accounts[value].pid.I: the default", ".accounts[value].pid.D: the default",
	".accounts[value].pid.e1: pacing begins anew", ".accounts[value].pid.e2: pacing begins anew", ".accounts[value].pid.periods: pacing begins anew", ".accounts[value].pid.share: pacing begins anew",
	".accounts[value].start: pacing begins anew", ".accounts[value].late: pacing begins anew", ".accounts[value].spent: pacing begins anew", ".accounts[value].budget.held: clicks are paid at once", ".accounts[value].budget.sum: clicks are paid at once",
	".accounts[value].holds: what is set aside is not stored", ".accounts[value].open: what is set aside is not stored",
	".known.told[value][value]: a set", ".stripes[].counts.Max: no bound", ".stripes[].counts.Keep: the clock of the stripe tells",
	".known.gone: versions 1 and 2 have none", ".known.clock: told anew", ".known.clock.last: told anew", ".known.clock.last[]: told anew", ".known.clock.n: told anew", ".known.clock.next: told anew", ".known.clock.now: told anew",
	".stripes[].clock: told anew", ".stripes[].clock.last: told anew", ".stripes[].clock.last[]: told anew", ".stripes[].clock.n: told anew", ".stripes[].clock.next: told anew",
	".stripes[].clock.now: told anew", ".stripes[].counts.floor: told anew", ".stripes[].counts.cut: told anew", ".stripes[].pruned: told anew",
}

// booked are two ads.
func booked() *ads.Catalogue {
	from := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	return get(ads.NewCatalogue([]ads.Ad{
		{
			ID: "tea", Advertiser: "acme", Creatives: []string{"pot", "cup"}, Categories: []string{"kitchen"}, Target: []ads.Clause{{{Field: "region", In: []string{"north"}}}},
			Amount: 100, Quality: 1.1, Reserve: 5, Budget: 5000, From: from, To: from.Add(24 * time.Hour), Pace: ads.PacePID, Caps: []ads.Cap{{N: 9, Per: time.Hour}},
		},
		{ID: "mugs", Advertiser: "zenith", Creatives: []string{"blue"}, Amount: 900, Pricing: ads.CPM},
	}))
}

// asked is a page on which both may stand.
func asked(id uint64, user string) ads.Request[string] {
	return ads.Request[string]{ID: id, User: user, At: time.Date(2026, 11, 30, 12, int(id%60), 0, 0, time.UTC), Query: ads.Query{Categories: []string{"kitchen"}, Values: []ads.Value{{Field: "region", Value: "north"}}}}
}

// spent is a server that has served some pages to many users, over more than a span of events.
func spent() *ads.Server[string] {
	s := get(ads.NewServer(booked(), ads.ServerOptions[string]{
		Auction: ads.AuctionOptions{Examination: []float64{1, .5}, Reserve: 3}, Caps: []ads.Cap{{N: 20, Per: time.Hour}}, Ledger: get(ads.NewLedger[string](ads.LedgerOptions{Remember: 48 * time.Hour, Keep: time.Hour})),
	}))
	for id := range uint64(300) {
		for _, x := range get(s.Serve(nil, asked(id, fmt.Sprint("user", id)))) {
			if id%3 == 0 {
				get(s.Record(x, ads.Viewed, x.At))
				get(s.Record(x, ads.Clicked, x.At.Add(time.Duration(id)*10*time.Second)))
			}
		}
	}
	return s
}

// TestHostile: what no encoder writes is refused.
func TestHostile(t *testing.T) {
	path := func(w *codec.Writer, p string) { w.String(p); w.String(""); w.String("") }
	frameOf := func(kind codec.Kind, version uint16, put func(w *codec.Writer)) []byte {
		var w codec.Writer
		put(&w)
		return w.AppendFrame(nil, kind, version)
	}
	frame := func(kind codec.Kind, put func(w *codec.Writer)) []byte { return frameOf(kind, 1, put) }
	for name, c := range map[string]struct {
		into encoding.BinaryUnmarshaler
		data []byte
	}{
		"more clicks than impressions": {new(ads.Clicks[ads.Path]), frame(codec.KindAdClicks, func(w *codec.Writer) { w.Int(1); path(w, "a"); w.Int(1); w.Int64(3); w.Int64(4) })},
		"a last position without any":  {new(ads.Clicks[ads.Path]), frame(codec.KindAdClicks, func(w *codec.Writer) { w.Int(1); path(w, "a"); w.Int(1); w.Int64(0); w.Int64(0) })},
		"too many positions":           {new(ads.Clicks[ads.Path]), frame(codec.KindAdClicks, func(w *codec.Writer) { w.Int(1); path(w, "a"); w.Int(1 << 30) })},
		"a key without clicks":         {new(ads.Actions[ads.Path]), frame(codec.KindAdActions, func(w *codec.Writer) { w.Int(1); path(w, "a"); w.Int(0); w.Int(0) })},
		"times beyond their bin": {new(ads.Actions[ads.Path]), frame(codec.KindAdActions, func(w *codec.Writer) {
			w.Int(1)
			path(w, "a")
			w.Int(1)
			w.Int(5)
			w.Int64(1)
			w.Int64(70)
			w.Int(0)
		})},
		"examination of 2": {new(ads.Examination), frame(codec.KindExamination, func(w *codec.Writer) { w.Float64s([]float64{2}); w.Float64s(nil); w.Float64(0); w.Int(0); w.Bool(true) })},
		"an edge below 0": {new(ads.Delay), frame(codec.KindDelay, func(w *codec.Writer) {
			w.Float64s([]float64{-1})
			w.Float64s([]float64{1})
			w.Float64(0)
			w.Int(0)
			w.Bool(true)
		})},
		"no hazard": {new(ads.Delay), frame(codec.KindDelay, func(w *codec.Writer) {
			w.Float64s([]float64{0})
			w.Float64s([]float64{0})
			w.Float64(0)
			w.Int(0)
			w.Bool(true)
		})},
		"nothing to tell by": {new(ads.Rates), frame(codec.KindAdRates, func(w *codec.Writer) {
			w.Bool(true)
			w.Float64(10)
			w.Int(1)
			path(w, "a")
			w.Float64(0)
			w.Float64(5)
		})},
		"a rate of 2": {new(ads.Rates), frameOf(codec.KindAdRates, 2, func(w *codec.Writer) {
			w.Bool(true)
			for _, x := range []float64{10, 2, 10, 10, 10} {
				w.Float64(x)
			}
			w.Int(1)
			path(w, "a")
			w.Float64(1)
			w.Float64(5)
		})},
		"events of a span that was forgotten": {new(ads.Ledger[string]), frameOf(codec.KindAdLedger, 3, func(w *codec.Writer) {
			w.Int(0)
			w.Int64(int64(time.Hour))
			w.Int64(int64(time.Hour))
			w.Int(0)
			w.Int64(math.MinInt64)
			w.Int(1)
			w.Int64(7)
			w.Int(1)
			w.Int64(7)
			w.Uint64s([]uint64{1})
			for range 64 {
				w.Int(0)
			}
		})},
		"a budget that no ad can have": {new(ads.Ledger[string]), frameOf(codec.KindAdLedger, 2, func(w *codec.Writer) {
			w.Int(0)
			w.Int64(int64(time.Hour))
			w.Int64(int64(time.Hour))
			w.Int(1)
			w.String("tea")
			w.Int64(5000)
			w.Int64(10_500)
			w.Int64(math.MinInt64)
			w.Uint64s(nil)
			w.Uint64s(nil)
			for range 64 {
				w.Int(0)
			}
		})},
		"no strength": {new(ads.Rates), frame(codec.KindAdRates, func(w *codec.Writer) {
			w.Bool(true)
			w.Float64(0)
			w.Int(1)
			path(w, "a")
			w.Float64(1)
			w.Float64(5)
		})},
	} {
		if err := c.into.UnmarshalBinary(c.data); !errors.Is(err, ads.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCancels: fits look at their context.
func TestCancels(t *testing.T) {
	testkit.Cancels(t, []testkit.Cancel{{Name: "ads.FitExamination", Looks: 10, Do: func(ctx context.Context, size int) error {
		c := newPage(500*size, 3).impressions(20_000*size, true, 3)
		testkit.Start(ctx)
		_, err := ads.FitExamination(ctx, c, ads.ExaminationOptions[int32]{})
		return err
	}}, {Name: "ads.FitDelay", Looks: 5, Do: func(ctx context.Context, size int) error {
		c := acted()
		testkit.Start(ctx)
		_, err := ads.FitDelay(ctx, c, ads.DelayOptions[ads.Path]{Tol: 1e-12})
		return err
	}}})
}
