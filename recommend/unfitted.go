package recommend

import "fmt"

// errUnfitted is ErrEmpty of the binary form of a model that is nil or zero: such bytes
// no decoder reads.
func errUnfitted(name string) error {
	return fmt.Errorf("recommend: %s.AppendBinary: neither fitted nor decoded: %w", name, ErrEmpty)
}
