package feature_test

import (
	"bytes"
	"encoding/csv"
	"math"
	"strconv"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
)

// table reads a data set of the optional folder: cells by column name.
func table(t testing.TB, comma rune, parts ...string) map[string][]string {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(testkit.ReadShared(t, append([]string{"data"}, parts...)...)))
	r.Comma = comma
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string][]string)
	for j, name := range lines[0] {
		for _, line := range lines[1:] {
			out[name] = append(out[name], line[j])
		}
	}
	return out
}

func shoppers(t testing.TB) map[string][]string {
	return table(t, ',', "online-shoppers", "online_shoppers_intention.csv.gz")
}

func bank(t testing.TB) map[string][]string {
	return table(t, ';', "bank-marketing", "bank-full.csv.gz")
}

// columnOf returns rows of one column of numbers, NaN for what is none.
func columnOf(cells []string) [][]float64 {
	out := make([][]float64, len(cells))
	for i, s := range cells {
		x, err := strconv.ParseFloat(s, 64)
		if err != nil {
			x = math.NaN()
		}
		out[i] = []float64{x}
	}
	return out
}

// is returns which cells are word.
func is(cells []string, word string) []bool {
	out := make([]bool, len(cells))
	for i, s := range cells {
		out[i] = s == word
	}
	return out
}
