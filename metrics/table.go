package metrics

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aislekit/aisle/internal/check"
)

// Table is a small table of results to be written as plain text or markdown.
// Numbers are right-aligned. Make one with NewTable.
type Table struct {
	head  []string
	rows  [][]string
	right []bool
}

// NewTable returns a table with the given column names.
func NewTable(columns ...string) *Table {
	t := &Table{head: columns, right: make([]bool, len(columns))}
	for i := range t.right {
		t.right[i] = true
	}
	return t
}

// AddRow appends a row. Integers are written in full, floats with six
// significant digits, NaN as "n/a", anything else as fmt.Sprint does. Missing
// cells are blank and cells beyond the last column are dropped.
func (t *Table) AddRow(cells ...any) {
	if t == nil {
		return
	}
	row := make([]string, len(t.head))
	for i := range row {
		if i >= len(cells) {
			continue
		}
		switch x := cells[i].(type) {
		case float64:
			row[i] = number(x)
		case float32:
			row[i] = number(float64(x))
		case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
			row[i] = fmt.Sprint(x)
		default:
			row[i] = fmt.Sprint(x)
			t.right[i] = false
		}
		row[i] = strings.Join(strings.Fields(row[i]), " ")
	}
	t.rows = append(t.rows, row)
}

func number(x float64) string {
	if math.IsNaN(x) {
		return "n/a"
	}
	if x == math.Trunc(x) && math.Abs(x) < 1e15 {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return strconv.FormatFloat(x, 'g', 6, 64)
}

// WriteText writes the table with aligned columns. Errors are those of w; ErrOption for a
// nil w.
func (t *Table) WriteText(w io.Writer) error {
	if err := check.Receiver("metrics: Table.WriteText", t); err != nil {
		return err
	}
	return t.write(w, "", "  ", "", func(width int, _ bool) string { return strings.Repeat("-", width) }, func(s string) string { return s })
}

// WriteMarkdown writes the table in the pipe syntax of markdown. Errors are those of w;
// ErrOption for a nil w.
func (t *Table) WriteMarkdown(w io.Writer) error {
	if err := check.Receiver("metrics: Table.WriteMarkdown", t); err != nil {
		return err
	}
	return t.write(w, "| ", " | ", " |", func(width int, right bool) string {
		if right {
			return strings.Repeat("-", max(width-1, 2)) + ":"
		}
		return strings.Repeat("-", max(width, 3))
	}, func(s string) string { return strings.ReplaceAll(s, "|", `\|`) })
}

// write writes the table with the marks around cells; rule draws the line below the
// head for a column of that width, numeric or not, and escape guards text.
func (t *Table) write(w io.Writer, left, between, right string, rule func(int, bool) string, escape func(string) string) error {
	if w == nil {
		return fmt.Errorf("metrics: Table: the writer is nil: %w", ErrOption)
	}
	width := make([]int, len(t.head))
	for i, h := range t.head {
		width[i] = max(columns(escape(h)), 3)
		for _, r := range t.rows {
			width[i] = max(width[i], columns(escape(r[i])))
		}
	}
	var b strings.Builder
	line := func(cells []string, escape func(string) string) {
		var l strings.Builder
		l.WriteString(left)
		for i, c := range cells {
			if i > 0 {
				l.WriteString(between)
			}
			c = escape(c)
			pad := strings.Repeat(" ", max(width[i]-columns(c), 0))
			if t.right[i] {
				l.WriteString(pad + c)
			} else {
				l.WriteString(c + pad)
			}
		}
		l.WriteString(right)
		b.WriteString(strings.TrimRight(l.String(), " "))
		b.WriteByte('\n')
	}
	line(t.head, escape)
	rules := make([]string, len(t.head))
	for i := range rules {
		rules[i] = rule(width[i], t.right[i])
	}
	line(rules, func(s string) string { return s })
	for _, r := range t.rows {
		line(r, escape)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// columns is the width of s on a terminal: East Asian wide characters take two.
func columns(s string) int {
	n := utf8.RuneCountInString(s)
	for _, r := range s {
		if r >= 0x1100 && (r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 || r >= 0xf900 && r <= 0xfaff ||
			r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 || r >= 0xffe0 && r <= 0xffe6 || r >= 0x20000 && r <= 0x3fffd) {
			n++
		}
	}
	return n
}
