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
	idColumn
)

var columnKindNames = [...]string{"numbers", "texts", "times", "events", "identifiers"}

// column holds one attribute of every user.
type column struct {
	kind   columnKind
	single bool        // textColumn: at most one text per user
	known  *bitset.Set // users whose value is not missing

	numbers []float64         // numberColumn; NaN is missing
	values  dict.Dict[string] // textColumn: the values
	members []*bitset.Set     // per value, its users; nil for a rare one
	texts   []int32           // values, -1 for none: of user u, or, of lists, of start[u] to start[u+1]
	start   []int64           // lists of texts and events: where those of each user start
	times   []int64           // nanoseconds since 1970: of user u, or, of events, ascending per user
	props   *Attributes       // eventsColumn: a table of the events in their order, nil without properties
	ids     identifiers       // idColumn

	sketch      *sketch[float64] // numberColumn; nil for a short one
	sketchTimes *sketch[int64]   // timeColumn
}

// row returns where the list of a user is.
func (c *column) row(u int32) (from, to int64) {
	if c.start == nil {
		return int64(u), int64(u) + 1
	}
	return c.start[u], c.start[u+1]
}

// textsOf returns the values of a user.
func (c *column) textsOf(u int32) []int32 {
	from, to := c.row(u)
	if c.start == nil && c.texts[u] < 0 {
		return nil
	}
	return c.texts[from:to]
}

// Attributes is a table of what is known about users 0 … Users()-1: one column
// per attribute, of numbers, texts (one or several per user), times, lists of
// events, or identifiers. Columns are copied. It may be filled by one goroutine only, and
// is then safe for concurrent readers.
type Attributes struct {
	n       int
	names   []string
	columns map[string]*column
	events  bool // rows are events, asked about one by one
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
	if !a.events {
		c.sketch = sketchOf(c.numbers, c.known.Words())
	}
	return a.add(method, name, len(values), c)
}

// AddTexts adds an attribute with one text per user, such as a region. The empty
// text means missing.
func (a *Attributes) AddTexts(name string, values []string) error {
	if err := check.Receiver("audience: Attributes.AddTexts", a); err != nil {
		return err
	}
	c := &column{kind: textColumn, single: true, known: bitset.New(len(values)), texts: make([]int32, len(values))}
	for i, v := range values {
		if c.texts[i] = -1; v == "" {
			continue
		}
		id, err := c.code("AddTexts", name, i, v)
		if err != nil {
			return err
		}
		c.known.Add(int32(i))
		c.texts[i] = id
	}
	c.index(len(values))
	return a.add("AddTexts", name, len(values), c)
}

// AddTextLists adds an attribute with any number of texts per user, such as
// interests. A nil list means missing, an empty one that there are none.
// Repeated texts count once; an empty text is ErrRange.
func (a *Attributes) AddTextLists(name string, values [][]string) error {
	if err := check.Receiver("audience: Attributes.AddTextLists", a); err != nil {
		return err
	}
	c := &column{kind: textColumn, known: bitset.New(len(values)), start: make([]int64, len(values)+1)}
	for i, list := range values {
		if list != nil {
			c.known.Add(int32(i))
		}
		for _, v := range list {
			id, err := c.code("AddTextLists", name, i, v)
			if err != nil {
				return err
			}
			if !slices.Contains(c.texts[c.start[i]:], id) {
				c.texts = append(c.texts, id)
			}
		}
		c.start[i+1] = int64(len(c.texts))
	}
	c.index(len(values))
	return a.add("AddTextLists", name, len(values), c)
}

// code numbers one text of user i.
func (c *column) code(method, name string, i int, v string) (int32, error) {
	if v == "" || !utf8.ValidString(v) {
		return 0, fmt.Errorf("audience: Attributes.%s: %w", method, check.Private(strconv.Quote(name), int64(i), i, v, fmt.Errorf("want text: %w", ErrRange)))
	}
	id, err := c.values.Add(v)
	if err != nil {
		return 0, fmt.Errorf("audience: Attributes.%s: %q: %w", method, name, err)
	}
	return id, nil
}

// index gives the texts that at least one user in 64 has a bitmap of their users; the
// rest are scanned.
func (c *column) index(users int) {
	counts := make([]int, c.values.Len())
	for _, id := range c.texts {
		if id >= 0 {
			counts[id]++
		}
	}
	c.members = make([]*bitset.Set, len(counts))
	for id, n := range counts {
		if n >= users/64 {
			c.members[id] = bitset.New(users)
		}
	}
	for u := range int32(users) {
		for _, id := range c.textsOf(u) {
			if c.members[id] != nil {
				c.members[id].Add(u)
			}
		}
	}
}

// AddTimes adds an attribute with one instant per user, such as the last visit.
// The zero time means missing. Instants must lie in the years 1678 … 2261.
func (a *Attributes) AddTimes(name string, values []time.Time) error {
	if err := check.Receiver("audience: Attributes.AddTimes", a); err != nil {
		return err
	}
	c := &column{kind: timeColumn, known: bitset.New(len(values)), times: make([]int64, len(values))}
	for i, t := range values {
		if t.IsZero() {
			continue
		}
		if !nanosFit(t) {
			return badInstant("AddTimes", name, i, i, t)
		}
		c.times[i] = t.UnixNano()
		c.known.Add(int32(i))
	}
	c.sketchTimes = sketchOf(c.times, c.known.Words())
	return a.add("AddTimes", name, len(values), c)
}

// AddEvents adds an attribute that lists when something happened to each user,
// such as purchases, in any order. A nil list means missing, an empty one that
// it never happened.
func (a *Attributes) AddEvents(name string, values [][]time.Time) error {
	if err := check.Receiver("audience: Attributes.AddEvents", a); err != nil {
		return err
	}
	c := &column{kind: eventsColumn, known: bitset.New(len(values)), start: make([]int64, len(values)+1)}
	for i, list := range values {
		for _, t := range list {
			if !nanosFit(t) {
				return badInstant("AddEvents", name, i, i, t)
			}
			c.times = append(c.times, t.UnixNano())
		}
		if list != nil {
			c.known.Add(int32(i))
		}
		c.start[i+1] = int64(len(c.times))
		slices.Sort(c.times[c.start[i]:])
	}
	return a.add("AddEvents", name, len(values), c)
}

// badInstant is the error about an instant that nanoseconds do not hold.
func badInstant(method, name string, row, user int, t time.Time) error {
	return fmt.Errorf("audience: Attributes.%s: %w", method, check.Private(strconv.Quote(name), int64(row), user, t, fmt.Errorf("want a year from 1678 to 2261: %w", ErrRange)))
}

func nanosFit(t time.Time) bool { y := t.UTC().Year(); return y >= 1678 && y <= 2261 }

// column returns the column of that name, of one of the kinds if any are asked for; at is
// where the name stands in a text.
func (a *Attributes) column(name string, at place, kinds ...columnKind) (*column, error) {
	c := a.columns[name]
	if c == nil {
		return nil, unknownName("attribute", name, a.names, at)
	}
	if len(kinds) > 0 && !slices.Contains(kinds, c.kind) {
		return nil, at.wrap(fmt.Errorf("attribute %q holds %s, want %s: %w", name, columnKindNames[c.kind], columnKindNames[kinds[0]], ErrMismatch))
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
