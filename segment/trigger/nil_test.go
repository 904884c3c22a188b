package trigger_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
)

func TestNilReceivers(t *testing.T) { testkit.NilReceivers(t, nil, (*planner)(nil)) }
