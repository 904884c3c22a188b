package kpi_test

import (
	"encoding"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/kpi"
)

func TestFrames(t *testing.T) { testkit.Frames(t, "metrics/kpi", frames()) }

func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

// got returns x of a call that must not fail.
func got[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// done stops at the first error.
func done(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func day(n int) time.Time { return time.Date(2026, 3, n, 12, 0, 0, 0, time.UTC) }

// cell is a key of cubes.
type cell struct {
	Channel string
	Week    int8
}

// frames lists a filled state of every kind of this package.
func frames() []testkit.Frame {
	funnel := kpi.FunnelOptions{Steps: []string{"view", "cart", "buy"}, Window: 48 * time.Hour, Entry: kpi.FunnelRestart, Strict: true}
	sunday := kpi.Calendar{Period: kpi.PeriodWeek, Location: time.FixedZone("shop", 3600), SundayWeeks: true}
	newCube := func() *kpi.Cube[cell, kpi.Counts] {
		return got(kpi.NewCube(kpi.CubeOptions[cell, kpi.Counts]{Merge: (*kpi.Counts).Merge, MaxCells: 9}))
	}
	return []testkit.Frame{{
		Kind: codec.KindCounts,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			c := &kpi.Counts{
				Impressions: 1, Reach: 2, Clicks: 3, Sessions: 4, Bounces: 5, Visitors: 6, Registrations: 7, Carts: 8, CartOrders: 9,
				Orders: 10, Buyers: 11, NewCustomers: 12, Units: 13, Revenue: 14, Refunds: 15, Discounts: 16, GrossMargin: -17, Cost: 18,
				CouponsIssued: 19, CouponsUsed: 20, Engagements: 21, Followers: 22,
			}
			done(t, c.Fill("Clicks", "Followers"))
			return c
		},
		Values: func(t testing.TB, state any) any { return testkit.Plain(*state.(*kpi.Counts)) },
		Zero:   []string{".filled: version 1 has none"},
	}, {
		Kind: codec.KindEngagement,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			e := &kpi.Engagement{
				Impressions: 1, Reach: 2, Followers: 3, Gained: 4, Lost: 5, Likes: 6, Comments: 7, Shares: 8, Saves: 9,
				Clicks: 10, Reads: 11, Plays: 12, Completions: 13, Seconds: 14,
			}
			done(t, e.Fill("Saves"))
			return e
		},
		Values: func(t testing.TB, state any) any { return testkit.Plain(*state.(*kpi.Engagement)) },
		Zero:   []string{".filled: version 1 has none"},
	}, {
		Kind: codec.KindSocial,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			s := &kpi.Social{
				Views: 1, Viewers: 2, Peak: 3, ViewerSeconds: 4, StreamSeconds: 5, Orders: 6, Revenue: 7, Users: 8, Invites: 9, Referred: 10,
				GroupsFormed: 11, GroupsExpired: 12, GroupMembers: 13,
			}
			done(t, s.Fill("Orders"))
			return s
		},
		Values: func(t testing.TB, state any) any { return testkit.Plain(*state.(*kpi.Social)) },
	}, {
		Kind: codec.KindFunnel,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			f := got(kpi.NewFunnel(funnel))
			done(
				t,
				f.AddUser([]kpi.FunnelEvent{{0, day(1)}, {1, day(1).Add(time.Minute)}, {2, day(2)}}),
				f.AddUser([]kpi.FunnelEvent{{0, day(1)}, {1, day(2)}}),
				f.AddUser([]kpi.FunnelEvent{{1, day(1)}}),
			)
			return f
		},
		Values: func(t testing.TB, state any) any {
			f := state.(*kpi.Funnel)
			return []any{f.Outside(), testkit.Plain(f.Result())}
		},
		Zero: []string{
			".opt.Strict: version 1 has none", ".rows: scratch", ".chain: scratch", ".times[].hi: a sum beyond 2^64 ns", ".times[].dist.alpha: 0 stands for the default accuracy",
			".times[].dist.neg: times are not negative", ".times[].dist.zero: not of these times",
		},
	}, {
		Kind: codec.KindFunnelBuilder,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			b := got(kpi.NewFunnelBuilder[string](funnel))
			done(t, b.Add("bert", 0, day(1)), b.Add("anna", 0, day(2)), b.Add("bert", 1, day(2)), b.Add("anna", 2, day(3)), b.Add("", 1, day(4)))
			return b
		},
		Values: func(t testing.TB, state any) any {
			b := state.(*kpi.FunnelBuilder[string])
			return []any{b.Len(), testkit.Plain(got(b.Funnel()).Result())}
		},
		Zero: []string{".opt.Strict: version 1 has none", ".ids.twice: no id stands twice in a list"},
	}, {
		Kind: codec.KindCustomers,
		Zero: []string{".ids.twice: no id stands twice in a list"},
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			c := &kpi.Customers[int16]{}
			done(t, c.Add(-7, 100), c.Add(9, 50), c.Add(9, -20))
			return c
		},
		Values: func(t testing.TB, state any) any {
			c := state.(*kpi.Customers[int16])
			return []any{c.Buyers(), c.Orders(), c.Revenue(), c.RepeatPurchaseRate().String(), c.ARPPU().String()}
		},
	}, {
		Kind: codec.KindActivity,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			a := got(kpi.NewActivity[string](sunday))
			done(t, a.Add("anna", day(1)), a.Add("anna", day(16)), a.Add("anna", day(23)), a.Start("bert", day(2)), a.Add("bert", day(9)), a.Start("carl", day(8)))
			return a
		},
		Read: func(frame []byte) (any, error) {
			a := got(kpi.NewActivity[string](sunday))
			return a, a.UnmarshalBinary(frame)
		},
		Values: func(t testing.TB, state any) any {
			a := state.(*kpi.Activity[string])
			table := got(a.Retention(kpi.RetentionOptions{MinAudience: -1, Periods: 2, AsOf: day(29)}))
			type row struct { // as the golden file has it
				Period int
				Users  int64
				Cells  []metrics.Ratio
			}
			var rows []row
			for _, r := range table.Rows {
				rows = append(rows, row{r.Period, r.Users, r.Cells})
			}
			return testkit.Plain([]any{
				a.Users(), got(a.Active(2, day(1), day(29))), got(a.Flows(day(1), day(29))),
				struct {
					Calendar kpi.Calendar
					Columns  []string
					Rows     []row
					Overall  []metrics.Ratio
				}{table.Calendar, table.Columns, rows, table.Overall},
			})
		},
		Zero: []string{".clock: the caller's calendar, compared and not read, and what it remembers", ".ids.twice: no id stands twice in a list"},
	}, {
		Kind: codec.KindCube,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			c := newCube()
			got(c.Cell(cell{"mail", 3})).Clicks = 2
			got(c.Cell(cell{"app", -1})).Clicks = 5
			return c
		},
		Read: func(frame []byte) (any, error) {
			c := newCube()
			return c, c.UnmarshalBinary(frame)
		},
		Values: func(t testing.TB, state any) any {
			return testkit.Plain(state.(*kpi.Cube[cell, kpi.Counts]).Cells())
		},
		Zero: []string{".states[]: a state's own frame shows its fields", ".ids.twice: no id stands twice in a list"},
	}}
}
