package audience

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/aislekit/aisle/internal/bitset"
	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/dict"
)

const day = 24 * time.Hour

type columnKind uint8

const (
	numberColumn columnKind = iota
	textColumn
	timeColumn
	eventsColumn
)

var columnKindNames = [...]string{"numbers", "texts", "times", "events"}

// column holds one attribute of every user.
type column struct {
	kind   columnKind
	single bool        // textColumn: at most one text per user
	known  *bitset.Set // users whose value is not missing

	numbers []float64         // numberColumn; NaN is missing
	values  dict.Dict[string] // textColumn: the values
	members []*bitset.Set     // per value, its users
	texts   [][]int32         // per user, the values (shared backing array)
	start   []int64           // eventsColumn: user u has times[start[u]:start[u+1]]
	times   []int64           // nanoseconds since 1970, ascending per user
}

// Attributes is a table of what is known about users 0 … Users()-1: one column
// per attribute, of numbers, texts (one or several per user), times, or lists of
// event times. Columns are copied. It may be filled by one goroutine only, and
// is then safe for concurrent readers.
type Attributes struct {
	n       int
	names   []string
	columns map[string]*column
}

// NewAttributes returns a table of users users without columns. users is 0 …
// 2³¹-1.
func NewAttributes(users int) (*Attributes, error) {
	if users < 0 || users > math.MaxInt32 {
		return nil, fmt.Errorf("audience: NewAttributes: %d users, want 0 to %d: %w", users, math.MaxInt32, ErrRange)
	}
	return &Attributes{n: users, columns: map[string]*column{}}, nil
}

// Users returns the number of users.
func (a *Attributes) Users() int {
	if a == nil {
		return 0
	}
	return a.n
}

// Names returns the attributes in the order they were added.
func (a *Attributes) Names() []string {
	if a == nil {
		return nil
	}
	return slices.Clone(a.names)
}

// add takes a column in, or says why not; method is the exported one that was called.
func (a *Attributes) add(method, name string, length int, c *column) error {
	switch {
	case name == "" || !utf8.ValidString(name):
		return fmt.Errorf("audience: Attributes.%s: name %q, want text: %w", method, name, ErrRange)
	case a.columns == nil:
		return fmt.Errorf("audience: Attributes.%s: use NewAttributes: %w", method, ErrEmpty)
	case a.columns[name] != nil:
		return fmt.Errorf("audience: Attributes.%s: %q: %w", method, name, ErrDuplicate)
	case length != a.n:
		return fmt.Errorf("audience: Attributes.%s: %q has %d values, want one for each of %d users: %w", method, name, length, a.n, ErrShape)
	}
	a.columns[name] = c
	a.names = append(a.names, name)
	return nil
}

// AddNumbers adds a numeric attribute. NaN means missing, infinity is
// ErrNotFinite.
func (a *Attributes) AddNumbers(name string, values []float64) error {
	if err := check.Receiver("audience: Attributes.AddNumbers", a); err != nil {
		return err
	}
	const method = "AddNumbers"
	c := &column{kind: numberColumn, known: bitset.New(len(values)), numbers: slices.Clone(values)}
	for i, v := range values {
		if math.IsInf(v, 0) {
			return fmt.Errorf("audience: Attributes.%s: %w", method, check.Private(strconv.Quote(name), int64(i), i, v, ErrNotFinite))
		}
		if !math.IsNaN(v) {
			c.known.Add(int32(i))
		}
	}
	return a.add(method, name, len(values), c)
}

// AddTexts adds an attribute with one text per user, such as a region. The empty
// text means missing.
func (a *Attributes) AddTexts(name string, values []string) error {
	if err := check.Receiver("audience: Attributes.AddTexts", a); err != nil {
		return err
	}
	lists := make([][]string, len(values))
	for i := range values {
		if values[i] != "" {
			lists[i] = values[i : i+1 : i+1]
		}
	}
	return a.addTexts("AddTexts", name, lists, true)
}

// AddTextLists adds an attribute with any number of texts per user, such as
// interests. A nil list means missing, an empty one that there are none.
// Repeated texts count once; an empty text is ErrRange.
func (a *Attributes) AddTextLists(name string, values [][]string) error {
	if err := check.Receiver("audience: Attributes.AddTextLists", a); err != nil {
		return err
	}
	return a.addTexts("AddTextLists", name, values, false)
}

