package bench

import (
	"cmp"
	"fmt"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"
)

// dot is a measurement at a size.
type dot struct{ x, y float64 }

// curve is one algorithm over sizes.
type curve struct {
	name string
	dots []dot
}

// scaling collects a figure of each algorithm by the number of training entries,
// ascending. Of several rows of one size the last counts, so that lines appended
// later win.
func scaling(rows []result, figure func(r result, entries float64) float64) []curve {
	var out []curve
	for _, r := range rows {
		entries := r.number("train_entries")
		y := figure(r, entries)
		if !(entries > 0) || !(y > 0) || math.IsInf(y, 0) {
			continue
		}
		name := fmt.Sprint(r["algorithm"])
		at := slices.IndexFunc(out, func(c curve) bool { return c.name == name })
		if at < 0 {
			at = len(out)
			out = append(out, curve{name: name})
		}
		c := &out[at]
		k, found := slices.BinarySearchFunc(c.dots, entries, func(d dot, x float64) int { return cmp.Compare(d.x, x) })
		if found {
			c.dots[k].y = y
		} else {
			c.dots = slices.Insert(c.dots, k, dot{entries, y})
		}
	}
	return out
}

// scalingCharts returns the charts over sizes by file name; nil unless two sizes
// were measured.
func scalingCharts(rows []result) map[string]string {
	sizes := map[float64]bool{}
	for _, r := range rows {
		if x := r.number("train_entries"); x > 0 {
			sizes[x] = true
		}
	}
	if len(sizes) < 2 {
		return nil
	}
	perEntry := func(r result, entries float64) float64 { return r.number("iteration_cpu_s") / entries * 1e9 }
	memory := func(r result, _ float64) float64 { return r.number("peak_rss_mb") }
	return map[string]string{
		"scaling.svg":        lineChart("Processor time of a fit (of one iteration, where it iterates) by interaction", "interactions", "ns", scaling(rows, perEntry)),
		"scaling-memory.svg": lineChart("Peak memory of the process", "interactions", "MB", scaling(rows, memory)),
	}
}

var lineColours = []string{"#2f6f9f", "#e08e2b", "#5a9e57", "#9f5f9f", "#b8433c", "#6b6b6b", "#1f9e9e", "#a08030"}

// lineChart draws curves on logarithmic axes, each with its name at the end.
func lineChart(title, xUnit, yUnit string, curves []curve) string {
	const left, right, top, bottom, width, height = 76, 110, 48, 44, 760, 460
	var s strings.Builder
	xs, ys := axis{lo: math.Inf(1), hi: math.Inf(-1)}, axis{lo: math.Inf(1), hi: math.Inf(-1)}
	for _, c := range curves {
		for _, d := range c.dots {
			xs.widen(d.x)
			ys.widen(d.y)
		}
	}
	xs.from, xs.to = left, width-right
	ys.from, ys.to = height-bottom, top
	for _, v := range ys.ticks() {
		y := ys.at(v)
		fmt.Fprintf(&s, `<path d="M%d %.1fH%d" class="g"/><text x="%d" y="%.1f" text-anchor="end" class="v">%s</text>`+"\n", left, y, width-right, left-6, y+4, short(v))
	}
	for _, v := range xs.ticks() {
		x := xs.at(v)
		fmt.Fprintf(&s, `<path d="M%.1f %dV%d" class="g"/><text x="%.1f" y="%d" text-anchor="middle" class="v">%s</text>`+"\n", x, top, height-bottom, x, height-bottom+16, short(v))
	}
	fmt.Fprintf(&s, `<text x="%d" y="%d" text-anchor="middle" class="v">%s</text><text x="%d" y="%d" class="v">%s</text>`+"\n", (left+width-right)/2, height-8, html.EscapeString(xUnit), 8, top-8, html.EscapeString(yUnit))
	// Names stand at the last dots, pushed apart where they would overlap.
	type label struct {
		y    float64
		text string
		c    int
		x    float64
	}
	var labels []label
	for i, c := range curves {
		colour := lineColours[i%len(lineColours)]
		var path strings.Builder
		for k, d := range c.dots {
			x, y := xs.at(d.x), ys.at(d.y)
			fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(k, 1)], x, y)
			fmt.Fprintf(&s, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"><title>%s: %s %s, %s %s</title></circle>`+"\n", x, y, colour, html.EscapeString(c.name), short(d.x), html.EscapeString(xUnit), short(d.y), html.EscapeString(yUnit))
		}
		fmt.Fprintf(&s, `<path d="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", path.String(), colour)
		last := c.dots[len(c.dots)-1]
		labels = append(labels, label{ys.at(last.y), c.name + " " + short(last.y), i, xs.at(last.x)})
	}
	slices.SortStableFunc(labels, func(a, b label) int { return cmp.Compare(a.y, b.y) })
	for i := range labels {
		if i > 0 {
			labels[i].y = max(labels[i].y, labels[i-1].y+13)
		}
		l := labels[i]
		fmt.Fprintf(&s, `<text x="%.1f" y="%.1f" class="v" style="fill:%s">%s</text>`+"\n", l.x+7, l.y+4, lineColours[l.c%len(lineColours)], html.EscapeString(l.text))
	}
	if len(curves) == 0 {
		fmt.Fprintf(&s, `<text x="%d" y="%d">no values</text>`+"\n", left, height/2)
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" font-size="13">
<style>.v{font-size:11px;fill:#444}.g{stroke:#ddd;fill:none}</style>
<rect width="100%%" height="100%%" fill="white"/>
<text x="%d" y="22" font-size="15">%s</text>
%s</svg>
`, width, height, width, height, left, html.EscapeString(title), s.String())
}

// axis maps the logarithm of lo … hi to from … to.
type axis struct{ lo, hi, from, to float64 }

func (a *axis) widen(v float64) { a.lo, a.hi = min(a.lo, v), max(a.hi, v) }

func (a *axis) at(v float64) float64 {
	if a.hi <= a.lo {
		return (a.from + a.to) / 2
	}
	return a.from + math.Log(v/a.lo)/math.Log(a.hi/a.lo)*(a.to-a.from)
}

// ticks returns the round numbers 1, 2, 5 … of every decade, or the powers of
// ten alone over many decades.
func (a *axis) ticks() []float64 {
	if !(a.lo > 0) || math.IsInf(a.hi, 0) {
		return nil
	}
	steps := []float64{1, 2, 5}
	if a.hi/a.lo > 2000 {
		steps = steps[:1]
	}
	var out []float64
	for e := math.Floor(math.Log10(a.lo)); e <= math.Log10(a.hi); e++ {
		for _, m := range steps {
			if v := m * math.Pow(10, e); v >= a.lo && v <= a.hi {
				out = append(out, v)
			}
		}
	}
	return out
}

// short writes a number in three digits, with k and M.
func short(v float64) string {
	suffix := ""
	switch {
	case v >= 1e6:
		v, suffix = v/1e6, "M"
	case v >= 1e4:
		v, suffix = v/1e3, "k"
	case v >= 1e3:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64) + suffix
}
