package clean_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/clean"
)

func TestNilReceivers(t *testing.T) {
	testkit.NilReceivers(t, nil, (*clean.Ledger[string, int])(nil), (*clean.Dedupe[string, int])(nil), (*clean.Cleaner[string, int])(nil), (*clean.Parser)(nil), (*clean.Quality)(nil), (*clean.Outliers)(nil), (*clean.Rates)(nil), (*clean.Monitor)(nil))
}
