package causal_test

import (
	"testing"

	"github.com/aislekit/aisle/metrics/causal"
)

func BenchmarkOffPolicyAdd(b *testing.B) {
	b.ReportAllocs()
	p, _ := causal.NewOffPolicy(causal.OffPolicyOptions{})
	for b.Loop() {
		_ = p.AddModel(1, .5, .2, .3, .4)
	}
}
