package profile

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// Trait is one thing that is known of a user, with its provenance.
type Trait struct {
	Field  string    // such as "sex"; see User
	Value  string    // as it was given
	At     time.Time // since when it is known, UTC; zero: not said
	Source string    // who says so, such as "crm"; "" not said
}

// fact is a Trait of one user and field. Of two the one known later counts, of those known at
// one time the one whose value and source are greater: so the order does not matter.
type fact struct {
	at            int64 // notYet: not said
	value, source string
}

func (f *fact) better(g fact) bool {
	return cmp.Or(cmp.Compare(f.at, g.at), strings.Compare(f.value, g.value), strings.Compare(f.source, g.source)) > 0
}

// facts keeps them by user and number of the field.
type facts struct {
	fields map[string]uint64
	names  []string
	of     pairs[fact]
}

// note keeps a fact, unless a better one is known.
func (s *facts) note(user int32, field string, f fact) {
	n, ok := s.fields[field]
	if !ok {
		if s.fields == nil {
			s.fields = make(map[string]uint64)
		}
		n = uint64(len(s.names))
		s.fields[field], s.names = n, append(s.names, field)
	}
	old := s.of.at(user, n)
	if old.value == "" || f.better(*old) {
		*old = f
	}
}

// list returns the facts of a user by field.
func (s *facts) list(user int32) []Trait {
	var out []Trait
	s.of.of(user, func(key uint64, f *fact) {
		out = append(out, Trait{Field: s.names[key], Value: f.value, At: asTime(f.at), Source: f.source})
	})
	slices.SortFunc(out, func(a, b Trait) int { return strings.Compare(a.Field, b.Field) })
	return out
}

// facts returns what a User says besides when he registered.
func (u *User[U]) facts() []Trait {
	var out []Trait
	add := func(field, value string) {
		if value != "" {
			out = append(out, Trait{Field: field, Value: value})
		}
	}
	if u.BirthYear != 0 {
		add("birth_year", strconv.Itoa(u.BirthYear))
	}
	add("sex", u.Sex)
	add("region", u.Region)
	add("channel", u.Channel)
	tags := slices.Clone(u.Tags)
	slices.Sort(tags)
	add("tags", strings.Join(slices.Compact(tags), ", "))
	for name, value := range u.Extra { // each is a field of its own: the order does not matter
		add("extra:"+name, value)
	}
	return out
}

// Validate returns what a Builder refuses u for: a Registered or At that is impossible, a
// BirthYear that is not 0 nor in 1850 to 2262 (ErrRange); nil is ErrEmpty.
func (u *User[U]) Validate() error {
	if u == nil {
		return fmt.Errorf("no user: %w", ErrEmpty)
	}
	if !u.Registered.IsZero() {
		if err := check.Time("Registered", u.Registered); err != nil {
			return err
		}
	}
	if !u.At.IsZero() {
		if err := check.Time("At", u.At); err != nil {
			return err
		}
	}
	if u.BirthYear != 0 && (u.BirthYear < 1850 || u.BirthYear > 2262) {
		return check.Private("user BirthYear", -1, u.ID, u.BirthYear, fmt.Errorf("want 1850 to 2262: %w", ErrRange))
	}
	return nil
}

// Facts returns what AddUser was told of a user, by field; none of one that is not known.
func (b *Builder[U, I]) Facts(user U) []Trait {
	if b == nil {
		return nil
	}
	u := b.users.Index(user)
	if u < 0 {
		return nil
	}
	return b.facts.list(u)
}

// known reports whether anything before the cut-off speaks of a user.
func (b *Builder[U, I]) known(u int32) bool { return b.state[u].known() || b.facts.of.any(u) }

// age is the calendar year of the cut-off by the clock of Zone less that of birth, NaN where that is not known.
func (b *Builder[U, I]) age(u int) float64 {
	n, ok := b.facts.fields["birth_year"]
	if !ok {
		return over(0, 0)
	}
	var year int
	b.facts.of.of(int32(u), func(key uint64, f *fact) {
		if key == n {
			year, _ = strconv.Atoi(f.value)
		}
	})
	if year == 0 {
		return over(0, 0)
	}
	return float64(b.year() - year)
}

// year is that of the cut-off by the clock of Zone, which need not be known itself.
func (b *Builder[U, I]) year() int {
	at := b.opt.AsOf.UTC()
	if b.ahead != nowhere {
		at = time.Unix(at.Unix()+b.ahead, 0).UTC()
	}
	return at.Year()
}

// putFacts writes the facts of one user.
func (b *Builder[U, I]) putFacts(w *codec.Writer, u int32) {
	list := b.facts.list(u)
	w.Int(len(list))
	for _, f := range list {
		at := int64(notYet)
		if !f.At.IsZero() {
			at = f.At.UnixNano()
		}
		w.String(f.Field)
		w.String(f.Value)
		w.String(f.Source)
		w.Int64(at)
	}
}

// getFacts reads what putFacts wrote: fields ascend, no value is empty, all of them were
// known before the cut-off.
func (b *Builder[U, I]) getFacts(r *codec.Reader, u int32) {
	last := ""
	for range r.Int() {
		field := r.String()
		f := fact{value: r.String(), source: r.String()}
		f.at = r.Int64()
		if r.Err() == nil && (field <= last || f.value == "" || f.at >= b.cut) {
			r.Fail("has a fact out of place")
		}
		if r.Err() != nil {
			return
		}
		b.facts.note(u, field, f)
		last = field
	}
}
