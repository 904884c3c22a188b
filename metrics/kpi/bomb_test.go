package kpi_test

import (
	"encoding"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics/kpi"
)

// Promised sizes must not make a decoder reserve memory.
func TestUnmarshalBomb(t *testing.T) {
	testkit.Bombs(t, map[string]func() ([]byte, encoding.BinaryUnmarshaler){
		"ids": func() ([]byte, encoding.BinaryUnmarshaler) {
			var w codec.Writer
			w.Uint64(1 << 40)
			return w.AppendFrame(nil, codec.KindCustomers, 1), &kpi.Customers[int64]{}
		},
		"steps": func() ([]byte, encoding.BinaryUnmarshaler) {
			var w codec.Writer
			w.Uint64(1 << 40)
			return w.AppendFrame(nil, codec.KindFunnel, 1), &kpi.Funnel{}
		},
	})
}
