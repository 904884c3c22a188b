package lifetime_test

import (
	"context"
	"encoding"
	"errors"
	"testing"
	"time"

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
		(*lifetime.Spend)(nil), (*lifetime.GammaGamma)(nil), (*lifetime.Tenures)(nil), (*lifetime.SBG)(nil), (*lifetime.Orders[string, weeks])(nil), (*lifetime.Survival[weeks])(nil), (*lifetime.Cox[weeks])(nil), (*lifetime.Hazard)(nil), (*lifetime.Covariates[weeks])(nil))
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

// yearly are customers who are counted by whole periods.
func yearly() *lifetime.Summary[weeks] {
	s := new(lifetime.Summary[weeks])
	for i := range 60 {
		c := customer{Age: weeks(5 + i%3)}
		if i%3 > 0 {
			c.AgeAtLast = weeks(1 + i%5)
			c.Repeats = 1 + i%int(c.AgeAtLast)
		}
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

// ordered are the orders of some customers, in periods of weeks.
func ordered() *lifetime.Orders[string, weeks] {
	o := get(lifetime.NewOrders[string, weeks](7))
	for i := range 40 {
		must(o.Add(string(rune('a'+i%7)), time.Date(2025, 1, 1+i*i%97, 9, 0, 0, 0, time.UTC), int64(500+i)))
	}
	return o
}

// months are contracts by how many months they lasted, of two kinds; the fit is cut short.
func months() *lifetime.Hazard {
	rows, lasted, ended := monthly()
	return get(lifetime.FitHazard(bg, rows, lasted, ended, lifetime.HazardOptions{MaxIter: 1, CLogLog: true, Names: []string{"yearly"}}))
}

func monthly() (rows [][]float64, lasted []int, ended []bool) {
	for i := range 40 {
		rows, lasted, ended = append(rows, []float64{float64(i % 2)}), append(lasted, 1+i*i%5), append(ended, i%3 > 0)
	}
	return rows, lasted, ended
}

// attributedFew are few customers with one column; the fit is cut short.
func attributedFew() *lifetime.Covariates[weeks] {
	cs, rows := withColumn()
	return get(lifetime.FitCovariates(bg, get(lifetime.NewBGNBD[weeks](.5, 6, 1, 2.5)), cs, rows, lifetime.CovariateOptions{MaxIter: 2, Names: []string{"app"}}))
}

func withColumn() (cs []customer, rows [][]float64) {
	for c, n := range few().Groups() {
		for range n {
			cs, rows = append(cs, c), append(rows, []float64{float64(len(rows) / 2 % 2)})
		}
	}
	return cs, rows
}

// won is a list of customers to be won back.
func won() []lifetime.WinBackRow[weeks] {
	opt := lifetime.WinBackOptions[weeks]{Cost: 1, Response: .2, AsOf: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)}
	cs := []customer{{Repeats: 9, AgeAtLast: 30, Age: 39, Value: 40}, {Age: 39}}
	return get(lifetime.WinBack(bg, get(lifetime.NewBGNBD[weeks](.25, 4, .8, 2.5)), get(lifetime.NewGammaGamma(6.25, 3.74, 15.44)), cs, opt))
}

func frames() []testkit.Frame {
	return []testkit.Frame{
		{
			Kind:   codec.KindSurvival,
			Fill:   func(t testing.TB) encoding.BinaryMarshaler { s, _, _, _ := remissions(); return s },
			Values: func(t testing.TB, s any) any { return testkit.Plain(get(s.(*lifetime.Survival[weeks]).Result(0))) },
		},
		{
			Kind: codec.KindCox,
			Fill: func(t testing.TB) encoding.BinaryMarshaler {
				_, rows, lasted, ended := remissions()
				return get(lifetime.FitCox(bg, rows, lasted, ended, lifetime.CoxOptions{MaxIter: 1}))
			},
			Values: func(t testing.TB, s any) any {
				m := s.(*lifetime.Cox[weeks])
				return []any{testkit.Plain(m.Report()), m.Concordance(), get(m.Alive([]float64{1}, 8))}
			},
			Zero: []string{".converged: cut short, so that there is a warning"},
		},
		{
			Kind: codec.KindHazard,
			Fill: func(t testing.TB) encoding.BinaryMarshaler { return months() },
			Values: func(t testing.TB, s any) any {
				m := s.(*lifetime.Hazard)
				return []any{testkit.Plain(m.Report()), m.Periods(), get(m.At([]float64{1}, 1)), get(m.Alive([]float64{1}, 2))}
			},
			Zero: []string{".converged: cut short, so that there is a warning"},
		},
		{
			Kind: codec.KindCovariates,
			Fill: func(t testing.TB) encoding.BinaryMarshaler { return attributedFew() },
			Values: func(t testing.TB, s any) any {
				m := s.(*lifetime.Covariates[weeks])
				return []any{testkit.Plain(m.Report()), testkit.Plain(get(m.For([]float64{1})).Report())}
			},
			Zero: []string{".done: cut short, so that there is a warning"},
		},
		{
			Kind: codec.KindRepeatOrders,
			Fill: func(t testing.TB) encoding.BinaryMarshaler { return ordered() },
			Values: func(t testing.TB, s any) any {
				who, cs, err := s.(*lifetime.Orders[string, weeks]).Customers(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
				must(err)
				return []any{who, testkit.Plain(cs)}
			},
		},
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
	less := 1
	if testkit.Race {
		less = 4
	}
	many := func(size int) *lifetime.Summary[weeks] {
		s := new(lifetime.Summary[weeks])
		for i := range 5000 / less * size {
			c := customer{Age: weeks(20 + float64(i)/1000)}
			if i%3 > 0 {
				c.Repeats = 1 + i%5*(i%4)
				c.AgeAtLast = c.Age * weeks(1+i%6) / 7
			}
			must(s.Add(c))
		}
		return s
	}
	testkit.Cancels(t, []testkit.Cancel{{Name: "lifetime.FitHazard", Looks: 2, Do: func(ctx context.Context, size int) error {
		var rows [][]float64
		var lasted []int
		var ended []bool
		for i := range 3000 / less * size {
			rows, lasted, ended = append(rows, []float64{float64(i % 97), float64(i % 11), float64(i * i % 13)}), append(lasted, 1+i*i%37), append(ended, i%3 > 0)
		}
		testkit.Start(ctx)
		_, err := lifetime.FitHazard(ctx, rows, lasted, ended, lifetime.HazardOptions{})
		return err
	}}, {Name: "lifetime.FitCovariates", Looks: 5, Do: func(ctx context.Context, size int) error {
		cs, rows := channels(6, 600/less*size)
		start := get(lifetime.NewBGNBD[weeks](1, 10, 1, 3))
		testkit.Start(ctx)
		_, err := lifetime.FitCovariates(ctx, start, cs, rows, lifetime.CovariateOptions{})
		return err
	}}, {Name: "lifetime.FitBGBB", Looks: 5, Do: func(ctx context.Context, size int) error {
		cs, _ := giving(8, 1500/less*size, 0, [4]float64{1.2, 2, .8, 4})
		s := summary(cs)
		testkit.Start(ctx)
		_, err := lifetime.FitBGBB(ctx, s, lifetime.FitOptions{})
		return err
	}}, {Name: "lifetime.FitCox", Looks: 2, Do: func(ctx context.Context, size int) error {
		var rows [][]float64
		var lasted []weeks
		var ended []bool
		for i := range 6000 / less * size {
			rows, lasted, ended = append(rows, []float64{float64(i % 7), float64(i % 11), float64(i * i % 13)}), append(lasted, weeks(i*i%997)), append(ended, i%3 > 0)
		}
		testkit.Start(ctx)
		_, err := lifetime.FitCox(ctx, rows, lasted, ended, lifetime.CoxOptions{})
		return err
	}}, {Name: "lifetime.CLVIntervals", Looks: 20, Do: func(ctx context.Context, size int) error {
		base := lifetime.CLVBase[weeks]{Model: get(lifetime.NewBGNBD[weeks](.25, 4, .8, 2.5)), Amounts: get(lifetime.NewGammaGamma(6.25, 3.74, 15.44)), Orders: few(), Spend: amounts()}
		testkit.Start(ctx)
		_, err := lifetime.CLVIntervals(ctx, base, []customer{{Age: 20}}, lifetime.CLVOptions[weeks]{Replicates: 20 * size})
		return err
	}}, {Name: "lifetime.WinBack", Looks: 5, Do: func(ctx context.Context, size int) error {
		cs := make([]customer, 1500/less*size)
		for i := range cs {
			cs[i] = customer{Repeats: 9, AgeAtLast: 30, Age: 39, Value: 40}
		}
		testkit.Start(ctx)
		_, err := lifetime.WinBack(ctx, get(lifetime.NewBGNBD[weeks](.25, 4, .8, 2.5)), get(lifetime.NewGammaGamma(6.25, 3.74, 15.44)), cs, lifetime.WinBackOptions[weeks]{})
		return err
	}}, {Name: "lifetime.FitParetoNBD", Looks: 10, Do: func(ctx context.Context, size int) error {
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
		for i := range 1500 / less * size {
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
