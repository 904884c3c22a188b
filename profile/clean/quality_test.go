package clean_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/profile/clean"
)

func TestQualityMergeProp(t *testing.T) {
	reasons := []clean.Reason{clean.Kept, clean.Missing, clean.Future, clean.DuplicateRow}
	rapid.Check(t, func(r *rapid.T) {
		rows := rapid.SliceOfN(rapid.IntRange(0, 11), 0, 60).Draw(r, "rows")
		var one clean.Quality
		parts := make([]clean.Quality, 3)
		for i, x := range rows {
			for _, q := range []*clean.Quality{&one, &parts[rapid.IntRange(0, 2).Draw(r, "part")]} {
				why := reasons[x%4]
				q.Field([]string{"a", "b", "c"}[x/4], why)
				if why == clean.Kept {
					q.Keep(cut.Add(time.Duration(i*x) * time.Hour))
				} else {
					q.Reject(int64(i), why)
				}
			}
		}
		rand.Shuffle(3, func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		var sum clean.Quality
		for i := range parts {
			if err := sum.Merge(&parts[i]); err != nil {
				r.Fatal(err)
			}
		}
		a, b := fmt.Sprintf("%+v", one.Result()), fmt.Sprintf("%+v", sum.Result())
		if a != b {
			r.Fatalf("\n%s\n%s", a, b)
		}
		s := sum.Result()
		total := s.Kept
		for _, c := range s.Rejected {
			total += c.Rows
		}
		if total != s.Rows || s.Rows != int64(len(rows)) {
			r.Fatalf("%d rows, %d accounted for", s.Rows, total)
		}
	})
	var q clean.Quality
	if err := q.Merge(&q); !errors.Is(err, clean.ErrMismatch) {
		t.Error(err)
	}
	s := q.Result()
	if _, err := s.Age(cut); !errors.Is(err, clean.ErrUndefined) {
		t.Error(err)
	}
	if _, err := (clean.FieldQuality{}).Completeness(); !errors.Is(err, clean.ErrUndefined) {
		t.Error(err)
	}
}
