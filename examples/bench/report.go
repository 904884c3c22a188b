package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	rank "github.com/aislekit/aisle/metrics/ranking"
)

var nan = math.NaN()

// field is a name with a value, in the order of output.
type field struct {
	name  string
	value any
}

// fields lists the figures of a record by their public names. Quality is null
// without a test part.
func (r *record) fields(ks []int) []field {
	q := r.quality
	f := []field{
		{"algorithm", r.algorithm},
		{"settings", map[string]any(r.settings)},
		{"fit_wall_s", r.fitWall},
		{"fit_cpu_s", r.fitCPU},
		{"iterations", r.iterations},
		{"iteration_wall_s", r.iterationWall},
		{"iteration_cpu_s", r.iterationCPU},
		{"evaluate_wall_s", r.evaluateWall},
		{"users_per_s", r.usersPerSecond},
		{"single_p50_us", r.singleMicros},
		{"peak_rss_mb", r.peakMB},
		{"model_bytes", r.modelBytes},
	}
	if r.modelBytes < 0 {
		f[len(f)-1].value = nil
	}
	if q == nil {
		f = append(f, field{"users", nil}, field{"skipped_users", nil})
	} else {
		f = append(f, field{"users", q.users}, field{"skipped_users", q.skipped})
	}
	for _, m := range measures(r.task, ks) {
		v := nan
		if q != nil {
			v = m.of(q)
		}
		f = append(f, field{m.name, v})
	}
	f = append(f, field{"task", r.task.String()})
	if r.entries > 0 {
		f = append(f, field{"matrix", r.matrix}, field{"train_users", r.users}, field{"train_items", r.items}, field{"train_entries", r.entries})
		f = append(f, field{"beyond_popularity", r.beyond}, field{"beyond_popularity_margin", r.margin})
	}
	if r.tuning != nil {
		f = append(f, field{"tune", map[string]any{
			"measure": r.tuning.Measure, "score": round(r.tuning.Score), "default": round(r.tuning.Default), "best": round(r.tuning.Best), "trials": r.tuning.Trials,
			"work": r.tuning.Work, "stopped": r.tuning.Stopped, "seconds": round(r.tuning.Seconds),
		}})
	}
	return f
}

// quantity is one measure of quality.
type quantity struct {
	name  string
	lower bool // lower is better
	of    func(*quality) float64
	each  rank.Measure // of a list, or noMeasure
}

// noMeasure stands where a list has none of its own.
const noMeasure rank.Measure = 255

// measures lists the figures of quality of a task, for each list length in ks.
func measures(t task, ks []int) []quantity {
	if t == rating {
		return []quantity{
			{"rmse", true, func(q *quality) float64 { return q.rmse }, noMeasure},
			{"mae", true, func(q *quality) float64 { return q.mae }, noMeasure},
		}
	}
	var out []quantity
	for i, k := range ks {
		add := func(name string, each rank.Measure, of func(*qualityAt) float64) {
			out = append(out, quantity{fmt.Sprintf("%s@%d", name, k), false, func(q *quality) float64 { return of(&q.at[i]) }, each})
		}
		if t == session { // one target each: precision of the papers is the hit rate
			add("p", rank.HitRate, func(a *qualityAt) float64 { return a.hitrate })
			add("mrr", rank.MRR, func(a *qualityAt) float64 { return a.mrr })
			add("ndcg", rank.NDCG, func(a *qualityAt) float64 { return a.ndcg })
			continue
		}
		add("recall", rank.Recall, func(a *qualityAt) float64 { return a.recall })
		add("ndcg", rank.NDCG, func(a *qualityAt) float64 { return a.ndcg })
		add("hitrate", rank.HitRate, func(a *qualityAt) float64 { return a.hitrate })
		add("precision", rank.Precision, func(a *qualityAt) float64 { return a.precision })
		add("map", rank.MAP, func(a *qualityAt) float64 { return a.ap })
		add("mrr", rank.MRR, func(a *qualityAt) float64 { return a.mrr })
		add("coverage", noMeasure, func(a *qualityAt) float64 { return a.covers })
	}
	return out
}

