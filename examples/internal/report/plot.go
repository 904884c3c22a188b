package report

import (
	"bufio"
	"fmt"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"
)

func itoa(i int) string { return strconv.Itoa(i) }

const plotWidth = 360

// write draws the plot as a figure with inline SVG. id must be unique on the page.
func (p *Plot) write(b *bufio.Writer, id string) {
	esc := func(s string) string { return html.EscapeString(clean(s)) }
	b.WriteString("<figure>\n<figcaption>" + esc(p.Title) + "</figcaption>\n")
	if p.Kind != Grid && len(p.Series) > 1 {
		b.WriteString("<ul class=\"legend\">\n")
		for k, s := range p.Series {
			b.WriteString(`<li><span style="background:var(--c` + itoa(k%5) + `)"></span>` + esc(s.Name) + "</li>\n")
		}
		b.WriteString("</ul>\n")
	}
	var body strings.Builder
	height := 0
	switch p.Kind {
	case Lines:
		height = p.lines(&body, esc)
	case Bars:
		height = p.bars(&body, esc)
	case Grid:
		height = p.grid(&body, esc)
	}
	fmt.Fprintf(b, `<svg viewBox="0 0 %d %d" role="img" aria-labelledby="%s-t %s-d"><title id="%s-t">%s</title><desc id="%s-d">%s</desc>`+"\n%s</svg>\n</figure>\n",
		plotWidth, height, id, id, id, esc(p.Title), id, esc(p.Desc), body.String())
}

// extent returns the range of the finite values, never of width 0; fromZero stretches it to
// include 0.
func (p *Plot) extent(fromZero bool) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, s := range p.Series {
		for _, y := range s.Y {
			if !math.IsNaN(y) && !math.IsInf(y, 0) {
				lo, hi = min(lo, y), max(hi, y)
			}
		}
	}
	if lo > hi {
		lo, hi = 0, 1
	}
	if fromZero {
		lo, hi = min(lo, 0), max(hi, 0)
	}
	if lo == hi {
		hi = lo + 1
	}
	return lo, hi
}

// ticks returns round values that cover [lo, hi].
func ticks(lo, hi float64) []float64 {
	raw := (hi - lo) / 4
	base := math.Pow(10, math.Floor(math.Log10(raw)))
	step := base
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if m*base >= raw {
			step = m * base
			break
		}
	}
	var out []float64
	for k := math.Floor(lo/step + 1e-9); ; k++ {
		out = append(out, k*step)
		if k*step >= hi-step*1e-9 || len(out) > 12 {
			return out
		}
	}
}

func (p *Plot) number(x float64) string {
	if p.Percent {
		return trim(x*100, 1) + "%"
	}
	switch a := math.Abs(x); {
	case a >= 1e6:
		return trim(x/1e6, 2) + "M"
	case a >= 1e4:
		return trim(x/1e3, 1) + "k"
	case a >= 100:
		return trim(x, 0)
	}
	return trim(x, 3)
}

func trim(x float64, digits int) string {
	s := strconv.FormatFloat(x, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		s = "0"
	}
	return s
}

