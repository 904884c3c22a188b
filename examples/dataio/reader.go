package dataio

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"math"
	"strconv"
)

// Format is a layout of interactions.
type Format int

// The layouts. Auto looks at the first lines of the first file.
const (
	Auto      Format = iota
	Adjacency        // user item item …, separated by spaces, tabs or commas
	Triples          // user item value [time], separated by tabs, commas, :: or spaces
	SessionsFormat
	NegativesFormat
)

var formatNames = []string{"auto", "adjacency", "triples", "sessions", "negatives"}

// String returns the name used on command lines.
func (f Format) String() string { return formatNames[f] }

// ParseFormat reads auto, adjacency, triples or sessions.
func ParseFormat(s string) (Format, error) {
	for f := Auto; f <= SessionsFormat; f++ {
		if s == formatNames[f] {
			return f, nil
		}
	}
	return Auto, fmt.Errorf("format is %q, want auto, adjacency, triples or sessions", s)
}

// Reader reads files that share their ids. Read all files, then call Sort, then
// use what was read.
type Reader struct {
	Strict   bool // stop at the first reject
	Positive bool // values must be > 0: implicit feedback

	Users, Items IDs
	Reports      []*Report

	userPerm, itemPerm []int32
}

// NewReader returns a reader without ids.
func NewReader() *Reader {
	return &Reader{Users: IDs{What: "user"}, Items: IDs{What: "item"}}
}

// Entries are the interactions of one file, in the order of its lines.
type Entries struct {
	Path   string
	Format Format
	users  []int32
	items  []int32
	values []float32 // nil: 1 each
	times  []int64   // nil: unknown
	r      *Reader
}

// Len returns the number of entries, duplicates included.
func (e *Entries) Len() int { return len(e.items) }

// HasTimes reports whether every line carried a time.
func (e *Entries) HasTimes() bool { return e.times != nil }

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == ',' }

// token cuts the next run of bytes that are not space, tab or comma.
func token(line []byte) (tok, rest []byte) {
	i := 0
	for i < len(line) && isBlank(line[i]) {
		i++
	}
	j := i
	for j < len(line) && !isBlank(line[j]) {
		j++
	}
	return line[i:j], line[j:]
}

// split cuts a line into fields at sep and appends them to dst. Runs of spaces
// count as one.
func split(dst [][]byte, line []byte, sep string) [][]byte {
	if sep == " " {
		for {
			var tok []byte
			i := 0
			for i < len(line) && line[i] == ' ' {
				i++
			}
			if i == len(line) {
				return dst
			}
			line = line[i:]
			j := bytes.IndexByte(line, ' ')
			if j < 0 {
				j = len(line)
			}
			tok, line = line[:j], line[j:]
			dst = append(dst, tok)
		}
	}
	for {
		i := bytes.Index(line, []byte(sep))
		if i < 0 {
			return append(dst, bytes.TrimSpace(line))
		}
		dst = append(dst, bytes.TrimSpace(line[:i]))
		line = line[i+len(sep):]
	}
}

// separator returns the strongest separator that most sample lines contain.
func separator(sample [][]byte) string {
	for _, sep := range []string{"::", "\t", ","} {
		n := 0
		for _, line := range sample {
			if bytes.Contains(line, []byte(sep)) {
				n++
			}
		}
		if n > 0 && 2*n >= len(sample) {
			return sep
		}
	}
	return " "
}

// detect chooses between triples and adjacency. Triples have 3 or more fields
// and the same number on nearly every line, the third a number; with spaces
// alone, which adjacency lists use too, a user must also come twice, or the
// values look like no ids.
func detect(sample [][]byte) Format {
	if len(sample) == 0 {
		return Adjacency
	}
	sep := separator(sample)
	if sep == "::" {
		return Triples
	}
	counts := map[int]int{}
	seen := map[string]bool{}
	repeated, odd := false, false
	for _, line := range sample {
		f := split(nil, line, sep)
		counts[len(f)]++
		repeated = repeated || seen[string(f[0])]
		seen[string(f[0])] = true
		if len(f) >= 3 && len(f) <= 4 {
			if _, err := parseValue(f[2]); err == nil {
				if _, ok := parseInt(f[2]); !ok {
					odd = true // 4.5, -1, 1e3
				}
			}
		}
	}
	width, most := 0, 0
	for w, n := range counts {
		if n > most || n == most && w < width {
			width, most = w, n
		}
	}
	uniform := 10*most >= 9*len(sample)
	if sep == " " {
		if uniform && (width == 3 || width == 4) && (repeated || odd) {
			return Triples
		}
		return Adjacency
	}
	if uniform && width >= 3 && (width <= 6 || repeated) {
		return Triples
	}
	return Adjacency
}

func parseValue(tok []byte) (float32, error) {
	if n, ok := parseInt(tok); ok && n < 1<<24 {
		return float32(n), nil
	}
	v, err := strconv.ParseFloat(string(tok), 32)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("value %s is not a finite number", clip(tok))
	}
	return float32(v), nil
}

func parseTime(tok []byte) (int64, error) {
	if n, ok := parseInt(tok); ok {
		return n, nil
	}
	v, err := strconv.ParseFloat(string(tok), 64)
	if err != nil || !(math.Abs(v) < 1<<62) {
		return 0, fmt.Errorf("time %s is not a number", clip(tok))
	}
	return int64(math.Floor(v)), nil
}

