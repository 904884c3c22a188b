package clean

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/profile"
)

// ParserOptions configures a Parser: how a source writes its values.
type ParserOptions struct {
	// Layouts are tried in order, see time.Layout. Two more names are known:
	// "unix" and "unixmilli", whole seconds or milliseconds since 1970. A layout without
	// an element of a time is ErrOption.
	// Default: RFC 3339, "2006-01-02 15:04:05", "2006-01-02".
	Layouts []string
	// Zone is the business time zone of layouts without one. Default UTC.
	//
	// Where its clock is put forward some times do not exist, in some countries midnight
	// and so a whole date's beginning: they are moved to the end of the gap, as pandas
	// does with shift_forward, and counted as FieldQuality.InGap. Where it is put back
	// some times exist twice: the earlier one is taken and counted as
	// FieldQuality.InOverlap.
	Zone *time.Location
	// RefuseGap makes a time in a gap malformed instead.
	RefuseGap bool
	// LaterOfTwo takes the later of the two instants of an overlap, RefuseOverlap
	// makes such a time malformed.
	LaterOfTwo, RefuseOverlap bool
	// Abbreviations are the offsets from UTC, east positive, of zones that layouts with
	// "MST" may read: {"PST": -8 * time.Hour}. UTC, GMT and the abbreviations of Zone
	// itself need no entry; any other is malformed, since abbreviations have no one
	// meaning (IST, CST, BST). Whole seconds below a day. Default none.
	Abbreviations map[string]time.Duration
	// Earliest and Latest bound every time that is read, so that seconds taken
	// for milliseconds, or the reverse, are seen. Latest itself is outside. Default
	// 1990 and 2100.
	Earliest, Latest time.Time
	// Money is the format of amounts and its decimal mark that of all numbers.
	// Default '.', and no currency.
	Money MoneyFormat
	// Null lists the texts, after Canonical, that mean "missing". Default "",
	// "null", "none", "nan", "n/a", "na", "\\n", "-".
	Null []string
}

