package online_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/shop"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/online"
)

// stream is examples in their order, each of one feature of value 1 in some columns, "" for none.
type stream struct {
	columns []string
	rows    [][]string
	labels  []float64
	truth   float64 // mean loss of who knows the truth, NaN where nobody does
}

// tabular makes a stream of a file: each number is the category it falls into, as the rest are.
func tabular(t *testing.T, comma rune, label, yes string, drop []string, parts ...string) stream {
	r := csv.NewReader(bytes.NewReader(testkit.ReadShared(t, append([]string{"data"}, parts...)...)))
	r.Comma = comma
	rows := get(r.ReadAll())
	out := stream{truth: math.NaN()}
	var kept []int
	for j, name := range rows[0] {
		if name != label && !slices.Contains(drop, name) {
			out.columns, kept = append(out.columns, name), append(kept, j)
		}
	}
	at := slices.Index(rows[0], label)
	for _, row := range rows[1:] {
		var values []string
		for _, j := range kept {
			values = append(values, binned(row[j]))
		}
		y := 0.0
		if row[at] == yes {
			y = 1
		}
		out.rows, out.labels = append(out.rows, values), append(out.labels, y)
	}
	return out
}

// binned is the interval of a number on a scale of logarithms, some 18 a power of 10; other text as it is.
func binned(s string) string {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(x, 0) || math.IsNaN(x) || x == math.Trunc(x) && math.Abs(x) < 8 {
		return s
	}
	k := math.Round(8 * math.Log(1e-3+math.Abs(x)))
	return fmt.Sprint("~", math.Copysign(1, x)*k)
}

// shopClicks are the first n impressions of the planted shop, whose clicks are looks at a position times the appeal of an item.
func shopClicks(n int) stream {
	s := get(shop.Simulate(shop.Config{Users: 16000, Items: 2000, Seed: 17}))
	out := stream{columns: []string{"user", "item", "position", "brand", "category", "hour", "weekday"}}
	for _, x := range s.Impressions[:min(n, len(s.Impressions))] {
		k, _ := s.ItemIndex(x.SKU)
		item := &s.Items[k]
		out.rows = append(out.rows, []string{
			x.User, x.SKU, strconv.Itoa(x.Position), item.Brand, item.Category, strconv.Itoa(x.Time.Hour()), x.Time.Weekday().String(),
		})
		y := 0.0
		if x.Clicked {
			y = 1
		}
		out.labels = append(out.labels, y)
		out.truth += truthLoss(y, s.Truth.PositionBias[x.Position-1]*s.Truth.Items[k].Appeal)
	}
	out.truth /= float64(len(out.labels))
	return out
}

// streams are what learners are measured on. Those of a few thousand rows are small.
var streams = map[string]struct {
	small bool
	read  func(t *testing.T) stream
}{
	"shop": {false, func(*testing.T) stream { return shopClicks(1_000_000) }},
	"criteo": {true, func(t *testing.T) stream {
		return tabular(t, ',', "Label", "1", []string{"Id"}, "criteo-sample", "criteo_tiny_train.csv.gz")
	}},
	"avazu": {true, func(t *testing.T) stream {
		return tabular(t, ',', "click", "1", []string{"id", "hour"}, "avazu-sample", "avazu_sample.csv.gz")
	}},
	"bank": {false, func(t *testing.T) stream {
		return tabular(t, ';', "y", "yes", nil, "bank-marketing", "bank-full.csv.gz")
	}},
	"shoppers": {false, func(t *testing.T) stream {
		return tabular(t, ',', "Revenue", "TRUE", nil, "online-shoppers", "online_shoppers_intention.csv.gz")
	}},
}

// learnt runs a learner over a stream and returns its progressive loss and that of the base rate.
func (s stream) learnt(m online.Learner) (loss, base float64) {
	row := m.Space().Row()
	for i, values := range s.rows {
		row.Reset()
		for j, v := range values {
			if v != "" {
				row.Add(s.columns[j], v, 1)
			}
		}
		get(m.Learn(row, s.labels[i], 1))
	}
	return m.Progressive().Mean(), m.Progressive().Base(online.Logistic)
}

