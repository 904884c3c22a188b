package profile_test

import (
	"strconv"
	"testing"

	"github.com/aislekit/aisle/profile"
)

// TestPriceBands: a price below the first bound is of band 0, one on a bound of the band
// above, and bands go on after 9.
func TestPriceBands(t *testing.T) {
	var bounds []int64
	for i := range int64(12) {
		bounds = append(bounds, 100*(i+1))
	}
	for _, c := range []struct {
		price int64
		band  int
	}{{0, 0}, {99, 0}, {100, 1}, {101, 1}, {899, 8}, {900, 9}, {999, 9}, {1000, 10}, {1199, 11}, {1200, 12}, {9999, 12}} {
		b := newBuilder(t, profile.BuilderOptions{PriceBands: bounds})
		err := b.AddOrder(&profile.Order[string, int]{
			ID: "1", User: "ann", At: cut.AddDate(0, 0, -1), Currency: "EUR",
			Lines: []profile.OrderLine[int]{{Item: 7, Quantity: 1, Price: c.price}},
		})
		if err != nil {
			t.Fatal(err)
		}
		ann, err := b.Individual("ann")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range ann.Affinities {
			if a.Dimension == profile.PriceBand {
				got = append(got, a.Label)
			}
		}
		if want := strconv.Itoa(c.band); len(got) != 1 || got[0] != want {
			t.Errorf("price %d: bands %v, want %s", c.price, got, want)
		}
	}
}
