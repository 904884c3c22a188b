package recommend

import "fmt"

// Errors say what they are about. Score, AppendTop and AppendSimilar return sentinels
// alone or with the argument at fault; everything else adds who says so.

// about puts the method before an error: deferred at the top of it.
func about(err *error, where string) {
	if *err != nil {
		*err = fmt.Errorf("recommend: %s: %w", where, *err)
	}
}

// errNoHistory is ErrEmpty where a history is wanted.
var errNoHistory = fmt.Errorf("history: %w", ErrEmpty)

func noItem(item int32, items int) error {
	if items == 0 {
		return errUnfit
	}
	return fmt.Errorf("item %d, want in [0, %d): %w", item, items, ErrUnknownID)
}

func badLength(what string, got, want int) error {
	return fmt.Errorf("%s of length %d, want %d: %w", what, got, want, ErrShape)
}

// badWeight is for weights that only some models refuse.
func badWeight(k int, w float32) error {
	return fmt.Errorf("history: weight %d is %v, want >= 0: %w", k, w, ErrRange)
}

// vectorAt returns row i of vectors of length f, without room to append into the next
// one; nil where there is none.
func vectorAt(v []float32, i, f int) []float32 {
	if uint(i) >= uint(len(v)) { // no row is shorter than 1: the product below is in range
		return nil
	}
	a, b := i*f, (i+1)*f
	if b > len(v) {
		return nil
	}
	return v[a:b:b]
}

// strange is for an item that a measure of likeness does not know.
func strange(item int32, items int) error {
	if items == 0 {
		return fmt.Errorf("items: %w", ErrEmpty)
	}
	return fmt.Errorf("item %d, want in [0, %d): %w", item, items, ErrRange)
}
