package forecast_test

import (
	"context"
	"encoding"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/forecast"
)

var bg = context.Background()

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// fitted is a model whose fit cannot fail.
func fitted[M any](m M, err error) M {
	must(err)
	return m
}

// sales are 24 months with a trend and a season.
func sales() []float64 {
	return []float64{
		112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118,
		115, 126, 141, 135, 125, 149, 170, 170, 158, 133, 114, 140,
	}
}

// gaps are sales with missing periods, the last one among them.
func gaps() []float64 {
	y := sales()
	y[3], y[4], y[23] = math.NaN(), math.NaN(), math.NaN()
	return y
}

func naive() *forecast.Naive {
	return fitted(forecast.FitNaive(bg, gaps(), forecast.NaiveOptions{Season: 4, Drift: true}))
}

func mean() *forecast.Mean {
	return fitted(forecast.FitMean(bg, gaps(), forecast.MeanOptions{Season: 4, Window: 12, HalfLife: 30, Root: true}))
}

func ets() *forecast.ETS {
	return fitted(forecast.FitETS(bg, gaps(), forecast.ETSOptions{Model: "MAdM", Season: 4, Seed: 3}))
}

func auto() *forecast.Combination {
	y := append(sales(), gaps()...)
	y[45] = 500 // stands alone
	return fitted(forecast.FitAuto(bg, y, forecast.AutoOptions{Season: 12, Horizon: 6, NonNegative: true}))
}

func theta() *forecast.Theta {
	return fitted(forecast.FitTheta(bg, append(sales(), gaps()...), forecast.ThetaOptions{Model: "DSTM", Season: 12}))
}

// The golden frames, with every field in use.
func TestFrames(t *testing.T) { testkit.Frames(t, "predict/forecast", frames()) }

// FuzzUnmarshal: what is refused changes nothing, what is read is canonical.
func FuzzUnmarshal(f *testing.F) { testkit.FuzzFrames(f, frames()) }

func TestDamage(t *testing.T) { testkit.Damage(t, frames()) }

func TestNilReceivers(t *testing.T) {
	testkit.NilReceivers(t, nil, (*forecast.Naive)(nil), (*forecast.Mean)(nil), (*forecast.ETS)(nil), (*forecast.Theta)(nil), (*forecast.ARIMA)(nil))
	testkit.NilReceivers(t, nil, demandNils()...)
}

// modelFrame is the frame of one model: its values are what it forecasts.
func modelFrame(kind codec.Kind, fill func() forecast.Persistent) testkit.Frame {
	return testkit.Frame{
		Kind: kind,
		Fill: func(testing.TB) encoding.BinaryMarshaler { return fill() },
		Values: func(_ testing.TB, s any) any {
			m := s.(forecast.Forecaster)
			return [][]float64{fitted(m.Forecast(nil, 6)), fitted(m.Quantiles(nil, 6, []float64{.1, .9}))}
		},
	}
}

// autoFrame has models whose own frames have every field in use.
func autoFrame(kind codec.Kind, old int) testkit.Frame {
	f := modelFrame(kind, func() forecast.Persistent { return auto() })
	f.Old = old
	for _, field := range []string{"names", "narrow", "narrow[]", "nonNegative", "warnings"} {
		f.Zero = append(f.Zero, "."+field+": older versions have none")
	}
	for _, field := range []string{"drift", "factors", "form.damped", "form.trend", "now.beta", "now.mean", "pairs", "seasonal", "seed"} {
		f.Zero = append(f.Zero, ".models[]."+field+": a model without it; its own frame has it")
	}
	return f
}

func frames() []testkit.Frame {
	return append([]testkit.Frame{
		modelFrame(codec.KindNaive, func() forecast.Persistent { return naive() }),
		func() testkit.Frame {
			f := modelFrame(codec.KindMean, func() forecast.Persistent { return mean() })
			f.Zero = []string{".opt.Median: excludes a half-life", ".opt.HalfLife: version 1 had none", ".opt.Root: version 1 had none"}
			return f
		}(),
		modelFrame(codec.KindETS, func() forecast.Persistent { return ets() }),
		modelFrame(codec.KindTheta, func() forecast.Persistent { return theta() }),
		func() testkit.Frame {
			f := modelFrame(codec.KindARIMA, func() forecast.Persistent { return arima() })
			f.Zero = []string{".form.sd: with a constant there is one difference at most"}
			f.Drifts = "the mean is taken off before the fit, and the stationary law is found by linear equations"
			return f
		}(),
		autoFrame(codec.KindCombination, 0),
		autoFrame(codec.KindAuto, 1), // what FitAuto made before it made combinations
	}, demandFrames()...)
}
