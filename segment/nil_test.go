package segment_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
)

func TestNilReceivers(t *testing.T) {
	testkit.NilReceivers(t, nil, (*segment.KMeans)(nil), (*segment.KMeansStep)(nil), (*segment.Prototypes)(nil), (*segment.Movement)(nil), (*segment.Mixture)(nil), (*segment.Dendrogram)(nil), (*segment.RFM)(nil), (*segment.Map)(nil), (*segment.Transitions)(nil), (*segment.Cuts)(nil))
}
