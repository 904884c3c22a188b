package clean_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/clean"
)

// TestParserClocks reads a date, a minute inside and one after for every gap and every
// overlap of every zone from 2000 to 2037.
func TestParserClocks(t *testing.T) {
	gaps, overlaps, dates := int64(0), int64(0), int64(0)
	parsers := map[string]*clean.Parser{}
	later := map[string]*clean.Parser{}
	for _, c := range testkit.ClockChanges(t) {
		p, l := parsers[c.Zone.String()], later[c.Zone.String()]
		if p == nil {
			var err1, err2 error
			p, err1 = clean.NewParser(nil, clean.ParserOptions{Zone: c.Zone})
			l, err2 = clean.NewParser(nil, clean.ParserOptions{Zone: c.Zone, LaterOfTwo: true, RefuseGap: true})
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
			parsers[c.Zone.String()], later[c.Zone.String()] = p, l
		}
		text := func(wall int64) string { return time.Unix(wall, 0).UTC().Format(time.DateTime) }
		read := func(p *clean.Parser, s string, want int64) {
			t.Helper()
			if at, err := p.Time("at", s); err != nil || at.Unix() != want {
				t.Errorf("%v: %s is %v, %v; want %v", c.Zone, s, at, err, time.Unix(want, 0).UTC())
			}
		}
		lo, hi := c.At+min(c.Before, c.After), c.At+max(c.Before, c.After)
		if c.After > c.Before {
			gaps++
			read(p, text(lo+60), c.At)
			if _, err := l.Time("at", text(lo+60)); !errors.Is(err, clean.ErrRange) {
				t.Errorf("%v: %s was never shown: %v", c.Zone, text(lo+60), err)
			}
		} else {
			overlaps++
			read(p, text(lo+60), lo+60-c.Before)
			read(l, text(lo+60), lo+60-c.After)
		}
		read(p, text(hi), hi-c.After)
		// A date is never the day before, whatever happens at its midnight.
		for _, wall := range []int64{lo, hi} {
			date := time.Unix(wall, 0).UTC().Format(time.DateOnly)
			at, err := p.Time("date", date)
			dates++
			shown := at.In(c.Zone).Format(time.DateOnly)
			if err != nil || shown != date && c.After-c.Before < 86400 || at.Add(-time.Second).In(c.Zone).Format(time.DateOnly) >= date {
				t.Errorf("%v: %s is %v, %v", c.Zone, date, at.In(c.Zone), err)
			}
		}
	}
	var q clean.Quality
	for _, p := range parsers {
		if err := q.Merge(p.Quality()); err != nil {
			t.Fatal(err)
		}
	}
	f := q.Result().Fields[0] // "at"
	if f.InGap != gaps || f.InOverlap != overlaps || f.Malformed != 0 {
		t.Errorf("counted %+v, want %d in gaps and %d in overlaps", f, gaps, overlaps)
	}
	t.Logf("%d gaps, %d overlaps, %d dates", gaps, overlaps, dates)
}

