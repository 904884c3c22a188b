package feature_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/feature"
)

func TestNilReceivers(t *testing.T) {
	testkit.NilReceivers(t, nil, (*feature.Columns)(nil), (*feature.Imputer)(nil), (*feature.Scaler)(nil), (*feature.Encoder)(nil), (*feature.Bins)(nil), (*feature.Selector)(nil), (*feature.Covariance)(nil), (*feature.Projection)(nil), (*feature.Crosses)(nil), (*feature.Pipeline)(nil), (*feature.Neighbors)(nil), (*feature.ModelImputer)(nil), (*feature.Screen)(nil))
}
