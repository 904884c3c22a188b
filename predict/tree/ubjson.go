package tree

import (
	"encoding/binary"
	"math"
)

// ubjson is a document in UBJSON, big endian, as XGBoost writes it: keys and strings by
// length, arrays with or without type and count, objects with neither.
type ubjson struct {
	data  []byte
	at    int
	depth int
}

var _ document = (*ubjson)(nil)

// width is how many bytes a value of a type of fixed size takes, -1 for other types.
func width(marker byte) int {
	switch marker {
	case 'Z', 'T', 'F':
		return 0
	case 'i', 'U', 'C':
		return 1
	case 'I':
		return 2
	case 'l', 'd':
		return 4
	case 'L', 'D':
		return 8
	}
	return -1
}

// next takes n bytes.
func (u *ubjson) next(n int) ([]byte, error) {
	if n > len(u.data)-u.at {
		return nil, corrupt(len(u.data), "the document ends early")
	}
	u.at += n
	return u.data[u.at-n : u.at], nil
}

func (u *ubjson) marker() (byte, error) {
	b, err := u.next(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

// whole reads an integer of the marked type, true and false as 1 and 0.
func (u *ubjson) whole(marker byte) (int64, error) {
	from := u.at
	b, err := u.next(max(0, width(marker)))
	if err != nil {
		return 0, err
	}
	switch marker {
	case 'i':
		return int64(int8(b[0])), nil
	case 'U':
		return int64(b[0]), nil
	case 'I':
		return int64(int16(binary.BigEndian.Uint16(b))), nil
	case 'l':
		return int64(int32(binary.BigEndian.Uint32(b))), nil
	case 'L':
		return int64(binary.BigEndian.Uint64(b)), nil
	case 'T':
		return 1, nil
	case 'F':
		return 0, nil
	}
	return 0, corrupt(from, "want a whole number, have type %q", marker)
}

// float reads a number of the marked type.
func (u *ubjson) float(marker byte) (float32, error) {
	switch marker {
	case 'd', 'D':
		b, err := u.next(width(marker))
		switch {
		case err != nil:
			return 0, err
		case marker == 'd':
			return math.Float32frombits(binary.BigEndian.Uint32(b)), nil
		}
		return float32(math.Float64frombits(binary.BigEndian.Uint64(b))), nil
	case 'T', 'F':
		return 0, corrupt(u.at, "want a number, have type %q", marker)
	}
	x, err := u.whole(marker)
	return float32(x), err
}

// length reads a count, which is not negative and at most most.
func (u *ubjson) length(most int) (int, error) {
	from := u.at
	m, err := u.marker()
	if err != nil {
		return 0, err
	}
	n, err := u.whole(m)
	switch {
	case err != nil:
		return 0, err
	case n < 0 || n > int64(most):
		return 0, corrupt(from, "a length of %d with %d bytes left", n, most)
	}
	return int(n), nil
}

// chars reads length and bytes of a key or a string.
func (u *ubjson) chars() (string, error) {
	n, err := u.length(len(u.data) - u.at)
	if err != nil {
		return "", err
	}
	if n > maxText {
		return "", corrupt(u.at, "string of %d bytes, at most %d", n, maxText)
	}
	b, err := u.next(n)
	return string(b), err
}

func (u *ubjson) text() (string, error) {
	from := u.at
	if m, err := u.marker(); err != nil || m != 'S' {
		return "", corrupt(from, "want a string")
	}
	return u.chars()
}

// enter counts how deep values are nested.
func (u *ubjson) enter() error {
	if u.depth++; u.depth > maxDepth {
		return corrupt(u.at, "nested deeper than %d", maxDepth)
	}
	return nil
}

// object reads keys, which have a length and no type, each followed by its value.
func (u *ubjson) object(field func(key string) error) error {
	from := u.at
	if m, err := u.marker(); err != nil || m != '{' {
		return corrupt(from, "want an object")
	}
	if err := u.enter(); err != nil {
		return err
	}
	defer func() { u.depth-- }()
	seen := map[string]bool{}
	for {
		if u.at < len(u.data) && u.data[u.at] == '}' {
			u.at++
			return nil
		}
		key, err := u.chars()
		if err != nil {
			return err
		}
		if seen[key] {
			return keyed(key, corrupt(u.at, "the field comes twice"))
		}
		seen[key] = true
		if err := keyed(key, field(key)); err != nil {
			return err
		}
	}
}

// head reads the bracket of an array with its type and count: 0 where there is no type, -1
// where there is no count. A count is at most the bytes left, unless values take no bytes.
func (u *ubjson) head() (marker byte, n int, err error) {
	from := u.at
	if m, err := u.marker(); err != nil || m != '[' {
		return 0, 0, corrupt(from, "want an array")
	}
	if err := u.enter(); err != nil {
		return 0, 0, err
	}
	if u.at < len(u.data) && u.data[u.at] == '$' {
		u.at++
		if marker, err = u.marker(); err != nil {
			return 0, 0, err
		}
		if width(marker) < 0 {
			return 0, 0, corrupt(u.at, "an array of type %q", marker)
		}
	}
	if u.at >= len(u.data) || u.data[u.at] != '#' {
		if marker != 0 {
			return 0, 0, corrupt(u.at, "an array of a type without a count")
		}
		return 0, -1, nil
	}
	u.at++
	n, err = u.length(len(u.data) - u.at)
	if w := width(marker); err == nil && marker != 0 && w > 0 && n > (len(u.data)-u.at)/w {
		err = corrupt(u.at, "a count of %d with %d bytes left", n, len(u.data)-u.at)
	}
	return marker, n, err
}

// values calls item for each value of an array, with the type that all of them have, or 0
// where each has its own before it.
func (u *ubjson) values(item func(i int, marker byte) error) error {
	marker, n, err := u.head()
	defer func() { u.depth-- }()
	if err != nil {
		return err
	}
	for i := 0; i != n; i++ {
		if n < 0 && u.at < len(u.data) && u.data[u.at] == ']' {
			u.at++
			return nil
		}
		if err := item(i, marker); err != nil {
			return err
		}
	}
	return nil
}

func (u *ubjson) array(item func(i int) error) error {
	return u.values(func(i int, marker byte) error {
		if marker != 0 {
			return corrupt(u.at, "an array of numbers, want one of objects or strings")
		}
		return item(i)
	})
}

// numbers reads an array of numbers of any type.
func numbers[T int64 | float32](u *ubjson, read func(marker byte) (T, error), keep func(T) error) error {
	return u.values(func(_ int, marker byte) (err error) {
		if marker == 0 {
			if marker, err = u.marker(); err != nil {
				return err
			}
		}
		x, err := read(marker)
		if err != nil {
			return err
		}
		return keep(x)
	})
}

func (u *ubjson) float32s() (xs []float32, err error) {
	err = numbers(u, u.float, func(x float32) error {
		xs = append(xs, x)
		return nil
	})
	return xs, err
}

func (u *ubjson) int32s() (xs []int32, err error) {
	err = numbers(u, u.whole, func(x int64) error {
		if int64(int32(x)) != x {
			return corrupt(u.at, "%d, want a number that int32 holds", x)
		}
		xs = append(xs, int32(x))
		return nil
	})
	return xs, err
}

// skip reads a value and forgets it.
func (u *ubjson) skip() error {
	if u.at >= len(u.data) {
		return corrupt(u.at, "the document ends early")
	}
	switch m := u.data[u.at]; m {
	case '{':
		return u.object(func(string) error { return u.skip() })
	case 'S':
		u.at++
		n, err := u.length(len(u.data) - u.at)
		if err == nil {
			_, err = u.next(n)
		}
		return err
	case '[':
		return u.values(func(_ int, marker byte) error {
			if marker == 0 {
				return u.skip()
			}
			_, err := u.next(width(marker))
			return err
		})
	default:
		u.at++
		if width(m) < 0 {
			return corrupt(u.at-1, "a value of unknown type %q", m)
		}
		_, err := u.next(width(m))
		return err
	}
}

func (u *ubjson) end() error {
	if u.at < len(u.data) {
		return corrupt(u.at, "bytes behind the model")
	}
	return nil
}
