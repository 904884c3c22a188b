package kpi

import (
	"encoding"
	"fmt"
	"slices"

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
// with a field that nobody filled, above or below the line, is undefined, not 0. A field is filled as
// soon as it is not 0; where 0 is what was counted, say so with Fill. The zero value is empty.
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

	filled uint32 // bit i: field i is counted, though it be 0
}

// Numbers of the fields, in the order of the struct.
const (
	atImpressions = iota
	atReach
	atFollowers
	atGained
	atLost
	atLikes
	atComments
	atShares
	atSaves
	atClicks
	atReads
	atPlays
	atCompletions
	atSeconds
)

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

// Fill says of fields, by their names here, that they are counted, though the sum may be 0. Add and
// Merge keep it. ErrOption for a name that is no field.
func (e *Engagement) Fill(fields ...string) error {
	if err := check.Receiver("kpi: Engagement.Fill", e); err != nil {
		return err
	}
	set := e.filled
	for _, f := range fields {
		i := slices.Index(engagementNames[:], f)
		if i < 0 {
			return fmt.Errorf("kpi: Engagement.Fill: field %q is none: %w", f, ErrOption)
		}
		set |= 1 << i
	}
	e.filled = set
	return nil
}

// has reports whether the field i, which is x, is filled.
func (e Engagement) has(i int, x int64) bool { return x != 0 || e.filled>>i&1 == 1 }

// rate returns the field i, which is num, over den; undefined if the field is not filled.
func (e Engagement) rate(i int, num, den int64) metrics.Ratio {
	if !e.has(i, num) {
		return metrics.Ratio{}
	}
	return metrics.NewRatio(num, den)
}

// interactions returns Interactions over den; undefined if none of their fields is filled.
func (e Engagement) interactions(den int64) metrics.Ratio {
	if e.Interactions() == 0 && e.filled&(1<<atLikes|1<<atComments|1<<atShares|1<<atSaves) == 0 {
		return metrics.Ratio{}
	}
	return metrics.NewRatio(e.Interactions(), den)
}

// Add adds d field by field. A negative field is ErrRange, a sum beyond 2^60
// ErrOverflow; e is then unchanged. Reach and Followers add up correctly only
// over disjoint groups of users, Followers only over one period.
func (e *Engagement) Add(d Engagement) error {
	if err := check.Receiver("kpi: Engagement.Add", e); err != nil {
		return err
	}
	sum := *e
	sum.filled |= d.filled
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

// Interactions returns likes, comments, shares and saves together; the end of int64 where fields
// filled in by hand go beyond it.
func (e Engagement) Interactions() int64 {
	return plus(plus(e.Likes, e.Comments), plus(e.Shares, e.Saves))
}

// ByReach is interactions per reached user: Counts.EngagementByReach from the single
// fields.
func (e Engagement) ByReach() metrics.Ratio { return e.interactions(e.Reach) }

// ByFollowers is interactions per follower at the start; see
// Counts.EngagementByFollowers.
func (e Engagement) ByFollowers() metrics.Ratio {
	return e.interactions(e.Followers)
}

// ByImpressions is interactions per impression.
func (e Engagement) ByImpressions() metrics.Ratio {
	return e.interactions(e.Impressions)
}

// CTR is clicks per impression of the content. For a campaign or a shop take
// Counts.CTR.
func (e Engagement) CTR() metrics.Ratio { return e.rate(atClicks, e.Clicks, e.Impressions) }

// LikeRate is likes per impression.
func (e Engagement) LikeRate() metrics.Ratio { return e.rate(atLikes, e.Likes, e.Impressions) }

// ShareRate is shares per impression.
func (e Engagement) ShareRate() metrics.Ratio { return e.rate(atShares, e.Shares, e.Impressions) }

// ReadRate is reads per impression.
func (e Engagement) ReadRate() metrics.Ratio { return e.rate(atReads, e.Reads, e.Impressions) }

// PlayRate is plays per impression.
func (e Engagement) PlayRate() metrics.Ratio { return e.rate(atPlays, e.Plays, e.Impressions) }

// CompletionRate is plays to the end per play.
func (e Engagement) CompletionRate() metrics.Ratio {
	return e.rate(atCompletions, e.Completions, e.Plays)
}

// FollowerGrowth is followers gained less lost per follower at the start.
func (e Engagement) FollowerGrowth() metrics.Ratio {
	if !e.has(atGained, e.Gained) || !e.has(atLost, e.Lost) {
		return metrics.Ratio{}
	}
	return metrics.NewRatio(less(e.Gained, e.Lost), e.Followers)
}

// SecondsPerUser is the time spent per reached user.
func (e Engagement) SecondsPerUser() metrics.Ratio { return e.rate(atSeconds, e.Seconds, e.Reach) }

// Table returns the KPIs that are defined, each with what it was made of.
func (e Engagement) Table() *metrics.Table {
	return ratioTable([]namedRatio{
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
	})
}

// AppendBinary appends the binary form. ErrRange for fields filled in by hand that Add would refuse.
func (e *Engagement) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("kpi: Engagement.AppendBinary", e); err != nil {
		return nil, err
	}
	var w codec.Writer
	for i, f := range e.fields() {
		if err := storable("kpi: Engagement.AppendBinary", engagementNames[i], *f, 0, maxEngagement); err != nil {
			return nil, err
		}
		w.Int64(*f)
	}
	if e.filled == 0 {
		return w.AppendFrame(dst, codec.KindEngagement, 1), nil
	}
	w.Int64(int64(e.filled))
	return w.AppendFrame(dst, codec.KindEngagement, 2), nil
}

// MarshalBinary returns the binary form.
func (e *Engagement) MarshalBinary() ([]byte, error) { return e.AppendBinary(nil) }

// UnmarshalBinary replaces e. Payload of version 2: 14×i64, little-endian, the fields
// in the order of the struct, each in [0, 2^60], and an i64 whose bit i says of field i that it was
// filled by Fill; version 1 is without it, and is written where it is 0.
// Any other length or value is ErrCorrupt, a newer version ErrVersion, another kind
// ErrMismatch; e is then unchanged.
func (e *Engagement) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("kpi: Engagement.UnmarshalBinary", e); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindEngagement, 2)
	if err != nil {
		return fmt.Errorf("kpi: Engagement.UnmarshalBinary: %w", err)
	}
	var got Engagement
	for i, f := range got.fields() {
		if *f = r.Int64(); *f < 0 || *f > maxEngagement {
			r.Fail(engagementNames[i] + " is not in [0, 2^60]")
		}
	}
	if r.Version >= 2 {
		set := r.Int64()
		if set <= 0 || set >= 1<<engagementFields {
			r.Fail("fields that are none are filled, or none is")
		}
		got.filled = uint32(set)
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("kpi: Engagement.UnmarshalBinary: %w", err)
	}
	*e = got
	return nil
}
