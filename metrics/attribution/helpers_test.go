package attribution

import (
	"testing"
	"time"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func second[T any](_ T, err error) error { return err }

var day0 = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func dayOf(n int) time.Time { return day0.AddDate(0, 0, n) }
