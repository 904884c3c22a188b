package geo

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

const base32 = "0123456789bcdefghjkmnpqrstuvwxyz"

// Valid returns ErrNotFinite for degrees that are no number and ErrRange for those outside
// latitude ±90 and longitude ±180; row is that of the error, -1 for none.
func Valid(lat, lon float64, row int64) error {
	for _, x := range []float64{lat, lon} {
		if !check.Finite(x) {
			return check.Private("degrees", row, nil, x, check.ErrNotFinite)
		}
	}
	if math.Abs(lat) > 90 || math.Abs(lon) > 180 {
		return check.Private("degrees", row, nil, fmt.Sprint(lat, " ", lon), check.ErrRange)
	}
	return nil
}

// Hash appends the geohash (Niemeyer 2008) of a valid place, of precision characters.
func Hash(dst []byte, lat, lon float64, precision int) []byte {
	// Halving is exact where scaling to whole numbers would round.
	lo, hi, at := [2]float64{-180, -90}, [2]float64{180, 90}, [2]float64{lon, lat}
	for i := range precision {
		c := 0
		for b := range 5 {
			axis := (5*i + b) % 2
			mid := (lo[axis] + hi[axis]) / 2
			if c <<= 1; at[axis] >= mid {
				c |= 1
				lo[axis] = mid
			} else {
				hi[axis] = mid
			}
		}
		dst = append(dst, base32[c])
	}
	return dst
}

// IsHash reports whether s is a geohash of 1 to 12 characters.
func IsHash(s string) bool {
	for _, c := range []byte(s) {
		if c == 'a' || c == 'i' || c == 'l' || c == 'o' || (c < '0' || c > '9') && (c < 'b' || c > 'z') {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 12
}

// Kilometers is the great-circle distance of two valid places on a sphere of 6371.0088 km (haversine).
func Kilometers(lat1, lon1, lat2, lon2 float64) float64 {
	const rad, radius = math.Pi / 180, 6371.0088
	a, b := math.Sin((lat2-lat1)*rad/2), math.Sin((lon2-lon1)*rad/2)
	h := a*a + math.Cos(lat1*rad)*math.Cos(lat2*rad)*b*b
	return 2 * radius * math.Asin(math.Sqrt(min(1, h)))
}