// wanted returns the measure of a task by its name, with the length of lists behind an @,
// which need not be one of -k; and that length. Coverage is a measure of all lists together, so
// nobody can say by how much one setting is better than another user by user: not wanted.
func wanted(t task, name string) (m quantity, k int, err error) {
	k = 20
	_, at, ranked := strings.Cut(name, "@")
	if ranked {
		if k, err = strconv.Atoi(at); err != nil || k < 1 || k > 10000 {
			return m, 0, fmt.Errorf("-measure is %q, want a length from 1 to 10000 behind the @", name)
		}
	}
	var known []string
	for _, m := range measures(t, []int{k}) {
		if m.name == name && (m.each != noMeasure || t == rating) {
			return m, k, nil
		}
		if what, _, _ := strings.Cut(m.name, "@"); what != "coverage" {
			known = append(known, m.name)
		}
	}
	return m, 0, fmt.Errorf("-measure is %q, for -task %v want one of %s", name, t, strings.Join(known, ", "))
}

// round keeps 7 significant digits.
func round(x float64) float64 {
	y, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 7, 64), 64)
	return y
}

// line returns the record as one JSON object, fields in order.
func (r *record) line(ks []int) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range r.fields(ks) {
		if i > 0 {
			b.WriteByte(',')
		}
		if x, ok := f.value.(float64); ok {
			f.value = round(x)
			if math.IsNaN(x) || math.IsInf(x, 0) {
				f.value = nil
			}
		}
		raw, err := json.Marshal(f.value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%q:%s", f.name, raw)
	}
	b.WriteString("}\n")
	return b.Bytes(), nil
}

// result is a line read back: what the table and the plots need.
type result map[string]any

func (r result) number(name string) float64 {
	if x, ok := r[name].(float64); ok {
		return x
	}
	return nan
}

// name is that of the algorithm, with that of the matrix where there is one, and says where
// the row is of the defaults beside those of a search.
func (r result) name() string {
	name := fmt.Sprint(r["algorithm"])
	if r["defaults"] == true {
		name += " (defaults)"
	}
	if m := r.matrix(); m != "" {
		name += " " + m
	}
	return name
}

func (r result) matrix() string {
	m, _ := r["matrix"].(string)
	return m
}

// searched says what a search made of the defaults, "" where there was none.
func (r result) searched() string {
	t, ok := r["tune"].(map[string]any)
	if !ok {
		return ""
	}
	n := result(t)
	def, best := n.number("default"), n.number("best")
	if !(def > 0 && best > 0) { // of a blend whose parts were tuned before, or an older file
		return ""
	}
	return fmt.Sprintf("%s in validation: defaults %.5f, chosen %.5f, best of %.0f trials %.5f, %.1f %% off",
		t["measure"], def, n.number("score"), n.number("trials"), best, 100*math.Abs(best-def)/best)
}

// beyond says of each matrix whether there is more to learn than what is popular.
func beyond(w io.Writer, rows []result) {
	for k, r := range rows {
		share, margin := r.number("beyond_popularity"), r.number("beyond_popularity_margin")
		if share != share || slices.ContainsFunc(rows[:k], func(b result) bool { return b.matrix() == r.matrix() && b["train_entries"] == r["train_entries"] }) {
			continue
		}
		says := "there is more to learn than what is popular"
		switch {
		case share+margin < 0.55:
			says = "popularity is all there is, defaults go by it"
		case share-margin <= 0.5:
			says = "not known whether there is more to learn than what is popular"
		}
		fmt.Fprintf(w, "beyond popularity%s: %.3f ± %.3f of ½ to 1, %s\n", strings.TrimRight(" "+r.matrix(), " "), share, margin, says)
	}
}

type column struct {
	title, field string
	scale        float64
	digits       int
	better       int // 1 higher, -1 lower, 0 neither
}