// lines draws the series as lines over X, or over the labels, and returns the height.
func (p *Plot) lines(b *strings.Builder, esc func(string) string) int {
	const left, right, top, bottom, height = 46, 12, 28, 38, 236
	lo, hi := p.extent(p.Zero)
	ys := ticks(lo, hi)
	lo, hi = ys[0], ys[len(ys)-1]
	n := len(p.X)
	if p.X == nil {
		n = len(p.Labels)
	}
	xlo, xhi := p.breadth(n)
	px := func(x float64) float64 { return left + (x-xlo)/(xhi-xlo)*(plotWidth-left-right) }
	py := func(y float64) float64 { return top + (hi-y)/(hi-lo)*(height-top-bottom) }
	for _, y := range ys {
		fmt.Fprintf(b, `<path class="axis" d="M%d %.1fH%d"/><text class="soft" x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			left, py(y), plotWidth-right, left-5, py(y)+4, esc(p.number(y)))
	}
	if p.X == nil {
		step := (n + 5) / 6
		for i := 0; i < n; i += max(step, 1) {
			fmt.Fprintf(b, `<text class="soft" x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", px(float64(i)), height-bottom+16, esc(p.Labels[i]))
		}
	} else {
		for _, x := range ticks(xlo, xhi) {
			if x >= xlo-1e-9 && x <= xhi+1e-9 {
				fmt.Fprintf(b, `<text class="soft" x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", px(x), height-bottom+16, esc(p.number(x)))
			}
		}
	}
	fmt.Fprintf(b, `<text class="soft" x="%d" y="12">%s</text><text class="soft" x="%d" y="%d" text-anchor="end">%s</text>`+"\n",
		4, esc(p.YName), plotWidth-right, height-4, esc(p.XName))
	for k := range p.Series {
		p.line(b, k, n, px, py)
	}
	return height
}

// breadth returns the range of X, or of the numbers of n labels.
func (p *Plot) breadth(n int) (lo, hi float64) {
	if p.X == nil || n == 0 {
		return 0, float64(max(n-1, 1))
	}
	lo, hi = slices.Min(p.X), slices.Max(p.X)
	if lo == hi {
		hi++
	}
	return lo, hi
}

// line draws series k, of n places, with a gap where it is NaN and dots where there are
// few. px and py turn values into places.
func (p *Plot) line(b *strings.Builder, k, n int, px, py func(float64) float64) {
	s := &p.Series[k]
	var d strings.Builder
	pen := "M"
	for i, y := range s.Y {
		if i >= n || math.IsNaN(y) {
			pen = "M"
			continue
		}
		x := float64(i)
		if p.X != nil {
			x = p.X[i]
		}
		fmt.Fprintf(&d, "%s%.1f %.1f", pen, px(x), py(y))
		pen = "L"
		if !s.Dashed && n <= 30 {
			fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="2.5" fill="var(--c%d)"/>`, px(x), py(y), k%5)
		}
	}
	dash := ""
	if s.Dashed {
		dash = ` stroke-dasharray="5 4"`
	}
	fmt.Fprintf(b, `<path d="%s" fill="none" stroke="var(--c%d)" stroke-width="2"%s/>`+"\n", d.String(), k%5, dash)
}

// bars draws one bar a label and series, from left to right, and returns the height.
func (p *Plot) bars(b *strings.Builder, esc func(string) string) int {
	lo, hi := p.extent(true)
	const left, right = 4, 58
	px := func(y float64) float64 { return left + (y-lo)/(hi-lo)*(plotWidth-left-right) }
	if lo < 0 {
		inner := px
		px = func(y float64) float64 { return 50 + inner(y)*(plotWidth-left-right-50)/(plotWidth-left-right) }
	}
	y := 6.0
	for i, label := range p.Labels {
		fmt.Fprintf(b, `<text x="%d" y="%.1f">%s</text>`+"\n", left, y+10, esc(label))
		y += 15
		for k, s := range p.Series {
			if i >= len(s.Y) || math.IsNaN(s.Y[i]) {
				continue
			}
			x0, x1 := px(min(0, s.Y[i])), px(max(0, s.Y[i]))
			fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="9" rx="1.5" fill="var(--c%d)"/>`, x0, y, max(x1-x0, .8), k%5)
			fmt.Fprintf(b, `<text class="soft" x="%.1f" y="%.1f">%s</text>`+"\n", x1+4, y+8.5, esc(p.number(s.Y[i])))
			y += 12
		}
		y += 7
	}
	fmt.Fprintf(b, `<path class="axis" d="M%.1f 4V%.1f"/>`+"\n", px(0), y)
	if p.XName != "" {
		fmt.Fprintf(b, `<text class="soft" x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", plotWidth-4, y+11, esc(p.XName))
		y += 16
	}
	return int(y) + 2
}

// grid draws a cell a label and series, the darker the larger, and returns the height.
func (p *Plot) grid(b *strings.Builder, esc func(string) string) int {
	const left, top = 62, 22
	_, hi := p.extent(true)
	cols := max(len(p.Labels), 1)
	w := float64(plotWidth-left-4) / float64(cols)
	const h = 34.0
	for j, label := range p.Labels {
		fmt.Fprintf(b, `<text class="soft" x="%.1f" y="%d" text-anchor="middle">%s</text>`, left+(float64(j)+.5)*w, top-7, esc(label))
	}
	b.WriteByte('\n')
	for i, s := range p.Series {
		y := top + float64(i)*h
		fmt.Fprintf(b, `<text class="soft" x="%d" y="%.1f" text-anchor="end">%s</text>`, left-6, y+h/2+4, esc(s.Name))
		for j, v := range s.Y {
			if math.IsNaN(v) {
				continue
			}
			// Never darker than text can stand on in either colour scheme.
			fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="rgba(var(--heat),%.3f)"/><text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`,
				left+float64(j)*w+1, y+1, w-2, h-2, .06+.34*math.Max(v, 0)/hi, left+(float64(j)+.5)*w, y+h/2+4, esc(p.number(v)))
		}
		b.WriteByte('\n')
	}
	y := top + float64(len(p.Series))*h
	fmt.Fprintf(b, `<text class="soft" x="%d" y="%.1f" text-anchor="end">%s</text><text class="soft" x="2" y="12">%s</text>`+"\n", plotWidth-4, y+15, esc(p.XName), esc(p.YName))
	return int(y) + 20
}
