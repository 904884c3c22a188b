package kpi

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"

	"github.com/aislekit/aisle/metrics"
	"pgregory.net/rapid"
)

func TestEngagementMerge(t *testing.T) {
	testkit.Laws[*Engagement]{
		Empty: func() *Engagement { return &Engagement{} },
		Add: func(t *rapid.T) func(*Engagement) {
			var d Engagement
			for _, f := range d.fields() {
				*f = rapid.Int64Range(0, 1e9).Draw(t, "field")
			}
			return func(e *Engagement) {
				if err := e.Add(d); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *Engagement) error { return a.Merge(b) },
		Result: func(e *Engagement) []float64 {
			var out []float64
			for _, f := range e.fields() {
				out = append(out, float64(*f))
			}
			return out
		},
	}.Check(t)
}

func TestEngagement(t *testing.T) {
	e := Engagement{
		Impressions: 1000, Reach: 500, Followers: 200, Gained: 30, Lost: 10, Likes: 40, Comments: 5, Shares: 10, Saves: 5,
		Clicks: 50, Reads: 300, Plays: 100, Completions: 25, Seconds: 6000,
	}
	for name, x := range map[string]struct {
		got      metrics.Ratio
		num, den int64
	}{
		"by reach":        {e.ByReach(), 60, 500},
		"by followers":    {e.ByFollowers(), 60, 200},
		"by impressions":  {e.ByImpressions(), 60, 1000},
		"CTR":             {e.CTR(), 50, 1000},
		"like rate":       {e.LikeRate(), 40, 1000},
		"share rate":      {e.ShareRate(), 10, 1000},
		"read rate":       {e.ReadRate(), 300, 1000},
		"play rate":       {e.PlayRate(), 100, 1000},
		"completion rate": {e.CompletionRate(), 25, 100},
		"follower growth": {e.FollowerGrowth(), 20, 200},
		"seconds":         {e.SecondsPerUser(), 6000, 500},
	} {
		if x.got.Num() != x.num || x.got.Den() != x.den {
			t.Errorf("%s: %v, want %d/%d", name, x.got, x.num, x.den)
		}
	}
	if _, err := (Engagement{Likes: 3}).ByReach().Value(); !errors.Is(err, ErrUndefined) {
		t.Errorf("likes without reach: %v", err)
	}
	before := e
	for name, x := range map[string]struct{ got, want error }{
		"negative": {e.Add(Engagement{Likes: 1, Plays: -1}), ErrRange},
		"overflow": {e.Add(Engagement{Likes: 1, Seconds: math.MaxInt64}), ErrOverflow},
		"too much": {e.Add(Engagement{Likes: maxEngagement}), ErrOverflow},
		"itself":   {e.Merge(&e), ErrMismatch},
		"nil":      {e.Merge(nil), ErrMismatch},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	if e != before {
		t.Errorf("changed by an error: %+v", e)
	}
	if (Engagement{}).Table() == nil || e.Table() == nil {
		t.Error("no table")
	}
}