// withDefaults fills what the caller left out.
func (o ParserOptions) withDefaults() ParserOptions {
	if o.Layouts == nil {
		o.Layouts = []string{time.RFC3339, time.DateTime, time.DateOnly}
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Earliest.IsZero() {
		o.Earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if o.Latest.IsZero() {
		o.Latest = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if o.Null == nil {
		o.Null = []string{"", "null", "none", "nan", "n/a", "na", `\n`, "-"}
	}
	return o
}

func (o ParserOptions) validate() error {
	var c check.Options
	c.Require(len(o.Layouts) > 0, "Layouts", o.Layouts, "at least one")
	c.Require(!slices.ContainsFunc(o.Layouts, timeless), "Layouts", fmt.Sprintf("%q", o.Layouts), "elements of a time in each")
	c.Require(o.Earliest.Before(o.Latest), "Earliest", o.Earliest, "before Latest")
	o.Money.validate(&c, "Money.")
	c.Require(len(o.badAbbreviations()) == 0, "Abbreviations", o.badAbbreviations(), "names and whole seconds below a day")
	return c.Err("clean: NewParser")
}

// Parser turns the text of fields into values and counts, per field, what was
// missing or malformed; nothing fails silently. The zero value has the default
// options. It is not safe for concurrent use; parse shards with one Parser each and
// merge their Quality.
type Parser struct {
	opt     ParserOptions
	layouts []layout
	quality *Quality
}

// NewParser returns a parser that counts into quality; nil makes one of its own, see
// Parser.Quality. Give it that of a Cleaner, NewParser(cleaner.Quality(), …), to have one
// report of both. Bad options are ErrOption.
func NewParser(quality *Quality, opt ParserOptions) (*Parser, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	if quality == nil {
		quality = &Quality{}
	}
	opt.Abbreviations = maps.Clone(opt.Abbreviations)
	opt.Null = slices.Clone(opt.Null)
	return &Parser{opt: opt, layouts: layouts(opt.Layouts), quality: quality}, nil
}

// Quality returns the report that p counts into.
func (p *Parser) Quality() *Quality {
	if p == nil {
		return nil
	}
	p.ready()
	return p.quality
}

// ready gives a Parser that NewParser did not make the default options.
func (p *Parser) ready() {
	if p.quality == nil {
		p.quality = &Quality{}
		p.opt = p.opt.withDefaults()
		p.layouts = layouts(p.opt.Layouts)
	}
}

// field is one look at a field: its text as it stands and in canonical form.
type field struct{ text, canonical string }

// read is what every method of Parser does around its own parse, which says how the
// field is counted: a missing field is found here, a malformed one becomes a FieldError
// that holds the text, which the message does not. parse is a method expression, so that
// nothing is allocated for it.
func read[T any](p *Parser, what, name, text string, parse func(*Parser, field) (T, Reason, error)) (T, error) {
	var none T
	if err := check.Receiver(what, p); err != nil {
		return none, err
	}
	p.ready()
	f := field{text, Canonical(text)}
	if slices.Contains(p.opt.Null, f.canonical) {
		p.quality.Field(name, Missing)
		return none, errMissing
	}
	v, found, err := parse(p, f)
	if err != nil {
		p.quality.Field(name, Malformed)
		return none, fmt.Errorf("%s: field %w", what, check.Private(name, -1, nil, text, err))
	}
	p.quality.Field(name, found)
	return v, nil
}

// missing is returned bare: a missing value is usual, not exceptional.
var errMissing = fmt.Errorf("clean: Parser: field is missing: %w", ErrEmpty)

// Time reads an instant and returns it in UTC, to the nanosecond. The digits may be those
// of any script. A missing value is ErrEmpty, a malformed one or one outside
// Earliest … Latest is ErrRange; the same holds for every method of Parser, and the error
// is a FieldError that holds the text, which the message does not. Gaps and overlaps of
// the clock are settled as ParserOptions say.
func (p *Parser) Time(field, text string) (time.Time, error) {
	return read(p, "clean: Parser.Time", field, text, (*Parser).time)
}

// time tries the layouts in turn; letters keep their case, since names of zones have one.
func (p *Parser) time(f field) (time.Time, Reason, error) {
	s := f.text
	if !isASCII(s) {
		s = ascii(s)
	}
	s = strings.TrimSpace(s)
	var refused error
	for _, l := range p.layouts {
		t, found, err := p.instant(l, s)
		switch {
		case errors.Is(err, ErrRange):
			refused = err // in this layout, but not to be had
		case err == nil && !t.Before(p.opt.Earliest) && t.Before(p.opt.Latest):
			return t.UTC(), found, nil
		}
	}
	if refused == nil {
		refused = fmt.Errorf("no time in any layout, or outside the credible years: %w", ErrRange)
	}
	return time.Time{}, "", refused
}

// Money reads an amount, see ParseMoney.
func (p *Parser) Money(field, text string) (profile.Money, error) {
	return read(p, "clean: Parser.Money", field, text, (*Parser).money)
}

func (p *Parser) money(f field) (profile.Money, Reason, error) {
	m, err := p.opt.Money.parse(f.canonical)
	return m, Kept, err
}

// Float reads a finite number, with group marks as in ParseMoney or without.
func (p *Parser) Float(field, text string) (float64, error) {
	return read(p, "clean: Parser.Float", field, text, (*Parser).float)
}

func (p *Parser) float(f field) (float64, Reason, error) {
	x, ok := p.number(numeric(f.canonical, p.decimal()))
	if !ok {
		return 0, "", fmt.Errorf("no finite number: %w", ErrRange)
	}
	return x, Kept, nil
}

// decimal returns the decimal mark of the source.
func (p *Parser) decimal() rune {
	if p.opt.Money.Decimal == 0 {
		return '.'
	}
	return p.opt.Money.Decimal
}

// number reads numeric text as a number: sign, grouped digits, decimal part,
// exponent.
func (p *Parser) number(s string) (float64, bool) {
	decimal := p.decimal()
	sign := ""
	if s != "" && (s[0] == '-' || s[0] == '+') {
		sign, s = s[:1], s[1:]
	}
	mantissa, exponent := s, ""
	if at := strings.IndexByte(s, 'e'); at >= 0 {
		mantissa, exponent = s[:at], s[at:]
	}
	whole, frac, cut := strings.Cut(mantissa, string(decimal))
	whole, ok := ungroup(whole, decimal)
	if !ok || strings.IndexFunc(frac, notDigit) >= 0 || whole == "" && frac == "" {
		return 0, false
	}
	dot := ""
	if cut {
		dot = "."
	}
	text := sign + whole + dot + frac + exponent
	x, err := strconv.ParseFloat(text, 64)
	return x, err == nil && !math.IsInf(x, 0) && check.Decimal(text)
}

// Int reads a whole number, with group marks as in ParseMoney or without.
func (p *Parser) Int(field, text string) (int64, error) {
	return read(p, "clean: Parser.Int", field, text, (*Parser).int)
}

func (p *Parser) int(f field) (int64, Reason, error) {
	s, sign := numeric(f.canonical, p.decimal()), ""
	if s != "" && (s[0] == '-' || s[0] == '+') {
		sign, s = s[:1], s[1:]
	}
	digits, ok := ungroup(s, p.opt.Money.Decimal)
	if n, err := strconv.ParseInt(sign+digits, 10, 64); ok && err == nil {
		return n, Kept, nil
	}
	return 0, "", fmt.Errorf("no whole number: %w", ErrRange)
}

// Text reads a label in canonical form, see Canonical. A text that Null lists is missing;
// where it does not list "", an empty cell is the label "".
func (p *Parser) Text(field, text string) (string, error) {
	return read(p, "clean: Parser.Text", field, text, (*Parser).canonical)
}

func (p *Parser) canonical(f field) (string, Reason, error) { return f.canonical, Kept, nil }

// ParseKind is the inverse of profile.Kind.String; letter case and width are
// ignored. Any other name is ErrRange.
func ParseKind(s string) (profile.Kind, error) {
	s = Canonical(s)
	for k := profile.View; k.Valid(); k++ {
		if s == k.String() {
			return k, nil
		}
	}
	return 0, fmt.Errorf("clean: ParseKind: %w", check.Private("kind", -1, nil, s, fmt.Errorf("no event kind: %w", ErrRange)))
}
