package metrics_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
)

func TestDefinitionsReference(t *testing.T) {
	c := metrics.Confusion{TP: 30, FP: 20, FN: 10, TN: 40}
	s := c.Scores(0)
	testkit.Near(t, "precision", s.Precision, .6, 1e-15)
	testkit.Near(t, "recall", s.Recall, .75, 1e-15)
	testkit.Near(t, "F1", s.F1, .666667, 5e-7)
	testkit.Near(t, "accuracy", s.Accuracy, .7, 1e-15)
	testkit.Near(t, "MCC", s.MCC, .408248, 5e-7)
	m, _ := metrics.Confusion{TP: 2, FN: 1, FP: 1}.MCC()
	testkit.Near(t, "MCC", m, -1.0/3, 1e-15)
	y, x := []bool{false, false, true, true}, []float64{.1, .4, .35, .8}
	auc, err := metrics.AUC(y, x, nil)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "AUC", auc, .75, 0)
	ap, err := metrics.AveragePrecision(y, x, nil)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "AP", ap, .8333333333333333, 1e-15)
	b, err := metrics.Brier([]bool{false, true, true, false}, []float64{.1, .9, .8, .3}, nil)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "Brier", b, .0375, 1e-15)
}
