package profile

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/geo"
)

// GeoOptions configures NewGeo.
type GeoOptions struct {
	// Name begins the columns and tells the feature from others. Default "place".
	Name string
	// Days are the lengths of the windows, as of Features. Default none.
	Days []int
	// Place returns where a record happened, in degrees within ±90 and ±180, or false where that is not
	// known; so does a place that is none. Required, and it must be safe for several Builders at a time.
	Place func(r *Record) (lat, lon float64, ok bool)
	// Stores are the places, latitude and longitude, to whose nearest one distances are measured. Default none: no
	// distances.
	Stores [][2]float64
	// Regions are geohashes of 1 to 12 characters, none twice, that become columns. Default none. One of them or
	// Stores is required.
	Regions []string
}

// NewGeo returns where a customer is, of the records that have a place, for all time and each window:
//
//	<Name>_km          mean distance to the nearest of Stores, great circle, to the metre
//	<Name>_km_least    the smallest one
//	<Name>=<region>    share of the places that lie in a region
//
// A record is an event, an order or a refund. Who may be told of a region is a question of package
// privacy: take from its Places the regions that have customers enough. A customer costs 8·(3+len(Regions))
// bytes in each window. Bad options are ErrOption.
func NewGeo(opt GeoOptions) (Feature, error) {
	if opt.Name == "" {
		opt.Name = "place"
	}
	opt.Days, opt.Stores, opt.Regions = slices.Clone(opt.Days), slices.Clone(opt.Stores), slices.Clone(opt.Regions)
	var c check.Options
	requireDays(&c, opt.Days)
	c.Require(opt.Place != nil, "Place", "nil", "a function")
	c.Require(len(opt.Stores)+len(opt.Regions) > 0, "Stores", "none", "stores or Regions")
	for i, s := range opt.Stores {
		c.Require(geo.Valid(s[0], s[1], -1) == nil, fmt.Sprintf("Stores[%d]", i), s, "degrees")
	}
	for i, r := range opt.Regions {
		c.Require(geo.IsHash(r) && !slices.Contains(opt.Regions[:i], r), fmt.Sprintf("Regions[%d]", i), r, "a geohash of its own")
	}
	if err := c.Err("profile: NewGeo"); err != nil {
		return nil, err
	}
	f := &sums{name: fmt.Sprintf("%s/%v/%v", opt.Name, opt.Stores, opt.Regions), days: opt.Days, width: 3 + len(opt.Regions), least: []int{2}}
	if len(opt.Stores) > 0 {
		f.columns = []string{opt.Name + "_km", opt.Name + "_km_least"}
	}
	for _, r := range opt.Regions {
		f.columns = append(f.columns, opt.Name+"="+r)
	}
	f.add = opt.add
	f.value = func(s []int64, _ Clock) []float64 {
		var out []float64
		if len(opt.Stores) > 0 {
			out = append(out, ratio(s[1], s[0])/1e3, extreme(s[2])/1e3)
		}
		for _, n := range s[3:] {
			out = append(out, ratio(n, s[0]))
		}
		return out
	}
	return f, nil
}

// add counts a place: number, metres, the fewest metres, regions.
func (o *GeoOptions) add(s []int64, r *Record) {
	if !r.whole() {
		return
	}
	lat, lon, ok := o.Place(r)
	if !ok || geo.Valid(lat, lon, -1) != nil {
		return
	}
	s[0] = saturate(s[0], 1)
	if len(o.Stores) > 0 {
		km := math.Inf(1)
		for _, x := range o.Stores {
			km = min(km, geo.Kilometers(lat, lon, x[0], x[1]))
		}
		metres := int64(math.Round(km * 1e3))
		s[1], s[2] = saturate(s[1], metres), least(s[2], metres+1)
	}
	if len(o.Regions) > 0 {
		var buf [12]byte
		cell := string(geo.Hash(buf[:0], lat, lon, len(buf)))
		for i, region := range o.Regions {
			s[3+i] = saturate(s[3+i], one(strings.HasPrefix(cell, region)))
		}
	}
}

// requireDays checks the windows of a feature.
func requireDays(c *check.Options, days []int) {
	c.Require(len(days) <= maxFeatureDays, "len(Days)", len(days), "at most 64")
	for i, d := range days {
		c.Require(d > 0 && d <= maxWindowDays && (i == 0 || d > days[i-1]), fmt.Sprintf("Days[%d]", i), d, "1 to 36500, ascending")
	}
}