// addTexts numbers the texts of each user, and gives those that at least one user in
// 64 has a bitmap of their users.
func (a *Attributes) addTexts(method, name string, values [][]string, single bool) error {
	c := &column{kind: textColumn, single: single, known: bitset.New(len(values)), texts: make([][]int32, len(values))}
	total := 0
	for i, list := range values {
		total += len(list)
		for _, v := range list {
			if v == "" || !utf8.ValidString(v) {
				return fmt.Errorf("audience: Attributes.%s: %w", method, check.Private(strconv.Quote(name), int64(i), i, v, fmt.Errorf("want text: %w", ErrRange)))
			}
		}
	}
	flat := make([]int32, 0, total)
	for i, list := range values {
		if list == nil {
			continue
		}
		c.known.Add(int32(i))
		from := len(flat)
		for _, v := range list {
			id, err := c.values.Add(v)
			if err != nil {
				return fmt.Errorf("audience: Attributes.%s: %q: %w", method, name, err)
			}
			if int(id) == len(c.members) {
				c.members = append(c.members, nil)
			}
			if !slices.Contains(flat[from:], id) {
				flat = append(flat, id)
			}
		}
		c.texts[i] = flat[from:len(flat):len(flat)]
	}
	// A bitmap per value pays for frequent values only; the rest are scanned.
	counts := make([]int, len(c.members))
	for _, id := range flat {
		counts[id]++
	}
	for id, n := range counts {
		if n >= len(values)/64 {
			c.members[id] = bitset.New(len(values))
		}
	}
	for i, list := range c.texts {
		for _, id := range list {
			if c.members[id] != nil {
				c.members[id].Add(int32(i))
			}
		}
	}
	return a.add(method, name, len(values), c)
}

// AddTimes adds an attribute with one instant per user, such as the last visit.
// The zero time means missing. Instants must lie in the years 1678 … 2261.
func (a *Attributes) AddTimes(name string, values []time.Time) error {
	if err := check.Receiver("audience: Attributes.AddTimes", a); err != nil {
		return err
	}
	lists := make([][]time.Time, len(values))
	for i := range values {
		if !values[i].IsZero() {
			lists[i] = values[i : i+1 : i+1]
		}
	}
	return a.addTimes("AddTimes", name, timeColumn, lists)
}

// AddEvents adds an attribute that lists when something happened to each user,
// such as purchases, in any order. A nil list means missing, an empty one that
// it never happened.
func (a *Attributes) AddEvents(name string, values [][]time.Time) error {
	if err := check.Receiver("audience: Attributes.AddEvents", a); err != nil {
		return err
	}
	return a.addTimes("AddEvents", name, eventsColumn, values)
}

// addTimes stores instants as nanoseconds since 1970, ascending per user.
func (a *Attributes) addTimes(method, name string, kind columnKind, values [][]time.Time) error {
	c := &column{kind: kind, known: bitset.New(len(values)), start: make([]int64, len(values)+1)}
	for i, list := range values {
		for _, t := range list {
			if !nanosFit(t) {
				return fmt.Errorf("audience: Attributes.%s: %w", method, check.Private(strconv.Quote(name), int64(i), i, t, fmt.Errorf("want a year from 1678 to 2261: %w", ErrRange)))
			}
			c.times = append(c.times, t.UnixNano())
		}
		if list != nil {
			c.known.Add(int32(i))
		}
		c.start[i+1] = int64(len(c.times))
		slices.Sort(c.times[c.start[i]:])
	}
	return a.add(method, name, len(values), c)
}

func nanosFit(t time.Time) bool { y := t.UTC().Year(); return y >= 1678 && y <= 2261 }

func (a *Attributes) column(name string, kinds ...columnKind) (*column, error) {
	c := a.columns[name]
	if c == nil {
		return nil, fmt.Errorf("attribute %q: %w", name, ErrUnknownID)
	}
	if len(kinds) > 0 && !slices.Contains(kinds, c.kind) {
		return nil, fmt.Errorf("attribute %q holds %s, want %s: %w", name, columnKindNames[c.kind], columnKindNames[kinds[0]], ErrMismatch)
	}
	return c, nil
}

// user checks an index.
func (a *Attributes) user(u int32) error {
	if u < 0 || int(u) >= a.n {
		return fmt.Errorf("user %d, want 0 to %d: %w", u, a.n-1, ErrUnknownID)
	}
	return nil
}