func (s stream) space() *online.Space {
	return get(online.NewSpace(online.SpaceOptions{Namespaces: s.columns}))
}

// write is the stream in the format of Vowpal Wabbit, with a letter for each column.
func (s stream) write(path string) {
	f := get(os.Create(path))
	w := bufio.NewWriter(f)
	safe := strings.NewReplacer(" ", "_", ":", "_", "|", "_")
	for i, values := range s.rows {
		fmt.Fprint(w, 2*s.labels[i]-1)
		for j, v := range values {
			if v != "" {
				fmt.Fprintf(w, " |%c =%s", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[j], safe.Replace(v))
			}
		}
		fmt.Fprintln(w)
	}
	must(w.Flush())
	must(f.Close())
}

// peers is the best of Vowpal Wabbit's learners without pairs of features, for FTRL, or else with them, where it was run with them.
func peers(loss map[string]map[string]float64, kind string) float64 {
	least := math.Inf(1)
	for name, rates := range loss {
		if paired := strings.HasPrefix(name, "lrq"); paired == (kind != "FTRL") || loss["lrqfa"] == nil {
			for _, l := range rates {
				least = min(least, l)
			}
		}
	}
	return least
}

// rates are those that each learner is tried with.
var rates = []float64{.02, .05, .1, .2, .5}

// Progressive log-loss beside Vowpal Wabbit's on the same rows, the best of five rates beside its best of five. The plain run has
// the small files alone, and asks that FTRL learns more from the features by default than without any; all of it is
//
//	AISLE_LONG=1 go test -v -timeout 0 -run StreamsVowpal ./predict/online
//
// What is read by testdata/golden_streams.py is written by AISLE_WRITE_STREAMS=DIR in front of that.
func TestStreamsVowpal(t *testing.T) {
	if testkit.Race {
		t.Skip("figures, not concurrency")
	}
	var g struct {
		Loss map[string]map[string]map[string]float64 // by stream, kind and rate
	}
	dir := os.Getenv("AISLE_WRITE_STREAMS")
	long := os.Getenv("AISLE_LONG") != ""
	if dir == "" {
		testkit.Golden(t, "streams.json", &g)
	}
	for name, x := range streams {
		t.Run(name, func(t *testing.T) {
			if !long && dir == "" && !x.small {
				t.Skip("set AISLE_LONG=1")
			}
			s := x.read(t)
			if dir != "" {
				s.write(filepath.Join(dir, name+".txt"))
				return
			}
			learners := map[string]func(rate float64) online.Learner{
				"FTRL":    func(a float64) online.Learner { return get(online.NewFTRL(s.space(), online.FTRLOptions{Alpha: a})) },
				"FM":      func(r float64) online.Learner { return get(online.NewFM(s.space(), online.FMOptions{Rate: r})) },
				"FieldFM": func(r float64) online.Learner { return get(online.NewFieldFM(s.space(), online.FMOptions{Rate: r})) },
			}
			if !long {
				delete(learners, "FieldFM")
			}
			for _, kind := range slices.Sorted(maps.Keys(learners)) {
				loss, base := s.learnt(learners[kind](0))
				best, at := loss, 0.0
				if long {
					for _, r := range rates {
						if l, _ := s.learnt(learners[kind](r)); l < best {
							best, at = l, r
						}
					}
				}
				t.Logf("%-8s %7d rows, base %.5f, truth %.5f: default %.5f, best %.5f at %v; VW %v", kind, len(s.rows), base, s.truth, loss, best, at, g.Loss[name])
				if empty, _ := (stream{rows: make([][]string, len(s.rows)), labels: s.labels}).learnt(learners[kind](0)); kind == "FTRL" && !(loss < empty) {
					t.Errorf("%s: %v, of no features %v", kind, loss, empty)
				}
				if vw := peers(g.Loss[name], kind); long && !x.small && best > vw {
					t.Errorf("%s: best of five rates %v, Vowpal Wabbit's %v", kind, best, vw)
				}
			}
		})
	}
}
