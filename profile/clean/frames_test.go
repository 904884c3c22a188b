package clean_test

import (
	"encoding"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/clean"
)

// TestFrames reads the golden frame of every kind of this package.
func TestFrames(t *testing.T) {
	testkit.Frames(t, "profile/clean", []testkit.Frame{
		{
			Kind: codec.KindQuality,
			Fill: func(testing.TB) encoding.BinaryMarshaler {
				var q clean.Quality
				q.Keep(cut)
				q.Keep(cut.Add(day))
				for row := range int64(12) {
					q.Reject(40-row, clean.Missing)
				}
				q.Reject(7, clean.Future)
				q.Flag(8, clean.Outlier)
				q.Field("user", clean.Missing)
				q.Field("user", clean.Kept)
				q.Field("price", clean.Malformed)
				return &q
			},
			Values: func(_ testing.TB, s any) any {
				r := s.(*clean.Quality).Result()
				list := func(in []clean.ReasonCount) (out []any) {
					for _, c := range in {
						out = append(out, []any{c.Reason, c.Rows, c.First})
					}
					return out
				}
				var fields []any
				for _, f := range r.Fields {
					fields = append(fields, []any{f.Name, f.Seen, f.Missing, f.Malformed})
				}
				return map[string]any{"rows": r.Rows, "kept": r.Kept, "rejected": list(r.Rejected), "flagged": list(r.Flagged), "fields": fields, "first": r.First, "last": r.Last}
			},
		},
	})
}
