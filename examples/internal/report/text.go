package report

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf8"
)

const textWidth = 100

// WriteText writes the page for a terminal or a pipe, without plots.
func (p *Page) WriteText(w io.Writer) error {
	b := bufio.NewWriter(w)
	line := func(parts ...string) {
		for _, s := range parts {
			b.WriteString(clean(s))
		}
		b.WriteByte('\n')
	}
	line(p.Title)
	line(strings.Repeat("=", width(p.Title)))
	for _, s := range p.Intro {
		wrap(b, "", s)
	}
	for i := range p.Sections {
		s := &p.Sections[i]
		line()
		line(s.Title)
		line(strings.Repeat("-", width(s.Title)))
		wrap(b, "", s.Meaning)
		if s.Action != "" {
			wrap(b, "  -> ", s.Action)
		}
		if len(s.Figures) > 0 {
			rows := make([][]string, len(s.Figures))
			for k, f := range s.Figures {
				rows[k] = []string{f.Label, f.Value, f.Note}
			}
			writeRows(b, "  ", nil, rows, []bool{false, true, false})
		}
		if len(s.Checks) > 0 {
			rows := make([][]string, len(s.Checks))
			for k, c := range s.Checks {
				rows[k] = []string{c.What, c.Planted, c.Found, [...]string{"", "ok", "OFF"}[c.Verdict]}
			}
			writeRows(b, "  ", []string{"planted against recovered", "planted", "recovered", ""}, rows, []bool{false, true, true, false})
		}
		for k := range s.Tables {
			t := &s.Tables[k]
			line("  ", t.Caption)
			writeRows(b, "    ", t.Columns, t.Rows, t.numeric())
		}
		for _, n := range s.Notes {
			wrap(b, "  note: ", n)
		}
	}
	return b.Flush()
}

// clean keeps control characters of data off the terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

// width is the number of terminal cells: two for East Asian wide letters.
func width(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x1100 && r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 ||
			r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 || r >= 0xffe0 && r <= 0xffe6 {
			n++
		}
	}
	return n
}

// wrap writes s in lines of the width of the page, the first after lead and the others
// indented by as much. Width is counted in columns of a terminal.
func wrap(b *bufio.Writer, lead, s string) {
	indent := strings.Repeat(" ", width(lead))
	at := width(lead)
	b.WriteString(lead)
	for i, word := range strings.Fields(clean(s)) {
		n := width(word)
		if i > 0 && at+1+n > textWidth {
			b.WriteString("\n" + indent)
			at = width(indent)
		} else if i > 0 {
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	b.WriteByte('\n')
}

// writeRows writes rows in columns, numbers to the right, cells without a second line.
func writeRows(b *bufio.Writer, indent string, head []string, rows [][]string, right []bool) {
	n := len(right)
	size := make([]int, n)
	measure := func(row []string) {
		for k := 0; k < n && k < len(row); k++ {
			size[k] = max(size[k], width(clean(row[k])))
		}
	}
	if head != nil {
		measure(head)
	}
	for _, r := range rows {
		measure(r)
	}
	put := func(row []string) {
		var l strings.Builder
		l.WriteString(indent)
		for k := 0; k < n; k++ {
			cell := ""
			if k < len(row) {
				cell = clean(row[k])
			}
			pad := strings.Repeat(" ", size[k]-width(cell))
			if k > 0 {
				l.WriteString("  ")
			}
			if right[k] {
				l.WriteString(pad + cell)
			} else {
				l.WriteString(cell + pad)
			}
		}
		b.WriteString(strings.TrimRight(l.String(), " "))
		b.WriteByte('\n')
	}
	if head != nil {
		put(head)
	}
	for _, r := range rows {
		put(r)
	}
}

// numeric tells which columns hold numbers.
func (t *Table) numeric() []bool {
	out := make([]bool, len(t.Columns))
	for k := range out {
		seen, all := false, k > 0
		for _, r := range t.Rows {
			if k < len(r) && r[k] != "" {
				seen = true
				all = all && looksNumeric(r[k])
			}
		}
		out[k] = seen && all
	}
	return out
}

func looksNumeric(s string) bool {
	if s == "n/a" || s == "–" {
		return true
	}
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, "+-−<>"))
	return r >= '0' && r <= '9'
}
