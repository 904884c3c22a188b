package audience

import (
	"cmp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// signs are the operators and brackets, longer ones first, among what people from elsewhere
// write instead, with what they mean.
var signs = [][2]string{
	{"===", "=="},
	{"!==", "!="},
	{"=>", ">="},
	{"=<", "<="},
	{"<>", "!="},
	{"&&", "and"},
	{"||", "or"},
	{"<="},
	{">="},
	{"=="},
	{"!="},
	{"<"},
	{">"},
	{"="},
	{"("},
	{")"},
	{"{"},
	{"}"},
	{"["},
	{"]"},
	{","},
	{"%"},
	{"&", "and"},
	{"|", "or"},
	{"!", "not"},
	{"≤", "<="},
	{"≥", ">="},
	{"≠", "!="},
	{"＝", "="},
	{"＜", "<"},
	{"＞", ">"},
	{"（", "("},
	{"）", ")"},
	{"｛", "{"},
	{"｝", "}"},
	{"［", "["},
	{"］", "]"},
	{"，", ","},
	{"、", ","},
	{"％", "%"},
	{"！", "not"},
	{"＆", "and"},
	{"｜", "or"},
	{"–", "-"},
	{"−", "-"},
	{"－", "-"},
	{"“", `"`},
	{"”", `"`},
	{"„", `"`},
	{"«", `"`},
	{"»", `"`},
	{"「", `"`},
	{"」", `"`},
	{"＂", `"`},
	{"‘", "'"},
	{"’", "'"},
	{"＇", "'"},
}

// sign reads an operator or a bracket.
func (t *token) sign(rest string) error {
	_, size := utf8.DecodeRuneInString(rest)
	t.kind, t.raw = tokenSign, rest[:size]
	suggestion := ""
	for _, s := range signs {
		if strings.HasPrefix(rest, s[0]) {
			t.raw, t.value, suggestion = s[0], s[0], s[1]
			break
		}
	}
	if suggestion == `"` || suggestion == "'" { // the whole text, if it ends
		inner := cut(rest[len(t.raw):])
		if i := strings.IndexAny(inner, "“”„«»「」＂‘’＇\"'"); i > 0 {
			_, end := utf8.DecodeRuneInString(inner[i:])
			t.raw, suggestion = rest[:len(t.raw)+i+end], strconv.Quote(inner[:i])
		}
	}
	if t.value == "" || suggestion != "" {
		return found(t.at, t.raw, "a clause, an operator or a bracket", suggestion, ErrCorrupt)
	}
	return nil
}

// spanWords are the units of durations that people write, and what they are here.
var spanWords = map[string]string{
	"day": "d", "days": "d", "天": "d", "日": "d", "week": "w", "weeks": "w", "wk": "w", "周": "w", "hour": "h", "hours": "h", "hr": "h", "hrs": "h",
	"小时": "h", "min": "m", "mins": "m", "minute": "m", "minutes": "m", "分钟": "m", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
	"month": "30d", "months": "30d", "mo": "30d", "月": "30d", "个月": "30d", "year": "365d", "years": "365d", "y": "365d", "yr": "365d", "年": "365d",
}

// meantSpan is the duration that is meant by one with other words for its units, or with a part
// of a day; "" for nothing near.
func meantSpan(raw string) string {
	digits := strings.TrimLeft(raw, "0123456789.")
	unit := strings.ToLower(digits)
	unit = cmp.Or(spanWords[unit], unit)
	if unit == "" {
		return ""
	}
	if unit[0] > '9' || unit[0] < '0' {
		unit = "1" + unit
	}
	size, ok := parseSpan(unit)
	x, err := strconv.ParseFloat(raw[:len(raw)-len(digits)], 64)
	if d := x * float64(size); ok && err == nil && d >= 1 && d < 1<<62 {
		return spanText(time.Duration(d))
	}
	return ""
}

// meantNumber is the number that is meant by one with digits in groups; "" for nothing near.
func meantNumber(raw string) string {
	if s := strings.ReplaceAll(raw, "_", ""); s != raw && plainNumber(s) {
		return s
	}
	return ""
}

// since is the text from a place to the end of the token at hand.
func (p *textParser) since(at place) string {
	return p.src[at.offset : int(p.tok.at.offset)+len(p.tok.raw)]
}

// turned is the error about a number where a clause should begin: 18 <= age, 18 <= age <= 25.
func (p *textParser) turned() error {
	other := map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "==", "==": "==", "!=": "!="}
	low, sign, raw, suggestion := p.tok, "", p.tok.raw, ""
	if p.advance() == nil && p.tok.kind == tokenSign {
		sign = other[p.tok.value]
	}
	if sign != "" && p.advance() == nil && p.tok.kind == tokenName {
		name := p.tok.raw
		raw, suggestion = p.since(low.at), name+" "+sign+" "+low.raw
		if p.advance() == nil && sign == ">=" && p.is("<=") && p.advance() == nil && p.tok.kind == tokenNumber {
			raw, suggestion = p.since(low.at), name+" between "+low.raw+" and "+p.tok.raw
		}
	}
	return found(low.at, raw, "a clause, such as age >= 18 or bought(within=90d)", suggestion, ErrCorrupt)
}

// known is the error about what stands after "is", if that is neither known nor missing.
func (p *textParser) known() error {
	at, not := p.tok.at, p.is("not")
	if not {
		if err := p.advance(); err != nil {
			return err
		}
	}
	suggestion := ""
	switch word := strings.ToLower(p.tok.value); word {
	case "known", "missing", "null", "none", "nil", "nan", "empty", "unknown":
		if suggestion = "missing"; not != (word == "known") {
			suggestion = "known"
		}
	default:
		if p.tok.kind == tokenName {
			suggestion = nearestName(p.tok.raw, []string{"known", "missing"})
		}
	}
	return found(at, p.since(at), "known or missing", suggestion, ErrCorrupt)
}

// date is the error about a date that an attribute is compared with: how long ago that is, only
// the writer knows, so that there is a clause to follow in the text but nothing to put in place.
func (p *textParser) date(attr, sign string) error {
	raw := p.tok.raw
	day := strings.Trim(raw, `"'`)
	if p.tok.kind == tokenNumber {
		day = p.src[p.tok.at.offset:]
		day = day[:min(len(day), len(time.DateOnly))]
		raw = day
	}
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return nil
	}
	ago := "< 30d"
	if sign == "<" || sign == "<=" {
		ago = ">= 30d"
	}
	return found(p.tok.at, raw, "a number (a date is asked for by how long ago it is, such as last("+nameText(attr)+") "+ago+")", "", ErrMismatch)
}
