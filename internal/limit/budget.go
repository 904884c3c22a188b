package limit

import (
	"fmt"
	"sync"

	"github.com/aislekit/aisle/internal/check"
)

// Budget is an amount, in minor units or pieces, that is reserved under keys of type K and
// then spent or given back. What is held and spent together never exceeds it. Make one
// with NewBudget; the zero value has nothing to spend. It is safe for concurrent use.
type Budget[K comparable] struct {
	mu                 sync.Mutex
	amount, spent, sum int64 // sum of what is held
	held               map[K]int64
}

// NewBudget returns a budget of an amount >= 0, else ErrRange.
func NewBudget[K comparable](amount int64) (*Budget[K], error) {
	if amount < 0 {
		return nil, fmt.Errorf("limit: NewBudget: amount is %d, want >= 0: %w", amount, check.ErrRange)
	}
	return &Budget[K]{amount: amount}, nil
}

// Reserve holds an amount under key, and reports whether there was as much
// left; where not, nothing is held. A key that holds something is ErrDuplicate, a negative
// amount ErrRange. Looking and holding are one step. An amount of 0 is held, too.
func (b *Budget[K]) Reserve(key K, amount int64) (ok bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if amount < 0 {
		return false, fmt.Errorf("amount is %d, want >= 0: %w", amount, check.ErrRange)
	}
	if _, twice := b.held[key]; twice {
		return false, fmt.Errorf("something is reserved under this key: %w", check.ErrDuplicate)
	}
	if amount > b.amount-b.spent-b.sum {
		return false, nil
	}
	if b.held == nil {
		b.held = map[K]int64{}
	}
	b.held[key] = amount
	b.sum += amount
	return true, nil
}

// Commit spends what is held under key, or a part of it; the rest is given back. ErrUnknownID
// where nothing is held, ErrRange for an amount outside of what is. After an error nothing
// is changed.
func (b *Budget[K]) Commit(key K, amount int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	h, ok := b.held[key]
	if !ok {
		return fmt.Errorf("nothing is reserved under this key: %w", check.ErrUnknownID)
	}
	if amount < 0 || amount > h {
		return fmt.Errorf("amount is %d, want 0 to the %d reserved: %w", amount, h, check.ErrRange)
	}
	delete(b.held, key)
	b.sum -= h
	b.spent += amount
	return nil
}

// Release gives back what is held under key, and reports whether anything was.
func (b *Budget[K]) Release(key K) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	h, ok := b.held[key]
	delete(b.held, key)
	b.sum -= h
	return ok
}

// Refund gives back an amount that was spent, as after a return. ErrRange beyond what was.
func (b *Budget[K]) Refund(amount int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if amount < 0 || amount > b.spent {
		return fmt.Errorf("amount is %d, want 0 to the %d spent: %w", amount, b.spent, check.ErrRange)
	}
	b.spent -= amount
	return nil
}

// Resize sets the whole amount, >= 0, else ErrRange. Below what is spent and held there is
// nothing left until that has come back.
func (b *Budget[K]) Resize(amount int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if amount < 0 {
		return fmt.Errorf("amount is %d, want >= 0: %w", amount, check.ErrRange)
	}
	b.amount = amount
	return nil
}

// Spend spends an amount at once, or as much of it as is left, and returns how much that was.
// ErrRange for a negative amount.
func (b *Budget[K]) Spend(amount int64) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if amount < 0 {
		return 0, fmt.Errorf("amount is %d, want >= 0: %w", amount, check.ErrRange)
	}
	amount = min(amount, max(b.amount-b.spent-b.sum, 0))
	b.spent += amount
	return amount, nil
}

// State returns the whole amount, what of it is spent, and what is held.
func (b *Budget[K]) State() (amount, spent, held int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.amount, b.spent, b.sum
}
