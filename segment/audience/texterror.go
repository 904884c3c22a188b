package audience

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// place is where something stands in a text; its line is 0 where it stands in none.
type place struct{ offset, line, column int32 }

// wrap gives an error its place, unless there is none or it has one.
func (p place) wrap(err error) error {
	var inner *TextError
	if p.line == 0 || errors.As(err, &inner) {
		return err
	}
	return &TextError{Offset: int(p.offset), Line: int(p.line), Column: int(p.column), Err: err}
}

// TextError says where in the text of a rule an error is: of ParseText, and of Compile
// for a rule that was read from text. It is in the chain of errors, for errors.As.
type TextError struct {
	Offset     int    // bytes before it
	Line       int    // from 1
	Column     int    // characters in its line up to it, from 1
	Found      string // what stands there, "" where what it means is at fault
	Suggestion string // what may have been meant, "" for nothing near
	Err        error  // what is wrong, with its sentinel
}

// Error writes the place before what is wrong.
func (e *TextError) Error() string {
	if e == nil {
		return "<nil>"
	}
	return fmt.Sprintf("%d:%d (byte %d): %v", e.Line, e.Column, e.Offset, e.Err)
}

// Unwrap returns Err.
func (e *TextError) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// unknownName is the error about a name that does not exist, with the nearest that does.
func unknownName(what, name string, names []string, at place) error {
	err := at.wrap(fmt.Errorf("%s %q%s: %w", what, name, meantName(name, names), ErrUnknownID))
	var t *TextError
	if errors.As(err, &t) {
		t.Found, t.Suggestion = name, nearestName(name, names)
	}
	return err
}

// otherKind gives the error about a comparison of what is no number the clause that may be meant.
func (a *Attributes) otherKind(n *node, err error) error {
	c, name, meant := a.columns[n.attr], nameText(n.attr), ""
	var t *TextError
	if c == nil || !errors.As(err, &t) {
		return err
	}
	switch equal := n.op == opEqual || n.op == opUnequal; {
	case (c.kind == textColumn || c.kind == idColumn) && equal:
		meant = fmt.Sprintf("%s %s %q", name, opNames[n.op], strconv.FormatFloat(n.a, 'f', -1, 64))
	case c.kind == eventsColumn && n.op != opBetween && n.a >= 0 && n.a == math.Trunc(n.a) && n.a < math.MaxInt32:
		meant = fmt.Sprintf("%s() %s %.0f", name, opNames[n.op], n.a)
	case c.kind == timeColumn && n.a >= 1 && n.a < 1e5 && !equal:
		sign := "<"
		if n.op == opMore || n.op == opAtLeast {
			sign = ">="
		}
		meant = fmt.Sprintf("last(%s) %s %.0fd", name, sign, n.a)
	}
	if meant != "" {
		t.Suggestion = meant
		t.Err = fmt.Errorf("attribute %q holds %s, want numbers, did you mean %s?: %w", n.attr, columnKindNames[c.kind], meant, ErrMismatch)
	}
	return err
}

const (
	maxNames    = 1000 // names among which a near one is looked for
	maxNameSize = 64   // bytes of names that are compared
)

// nearestName returns the name that differs by the fewest letters, if by at most a third of
// them; the first of several, "" for none. A change of case counts nothing.
func nearestName(name string, names []string) string {
	if len(name) > maxNameSize {
		return ""
	}
	best, bestAt := "", max(1, utf8.RuneCountInString(name)/3)+1
	for _, n := range names[:min(len(names), maxNames)] {
		if len(n) > maxNameSize {
			continue
		}
		if d := edits([]rune(strings.ToLower(name)), []rune(strings.ToLower(n))); d < bestAt {
			best, bestAt = n, d
		}
	}
	return best
}

// edits is the number of letters to insert, delete, replace or swap with their neighbour
// that turn a into b (optimal string alignment).
func edits(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			d := last[j]
			if a[i] != b[j] {
				d++
			}
			d = min(d, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				d = min(d, before[j-1]+1)
			}
			row[j+1] = d
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// excerpt is a piece of text for an error, cut where it is long.
func excerpt(s string) string {
	const most = 40
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return strconv.Quote(s)
}
