package metrics_test

import (
	"encoding"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
)

// Promised sizes must not make a decoder reserve memory.
func TestUnmarshalBomb(t *testing.T) {
	testkit.Bombs(t, map[string]func() ([]byte, encoding.BinaryUnmarshaler){
		"labels": func() ([]byte, encoding.BinaryUnmarshaler) {
			var w codec.Writer
			w.Uint64(1 << 40)
			return w.AppendFrame(nil, codec.KindAgreement, 1), &metrics.Agreement{}
		},
		"registers": func() ([]byte, encoding.BinaryUnmarshaler) {
			var w codec.Writer
			w.Uint64(1 << 40)
			return w.AppendFrame(nil, codec.KindDistinct, 1), &metrics.Distinct{}
		},
		"bins": func() ([]byte, encoding.BinaryUnmarshaler) {
			var w codec.Writer
			w.Float64(0)
			w.Float64(1)
			w.Uint64(1 << 40)
			return w.AppendFrame(nil, codec.KindScoreHistogram, 1), &metrics.ScoreHistogram{}
		},
	})
}
