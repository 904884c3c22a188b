package modeltest_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aislekit/aisle/recommend"
)

// A program that does not import recommend/hybrid, as this one, is told to by the
// frame of a hybrid. (No test of package recommend can show it.)
func TestReadModelWithoutHybrid(t *testing.T) {
	frame, err := os.ReadFile(filepath.Join("..", "hybrid", "testdata", "frames", "Blend.v1.bin"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = recommend.ReadModel(bytes.NewReader(frame))
	if !errors.Is(err, recommend.ErrMismatch) || !strings.Contains(err.Error(), "import github.com/aislekit/aisle/recommend/hybrid") {
		t.Errorf("error is %v", err)
	}
}
