package kpi

import (
	"encoding"
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/metrics"
)

var (
	_ encoding.BinaryAppender    = (*Engagement)(nil)
	_ encoding.BinaryUnmarshaler = (*Engagement)(nil)
)

// Engagement are the totals of content, of a channel or of a post, from which
// its KPIs follow; Counts has those of a shop. Fill the fields you have; a KPI
// over a field you do not fill is undefined, not 0. The zero value is empty.
// Use one per cell of a report and Add or Merge them.
type Engagement struct {
	Impressions int64 // times shown
	Reach       int64 // distinct users shown to
	Followers   int64 // at the start of the period
	Gained      int64 // followers who came
	Lost        int64 // followers who left
	Likes       int64 // given
	Comments    int64 // written
	Shares      int64 // passed on
	Saves       int64 // kept for later
	Clicks      int64 // on links
	Reads       int64 // times opened and read
	Plays       int64 // times started
	Completions int64 // of those, to the end
	Seconds     int64 // spent reading or watching
}

const (
	engagementFields = 14
	maxEngagement    = 1 << 60 // so that a sum of four fields cannot overflow
)

func (e *Engagement) fields() [engagementFields]*int64 {
	return [...]*int64{
		&e.Impressions, &e.Reach, &e.Followers, &e.Gained, &e.Lost, &e.Likes, &e.Comments, &e.Shares, &e.Saves,
		&e.Clicks, &e.Reads, &e.Plays, &e.Completions, &e.Seconds,
	}
}

var engagementNames = [engagementFields]string{
	"Impressions", "Reach", "Followers", "Gained", "Lost", "Likes", "Comments", "Shares", "Saves",
	"Clicks", "Reads", "Plays", "Completions", "Seconds",
}

// Add adds d field by field. A negative field is ErrRange, a sum beyond 2^60
// ErrOverflow; e is then unchanged. Reach and Followers add up correctly only
// over disjoint groups of users, Followers only over one period.
func (e *Engagement) Add(d Engagement) error {
	sum := *e
	to, from := sum.fields(), d.fields()
	for i, x := range from {
		if *x < 0 {
			return fmt.Errorf("kpi: Engagement.Add: %s is %d, want >= 0: %w", engagementNames[i], *x, ErrRange)
		}
		s, err := check.AddInt64(*to[i], *x)
		if err == nil && s > maxEngagement {
			err = ErrOverflow
		}
		if err != nil {
			return fmt.Errorf("kpi: Engagement.Add: %s: %w", engagementNames[i], err)
		}
		*to[i] = s
	}
	*e = sum
	return nil
}

// Merge is Add of another state; ErrMismatch for a merge with itself.
func (e *Engagement) Merge(other *Engagement) error {
	if err := check.Merge("kpi: Engagement.Merge", e, other); err != nil {
		return err
	}
	return e.Add(*other)
}

// Interactions returns likes, comments, shares and saves together.
func (e Engagement) Interactions() int64 { return e.Likes + e.Comments + e.Shares + e.Saves }

// ByReach is interactions per reached user: Counts.EngagementByReach from the single
// fields.
func (e Engagement) ByReach() metrics.Ratio { return metrics.NewRatio(e.Interactions(), e.Reach) }

// ByFollowers is interactions per follower at the start; see
// Counts.EngagementByFollowers.
func (e Engagement) ByFollowers() metrics.Ratio {
	return metrics.NewRatio(e.Interactions(), e.Followers)
}

// ByImpressions is interactions per impression.
func (e Engagement) ByImpressions() metrics.Ratio {
	return metrics.NewRatio(e.Interactions(), e.Impressions)
}

// CTR is clicks per impression of the content. For a campaign or a shop take
// Counts.CTR.
func (e Engagement) CTR() metrics.Ratio { return metrics.NewRatio(e.Clicks, e.Impressions) }

// LikeRate is likes per impression.
func (e Engagement) LikeRate() metrics.Ratio { return metrics.NewRatio(e.Likes, e.Impressions) }

// ShareRate is shares per impression.
func (e Engagement) ShareRate() metrics.Ratio { return metrics.NewRatio(e.Shares, e.Impressions) }

// ReadRate is reads per impression.
func (e Engagement) ReadRate() metrics.Ratio { return metrics.NewRatio(e.Reads, e.Impressions) }

// PlayRate is plays per impression.
func (e Engagement) PlayRate() metrics.Ratio { return metrics.NewRatio(e.Plays, e.Impressions) }

// CompletionRate is plays to the end per play.
func (e Engagement) CompletionRate() metrics.Ratio { return metrics.NewRatio(e.Completions, e.Plays) }

// FollowerGrowth is followers gained less lost per follower at the start.
func (e Engagement) FollowerGrowth() metrics.Ratio {
	return metrics.NewRatio(e.Gained-e.Lost, e.Followers)
}

// SecondsPerUser is the time spent per reached user.
func (e Engagement) SecondsPerUser() metrics.Ratio { return metrics.NewRatio(e.Seconds, e.Reach) }

// Table returns the KPIs that are defined, each with what it was made of.
func (e Engagement) Table() *metrics.Table {
	t := metrics.NewTable("KPI", "value", "numerator", "denominator")
	for _, k := range []struct {
		name string
		r    metrics.Ratio
	}{
		{"engagement by reach", e.ByReach()},
		{"engagement by followers", e.ByFollowers()},
		{"engagement by impressions", e.ByImpressions()},
		{"CTR", e.CTR()},
		{"like rate", e.LikeRate()},
		{"share rate", e.ShareRate()},
		{"read rate", e.ReadRate()},
		{"play rate", e.PlayRate()},
		{"completion rate", e.CompletionRate()},
		{"follower growth", e.FollowerGrowth()},
		{"seconds per user", e.SecondsPerUser()},
	} {
		if k.r.Den() != 0 {
			t.AddRow(k.name, k.r.Float(), k.r.Num(), k.r.Den())
		}
	}
	return t
}

// AppendBinary appends the binary form.
func (e *Engagement) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	for _, f := range e.fields() {
		w.Int64(*f)
	}
	return w.AppendFrame(dst, codec.KindEngagement, 1), nil
}

// MarshalBinary returns the binary form.
func (e *Engagement) MarshalBinary() ([]byte, error) { return e.AppendBinary(nil) }

// UnmarshalBinary replaces e. Payload of version 1: 14×i64, little-endian, the fields
// in the order of the struct, each in [0, 2^60].
// Any other length or value is ErrCorrupt, a newer version ErrVersion, another kind
// ErrMismatch; e is then unchanged.
func (e *Engagement) UnmarshalBinary(data []byte) error {
	r, err := codec.Open(data, codec.KindEngagement, 1)
	if err != nil {
		return fmt.Errorf("kpi: Engagement.UnmarshalBinary: %w", err)
	}
	var got Engagement
	for i, f := range got.fields() {
		if *f = r.Int64(); *f < 0 || *f > maxEngagement {
			r.Fail(engagementNames[i] + " is not in [0, 2^60]")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("kpi: Engagement.UnmarshalBinary: %w", err)
	}
	*e = got
	return nil
}