// table prints the results aligned, quality and then cost, the best value of a
// column marked with a star, and last the settings.
func table(w io.Writer, t task, ks []int, rows []result) {
	var quality []column
	for _, m := range measures(t, ks) {
		better := 1
		if m.lower {
			better = -1
		}
		quality = append(quality, column{m.name, m.name, 1, 4, better})
	}
	if u := rows[0].number("users"); u == u {
		columns(w, quality, rows)
		fmt.Fprintf(w, "%.0f users judged, %.0f skipped for want of test items\n\n", u, rows[0].number("skipped_users"))
	} else {
		fmt.Fprint(w, "no test part: speed only\n\n")
	}
	columns(w, []column{
		{"fit s", "fit_wall_s", 1, 2, -1},
		{"fit cpu s", "fit_cpu_s", 1, 2, -1},
		{"iterations", "iterations", 1, 0, 0},
		{"one s", "iteration_wall_s", 1, 3, 0},
		{"one cpu s", "iteration_cpu_s", 1, 3, 0},
		{"evaluate s", "evaluate_wall_s", 1, 2, 0},
		{"users/s", "users_per_s", 1, 0, 1},
		{"one user µs", "single_p50_us", 1, 0, -1},
		{"peak MB", "peak_rss_mb", 1, 0, -1},
		{"model MB", "model_bytes", 1e-6, 2, -1},
	}, rows)
	if len(rows) > 1 {
		fmt.Fprintln(w, "* best of the column")
	}
	beyond(w, rows)
	for _, r := range rows {
		raw, _ := json.Marshal(r["settings"])
		fmt.Fprintf(w, "%s: %s\n", r.name(), raw)
		if s := r.searched(); s != "" {
			fmt.Fprintf(w, "%s: %s\n", r.name(), s)
		}
	}
}

// columns prints one aligned table.
func columns(w io.Writer, cols []column, rows []result) {
	head := []string{"algorithm"}
	for _, c := range cols {
		head = append(head, c.title+" ")
	}
	cells := [][]string{head}
	best := make([]float64, len(cols))
	for i, c := range cols {
		best[i] = nan
		for _, r := range rows {
			x := r.number(c.field) * float64(c.better)
			if x == x && !(best[i] >= x) {
				best[i] = x
			}
		}
	}
	for _, r := range rows {
		line := []string{r.name()}
		for i, c := range cols {
			x := r.number(c.field)
			s := "-"
			if x == x {
				s = strconv.FormatFloat(x*c.scale, 'f', c.digits, 64)
				if c.better != 0 && len(rows) > 1 && x*float64(c.better) == best[i] {
					s += "*"
				} else {
					s += " "
				}
			}
			line = append(line, s)
		}
		cells = append(cells, line)
	}
	width := make([]int, len(head))
	for _, line := range cells {
		for i, s := range line {
			width[i] = max(width[i], len([]rune(s)))
		}
	}
	for _, line := range cells {
		var b strings.Builder
		for i, s := range line {
			pad := strings.Repeat(" ", width[i]-len([]rune(s)))
			if i == 0 {
				b.WriteString(s + pad)
			} else {
				b.WriteString("  " + pad + s)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

// medians makes one line of several of the same run: of times the median, of
// peaks the largest, of all else the first.
func medians(lines [][]byte) ([]byte, error) {
	if len(lines) == 1 {
		return lines[0], nil
	}
	all := make(map[string][]float64)
	for _, line := range lines {
		var r result
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, err
		}
		for name := range r {
			if x := r.number(name); x == x {
				all[name] = append(all[name], x)
			}
		}
	}
	var first map[string]json.RawMessage
	if err := json.Unmarshal(lines[0], &first); err != nil {
		return nil, err
	}
	names, err := keys(lines[0])
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, name := range names {
		raw := first[name]
		if x := all[name]; len(x) == len(lines) {
			switch {
			case name == "peak_rss_mb":
				raw, err = json.Marshal(slices.Max(x))
			case strings.HasSuffix(name, "_s") || strings.HasSuffix(name, "_us"):
				raw, err = json.Marshal(round(median(x)))
			}
			if err != nil {
				return nil, err
			}
		}
		fmt.Fprintf(&b, ",%q:%s", name, raw)
	}
	fmt.Fprintf(&b, ",%q:%d}\n", "repeats", len(lines))
	out := b.Bytes()
	out[0] = '{'
	return out, nil
}

// keys returns the names of an object in the order in which they stand.
func keys(object []byte) (names []string, err error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil { // the brace
		return nil, err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		names = append(names, fmt.Sprint(name))
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// earlier reads lines that -json wrote.
func earlier(paths []string) ([]result, error) {
	var rows []result
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		for k, line := range bytes.Split(raw, []byte("\n")) {
			if len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			var r result
			if err := json.Unmarshal(line, &r); err != nil || r["algorithm"] == nil {
				return nil, fmt.Errorf("%s:%d: want a line that -json wrote", path, k+1)
			}
			rows = append(rows, r)
		}
	}
	return rows, nil
}
