package privacy

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/geo"
	"github.com/aislekit/aisle/profile"
)

// Geohash returns the geohash (Niemeyer 2008) of a place in degrees, of 1 to 12
// characters: a cell of about 5000, 1250, 156, 39, 4.9, 1.2, 0.15 km … in width. Latitude
// is within ±90 and longitude within ±180, else ErrRange, as is another precision; NaN
// and infinities are ErrNotFinite.
func Geohash(lat, lon float64, precision int) (string, error) {
	cell, err := geohash(lat, lon, precision, -1)
	if err != nil {
		return "", fmt.Errorf("privacy: Geohash: %w", err)
	}
	return cell, nil
}

// geohash is Geohash of a row, -1 for none.
func geohash(lat, lon float64, precision int, row int64) (string, error) {
	if err := geo.Valid(lat, lon, row); err != nil {
		return "", err
	}
	if precision < 1 || precision > 12 {
		return "", fmt.Errorf("precision is %d, want 1 to 12: %w", precision, ErrRange)
	}
	return string(geo.Hash(nil, lat, lon, precision)), nil
}

// Place is where a customer was, in degrees.
type Place[U profile.ID] struct {
	User     U       // who was there
	Lat, Lon float64 // within ±90 and ±180
}

// PlacesOptions configures Places.
type PlacesOptions struct {
	// Precision is the finest cell that is told, in characters of a geohash; 0 means 5, about
	// 5 km.
	Precision int
	// Coarsest is the largest cell that is told; 0 means 3, about 150 km. What
	// would need a larger one is not told.
	Coarsest int
	// MinAudience is how many customers a cell has at least; 0 means 50, -1 no such floor.
	MinAudience int
}

// Places returns for each place the geohash that may be told of it: the finest cell, no
// finer than Precision, such that MinAudience customers at least are told by that very
// cell; "" where there is none. Cells with few customers join those of the same larger
// cell that are few as well, so that no difference of cells tells a small group. No places
// are ErrEmpty; a place that is none is that of Geohash, with its row.
func Places[U profile.ID](places []Place[U], opt PlacesOptions) ([]string, error) {
	const where = "privacy: Places"
	fine, coarse := check.Default(opt.Precision, 5), check.Default(opt.Coarsest, 3)
	var c check.Options
	c.Require(fine >= 1 && fine <= 12, "Precision", opt.Precision, "1 to 12")
	c.Require(coarse >= 1 && coarse <= fine, "Coarsest", opt.Coarsest, "1 to Precision")
	c.Require(opt.MinAudience >= -1, "MinAudience", opt.MinAudience, ">= -1")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	if len(places) == 0 {
		return nil, fmt.Errorf("%s: places: %w", where, ErrEmpty)
	}
	cells := make([]string, len(places))
	left := make([]int, len(places))
	for i, p := range places {
		var err error
		if cells[i], err = geohash(p.Lat, p.Lon, fine, int64(i)); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		left[i] = i
	}
	out := make([]string, len(places))
	floor := int(check.Floor(opt.MinAudience))
	for precision := fine; precision >= coarse && len(left) > 0; precision-- {
		people := map[string]map[U]bool{}
		for _, i := range left {
			cell := cells[i][:precision]
			if people[cell] == nil {
				people[cell] = map[U]bool{}
			}
			people[cell][places[i].User] = true
		}
		rest := left[:0]
		for _, i := range left {
			if cell := cells[i][:precision]; len(people[cell]) >= floor {
				out[i] = cell
			} else {
				rest = append(rest, i)
			}
		}
		left = rest
	}
	return out, nil
}
