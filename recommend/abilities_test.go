package recommend

import (
	"context"
	"strings"
	"testing"
)

// A model says itself what its scores mean; a type that embeds a model inherits
// its sentence, and a model without one is said to be better the higher.
func TestAbilities(t *testing.T) {
	x := groups(60, 48, 8, 3)
	als, err := FitALS(context.Background(), x, ALSOptions{Factors: 8, Iterations: 1})
	if err != nil {
		t.Fatal(err)
	}
	type host struct{ *ALS }
	if meaningOf(host{als}) != als.Meaning() {
		t.Error("a type that embeds a model does not inherit its meaning")
	}
	if vectorsOf(host{als}) != nil || vectorsOf(als) == nil {
		t.Error("only the model itself may be scanned by its vectors")
	}
	if s := meaningOf(struct{ Model }{als}); !strings.HasPrefix(s, "higher is better") {
		t.Errorf("a model without a meaning: %q", s)
	}
}
