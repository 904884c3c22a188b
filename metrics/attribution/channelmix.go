package attribution

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"

	"github.com/aislekit/aisle/metrics"
)

// ChannelStats is what is seen of a channel before any credit is shared out.
type ChannelStats struct {
	Channel    string        // its name
	Touches    int64         // of all paths, repeats included
	Coverage   metrics.Ratio // paths with the channel of all paths
	Conversion metrics.Ratio // converting paths of those with the channel
	Revenue    int64         // of conversions with the channel on their path; sums to more than there was
}

// Channels returns the statistics of every channel, by name. ErrEmpty without a
// path, ErrOverflow where touches exceed int64.
func (a *Paths) Channels() ([]ChannelStats, error) {
	if err := check.Receiver("attribution: Paths.Channels", a); err != nil {
		return nil, err
	}
	if len(a.paths) == 0 {
		return nil, fmt.Errorf("attribution: Paths.Channels: no paths: %w", ErrEmpty)
	}
	names, rs := a.routes()
	total := a.total
	all := total.conversions + total.nulls
	out := make([]ChannelStats, len(names))
	for i, n := range names {
		out[i] = ChannelStats{Channel: n, Coverage: metrics.RatioOf(0, all, all)}
	}
	for _, r := range rs {
		n := r.conversions + r.nulls
		for _, c := range r.channels {
			if out[c].Touches > math.MaxInt64-n {
				return nil, fmt.Errorf("attribution: Paths.Channels: touches of %s: %w", names[c], ErrOverflow)
			}
			out[c].Touches += n
		}
		for _, c := range distinctChannels(r.channels) {
			s := &out[c]
			s.Coverage = metrics.RatioOf(s.Coverage.Num()+n, all, all)
			s.Conversion = metrics.RatioOf(s.Conversion.Num()+r.conversions, s.Conversion.Den()+n, s.Conversion.N()+n)
			s.Revenue += r.revenue
		}
	}
	return out, nil
}

// ChannelMix compares what a channel costs with what it is credited with.
type ChannelMix struct {
	ChannelCredit
	Cost             int64   // in minor units
	ShareOfCost      float64 // NaN if nothing was spent
	ShareOfRevenue   float64 // NaN if there was no revenue
	CPA              float64 // cost per credited conversion; NaN without credit
	ROAS             float64 // credited revenue per cost; NaN without cost
	ShareOfConverted float64 // of all credited conversions
}

// Mix joins credits with the cost of each channel in minor units. A channel
// with cost but without credit is listed with credit 0; one without cost has cost
// 0. Rows are by name. ErrRange for a negative cost, ErrNotFinite for credits
// that are not numbers, ErrDuplicate for a channel credited twice.
func Mix(credits []ChannelCredit, cost map[string]int64) ([]ChannelMix, error) {
	rows := map[string]*ChannelMix{}
	var conversions, revenue, spent float64
	for _, c := range credits {
		if rows[c.Channel] != nil {
			return nil, fmt.Errorf("attribution: Mix: channel %s: %w", c.Channel, ErrDuplicate)
		}
		if math.IsNaN(c.Conversions+c.Revenue) || math.IsInf(c.Conversions+c.Revenue, 0) {
			return nil, fmt.Errorf("attribution: Mix: channel %s: %v conversions, revenue %v: %w", c.Channel, c.Conversions, c.Revenue, ErrNotFinite)
		}
		rows[c.Channel] = &ChannelMix{ChannelCredit: c}
	}
	for ch, x := range cost {
		if x < 0 {
			return nil, fmt.Errorf("attribution: Mix: cost of %s is %d, want >= 0: %w", ch, x, ErrRange)
		}
		if rows[ch] == nil {
			rows[ch] = &ChannelMix{ChannelCredit: ChannelCredit{Channel: ch}}
		}
		rows[ch].Cost = x
	}
	names := make([]string, 0, len(rows))
	for ch := range rows {
		names = append(names, ch)
	}
	slices.Sort(names)
	for _, ch := range names {
		conversions += rows[ch].Conversions
		revenue += rows[ch].Revenue
		spent += float64(rows[ch].Cost)
	}
	over := func(a, b float64) float64 {
		if b == 0 {
			return math.NaN()
		}
		return a / b
	}
	out := make([]ChannelMix, 0, len(names))
	for _, ch := range names {
		r := rows[ch]
		r.ShareOfCost, r.ShareOfRevenue, r.ShareOfConverted = over(float64(r.Cost), spent), over(r.Revenue, revenue), over(r.Conversions, conversions)
		r.CPA, r.ROAS = over(float64(r.Cost), r.Conversions), over(r.Revenue, float64(r.Cost))
		out = append(out, *r)
	}
	return out, nil
}

// MixTable returns the rows as a table.
func MixTable(rows []ChannelMix) *metrics.Table {
	t := metrics.NewTable("channel", "conversions", "revenue", "cost", "CPA", "ROAS", "% of cost", "% of revenue")
	for _, r := range rows {
		t.AddRow(r.Channel, r.Conversions, r.Revenue, r.Cost, r.CPA, r.ROAS, 100*r.ShareOfCost, 100*r.ShareOfRevenue)
	}
	return t
}
