package metrics_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
)

func TestScoresGolden(t *testing.T) {
	var g struct {
		Cases []struct {
			Name     string
			Y        []bool
			P, W     []float64
			AUC      float64
			AUCW     float64 `json:"auc_w"`
			AP       float64
			APW      float64 `json:"ap_w"`
			LogLoss  float64 `json:"log_loss"`
			LogLossW float64 `json:"log_loss_w"`
			Brier    float64
			BrierW   float64 `json:"brier_w"`
			KS       float64
			Half     map[string]float64 `json:"at_half"`
			FPR, TPR []float64
		}
	}
	testkit.Golden(t, "scores.json", &g)
	for _, c := range g.Cases {
		t.Run(c.Name, func(t *testing.T) {
			near := func(name string, want float64) func(got float64, err error) {
				return func(got float64, err error) {
					t.Helper()
					if err != nil {
						t.Fatal(err)
					}
					testkit.Near(t, name, got, want, 1e-13)
				}
			}
			near("AUC", c.AUC)(metrics.AUC(c.Y, c.P, nil))
			near("weighted AUC", c.AUCW)(metrics.AUC(c.Y, c.P, c.W))
			near("AP", c.AP)(metrics.AveragePrecision(c.Y, c.P, nil))
			near("weighted AP", c.APW)(metrics.AveragePrecision(c.Y, c.P, c.W))
			near("Brier", c.Brier)(metrics.Brier(c.Y, c.P, nil))
			near("weighted Brier", c.BrierW)(metrics.Brier(c.Y, c.P, c.W))
			near("KS", c.KS)(metrics.KS(c.Y, c.P, nil))
			ll, clipped, err := metrics.LogLoss(c.Y, c.P, nil)
			near("log-loss", c.LogLoss)(ll, err)
			llw, _, err := metrics.LogLoss(c.Y, c.P, c.W)
			near("weighted log-loss", c.LogLossW)(llw, err)
			b, _ := metrics.NewBinaryLoss(metrics.BinaryLossOptions{})
			bw, _ := metrics.NewBinaryLoss(metrics.BinaryLossOptions{})
			for i, p := range c.P {
				if err := b.Add(c.Y[i], p); err != nil {
					t.Fatal(err)
				}
				if err := bw.AddWeighted(c.Y[i], p, c.W[i]); err != nil {
					t.Fatal(err)
				}
			}
			r, err := b.Result()
			near("accumulated log-loss", c.LogLoss)(r.LogLoss, err)
			near("accumulated Brier", c.Brier)(r.Brier, err)
			if r.Clipped != clipped {
				t.Errorf("clipped %d and %d", r.Clipped, clipped)
			}
			rw, err := bw.Result()
			near("accumulated weighted log-loss", c.LogLossW)(rw.LogLoss, err)
			near("accumulated weighted Brier", c.BrierW)(rw.Brier, err)
			var m metrics.Confusion
			if err := m.AddScores(c.Y, c.P, 0.5); err != nil {
				t.Fatal(err)
			}
			near("precision", c.Half["precision"])(m.Precision())
			near("recall", c.Half["recall"])(m.Recall())
			near("F1", c.Half["f1"])(m.F1())
			near("F2", c.Half["f2"])(m.FBeta(2))
			near("MCC", c.Half["mcc"])(m.MCC())
			near("accuracy", c.Half["accuracy"])(m.Accuracy())
			near("balanced accuracy", c.Half["balanced"])(m.BalancedAccuracy())
			roc, err := metrics.ROC(c.Y, c.P, nil)
			if err != nil || len(roc) != len(c.FPR) {
				t.Fatalf("ROC has %d points, want %d: %v", len(roc), len(c.FPR), err)
			}
			for i, p := range roc {
				near("FPR", c.FPR[i])(p.FPR, nil)
				near("TPR", c.TPR[i])(p.TPR, nil)
			}
		})
	}
}

func TestRegressionGolden(t *testing.T) {
	var g struct {
		Y, F                []float64
		MAE, RMSE, R2, MAPE float64
	}
	testkit.Golden(t, "regression.json", &g)
	var r metrics.Regression
	for i := range g.Y {
		if err := r.Add(g.Y[i], g.F[i]); err != nil {
			t.Fatal(err)
		}
	}
	got, err := r.Result()
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "MAE", got.MAE, g.MAE, 1e-12)
	testkit.Near(t, "RMSE", got.RMSE, g.RMSE, 1e-12)
	testkit.Near(t, "R2", got.R2, g.R2, 1e-12)
	testkit.Near(t, "MAPE", got.MAPE, g.MAPE, 1e-12)
}
