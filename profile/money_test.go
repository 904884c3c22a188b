package profile_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/profile"
)

func TestMoneyAdd(t *testing.T) {
	if _, err := (profile.Money{Minor: math.MaxInt64, Currency: "EUR"}).Add(profile.Money{Minor: 1, Currency: "EUR"}); !errors.Is(err, profile.ErrOverflow) {
		t.Error(err)
	}
	if _, err := (profile.Money{Minor: 1, Currency: "EUR"}).Add(profile.Money{Minor: 1, Currency: "USD"}); !errors.Is(err, profile.ErrMismatch) {
		t.Error(err)
	}
}
