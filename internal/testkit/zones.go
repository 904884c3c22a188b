package testkit

import (
	_ "embed"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // zones where the system has none
)

//go:embed zones.txt
var zones string

// Zones returns every time zone of Go's embedded data.
func Zones(t testing.TB) []*time.Location {
	t.Helper()
	var out []*time.Location
	for name := range strings.FieldsSeq(zones) {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, z)
	}
	return out
}

// A ClockChange is an instant at which the clock of a zone is put forward or back.
type ClockChange struct {
	Zone          *time.Location
	At            int64 // Unix seconds
	Before, After int64 // offsets from UTC in seconds
}

// ClockChanges returns those of all Zones from 2000 to 2037 that leave a gap or an
// overlap.
func ClockChanges(t testing.TB) (out []ClockChange) {
	t.Helper()
	last := time.Date(2038, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, z := range Zones(t) {
		for at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).In(z); at.Before(last); {
			_, before := at.Zone()
			_, end := at.ZoneBounds()
			if end.IsZero() {
				break
			}
			if !end.After(at) {
				end = at.Add(time.Hour) // the standard library ends the zone of a leap year early
			}
			_, after := end.In(z).Zone()
			if before != after && end.Before(last) {
				out = append(out, ClockChange{z, end.Unix(), int64(before), int64(after)})
			}
			at = end.In(z)
		}
	}
	if len(out) < 10_000 {
		t.Fatalf("only %d changes of clocks", len(out))
	}
	return out
}
