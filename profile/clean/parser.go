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

// null reports whether text means "missing" and counts it if so. Every method asks
// it first.
func (p *Parser) null(field, text string) bool {
	p.ready()
	if slices.Contains(p.opt.Null, text) {
		p.quality.Field(field, Missing)
		return true
	}
	return false
}

// bad counts a field that cannot be read. Its text goes into a FieldError, not into the
// message.
func (p *Parser) bad(method, field, text string, err error) error {
	p.quality.Field(field, Malformed)
	return fmt.Errorf("clean: Parser.%s: field %w", method, check.Private(field, -1, nil, text, err))
}

// missing is returned bare: a missing value is usual, not exceptional.
var errMissing = fmt.Errorf("clean: Parser: field is missing: %w", ErrEmpty)

// Time reads an instant and returns it in UTC, to the nanosecond. The digits may be those
// of any script. A missing value is ErrEmpty, a malformed one or one outside
// Earliest … Latest is ErrRange; the same holds for every method of Parser, and the error
// is a FieldError that holds the text, which the message does not. Gaps and overlaps of
// the clock are settled as ParserOptions say.
func (p *Parser) Time(field, text string) (time.Time, error) {
	if err := check.Receiver("clean: Parser.Time", p); err != nil {
		return time.Time{}, err
	}
	s := text
	if !isASCII(s) {
		s = ascii(s)
	}
	s = strings.TrimSpace(s)
	if p.null(field, strings.ToLower(s)) {
		return time.Time{}, errMissing
	}
	refused := fmt.Errorf("no time in any layout, or outside the credible years: %w", ErrRange)
	for _, l := range p.layouts {
		t, found, err := p.instant(l, s)
		switch {
		case errors.Is(err, ErrRange):
			refused = err // in this layout, but not to be had
		case err == nil && !t.Before(p.opt.Earliest) && t.Before(p.opt.Latest):
			p.quality.Field(field, found)
			return t.UTC(), nil
		}
	}
	return time.Time{}, p.bad("Time", field, text, refused)
}

// Money reads an amount, see ParseMoney.
func (p *Parser) Money(field, text string) (profile.Money, error) {
	if err := check.Receiver("clean: Parser.Money", p); err != nil {
		return profile.Money{}, err
	}
	if p.null(field, Canonical(text)) {
		return profile.Money{}, errMissing
	}
	m, err := p.opt.Money.parse(text)
	if err != nil {
		return profile.Money{}, p.bad("Money", field, text, err)
	}
	p.quality.Field(field, Kept)
	return m, nil
}

// Float reads a finite number, with group marks as in ParseMoney or without.
func (p *Parser) Float(field, text string) (float64, error) {
	if err := check.Receiver("clean: Parser.Float", p); err != nil {
		return 0, err
	}
	if p.null(field, Canonical(text)) {
		return 0, errMissing
	}
	x, ok := p.number(numeric(text, p.decimal()))
	if !ok {
		return 0, p.bad("Float", field, text, fmt.Errorf("no finite number: %w", ErrRange))
	}
	p.quality.Field(field, Kept)
	return x, nil
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
	x, err := strconv.ParseFloat(sign+whole+dot+frac+exponent, 64)
	return x, err == nil && !math.IsInf(x, 0)
}

// Int reads a whole number, with group marks as in ParseMoney or without.
func (p *Parser) Int(field, text string) (int64, error) {
	if err := check.Receiver("clean: Parser.Int", p); err != nil {
		return 0, err
	}
	if p.null(field, Canonical(text)) {
		return 0, errMissing
	}
	s, sign := numeric(text, p.decimal()), ""
	if s != "" && (s[0] == '-' || s[0] == '+') {
		sign, s = s[:1], s[1:]
	}
	digits, ok := ungroup(s, p.opt.Money.Decimal)
	if n, err := strconv.ParseInt(sign+digits, 10, 64); ok && err == nil {
		p.quality.Field(field, Kept)
		return n, nil
	}
	return 0, p.bad("Int", field, text, fmt.Errorf("no whole number: %w", ErrRange))
}

// Text reads a label in canonical form, see Canonical. A text that Null lists is missing;
// where it does not list "", an empty cell is the label "".
func (p *Parser) Text(field, text string) (string, error) {
	if err := check.Receiver("clean: Parser.Text", p); err != nil {
		return "", err
	}
	s := Canonical(text)
	if p.null(field, s) {
		return "", errMissing
	}
	p.quality.Field(field, Kept)
	return s, nil
}

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