// TestParserTimes: the midnight that Chile skips, both sides of New York's changes, an
// overlap refused, zones by their abbreviation, digits of other scripts.
func TestParserTimes(t *testing.T) {
	for _, c := range []struct {
		zone, layout, text, want string // want "" is ErrRange
		opt                      clean.ParserOptions
	}{
		{zone: "America/Santiago", text: "2025-09-07", want: "2025-09-07T04:00:00Z"},
		{zone: "America/Santiago", text: "2025-09-07 00:30:00", want: "2025-09-07T04:00:00Z"},
		{zone: "America/Santiago", text: "2025-09-07", opt: clean.ParserOptions{RefuseGap: true}},
		{zone: "America/New_York", text: "2024-03-10 01:45:00", want: "2024-03-10T06:45:00Z"},
		{zone: "America/New_York", text: "2024-03-10 02:30:00", want: "2024-03-10T07:00:00Z"},
		{zone: "America/New_York", text: "2024-11-03 01:30:00.5", want: "2024-11-03T05:30:00.5Z"},
		{zone: "America/New_York", text: "2024-11-03 01:30:00.5", want: "2024-11-03T06:30:00.5Z", opt: clean.ParserOptions{LaterOfTwo: true}},
		{zone: "America/New_York", text: "2024-11-03 01:30:00", opt: clean.ParserOptions{RefuseOverlap: true}},
		{zone: "America/New_York", text: "2024-11-03 02:00:00", want: "2024-11-03T07:00:00Z", opt: clean.ParserOptions{RefuseOverlap: true}},
		// An offset or an abbreviation says which: nothing is settled.
		{zone: "America/New_York", text: "2024-11-03T01:30:00-05:00", want: "2024-11-03T06:30:00Z"},
		{zone: "America/New_York", text: "2024-11-03T01:30:00Z", want: "2024-11-03T01:30:00Z"},
		{zone: "America/New_York", layout: "2006-01-02 15:04 MST", text: "2024-11-03 01:30 EST", want: "2024-11-03T06:30:00Z"},
		{zone: "America/New_York", layout: "2006-01-02 15:04 MST", text: "2024-11-03 01:30 EDT", want: "2024-11-03T05:30:00Z"},
		{zone: "Europe/Berlin", layout: "Jan 2, 2006 3:04:05 PM MST", text: "Jan 1, 2024 12:03:25 AM PST"},
		{
			zone: "Europe/Berlin", layout: "Jan 2, 2006 3:04:05 PM MST", text: "Jan 1, 2024 12:03:25 AM PST", want: "2024-01-01T08:03:25Z",
			opt: clean.ParserOptions{Abbreviations: map[string]time.Duration{"PST": -8 * time.Hour}},
		},
		{zone: "Europe/Berlin", layout: "2006-01-02 15:04 MST", text: "2024-01-01 12:00 CET", want: "2024-01-01T11:00:00Z"},
		{zone: "Europe/Berlin", layout: "2006-01-02 15:04 MST", text: "2024-01-01 12:00 UTC", want: "2024-01-01T12:00:00Z"},
		{zone: "Europe/Berlin", layout: "2006-01-02 15:04 MST", text: "2024-01-01 12:00 GMT", want: "2024-01-01T12:00:00Z"},
		{zone: "Europe/Berlin", layout: "2006-01-02 15:04 MST", text: "2024-01-01 12:00 GMT+3", want: "2024-01-01T09:00:00Z"},
		{zone: "Europe/Berlin", layout: "2006-01-02 15:04 MST", text: "2024-01-01 12:00 -03", want: "2024-01-01T15:00:00Z"},
		{zone: "UTC", layout: "2006-01-02 15:04 MST", text: "2024-01-01 12:00 IST"},
		{zone: "Asia/Kolkata", layout: "2006-01-02 15:04 MST", text: "2024-01-01 12:00 IST", want: "2024-01-01T06:30:00Z"},
		{zone: "UTC", layout: time.RFC1123Z, text: "Mon, 01 Jan 2024 12:00:00 +0530", want: "2024-01-01T06:30:00Z"},
		{zone: "UTC", layout: "2006-01-02 15:04:05 -0700 MST", text: "2024-01-01 12:00:00 -0800 PST", want: "2024-01-01T20:00:00Z"},
		{zone: "Asia/Riyadh", text: "٢٠٢٤-٠١-٠١ ١٢:٠٠:٠٠", want: "2024-01-01T09:00:00Z"},
		{zone: "UTC", layout: "unix", text: "१७०४११०४००", want: "2024-01-01T12:00:00Z"},
	} {
		z, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		c.opt.Zone = z
		if c.layout != "" {
			c.opt.Layouts = []string{c.layout}
		}
		p, err := clean.NewParser(nil, c.opt)
		if err != nil {
			t.Fatal(err)
		}
		at, err := p.Time("at", c.text)
		switch {
		case c.want == "":
			if !errors.Is(err, clean.ErrRange) {
				t.Errorf("%s: %q is %v, %v; want it refused", c.zone, c.text, at, err)
			}
		case err != nil || at.Format(time.RFC3339Nano) != c.want:
			t.Errorf("%s: %q is %v, %v; want %s", c.zone, c.text, at, err, c.want)
		}
	}
	for name, table := range map[string]map[string]time.Duration{"a day": {"X": 24 * time.Hour}, "half a second": {"X": time.Second / 2}, "no name": {"": time.Hour}} {
		if _, err := clean.NewParser(nil, clean.ParserOptions{Abbreviations: table}); !errors.Is(err, clean.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := clean.NewParser(nil, clean.ParserOptions{Money: clean.MoneyFormat{Currency: "€"}}); !errors.Is(err, clean.ErrOption) {
		t.Errorf("currency: %v", err)
	}
}

// No message shows what stood in a cell, and an error is no larger than the cell was.
func TestParserPrivate(t *testing.T) {
	var p clean.Parser
	secret := "+49 151 jane.doe@example.com"
	cell := strings.Repeat(secret+" ", 1<<15)
	for name, read := range map[string]func(text string) error{
		"Int":       func(s string) error { _, err := p.Int("phone", s); return err },
		"Float":     func(s string) error { _, err := p.Float("phone", s); return err },
		"Money":     func(s string) error { _, err := p.Money("phone", s); return err },
		"Time":      func(s string) error { _, err := p.Time("phone", s); return err },
		"ParseKind": func(s string) error { _, err := clean.ParseKind(s); return err },
		"ParseMoney": func(s string) error {
			_, err := clean.ParseMoney(s, clean.MoneyFormat{})
			return err
		},
	} {
		for _, text := range []string{secret, cell} {
			err := read(text)
			var f *clean.FieldError
			if !errors.As(err, &f) || !errors.Is(err, clean.ErrRange) {
				t.Fatalf("%s: %v", name, err)
			}
			if s := err.Error(); strings.Contains(s, "jane") || len(s) > 200 {
				t.Errorf("%s prints the cell: %.200s", name, s)
			}
			if !strings.HasPrefix(text, f.Value) || len(f.Value) > 64 || f.Row != -1 {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
}
