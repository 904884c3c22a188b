package bench

import (
	"fmt"
	"html"
	"maps"
	"os"
	"path/filepath"
	"strings"
)

// bar is one bar of a chart; its group is the algorithm.
type bar struct {
	group, label string
	value        float64
}

// writePlots writes bar charts of quality, time and memory into dir and, of
// matrices of several sizes, line charts of time and memory by size.
func writePlots(dir string, t task, ks []int, rows []result) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	type chart struct{ file, title, prefix string }
	quality := chart{"recall.svg", "Recall at k (longer is better)", "recall@"}
	switch t {
	case rating:
		quality = chart{"rmse.svg", "RMSE (shorter is better)", "rmse"}
	case session:
		quality = chart{"precision.svg", "Share of sessions with the next item among the first k", "p@"}
	}
	collect := func(fields ...string) []bar {
		var out []bar
		for _, r := range rows {
			for _, f := range fields {
				label := f
				switch f {
				case "fit_wall_s":
					label = "wall"
				case "fit_cpu_s":
					label = "cpu"
				case "peak_rss_mb":
					label = "peak"
				}
				if v := r.number(f); v == v {
					out = append(out, bar{r.name(), label, v})
				}
			}
		}
		return out
	}
	var fields []string
	for _, m := range measures(t, ks) {
		if strings.HasPrefix(m.name, quality.prefix) {
			fields = append(fields, m.name)
		}
	}
	charts := map[string]string{
		quality.file: barChart(quality.title, "", collect(fields...)),
		"time.svg":   barChart("Time to fit, seconds (shorter is better)", " s", collect("fit_wall_s", "fit_cpu_s")),
		"memory.svg": barChart("Peak memory of the process, MB (shorter is better)", " MB", collect("peak_rss_mb")),
	}
	maps.Copy(charts, scalingCharts(rows))
	for name, svg := range charts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(svg), 0o666); err != nil {
			return err
		}
	}
	return nil
}

var barColours = []string{"#2f6f9f", "#e08e2b", "#5a9e57", "#9f5f9f", "#888888"}

// barChart draws horizontal bars, grouped, with their values at the end.
func barChart(title, unit string, bars []bar) string {
	const left, right, thick, gap, top, width = 110, 100, 16, 12, 44, 720
	most := 0.0
	colour := map[string]string{}
	for _, b := range bars {
		most = max(most, b.value)
		if colour[b.label] == "" {
			colour[b.label] = barColours[len(colour)%len(barColours)]
		}
	}
	var s strings.Builder
	y := top
	for i, b := range bars {
		if i == 0 || bars[i-1].group != b.group {
			y += gap
			fmt.Fprintf(&s, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", left-8, y+12, html.EscapeString(b.group))
		}
		w := 0.0
		if most > 0 {
			w = b.value / most * (width - left - right)
		}
		fmt.Fprintf(&s, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", left, y, w, thick-2, colour[b.label])
		fmt.Fprintf(&s, `<text x="%.1f" y="%d" class="v">%.4g%s %s</text>`+"\n", left+w+4, y+12, b.value, html.EscapeString(unit), html.EscapeString(b.label))
		y += thick
	}
	if len(bars) == 0 {
		y += gap
		fmt.Fprintf(&s, `<text x="%d" y="%d">no values</text>`+"\n", left, y+12)
		y += thick
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" font-size="13">
<style>.v{font-size:11px;fill:#444}</style>
<rect width="100%%" height="100%%" fill="white"/>
<text x="%d" y="24" font-size="16">%s</text>
%s</svg>
`, width, y+gap, width, y+gap, left, html.EscapeString(title), s.String())
}
