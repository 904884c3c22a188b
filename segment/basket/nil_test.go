package basket_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/basket"
)

func TestNilReceivers(t *testing.T) {
	testkit.NilReceivers(t, nil, (*basket.Baskets[string])(nil), (*basket.Sets[string])(nil), (*basket.Rules[string])(nil), (*basket.TwoPass[string])(nil), (*basket.Journeys[string])(nil))
}
