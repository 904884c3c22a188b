package codec

import (
	"fmt"
	"sync"
)

// registered are the decoders of packages that the package which reads a stream of
// models cannot import, by kind.
var registered sync.Map

// Register makes decode the decoder of frames of a kind: the init of a family calls
// it, so that its parent can read what it must not import, as packages of image formats do.
// A kind is registered once.
func Register(kind Kind, decode func(frame []byte) (any, error)) {
	if _, twice := registered.LoadOrStore(kind, decode); twice {
		panic(fmt.Sprintf("codec: kind %#04x is registered twice", kind))
	}
}

// Registered returns the decoder of a kind; nil: the package that has it is not in
// this program.
func Registered(kind Kind) func(frame []byte) (any, error) {
	decode, ok := registered.Load(kind)
	if !ok {
		return nil
	}
	return decode.(func([]byte) (any, error))
}

// PackageOf returns the package, below the module, whose type writes frames of a
// kind; empty for none.
func PackageOf(kind Kind) string {
	for _, e := range Table {
		if e.Kind == kind {
			return e.Package
		}
	}
	return ""
}
