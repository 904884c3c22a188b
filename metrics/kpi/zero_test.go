package kpi

import (
	"errors"
	"testing"
)

// Ids of every kind with a natural order survive the binary form.
func TestIDKinds(t *testing.T) {
	type sku string
	type key struct {
		A sku
		B [2]uint16
		C bool
	}
	var c, back Customers[key]
	for i := range 20 {
		must(t, c.Add(key{sku("x"), [2]uint16{uint16(i % 3), uint16(i)}, i%2 == 0}, int64(i)))
	}
	data, err := c.MarshalBinary()
	must(t, err)
	must(t, back.UnmarshalBinary(data))
	for _, k := range c.ids.Keys() {
		if own(&c, k) != own(&back, k) {
			t.Errorf("%v: %v, read back %v", k, own(&c, k), own(&back, k))
		}
	}
	type hidden struct{ a int }
	var h Customers[hidden]
	must(t, h.Add(hidden{a: 1}, 1))
	if _, err := h.MarshalBinary(); err == nil {
		t.Error("hidden fields cannot be read back")
	}
	var wide Customers[int64]
	must(t, wide.Add(300, 1))
	data, err = wide.MarshalBinary()
	must(t, err)
	var narrow Customers[int8]
	if err := narrow.UnmarshalBinary(data); err == nil {
		t.Error("an id beyond its type was read")
	}
}

// Zero values of types that need a constructor say so and do not panic.
func TestZeroValuesKPI(t *testing.T) {
	var f, f2 Funnel
	var b FunnelBuilder[int]
	var c Cube[int, Counts]
	other, err := NewCube(CubeOptions[int, Counts]{Merge: (*Counts).Merge})
	must(t, err)
	for name, err := range map[string]error{
		"funnel":       f.AddUser(nil),
		"funnel merge": f.Merge(&f2),
		"builder":      second(b.Funnel()),
		"builder add":  b.Add(1, 0, day0),
		"cube":         second(c.Cell(1)),
		"cube merge":   c.Merge(other),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if f.Result() != nil || len(c.Cells()) != 0 || f.Outside() != 0 || f.Table() == nil {
		t.Error("zero values have content")
	}
	if s, err := c.Total(); s != nil || !errors.Is(err, ErrEmpty) {
		t.Errorf("%v %v", s, err)
	}
	var act Activity[int]
	must(t, act.Add(1, day0))
	if got, err := act.Active(1, day0, dayOf(1)); err != nil || got[0].Users != 1 {
		t.Errorf("%v %v", got, err)
	}
}
