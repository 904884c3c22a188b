package audience_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/audience"
)

func TestNilReceivers(t *testing.T) {
	testkit.NilReceivers(t, []string{"Set."}, (*audience.Attributes)(nil), (*audience.Program)(nil), (*audience.Published)(nil), (*audience.Set)(nil), (*audience.Rule)(nil))
}
