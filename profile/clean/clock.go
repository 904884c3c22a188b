package clean

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aislekit/aisle/internal/calendar"
)

// A layout is one of ParserOptions.Layouts with what it says of zones.
type layout struct {
	text    string
	numeric bool // it has an offset from UTC: an instant, whatever the clock does
	named   bool // it has an abbreviation of a zone
}

// newLayout finds the elements of time.Layout that name a zone.
func newLayout(text string) layout {
	return layout{text, strings.Contains(text, "-07") || strings.Contains(text, "Z07"), strings.Contains(text, "MST")}
}

// nowhere is a zone that knows no abbreviation: what it reads is the wall clock.
var nowhere = time.FixedZone("?", 0)

// instant reads s by one layout. found is Kept, InGap or InOverlap; an error says that s
// is not in this layout, or names a time or a zone that the options refuse.
func (p *Parser) instant(l layout, s string) (at time.Time, found Reason, err error) {
	switch l.text {
	case "unix", "unixmilli":
		n, err := strconv.ParseInt(s, 10, 64)
		if l.text == "unix" {
			return time.Unix(n, 0), Kept, err
		}
		return time.UnixMilli(n), Kept, err
	}
	t, err := time.ParseInLocation(l.text, s, nowhere)
	switch {
	case err != nil || l.numeric || t.Location() == time.UTC:
		return t, Kept, err
	case l.named && t.Location() != nowhere:
		at, err = p.zoned(l, s, t)
		return at, Kept, err
	}
	first, last, shown := calendar.Resolve(t.Unix(), p.opt.Zone)
	switch {
	case shown == calendar.Never && p.opt.RefuseGap:
		return t, Kept, fmt.Errorf("a time that the clock skipped: %w", ErrRange)
	case shown == calendar.Never: // the next time that exists is the end of the gap itself
		return time.Unix(first, 0), InGap, nil
	case shown == calendar.Twice && p.opt.RefuseOverlap:
		return t, Kept, fmt.Errorf("a time that the clock showed twice: %w", ErrRange)
	case shown == calendar.Twice:
		if p.opt.LaterOfTwo {
			first = last
		}
		return time.Unix(first, int64(t.Nanosecond())), InOverlap, nil
	}
	return time.Unix(first, int64(t.Nanosecond())), Kept, nil
}

// zoned reads a time with the abbreviation of a zone, which t holds: one of the table, of
// UTC, of numbers, or of the business zone. The standard library would take any other for
// UTC.
func (p *Parser) zoned(l layout, s string, t time.Time) (time.Time, error) {
	name, offset := t.Zone()
	wall := t // the library shows the wall clock in a zone made up, and counts it as UTC
	if zone, ok := p.opt.Abbreviations[name]; ok {
		return wall.Add(-zone), nil
	}
	switch {
	case name == "GMT" || name == "UT" || name == "Z" || strings.HasPrefix(name, "GMT") && offset != 0: // GMT+3
		return wall.Add(-time.Duration(offset) * time.Second), nil
	case name[0] == '+' || name[0] == '-': // the "abbreviation" of zones that have none
		digits := name[1:]
		hours, err := strconv.Atoi(digits[:min(2, len(digits))])
		minutes := 0
		if err == nil && len(digits) > 2 {
			minutes, err = strconv.Atoi(digits[2:])
		}
		by := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
		if name[0] == '-' {
			by = -by
		}
		return wall.Add(-by), err
	}
	own, err := time.ParseInLocation(l.text, s, p.opt.Zone)
	if err == nil && own.Location() != p.opt.Zone {
		err = fmt.Errorf("an abbreviation of a zone that Abbreviations does not list: %w", ErrRange)
	}
	return own, err
}

// timeless reports whether a layout says nothing of a time: every element of one would
// show in this, which is unlike the time that layouts are written with.
func timeless(layout string) bool {
	return layout != "unix" && layout != "unixmilli" && time.Date(1999, 11, 28, 17, 48, 59, 123456789, nowhere).Format(layout) == layout
}

// layouts returns the layouts of the options as instant takes them.
func layouts(texts []string) []layout {
	out := make([]layout, len(texts))
	for i, l := range texts {
		out[i] = newLayout(l)
	}
	return out
}

// badAbbreviations returns the names in the table that are no offset of a zone.
func (o *ParserOptions) badAbbreviations() []string {
	var bad []string
	for name, d := range o.Abbreviations {
		if name == "" || d <= -24*time.Hour || d >= 24*time.Hour || d%time.Second != 0 {
			bad = append(bad, name)
		}
	}
	slices.Sort(bad)
	return bad
}
