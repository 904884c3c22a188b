package online_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/online"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// tiny is a space, and filled a row of it.
var tiny = get(online.NewSpace(online.SpaceOptions{Bits: 3, Namespaces: []string{"user", "ad"}, Seed: 3}))

func filled() *online.Row { return rowOf(tiny) }

func rowOf(s *online.Space) *online.Row {
	row := s.Row()
	row.Add("user", "u1", 1)
	row.Add("ad", "a1", 2)
	row.Add("ad", "price", .5)
	row.Offset(.1)
	return row
}

// taught lets a learner see a few examples.
func taught[L online.Learner](m L) L {
	row := m.Space().Row()
	for k := range 40 {
		row.Reset()
		row.Add("user", string(rune('a'+k%5)), 1)
		row.Add("ad", string(rune('a'+k%7)), float64(1+k%3))
		get(m.Learn(row, float64(k%2), 1))
	}
	return m
}

func someRows() *online.Rows {
	x := new(online.Rows)
	for k := range 6 {
		row := tiny.Row()
		row.Add("user", string(rune('a'+k%3)), 1)
		row.Add("ad", string(rune('a'+k%2)), 1)
		must(x.Add(row, float64(k%2), 1))
	}
	return x
}

func praise() *online.Text {
	texts, good := verdicts(30, 1)
	return get(online.FitText(bg, texts, good, online.TextOptions{Bits: 8, Grams: 1}))
}

func someCounts() *online.TextCounts {
	texts, good := verdicts(30, 1)
	c := get(online.NewTextCounts(online.TextOptions{Bits: 8, Grams: 3, Smoothing: .5}))
	for i, text := range texts {
		must(c.Add(text, good[i], 2))
	}
	return c
}

func TestPromises(t *testing.T) {
	learn := func() []any { return []any{filled(), 1.0, 2.0} }
	score := func() []any { return []any{filled()} }
	testkit.Promises{
		Funcs: map[string]any{
			"NewSpace": online.NewSpace, "NewFTRL": online.NewFTRL, "NewFM": online.NewFM, "NewFieldFM": online.NewFieldFM, "Fit": online.Fit,
			"FitText": online.FitText, "NewTextCounts": online.NewTextCounts,
		},
		Types: []func() any{
			func() any { return tiny },
			func() any { return filled() },
			func() any { return someRows() },
			func() any { return taught(get(online.NewFTRL(tiny, online.FTRLOptions{L1: .1}))) },
			func() any { return taught(get(online.NewFM(tiny, online.FMOptions{Factors: 2}))) },
			func() any { return taught(get(online.NewFieldFM(tiny, online.FMOptions{Factors: 2}))) },
			func() any { return taught(get(online.NewFM(tiny, online.FMOptions{Factors: 2}))).Snapshot() },
			func() any { return praise() },
			func() any { return someCounts() },
			func() any { p := taught(get(online.NewFTRL(tiny, online.FTRLOptions{}))).Progressive(); return &p },
		},
		Zero: []string{"Rows", "Row", "Progressive", "Space"},
		Args: map[string]func() []any{
			"NewSpace": func() []any {
				return []any{online.SpaceOptions{Bits: 4, Namespaces: []string{"a", "b"}, Crosses: [][2]string{{"a", "b"}}, Seed: 1}}
			},
			"NewFTRL": func() []any {
				return []any{tiny, online.FTRLOptions{Alpha: .2, Beta: 1, L1: .1, L2: .1, MinRate: .01, Loss: online.Logistic, Negatives: .5, Seed: 1}}
			},
			"NewFM":      func() []any { return []any{tiny, online.FMOptions{Factors: 2, Rate: .1, L2: .01, Spread: .1, Seed: 1}} },
			"NewFieldFM": func() []any { return []any{tiny, online.FMOptions{Factors: 2, Rate: .1, L2: .01, Spread: .1, Seed: 1}} },
			"Fit": func() []any {
				return []any{bg, online.Learner(get(online.NewFTRL(tiny, online.FTRLOptions{}))), someRows(), someRows(), online.FitOptions{Epochs: 2, Patience: 1, Seed: 1}}
			},
			"FitText": func() []any {
				texts, good := verdicts(12, 1)
				w := []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2}
				return []any{bg, texts, good, online.TextOptions{Grams: 2, Bits: 10, L2: .5, Smoothing: 1, Weights: w}}
			},
			"NewTextCounts":      func() []any { return []any{online.TextOptions{Grams: 2, Bits: 10, L2: .5, Smoothing: 1}} },
			"Text.Score":         func() []any { return []any{"很好"} },
			"Text.Predict":       func() []any { return []any{"很好"} },
			"Text.AppendReasons": func() []any { return []any{[]online.TextReason(nil), "很好", 2} },
			"TextCounts.Add":     func() []any { return []any{"很好", true, 1.0} },
			"TextCounts.Merge":   func() []any { return []any{someCounts()} },
			"Space.Place":        func() []any { return []any{"user", "u1"} },
			"Row.Add":            func() []any { return []any{"user", "u1", 1.0} },
			"Row.Offset":         func() []any { return []any{.5} },
			"Rows.Add":           learn,
			"FTRL.Learn":         learn,
			"FM.Learn":           learn,
			"FieldFM.Learn":      learn,
			"FTRL.Predict":       score,
			"FM.Predict":         score,
			"FieldFM.Predict":    score,
			"Snapshot.Predict":   score,
			"FTRL.Weight":        func() []any { return []any{"user", "a"} },
			"Progressive.Base":   func() []any { return []any{online.Logistic} },
			"Progressive.Since":  func() []any { return []any{online.Progressive{Examples: 1, Weight: 1}} },
		},
		NaN: map[string]string{
			"Progressive.Mean":        "of nothing",
			"Progressive.Base":        "of nothing",
			"Progressive.Calibration": "of nothing",
			"Progressive.Since":       "of what the caller put in",
			"Fit":                     "Valid without a validation part",
		},
		Settles: map[string]string{},
		Counts:  map[string]string{},
		Exempt:  map[string]string{"TextReason.Contribution": "an answer", "TextReason.Tokens": "an answer"},
	}.Check(t)
}
