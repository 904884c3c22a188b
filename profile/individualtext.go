package profile

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Text returns the page of p as somebody reads it who speaks with the customer: a line for
// each thing that is known, in five parts (basic, behaviour, consumption, interests, assessment),
// each with its source and the day since when it is known. What was counted is from the
// records and of the cut-off. Days are of UTC. What is not known has no line. The text holds personal data. Nil is "".
func (p *Individual) Text() string {
	if p == nil {
		return ""
	}
	t := &page{}
	t.part("Profile")
	t.line("as of", stamp(p.AsOf), "")
	if p.Users != 1 {
		t.line("users", fmt.Sprint(p.Users), "")
	}
	t.part("Basic")
	t.since("registered", p.Registered)
	t.facts(p.Facts)
	t.part("Behaviour")
	t.since("first seen", p.FirstSeen)
	t.since("last seen", p.LastSeen)
	for k := View; k.Valid(); k++ {
		if n := p.Events[k]; n > 0 {
			t.line(k.String(), fmt.Sprint(n), "events")
		}
	}
	t.mean("mean dwell", p.DwellMean, " s")
	t.mean("mean rating", p.RatingMean, "")
	t.mean("mean sentiment", p.SentimentMean, "")
	t.part("Consumption")
	if p.Orders > 0 {
		t.line("orders", fmt.Sprintf("%d, %d pieces", p.Orders, p.Units), "orders")
		t.line("paid", Money{Minor: p.Paid, Currency: p.Currency}.String(), "orders")
	}
	if p.Refunded > 0 {
		t.line("refunded", Money{Minor: p.Refunded, Currency: p.Currency}.String(), "refunds")
	}
	t.since("first order", p.FirstOrder)
	t.since("last order", p.LastOrder)
	t.part("Interests")
	n, last := 0, Dimension(0)
	for _, a := range p.Affinities {
		if n++; a.Dimension != last {
			n, last = 1, a.Dimension
		}
		if n <= pageLabels {
			t.line(a.Dimension.String(), fmt.Sprintf("%s, %.0f %%", a.Label, 100*a.Share), "events and orders")
		}
	}
	t.part("Assessment")
	t.facts(p.Assessed)
	return strings.Join(t.lines, "\n") + "\n"
}

// pageLabels is how many labels of a dimension a page shows.
const pageLabels = 5

// page is lines, and the title of a part of which nothing stands there so far.
type page struct {
	lines []string
	title string
}

func (t *page) part(title string) { t.title = title }

// line adds one line, its title before the first of a part. What users wrote cannot begin a
// line of its own, nor turn one around.
func (t *page) line(name, value, source string) {
	if t.title != "" {
		t.lines = append(t.lines, t.title)
		t.title = ""
	}
	clean := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
				return ' '
			}
			return r
		}, s)
	}
	text := fmt.Sprintf("  %-14s %s", clean(name), clean(value))
	if source != "" {
		text += "  [" + clean(source) + "]"
	}
	t.lines = append(t.lines, text)
}

func (t *page) since(name string, at time.Time) {
	if !at.IsZero() {
		t.line(name, stamp(at), "records")
	}
}

func (t *page) mean(name string, x float64, unit string) {
	if !math.IsNaN(x) {
		t.line(name, fmt.Sprintf("%.3g%s", x, unit), "events")
	}
}

// facts adds a line for each fact, with what is said of its source and time.
func (t *page) facts(list []Trait) {
	for _, f := range list {
		from := []string{f.Source, stamp(f.At)}
		from = slices.DeleteFunc(from, func(s string) bool { return s == "" })
		t.line(f.Field, f.Value, strings.Join(from, ", "))
	}
}

func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02")
}
