package lifetime_test

import (
	"context"
	"encoding"
	"errors"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/lifetime"
)

// The golden frames, with every field in use.
func TestFrames(t *testing.T) { testkit.Frames(t, "predict/lifetime", frames()) }

// FuzzUnmarshal: what is refused changes nothing, what is read is canonical.
func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

func TestNilReceivers(t *testing.T) {
	testkit.NilReceivers(t, nil, (*lifetime.Summary[weeks])(nil), (*lifetime.Model[weeks])(nil), (*lifetime.Round)(nil),
		(*lifetime.Spend)(nil), (*lifetime.GammaGamma)(nil), (*lifetime.Tenures)(nil), (*lifetime.SBG)(nil))
}

// few are customers of a small shop of whom each group has several; some of the parameters of
// their law are badly determined.
func few() *lifetime.Summary[weeks] {
	s := new(lifetime.Summary[weeks])
	for i := range 60 {
		c := customer{Age: weeks(20 + i%7)}
		if i%3 > 0 {
			c.Repeats = 1 + i%5*(i%4)
			c.AgeAtLast = c.Age * weeks(1+i%6) / 7
		}
		must(s.Add(c))
		must(s.Add(c))
	}
	return s
}

// amounts are what some customers spent.
func amounts() *lifetime.Spend {
	s := new(lifetime.Spend)
	for i := range 60 {
		must(s.Add(1+i%4, 20+float64(i%7)*float64(1+i%3)))
	}
	return s
}

// contracts are some that ended and some that run.
func contracts() *lifetime.Tenures {
	s := new(lifetime.Tenures)
	must(s.AddCohort(100, 69, 52, 44, 40))
	must(s.AddCohort(90, 60, 50))
	must(s.AddTenure(0, false))
	must(s.AddTenure(1, false))
	must(s.AddTenure(3, false))
	return s
}

func frames() []testkit.Frame {
	return []testkit.Frame{
		{
			Kind: codec.KindSummary,
			Fill: func(t testing.TB) encoding.BinaryMarshaler { return few() },
			Values: func(t testing.TB, s any) any {
				var out []any
				for c, n := range s.(*lifetime.Summary[weeks]).Groups() {
					out = append(out, testkit.Plain(c), n)
				}
				return out
			},
			Zero: []string{".groups[].place: the first count"},
		},
		{
			Kind: codec.KindRepeatModel,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				return get(lifetime.FitBGNBD(bg, few(), lifetime.FitOptions{MaxIter: 2}))
			},
			Values: func(t testing.TB, s any) any { return testkit.Plain(s.(*lifetime.Model[weeks]).Report()) },
			Zero:   []string{".fitted.converged: cut short, so that there is a warning"},
		},
		{
			Kind: codec.KindRound,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				return get(get(lifetime.NewBGNBD[weeks](.25, 4, .8, 2.5)).Round(bg, few()))
			},
			Values: func(t testing.TB, s any) any {
				r := s.(*lifetime.Round)
				return []any{r.Customers(), r.LogLikelihood()}
			},
			Zero: []string{".broken: all terms are finite"},
		},
		{
			Kind: codec.KindSpend,
			Fill: func(t testing.TB) encoding.BinaryMarshaler { return amounts() },
			Values: func(t testing.TB, s any) any {
				return []any{s.(*lifetime.Spend).Customers(), get(s.(*lifetime.Spend).Correlation())}
			},
		},
		{
			Kind: codec.KindGammaGamma,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				return get(lifetime.FitGammaGamma(bg, amounts(), lifetime.FitOptions{MaxIter: 1}))
			},
			Values: func(t testing.TB, s any) any { return testkit.Plain(s.(*lifetime.GammaGamma).Report()) },
			Zero:   []string{".fitted.converged: cut short, so that there is a warning"},
		},
		{
			Kind: codec.KindTenures,
			Fill: func(t testing.TB) encoding.BinaryMarshaler { return contracts() },
			Values: func(t testing.TB, s any) any {
				return []any{s.(*lifetime.Tenures).Contracts(), testkit.Plain(get(lifetime.FitSBG(bg, s.(*lifetime.Tenures), lifetime.FitOptions{})).Report())}
			},
		},
		{
			Kind: codec.KindSBG,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				return get(lifetime.FitSBG(bg, contracts(), lifetime.FitOptions{MaxIter: 1}))
			},
			Values: func(t testing.TB, s any) any { return testkit.Plain(s.(*lifetime.SBG).Report()) },
			Zero:   []string{".fitted.converged: cut short, so that there is a warning"},
		},
	}
}

// TestCancels: fits look at their context.
func TestCancels(t *testing.T) {
	many := func(size int) *lifetime.Summary[weeks] {
		s := new(lifetime.Summary[weeks])
		for i := range 5000 * size {
			c := customer{Age: weeks(20 + float64(i)/1000)}
			if i%3 > 0 {
				c.Repeats = 1 + i%5*(i%4)
				c.AgeAtLast = c.Age * weeks(1+i%6) / 7
			}
			must(s.Add(c))
		}
		return s
	}
	testkit.Cancels(t, []testkit.Cancel{{Name: "lifetime.FitParetoNBD", Looks: 10, Do: func(ctx context.Context, size int) error {
		s := new(lifetime.Summary[weeks])
		for c := range many(size).Groups() {
			if s.Customers() < int64(60*size) {
				c.Repeats = int(s.Customers()) % 5
				if c.Repeats > 0 {
					c.AgeAtLast = c.Age / 2
				}
				must(s.Add(c))
			}
		}
		testkit.Start(ctx)
		_, err := lifetime.FitParetoNBD(ctx, s, lifetime.FitOptions{})
		return err
	}}, {Name: "lifetime.FitGammaGamma", Looks: 5, Do: func(ctx context.Context, size int) error {
		s := new(lifetime.Spend)
		for i := range 1500 * size {
			must(s.Add(1+i%4, 20+float64(i%1009)))
		}
		testkit.Start(ctx)
		_, err := lifetime.FitGammaGamma(ctx, s, lifetime.FitOptions{})
		return err
	}}, {Name: "lifetime.FitBGNBD", Looks: 10, Do: func(ctx context.Context, size int) error {
		s := many(size)
		testkit.Start(ctx)
		_, err := lifetime.FitBGNBD(ctx, s, lifetime.FitOptions{})
		return err
	}}})
}

// TestUnits: frames of one unit are not read as another.
func TestUnits(t *testing.T) {
	for _, into := range []encoding.BinaryUnmarshaler{new(lifetime.Summary[lifetime.Days]), new(lifetime.Model[lifetime.Days])} {
		from := encoding.BinaryMarshaler(few())
		if _, ok := into.(*lifetime.Model[lifetime.Days]); ok {
			from = get(lifetime.NewBGNBD[weeks](1, 1, 1, 1))
		}
		if err := into.UnmarshalBinary(get(from.MarshalBinary())); !errors.Is(err, lifetime.ErrMismatch) {
			t.Errorf("%T reads weeks: %v", into, err)
		}
	}
	testkit.Near(t, "a year", float64(lifetime.Convert[lifetime.Days](lifetime.Years(1))), 365.2425, 1e-12)
	testkit.Near(t, "a month", float64(lifetime.Convert[lifetime.Weeks](lifetime.Months(1))), 365.2425/12/7, 1e-12)
	testkit.Near(t, "an hour", float64(lifetime.Convert[lifetime.Seconds](lifetime.Hours(1))), 3600, 1e-12)
}