// Entries reads a file of interactions. With Auto the layout is guessed from
// the first lines; use the Format of the result for further files of the set.
func (r *Reader) Entries(path string, format Format) (*Entries, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.close()
	sample := f.sample()
	if format == Auto {
		format = detect(sample)
	}
	e := &Entries{Path: path, Format: format, r: r}
	rep := &Report{Format: format}
	r.Reports = append(r.Reports, rep)
	switch format {
	case Adjacency:
		err = r.adjacency(f, sample, rep, e)
	case Triples:
		err = r.triples(f, sample, rep, e)
	default:
		err = fmt.Errorf("%s: layout %v does not hold interactions", path, format)
	}
	return e, err
}

// numeric reports whether any token is an integer.
func numeric(toks [][]byte) bool {
	for _, t := range toks {
		if _, ok := parseInt(t); ok {
			return true
		}
	}
	return false
}

// adjacency reads lines of a user followed by its items. Whether ids are numbers is decided
// by the sample; a first line that does not fit is a header.
func (r *Reader) adjacency(f *file, sample [][]byte, rep *Report, e *Entries) error {
	var us, is [][]byte
	for _, line := range sample {
		tok, rest := token(line)
		us = append(us, tok)
		for tok, rest = token(rest); len(tok) > 0; tok, rest = token(rest) {
			is = append(is, tok)
		}
	}
	r.Users.decide(us)
	r.Items.decide(is)
	return f.each(r.Strict, rep, func(number int, line []byte) error {
		user, rest := token(line)
		if err := r.Users.check(user); err != nil {
			if number == 1 && r.Items.Integer && !numeric(bytes.Fields(rest)) {
				rep.Header = true
				return nil
			}
			return err
		}
		// A line counts as a whole or not at all.
		for tok, tail := token(rest); len(tok) > 0; tok, tail = token(tail) {
			if err := r.Items.check(tok); err != nil {
				return err
			}
		}
		u, err := r.Users.add(user)
		if err != nil {
			return err
		}
		for tok, tail := token(rest); len(tok) > 0; tok, tail = token(tail) {
			i, err := r.Items.add(tok)
			if err != nil {
				return err
			}
			e.users, e.items = append(e.users, u), append(e.items, i)
		}
		return nil
	})
}

// triples reads lines of user, item and perhaps value and time. The separator, the number of
// fields and whether ids are numbers are decided by the sample.
func (r *Reader) triples(f *file, sample [][]byte, rep *Report, e *Entries) error {
	sep := separator(sample)
	width := r.layout(sample, sep)
	var fields [][]byte
	if width >= 4 {
		e.times = []int64{}
	}
	return f.each(r.Strict, rep, func(number int, line []byte) error {
		fields = split(fields[:0], line, sep)
		if len(fields) < 3 {
			return fmt.Errorf("%d fields, want user item value [time]", len(fields))
		}
		if len(fields) != width {
			return fmt.Errorf("%d fields, but %d on most lines", len(fields), width)
		}
		value, err := parseValue(fields[2])
		if err != nil {
			if number == 1 && !numeric(fields) {
				rep.Header = true
				return nil
			}
			return err
		}
		if r.Positive && !(value > 0) {
			return fmt.Errorf("value is %v, want > 0 for implicit feedback", value)
		}
		at := int64(0)
		if e.times != nil {
			if at, err = parseTime(fields[3]); err != nil {
				return err
			}
		}
		if err := errors.Join(r.Users.check(fields[0]), r.Items.check(fields[1])); err != nil {
			return err
		}
		u, err := r.Users.add(fields[0])
		if err != nil {
			return err
		}
		i, err := r.Items.add(fields[1])
		if err != nil {
			return err
		}
		e.users, e.items, e.values = append(e.users, u), append(e.items, i), append(e.values, value)
		if e.times != nil {
			e.times = append(e.times, at)
		}
		return nil
	})
}

// layout decides by a sample whether ids are numbers, and returns how many fields most
// lines have.
func (r *Reader) layout(sample [][]byte, sep string) (width int) {
	var us, is, fields [][]byte
	widths := map[int]int{}
	for _, line := range sample {
		fields = split(fields[:0], line, sep)
		widths[len(fields)]++
		us = append(us, fields[0])
		if len(fields) > 1 {
			is = append(is, fields[1])
		}
	}
	for w, n := range widths {
		if n > widths[width] || n == widths[width] && w > width {
			width = w
		}
	}
	r.Users.decide(us)
	r.Items.decide(is)
	return width
}

// Sort fixes the numbering of users and items: integers ascending, then text.
// Call it once, after the last file.
func (r *Reader) Sort() {
	r.userPerm, r.itemPerm = r.Users.sort(), r.Items.sort()
}

// Entry is an interaction by the ids that stood in the file.
type Entry struct {
	User, Item string
	Value      float32 // 1 in layouts without one
	Time       int64   // 0 in files without one, see HasTimes
}

// All iterates over the entries, duplicates included, in the order of the file: what a
// recommend.Builder wants, which numbers ids on its own. Matrix, which gives the numbers
// of the Reader, uses the entries up.
func (e *Entries) All() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for k, u := range e.users {
			i := e.items[k]
			if e.r.userPerm != nil {
				u, i = e.r.userPerm[u], e.r.itemPerm[i]
			}
			x := Entry{User: e.r.Users.Name(u), Item: e.r.Items.Name(i), Value: 1}
			if e.values != nil {
				x.Value = e.values[k]
			}
			if e.times != nil {
				x.Time = e.times[k]
			}
			if !yield(x) {
				return
			}
		}
	}
}
