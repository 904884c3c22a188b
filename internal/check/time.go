package check

import (
	"fmt"
	"math"
	"time"
)

// Instants are held as int64 nanoseconds, which cover the years 1678 to 2262.
const (
	minUnix = math.MinInt64/1_000_000_000 + 1
	maxUnix = math.MaxInt64/1_000_000_000 - 1
)

// Time reports a time that is missing or that an int64 of nanoseconds since 1970
// cannot hold, such as seconds taken for milliseconds.
func Time(field string, t time.Time) error {
	if t.IsZero() {
		return fmt.Errorf("%s is missing: %w", field, ErrRange)
	}
	if s := t.Unix(); s < minUnix || s > maxUnix {
		return fmt.Errorf("%s is outside the years 1678 to 2262 (seconds taken for milliseconds, or the reverse?): %w", field, ErrRange)
	}
	return nil
}
