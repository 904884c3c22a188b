package check

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestTime(t *testing.T) {
	for name, c := range map[string]struct {
		at   time.Time
		want error
	}{
		"usual":     {time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC), nil},
		"earliest":  {time.Unix(minUnix, 0), nil},
		"latest":    {time.Unix(maxUnix, 999_999_999), nil},
		"too early": {time.Unix(minUnix-1, 0), ErrRange},
		"too late":  {time.Unix(maxUnix+1, 0), ErrRange},
		"ms as s":   {time.Unix(1717200000000, 0), ErrRange},
		"zero":      {time.Time{}, ErrRange},
	} {
		err := Time("At", c.at)
		if !errors.Is(err, c.want) || err != nil && !strings.HasPrefix(err.Error(), "At is ") {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && !time.Unix(0, c.at.UnixNano()).Equal(c.at) {
			t.Errorf("%s: %v does not survive as nanoseconds", name, c.at)
		}
	}
}
