package profile_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile"
)

func TestNilReceivers(t *testing.T) {
	testkit.NilReceivers(t, nil, (*profile.Builder[string, int])(nil), (*profile.Table[int])(nil), (*profile.Moments)(nil), (*profile.GroupBy[string])(nil), (*profile.Decayed)(nil), (*profile.Event[string, int])(nil), (*profile.Order[string, int])(nil), (*profile.Refund[string, int])(nil), (*profile.User[string])(nil), (*profile.Item[string])(nil), (*profile.Individual)(nil), (*profile.Schema)(nil))
}
