//go:build noasm || !amd64

package vec

type level struct{ name string }

func allLevels() []level { return []level{{"portable"}} }

func force(level) func() { return func() {} }
