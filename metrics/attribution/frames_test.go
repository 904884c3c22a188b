package attribution_test

import (
	"encoding"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics/attribution"
)

func TestFrames(t *testing.T) { testkit.Frames(t, "metrics/attribution", frames()) }

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

// frames lists a filled state of every kind of this package.
func frames() []testkit.Frame {
	return []testkit.Frame{{
		Kind: codec.KindAttribution,
		Fill: func(t testing.TB) encoding.BinaryMarshaler {
			a := got(attribution.New(attribution.Options{Direct: "typed", HalfLife: 24 * time.Hour, First: .5, Last: .3, MaxPaths: 9}))
			done(
				t,
				a.Add([]attribution.Touch{{"search", day(1)}, {"mail", day(3)}, {"typed", day(4)}}, true, 900),
				a.Add([]attribution.Touch{{"mail", day(2)}, {"search", day(3)}, {"mail", day(5)}}, true, 100),
				a.AddPath([]string{"mail"}, 0, 2, 0),
			)
			return a
		},
		Values: func(t testing.TB, state any) any {
			a := state.(*attribution.Paths)
			out := []any{a.Conversions(), a.Nulls(), a.Revenue()}
			for rule := attribution.First; rule <= attribution.TimeDecay; rule++ {
				out = append(out, testkit.Plain(got(a.Credit(rule))))
			}
			return out
		},
		Zero: []string{".buf: scratch", ".ids.twice: no id stands twice in a list"},
	}}
}
