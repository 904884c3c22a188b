package audience

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/aislekit/aisle/internal/bitset"
	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/dict"
	"github.com/aislekit/aisle/internal/ids"
)

// Events is a list of events of one kind, such as purchases, each with properties: a row for
// each event, in any order.
type Events struct {
	Users   []int32              // to whom it happened
	At      []time.Time          // when, a year from 1678 to 2261
	Texts   map[string][]string  // such as category, brand and channel; "" is missing
	Numbers map[string][]float64 // such as amount; NaN is missing
	Missing []int32              // users about whom nothing is known; all others without a row are known to have none
}

// AddEventRows adds an attribute that lists events, as AddEvents does, with properties that Where
// can ask for. Columns of another length are ErrShape, users that do not exist or are
// Missing and have events ErrUnknownID and ErrMismatch, a name given to two properties
// ErrDuplicate.
func (a *Attributes) AddEventRows(name string, log Events) error {
	const method = "AddEventRows"
	if err := check.Receiver("audience: Attributes.AddEventRows", a); err != nil {
		return err
	}
	if a.columns == nil {
		return fmt.Errorf("audience: Attributes.%s: use NewAttributes: %w", method, ErrEmpty)
	}
	if err := log.check("audience: Attributes.AddEventRows", name, a.n); err != nil {
		return err
	}
	c := &column{kind: eventsColumn, known: bitset.Full(a.n), start: make([]int64, a.n+1)}
	for _, u := range log.Missing {
		c.known.Remove(u)
	}
	for _, u := range log.Users {
		c.start[u+1]++
	}
	for u := range a.n {
		c.start[u+1] += c.start[u]
	}
	// Rows by user, and for each by time.
	order, next := make([]int32, len(log.Users)), slices.Clone(c.start[:a.n])
	for i, u := range log.Users {
		order[next[u]] = int32(i)
		next[u]++
	}
	for u := range int32(a.n) {
		from, to := c.row(u)
		slices.SortStableFunc(order[from:to], func(x, y int32) int { return log.At[x].Compare(log.At[y]) })
	}
	c.times = inOrder(order, log.At, time.Time.UnixNano)
	if len(log.Texts)+len(log.Numbers) > 0 {
		c.props = &Attributes{n: len(order), events: true, columns: map[string]*column{}}
	}
	for _, p := range slices.Sorted(maps.Keys(log.Texts)) {
		if err := c.props.AddTexts(p, inOrder(order, log.Texts[p], func(s string) string { return s })); err != nil {
			return fmt.Errorf("audience: Attributes.%s: %q: %w", method, name, err)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(log.Numbers)) {
		if err := c.props.AddNumbers(p, inOrder(order, log.Numbers[p], func(x float64) float64 { return x })); err != nil {
			return fmt.Errorf("audience: Attributes.%s: %q: %w", method, name, err)
		}
	}
	return a.add(method, name, a.n, c)
}

// inOrder returns what f makes of the values in that order.
func inOrder[V, W any](order []int32, values []V, f func(V) W) []W {
	out := make([]W, len(order))
	for i, row := range order {
		out[i] = f(values[row])
	}
	return out
}

// check validates the rows, so that errors name those that the caller gave.
func (l *Events) check(where, name string, users int) error {
	field := func(column string, row int, value any, err error) error {
		return fmt.Errorf("%s: %q: %w", where, name, check.Private(strconv.Quote(column), int64(row), l.Users[row], value, err))
	}
	if len(l.Users) > math.MaxInt32 {
		return fmt.Errorf("%s: %q has %d events, want at most %d: %w", where, name, len(l.Users), math.MaxInt32, ErrTooLarge)
	}
	if len(l.At) != len(l.Users) {
		return fmt.Errorf("%s: %q has %d instants for %d users: %w", where, name, len(l.At), len(l.Users), ErrShape)
	}
	has := bitset.New(users)
	for i, u := range l.Users {
		if !has.Add(u) {
			return fmt.Errorf("%s: %q: row %d is of user %d, want 0 to %d: %w", where, name, i, u, users-1, ErrUnknownID)
		}
		if !nanosFit(l.At[i]) {
			return field("At", i, l.At[i], fmt.Errorf("want a year from 1678 to 2261: %w", ErrRange))
		}
	}
	for i, u := range l.Missing {
		switch {
		case u < 0 || int(u) >= users:
			return fmt.Errorf("%s: %q: Missing[%d] is %d, want 0 to %d: %w", where, name, i, u, users-1, ErrUnknownID)
		case has.Has(u):
			return fmt.Errorf("%s: %q: Missing[%d] has events: %w", where, name, i, ErrMismatch)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(l.Texts)) {
		if l.Numbers[p] != nil {
			return fmt.Errorf("%s: %q: property %q is of texts and of numbers: %w", where, name, p, ErrDuplicate)
		}
		if len(l.Texts[p]) != len(l.Users) {
			return fmt.Errorf("%s: %q: property %q has %d values for %d events: %w", where, name, p, len(l.Texts[p]), len(l.Users), ErrShape)
		}
		for i, v := range l.Texts[p] {
			if !utf8.ValidString(v) {
				return field(p, i, v, fmt.Errorf("want text: %w", ErrRange))
			}
		}
	}
	for _, p := range slices.Sorted(maps.Keys(l.Numbers)) {
		if len(l.Numbers[p]) != len(l.Users) {
			return fmt.Errorf("%s: %q: property %q has %d values for %d events: %w", where, name, p, len(l.Numbers[p]), len(l.Users), ErrShape)
		}
		for i, x := range l.Numbers[p] {
			if math.IsInf(x, 0) {
				return field(p, i, x, ErrNotFinite)
			}
		}
	}
	return nil
}

// fit refuses what a live audience cannot take as events of column c.
func (l *Events) fit(c *column, name string) error {
	if len(l.Missing) > 0 {
		return fmt.Errorf("%q: users who are Missing have no events: %w", name, ErrMismatch)
	}
	one := func(property string, kind columnKind) error {
		if c.props == nil {
			return fmt.Errorf("attribute %q has no properties, found %q: %w", name, property, ErrUnknownID)
		}
		_, err := c.props.column(property, place{}, kind)
		return err
	}
	for _, p := range slices.Sorted(maps.Keys(l.Texts)) {
		if err := one(p, textColumn); err != nil {
			return err
		}
	}
	for _, p := range slices.Sorted(maps.Keys(l.Numbers)) {
		if err := one(p, numberColumn); err != nil {
			return err
		}
	}
	return nil
}

// truth evaluates a rule about properties for row i, as moment.truth does for the rows of
// a table.
func (l *Events) truth(b *bound, i int) Truth {
	switch b.op {
	case opNot:
		return True - l.truth(b.kids[0], i)
	case opAnd:
		t := True
		for _, k := range b.kids {
			t = min(t, l.truth(k, i))
		}
		return t
	case opOr:
		t := False
		for _, k := range b.kids {
			t = max(t, l.truth(k, i))
		}
		return t
	}
	text, number := "", math.NaN()
	if v := l.Texts[b.attr]; v != nil {
		text = v[i]
	}
	if v := l.Numbers[b.attr]; v != nil {
		number = v[i]
	}
	known := text != "" || !math.IsNaN(number)
	switch {
	case b.op == opHas:
		return truth(known)
	case b.op == opMissing:
		return truth(!known)
	case !known:
		return Unknown
	case b.op == opIn && text != "":
		_, ok := slices.BinarySearch(b.values, text)
		return truth(ok)
	case b.op == opIn:
		_, ok := slices.BinarySearch(b.nums, number)
		return truth(ok)
	}
	return truth(compare(b.op, number, b.a, b.b))
}

// identifiers are the ids of all users, whatever their type.
type identifiers interface {
	index(text string) int32 // of the user, -1 for none
	text(user int32) string
	hash(user int32) uint64
}

type identifiersOf[U ID] struct{ dict.Dict[U] }

// AddIDs adds the identifiers of the users, each another one, as an attribute: In lists
// users by it, integers in decimal, and Sample draws by it, as HoldOut hashes them. An id
// given twice is ErrDuplicate, an empty one ErrRange.
func AddIDs[U ID](table *Attributes, name string, userIDs []U) error {
	const where = "audience: AddIDs"
	if err := check.Receiver(where, table); err != nil {
		return err
	}
	x := &identifiersOf[U]{}
	for i, id := range userIDs {
		if v := reflect.ValueOf(id); v.Kind() == reflect.String && (v.Len() == 0 || !utf8.ValidString(v.String())) {
			return fmt.Errorf("%s: %w", where, check.Private(strconv.Quote(name), int64(i), i, id, fmt.Errorf("want text: %w", ErrRange)))
		}
		switch at, err := x.Add(id); {
		case err != nil:
			return fmt.Errorf("%s: %q: %w", where, name, err)
		case int(at) != i:
			return fmt.Errorf("%s: %w", where, check.Private(strconv.Quote(name), int64(i), i, id, fmt.Errorf("as in row %d: %w", at, ErrDuplicate)))
		}
	}
	return table.add("AddIDs", name, len(userIDs), &column{kind: idColumn, single: true, known: bitset.Full(len(userIDs)), ids: x})
}

// index finds the user of an id as a text has it: an integer in decimal, as text writes it.
func (x *identifiersOf[U]) index(text string) int32 {
	var id U
	v := reflect.ValueOf(&id).Elem()
	switch ids.ClassOf[U]() {
	case ids.String:
		v.SetString(text)
	case ids.Signed:
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err != nil || strconv.FormatInt(n, 10) != text {
			return -1
		}
		v.SetInt(n)
	case ids.Unsigned:
		n, err := strconv.ParseUint(text, 10, v.Type().Bits())
		if err != nil || strconv.FormatUint(n, 10) != text {
			return -1
		}
		v.SetUint(n)
	}
	return x.Index(id)
}

// text writes the id of a user; a type's own String is not asked.
func (x *identifiersOf[U]) text(user int32) string {
	v := reflect.ValueOf(x.Key(user))
	switch ids.ClassOf[U]() {
	case ids.Signed:
		return strconv.FormatInt(v.Int(), 10)
	case ids.Unsigned:
		return strconv.FormatUint(v.Uint(), 10)
	}
	return v.String()
}

func (x *identifiersOf[U]) hash(user int32) uint64 { return hash(x.Key(user)) }
