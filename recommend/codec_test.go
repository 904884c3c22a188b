package recommend

import (
	"reflect"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
)

// Every kind of the package is a model that ReadModel knows, or is known to be
// none.
func TestModelsOfTable(t *testing.T) {
	others := map[string]bool{"Gramian": true, "ALSItems": true, "Cooccurrence": true, "ColdStart": true, "Engine": true, "Builder": true, "Dataset": true, "Serving": true}
	for _, e := range codec.Table {
		if e.Package != "recommend" {
			continue
		}
		empty, ok := models[e.Kind]
		if ok == others[e.Type] {
			t.Errorf("kind %#x, %s: a model: %v; want a line in models of codec.go, or one here", e.Kind, e.Type, ok)
			continue
		}
		if ok && reflect.TypeOf(empty()).Elem().Name() != e.Type {
			t.Errorf("kind %#x is %s in internal/codec, %T here", e.Kind, e.Type, empty())
		}
	}
}
