package report

import (
	"bufio"
	"html"
	"io"
)

// WriteHTML writes the page as one HTML document that needs nothing else.
func (p *Page) WriteHTML(w io.Writer) error {
	b := bufio.NewWriter(w)
	esc := func(s string) string { return html.EscapeString(clean(s)) }
	b.WriteString("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n" +
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n" +
		"<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>" + esc(p.Title) + "</title>\n<style>\n" + style + "</style>\n</head>\n<body>\n<main>\n<header>\n")
	tag(b, esc, "h1", "", p.Title)
	for _, s := range p.Intro {
		tag(b, esc, "p", "", s)
	}
	b.WriteString("<nav aria-label=\"Contents\">\n<ol>\n")
	for i := range p.Sections {
		b.WriteString(`<li><a href="#` + anchor(i) + `">` + esc(p.Sections[i].Title) + "</a></li>\n")
	}
	b.WriteString("</ol>\n</nav>\n</header>\n")
	for i := range p.Sections {
		p.Sections[i].write(b, esc, i)
	}
	b.WriteString("</main>\n</body>\n</html>\n")
	return b.Flush()
}

// tag writes an element of one line of text.
func tag(b *bufio.Writer, esc func(string) string, name, class, text string) {
	b.WriteString("<" + name)
	if class != "" {
		b.WriteString(` class="` + class + `"`)
	}
	b.WriteString(">" + esc(text) + "</" + name + ">\n")
}

// write appends section i.
func (s *Section) write(b *bufio.Writer, esc func(string) string, i int) {
	b.WriteString(`<section id="` + anchor(i) + `" aria-labelledby="` + anchor(i) + "-h\">\n" + `<h2 id="` + anchor(i) + `-h">` + esc(s.Title) + "</h2>\n")
	tag(b, esc, "p", "meaning", s.Meaning)
	if s.Action != "" {
		b.WriteString(`<p class="action"><strong>What to do:</strong> ` + esc(s.Action) + "</p>\n")
	}
	if len(s.Figures) > 0 {
		b.WriteString("<ul class=\"figures\">\n")
		for _, f := range s.Figures {
			b.WriteString("<li><span class=\"label\">" + esc(f.Label) + "</span> <span class=\"value\">" + esc(f.Value) + "</span>")
			if f.Note != "" {
				b.WriteString(" <span class=\"note\">" + esc(f.Note) + "</span>")
			}
			b.WriteString("</li>\n")
		}
		b.WriteString("</ul>\n")
	}
	if len(s.Terms) > 0 {
		b.WriteString("<dl>\n")
		for _, t := range s.Terms {
			tag(b, esc, "dt", "", t.Word)
			tag(b, esc, "dd", "", t.Meaning)
		}
		b.WriteString("</dl>\n")
	}
	for k := range s.Plots {
		s.Plots[k].write(b, anchor(i)+"-p"+itoa(k))
	}
	if len(s.Checks) > 0 {
		b.WriteString("<h3>Checked against the planted truth</h3>\n<ul class=\"checks\">\n")
		for _, c := range s.Checks {
			b.WriteString("<li><strong>" + esc(c.What) + "</strong> <span><span class=\"label\">planted:</span> " + esc(c.Planted) +
				"</span> <span><span class=\"label\">found:</span> " + esc(c.Found) + "</span>" +
				[...]string{"", ` <span class="good">✓ as it should be</span>`, ` <span class="poor">✗ off the mark</span>`}[c.Verdict] + "</li>\n")
		}
		b.WriteString("</ul>\n")
	}
	for k := range s.Tables {
		s.Tables[k].write(b, esc, anchor(i)+"-t"+itoa(k))
	}
	for _, n := range s.Notes {
		tag(b, esc, "p", "careful", n)
	}
	b.WriteString("</section>\n")
}

