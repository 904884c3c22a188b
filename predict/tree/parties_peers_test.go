package tree_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"math"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/tree"
)

// sharedTable reads a table of customers: numbers as they are, texts as categories, the last column, yes or TRUE, as label.
func sharedTable(t *testing.T, comma rune, drop string, parts ...string) (names []string, rows [][]float64, y []float64, categorical []int) {
	t.Helper()
	raw := csv.NewReader(bytes.NewReader(testkit.ReadShared(t, parts...)))
	raw.Comma = comma
	lines := must(raw.ReadAll())
	head, lines := lines[0], lines[1:]
	rows, y = make([][]float64, len(lines)), make([]float64, len(lines))
	for i, line := range lines {
		if last := line[len(line)-1]; last == "yes" || last == "TRUE" {
			y[i] = 1
		}
	}
	for j, name := range head[:len(head)-1] {
		if name == drop {
			continue
		}
		codes, text := map[string]float64{}, false
		var levels []string
		for _, line := range lines {
			if _, err := strconv.ParseFloat(line[j], 64); err != nil {
				text = true
			}
			levels = append(levels, line[j])
		}
		slices.Sort(levels)
		for k, level := range slices.Compact(levels) {
			codes[level] = float64(k)
		}
		if text {
			categorical = append(categorical, len(names))
		}
		names = append(names, name)
		for i, line := range lines {
			x := codes[line[j]]
			if !text {
				x = must(strconv.ParseFloat(line[j], 64))
			}
			rows[i] = append(rows[i], x)
		}
	}
	return names, rows, y, categorical
}

// TestPartiesQuality: the model of four parties is as good as that of FitBoost on all rows, on rows held out of bank-marketing (without the
// duration of the call, which is known after it only) and of online-shoppers, five folds; what an exchange costs is printed:
//
//	AISLE_LONG=1 go test -v -timeout 0 -run PartiesQuality ./predict/tree
func TestPartiesQuality(t *testing.T) {
	testkit.Long(t)
	for _, set := range []struct {
		comma      rune
		drop, name string
		parts      []string
	}{
		{';', "duration", "bank-marketing", []string{"data", "bank-marketing", "bank-full.csv.gz"}},
		{',', "", "online-shoppers", []string{"data", "online-shoppers", "online_shoppers_intention.csv.gz"}},
	} {
		names, rows, y, categorical := sharedTable(t, set.comma, set.drop, set.parts...)
		const folds = 5
		var plain, parties []float64
		exchanges, words, sent, question := 0, 0, 0, 0
		var spent [2]time.Duration
		for f := range folds {
			var x, tx [][]float64
			var labels, ty []float64
			for i := range rows {
				if rng.Hash(7, uint64(i))%folds == uint64(f) {
					tx, ty = append(tx, rows[i]), append(ty, y[i])
				} else {
					x, labels = append(x, rows[i]), append(labels, y[i])
				}
			}
			opt := tree.BoostOptions{Categorical: categorical, Workers: 1}
			begin := userTime()
			a := must(tree.FitBoost(bg, x, labels, opt))
			spent[0] += userTime() - begin
			four := deal(x, labels, nil, 4, func(i int) int { return int(rng.Hash(8, uint64(i)) % 4) })
			begin = userTime()
			b := must(tree.FitBoostParties(bg, names, func(ctx context.Context, at *tree.BoostRound) (*tree.BoostRound, error) {
				exchanges++
				for k, p := range four {
					mine := at.Empty()
					if err := mine.Add(ctx, p); err != nil {
						return nil, err
					}
					if f == 0 && k == 0 {
						question += len(must(at.Empty().MarshalBinary()))
						words += 8 * len(mine.Words(nil))
						sent += len(must(mine.MarshalBinary()))
					}
					if err := at.Merge(mine); err != nil {
						return nil, err
					}
				}
				return at, nil
			}, opt))
			spent[1] += userTime() - begin
			plain, parties = append(plain, auc(must(a.Margins(nil, tx)), ty)), append(parties, auc(must(b.Margins(nil, tx)), ty))
		}
		var mean, square, auc0 float64
		for f := range folds {
			d := parties[f] - plain[f]
			mean += d / folds
			square += d * d
			auc0 += plain[f] / folds
		}
		noise := math.Sqrt(max(square-folds*mean*mean, 0)/(folds-1)) / math.Sqrt(folds)
		n := exchanges / folds
		t.Logf("%s: AUC %.5f of FitBoost, of four parties %+.5f ± %.5f; %d exchanges a model (%.1f a tree), each %d kB of question, %d kB of answer, %d kB masked; %.2f s of CPU for all parties and the search, FitBoost %.2f s",
			set.name, auc0, mean, noise, n, float64(n)/100, question/n>>10, sent/n>>10, words/n>>10, spent[1].Seconds()/folds, spent[0].Seconds()/folds)
		if math.Abs(mean) > max(3*noise, .001) {
			t.Errorf("%s: AUC differs by %.5f ± %.5f", set.name, mean, noise)
		}
	}
}

// userTime is the CPU time of this process.
func userTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano())
}
