package geo_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/geo"
	"github.com/aislekit/aisle/internal/testkit"
)

func TestGeo(t *testing.T) {
	if got := string(geo.Hash([]byte("x"), 57.64911, 10.40744, 11)); got != "xu4pruydqqvj" { // the published example
		t.Error(got)
	}
	testkit.Near(t, "London to Paris", geo.Kilometers(51.5074, -.1278, 48.8566, 2.3522), 343.556, .01)
	testkit.Near(t, "half way round", geo.Kilometers(0, 0, 0, 180), math.Pi*6371.0088, 1e-9)
	for s, want := range map[string]bool{"u4pr": true, "": false, "a": false, "U4": false, "0123456789bc": true, "0123456789bcd": false} {
		if geo.IsHash(s) != want {
			t.Error(s)
		}
	}
	for want, place := range map[error][2]float64{check.ErrNotFinite: {math.NaN(), 0}, check.ErrRange: {0, 181}, nil: {-90, 180}} {
		if err := geo.Valid(place[0], place[1], -1); !errors.Is(err, want) {
			t.Errorf("%v: %v", place, err)
		}
	}
}
