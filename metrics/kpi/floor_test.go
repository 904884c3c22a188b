package kpi_test

import (
	"bytes"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/aislekit/aisle/metrics/kpi"
)

// TestRetentionFloor: cohorts of few users are withheld, and the next larger one where the
// total would tell them; -1 shows all.
func TestRetentionFloor(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	a, err := kpi.NewActivity[int](kpi.Calendar{})
	if err != nil {
		t.Fatal(err)
	}
	user := 0
	for day, n := range []int{60, 9, 200, 50} {
		for range n {
			user++
			at := start.AddDate(0, 0, day)
			if err := errors.Join(a.Add(user, at), a.Add(user, at.AddDate(0, 0, 1+user%2))); err != nil {
				t.Fatal(err)
			}
		}
	}
	for minAudience, want := range map[int][4]bool{0: {false, true, false, true}, 9: {}, -1: {}, 60: {true, true, false, true}} {
		table, err := a.Retention(kpi.RetentionOptions{Periods: 2, AsOf: start.AddDate(0, 0, 9), MinAudience: minAudience})
		if err != nil || len(table.Rows) != 4 || table.Overall[0].Den() != 319 {
			t.Fatalf("%+v, %v", table, err)
		}
		for i, r := range table.Rows {
			if errors.Is(r.Err, kpi.ErrPrivacy) != want[i] || want[i] != (r.Users == 0) || want[i] != (r.Cells[0].Den() == 0) {
				t.Errorf("at least %d: %+v", minAudience, r)
			}
		}
		var text bytes.Buffer
		if err := table.Table().WriteText(&text); err != nil || want[1] != bytes.Contains(text.Bytes(), []byte("few")) || !bytes.Contains(text.Bytes(), []byte("319")) {
			t.Errorf("at least %d: %v\n%s", minAudience, err, text.String())
		}
	}
	if _, err := a.Retention(kpi.RetentionOptions{AsOf: start.AddDate(0, 0, 9), MinAudience: -2}); !errors.Is(err, kpi.ErrOption) {
		t.Error(err)
	}
}

// A column that is over for one withheld cohort and not for the other must not tell, less
// the rows that are shown, how many users the one has and how many came back.
func TestRetentionOverallTellsNoCohort(t *testing.T) {
	a, err := kpi.NewActivity[int](kpi.Calendar{})
	if err != nil {
		t.Fatal(err)
	}
	start, user := time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC), 0
	for day, users := range []int{100, 10, 60, 45} {
		for i := range users {
			for after := 0; after <= i%3; after++ {
				if err := a.Add(user, start.AddDate(0, 0, day+after)); err != nil {
					t.Fatal(err)
				}
			}
			user++
		}
	}
	opt := kpi.RetentionOptions{AsOf: start.AddDate(0, 0, 4).Truncate(24 * time.Hour), Periods: 3}
	for least, want := range map[int][]int64{0: {215, 160, 100, 100}, -1: {215, 170, 110, 100}} {
		opt.MinAudience = least
		table, err := a.Retention(opt)
		if err != nil {
			t.Fatal(err)
		}
		for j, r := range table.Overall {
			if r.Den() != want[j] {
				t.Errorf("least %d: column %d of %d users, want %d", least, j, r.Den(), want[j])
			}
		}
	}
}

// Cohorts that are few all together are not told by their total either.
func TestRetentionFewInAll(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, cohorts := range [][]int{{9}, {9, 20, 3}, {49}} {
		a, err := kpi.NewActivity[int](kpi.Calendar{})
		if err != nil {
			t.Fatal(err)
		}
		user := 0
		for day, n := range cohorts {
			for range n {
				user++
				at := start.AddDate(0, 0, day)
				if err := errors.Join(a.Add(user, at), a.Add(user, at.AddDate(0, 0, 1))); err != nil {
					t.Fatal(err)
				}
			}
		}
		table, err := a.Retention(kpi.RetentionOptions{Periods: 2, AsOf: start.AddDate(0, 0, 9)})
		if err != nil {
			t.Fatal(err)
		}
		for j, c := range table.Overall {
			if c.Den() != 0 || c.Num() != 0 {
				t.Errorf("%v: column %d tells of %d users", cohorts, j, c.Den())
			}
		}
		var text bytes.Buffer
		if err := table.Table().WriteText(&text); err != nil || bytes.Contains(text.Bytes(), []byte(strconv.Itoa(user))) {
			t.Errorf("%v: %v\n%s", cohorts, err, text.String())
		}
	}
}
