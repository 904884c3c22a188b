package check

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// FieldError says what is wrong with one field of one record. Its text, which goes to
// logs, names the field and the row only; the id of a customer and the raw value, which
// are nobody's business there, are fields. Each package that returns it re-exports it:
//
//	type FieldError = check.FieldError
//
// and its callers take it out of an error with errors.As.
type FieldError struct {
	Field string // as the options, the struct or the source calls it
	Row   int64  // number of the row in the source or the slice given; -1: none is known
	ID    string // whose record it is, at most 64 bytes; "" where nobody's
	Value string // what the field holds, at most 64 bytes; "" where the error is about no value
	Err   error  // what is wrong, with a sentinel in its chain; its text holds neither of these
}

// Error returns Field, Row and the text of Err, and neither ID nor Value.
func (e *FieldError) Error() string {
	text := "invalid"
	if e.Err != nil {
		text = e.Err.Error()
	}
	if e.Row >= 0 {
		return e.Field + " of row " + strconv.FormatInt(e.Row, 10) + ": " + text
	}
	return e.Field + ": " + text
}

// Unwrap returns Err, so that errors.Is finds its sentinel.
func (e *FieldError) Unwrap() error { return e.Err }

// maxPrivate is how much of an id or a value a FieldError holds: one cell of 10 MB
// must not become an error of 10 MB.
const maxPrivate = 64

// Private returns err about the field of a record whose id, value or both must not be
// printed: give them here instead of to Errorf, and nil for the one there is none of.
// row is -1 where none is known. It reads, after the method as everywhere,
//
//	return fmt.Errorf("profile: Builder.AddOrder: sums of %w", check.Private("user", -1, o.User, nil, ErrOverflow))
//	// profile: Builder.AddOrder: sums of user: arithmetic overflow
//	return fmt.Errorf("clean: Parser.Int: %w", check.Private("quantity", -1, nil, text, fmt.Errorf("no whole number: %w", ErrRange)))
//	// clean: Parser.Int: quantity: no whole number: value out of range
//
// Customers, sessions, orders and raw cells are private; items, options, labels of the
// catalogue and numbers of rows are not and stay in the text.
func Private(field string, row int64, id, value any, err error) error {
	return &FieldError{Field: field, Row: row, ID: cut(id), Value: cut(value), Err: err}
}

// cut returns v as text of at most maxPrivate bytes that shares no memory with v.
func cut(v any) string {
	var s string
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		s = v
	default:
		s = fmt.Sprint(v)
	}
	if len(s) > maxPrivate {
		s = s[:maxPrivate]
		for i := 1; i < utf8.UTFMax && !utf8.ValidString(s); i++ {
			s = s[:maxPrivate-i]
		}
	}
	return strings.Clone(s)
}
