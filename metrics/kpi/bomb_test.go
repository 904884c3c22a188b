package kpi

import (
	"encoding"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
)

// Promised sizes must not make a decoder reserve memory.
func TestUnmarshalBomb(t *testing.T) {
	testkit.Bombs(t, map[string]func() ([]byte, encoding.BinaryUnmarshaler){
		"ids": func() ([]byte, encoding.BinaryUnmarshaler) {
			var w codec.Writer
			w.Uint64(1 << 40)
			return w.AppendFrame(nil, codec.KindCustomers, 1), &Customers[int64]{}
		},
		"steps": func() ([]byte, encoding.BinaryUnmarshaler) {
			var w codec.Writer
			w.Uint64(1 << 40)
			return w.AppendFrame(nil, codec.KindFunnel, 1), &Funnel{}
		},
	})
}