// write appends the table as HTML under the id; esc makes text safe.
func (t *Table) write(b *bufio.Writer, esc func(string) string, id string) {
	right := t.numeric()
	// The caption stands outside what scrolls, so that it is never cut off.
	b.WriteString(`<h3 id="` + id + `">` + esc(t.Caption) + "</h3>\n" + `<div class="scroll" role="region" tabindex="0" aria-labelledby="` + id + `">` + "\n" +
		`<table aria-labelledby="` + id + `">` + "\n<thead><tr>")
	for k, c := range t.Columns {
		b.WriteString(`<th scope="col"` + numClass(right[k]) + ">" + esc(c) + "</th>")
	}
	b.WriteString("</tr></thead>\n<tbody>\n")
	for _, r := range t.Rows {
		b.WriteString("<tr>")
		for k := range t.Columns {
			cell := ""
			if k < len(r) {
				cell = r[k]
			}
			if k == 0 {
				b.WriteString(`<th scope="row">` + esc(cell) + "</th>")
			} else {
				b.WriteString("<td" + numClass(right[k]) + ">" + esc(cell) + "</td>")
			}
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody>\n</table>\n</div>\n")
}

func numClass(right bool) string {
	if right {
		return ` class="num"`
	}
	return ""
}

func anchor(i int) string { return "s" + itoa(i+1) }

const style = `:root{--bg:#fdfdfb;--fg:#1c2126;--soft:#4f5962;--line:#d5d9dc;--card:#f1f3f2;--accent:#0b5c8a;--good:#11663a;--poor:#9c2418;
--c0:#0b5c8a;--c1:#b4540a;--c2:#3f7d20;--c3:#8a2f7c;--c4:#5b5f66;--heat:11,92,138}
@media (prefers-color-scheme:dark){:root{--bg:#14181b;--fg:#e8eaec;--soft:#a9b3bb;--line:#3a4249;--card:#1e2428;--accent:#7cc4ee;--good:#7ddba4;--poor:#ff9d8f;
--c0:#7cc4ee;--c1:#f2a65e;--c2:#9ad872;--c3:#e29bd6;--c4:#b6bcc2;--heat:124,196,238}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:60rem;margin:0 auto;padding:1rem}
h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}
h2{font-size:1.25rem;line-height:1.3;margin:0 0 .5rem}
p{margin:.5rem 0;max-width:46rem}
a{color:var(--accent)}
nav ol{padding-left:1.4rem;columns:16rem;margin:1rem 0}
section{border-top:1px solid var(--line);padding:1.5rem 0 1rem}
.meaning{font-size:1.06rem}
.action{border-left:4px solid var(--accent);padding:.1rem 0 .1rem .75rem}
.careful{color:var(--soft);font-size:.92rem}
.figures{list-style:none;padding:0;margin:1rem 0;display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.6rem}
.figures li{background:var(--card);border-radius:.5rem;padding:.6rem .7rem}
.figures .label,.figures .note{display:block;color:var(--soft);font-size:.85rem;line-height:1.35}
.figures .value{display:block;font-size:1.25rem;font-weight:650;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
dl{background:var(--card);border-radius:.5rem;padding:.5rem .9rem;margin:1rem 0;font-size:.94rem}
dt{font-weight:650;margin-top:.35rem}
dd{margin:0 0 .35rem}
figure{margin:1.1rem 0;max-width:30rem}
figcaption{font-weight:650;margin-bottom:.2rem}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--fg);font:11px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
svg .soft{fill:var(--soft)}
svg .axis{stroke:var(--line);stroke-width:1;fill:none}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1rem;margin:.1rem 0 .3rem;padding:0;font-size:.9rem}
.legend span{display:inline-block;width:1.1rem;height:.28rem;margin-right:.4rem;vertical-align:middle;border-radius:2px}
.scroll{overflow-x:auto;margin:.3rem 0 1rem;-webkit-overflow-scrolling:touch}
table{border-collapse:collapse;font-size:.9rem;min-width:min(100%,24rem)}
h3{font-size:1rem;line-height:1.35;margin:1.3rem 0 .3rem}
.checks{list-style:none;padding:0;margin:.4rem 0 1rem;max-width:46rem;font-size:.94rem}
.checks li{border-bottom:1px solid var(--line);padding:.45rem 0}
.checks li>*{display:block}
.checks strong{font-weight:600}
.checks .label{color:var(--soft)}
th,td{text-align:left;padding:.32rem .7rem .32rem 0;border-bottom:1px solid var(--line);vertical-align:top}
thead th{color:var(--soft);font-weight:600;vertical-align:bottom;min-width:4.2rem}
tbody th{font-weight:400;min-width:8rem;position:sticky;left:0;background:var(--bg)}
.num{text-align:right;font-variant-numeric:tabular-nums}
td.num{white-space:nowrap}
.good{color:var(--good);font-weight:650;white-space:nowrap}
.poor{color:var(--poor);font-weight:650;white-space:nowrap}
@media print{.scroll{overflow:visible}section{break-inside:avoid}}
`
