package tree

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// maxDepth bounds how deep the values of a document are nested. XGBoost nests eight deep.
const maxDepth = 32

// A document is read from front to back, value by value: the two encodings of XGBoost's
// models, JSON and UBJSON, look the same through it. What a call returns takes memory in
// proportion to the bytes it was read from. All errors are ErrCorrupt.
type document interface {
	// object calls field for each key, which consumes the value of it. A key that comes
	// twice is an error.
	object(field func(key string) error) error
	// array calls item for each value, which consumes it.
	array(item func(i int) error) error
	// float32s reads an array of numbers, NaN and infinities among them.
	float32s() ([]float32, error)
	// int32s reads an array of whole numbers that int32 holds, true as 1, false as 0.
	int32s() ([]int32, error)
	// text reads a string of at most 64 KiB.
	text() (string, error)
	// skip passes over a value of any type.
	skip() error
	// end reports what follows the value.
	end() error
}

// maxText bounds a string that is kept.
const maxText = 1 << 16

// openDocument chooses the encoding, as XGBoost does, by the byte behind the brace.
func openDocument(data []byte) document {
	if len(data) > 1 && data[0] == '{' && (data[1] == 'L' || data[1] == '}' && len(data) == 2) {
		return &ubjson{data: data}
	}
	return &jsonText{data: data}
}

// corrupt is ErrCorrupt at a byte of the document.
func corrupt(at int, format string, args ...any) error {
	return fmt.Errorf("byte %d: %s: %w", at, fmt.Sprintf(format, args...), check.ErrCorrupt)
}

// keyed puts the name of a field, cut short, before what went wrong in it.
func keyed(key string, err error) error {
	if err == nil {
		return nil
	}
	if len(key) > 40 {
		key = key[:40]
	}
	return fmt.Errorf("%s: %w", printable(key), err)
}

// printable leaves names as they are and quotes what could break a line of a log.
func printable(s string) string {
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return fmt.Sprintf("%q", s)
		}
	}
	return s
}

// fieldsOf turns a table of readers into the callback of document.object; fields that are
// not in it are skipped.
func fieldsOf(d document, table map[string]func() error) func(string) error {
	return func(key string) error {
		if read, ok := table[key]; ok {
			return read()
		}
		return d.skip()
	}
}

// onlyFieldsOf is fieldsOf where fields that are not in the table are refused by name.
func onlyFieldsOf(table map[string]func() error) func(string) error {
	return func(key string) error {
		if read, ok := table[key]; ok {
			return read()
		}
		return fmt.Errorf("a field that is not known here: %w", ErrUnsupported)
	}
}

// into reads a field into *dst.
func into[T any](dst *T, read func() (T, error)) func() error {
	return func() (err error) {
		*dst, err = read()
		return err
	}
}
