package forecast

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
)

// statsforecast's fit of every form: with its parameters the recursions, the likelihood, means and
// variances are its numbers; and the search here finds likelihoods that are no lower.
func TestETSGolden(t *testing.T) {
	var g struct {
		Y     []float64
		Cases []struct {
			Form                                  string
			Alpha, Beta, Gamma, Phi, Level, Slope float64
			Seasonal, Fitted, Mean, Low80         []float64
			Sigma2, Loglik, AICc, AIC, BIC        float64
		}
		Best struct {
			Form string
			AICc float64
		}
	}
	testkit.Golden(t, "ets.json", &g)
	if len(g.Cases) != 15 {
		t.Fatalf("%d forms", len(g.Cases))
	}
	n := len(g.Y)
	for _, c := range g.Cases {
		m := &ETS{season: 1, sigma2: c.Sigma2, history: history{y: g.Y, fitted: make([]float64, n)}}
		if !m.form.parse(c.Form) {
			t.Fatal(c.Form)
		}
		if m.now = (etsParams{c.Alpha, c.Beta, c.Gamma, c.Phi, c.Level, c.Slope, c.Seasonal}); m.form.season != 'N' {
			m.season = 4
		}
		sum, logs, ok := runETS(m.form, &m.now, g.Y, m.fitted)
		if !ok {
			t.Fatalf("%s is refused", c.Form)
		}
		got := criteria(-.5*float64(n)*math.Log(sum)-index64(m.form.multError)*logs, m.form.parameters(4)+1, n)
		for _, x := range []struct{ got, want float64 }{{got.LogLikelihood, c.Loglik}, {got.AICc, c.AICc}, {got.AIC, c.AIC}, {got.BIC, c.BIC}} {
			testkit.Near(t, c.Form, x.got, x.want, 1e-8)
		}
		mean := m.means(nil, len(c.Mean))
		for i, want := range c.Mean {
			if m.form.damped { // its damped sum begins φ + φ + φ² where table 2.1 has φ + φ² + φ³
				extra := m.now.slope * (c.Phi - math.Pow(c.Phi, float64(i+1)))
				if m.form.season == 'M' {
					extra *= m.now.seasonal[i%4]
				}
				want -= extra
			}
			testkit.Near(t, c.Form+" mean", mean[i], want, 1e-8)
		}
		for i, want := range c.Fitted {
			testkit.Near(t, c.Form+" fitted", m.fitted[i], want, 1e-8)
		}
		low, err := m.Quantiles(nil, len(mean), []float64{.1})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range c.Low80 {
			tol := 1e-8
			switch {
			case i > 0 && m.form.damped, i < 8 && !m.form.multError && m.form.season == 'A':
				// the mean above; and it counts the seasons of the whole horizon at each step
				continue
			case strings.HasSuffix(c.Form, "M"): // drawn here, normal there
				tol = .15 * want
			case c.Form == "MAA": // its c is αβj where table 6.2 has α + βj
				continue
			}
			testkit.Near(t, c.Form+" low", low[i], want, tol)
		}

		own, err := FitETS(context.Background(), g.Y, ETSOptions{Model: c.Form, Season: 4})
		if err != nil {
			t.Fatal(err)
		}
		if info, _ := own.Information(); info.AICc > c.AICc+1e-6 {
			t.Errorf("%s: AICc %v, statsforecast %v", c.Form, info.AICc, c.AICc)
		}
	}
	best, err := FitETS(context.Background(), g.Y, ETSOptions{Season: 4})
	if err != nil {
		t.Fatal(err)
	}
	if info, _ := best.Information(); info.AICc > g.Best.AICc+1e-6 {
		t.Errorf("best %s with AICc %v, statsforecast %s with %v", best.Model(), info.AICc, g.Best.Form, g.Best.AICc)
	}
}

func index64(b bool) float64 { return float64(index(b)) }
