package limit

import (
	"fmt"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
)

// Budget is an amount, in minor units or pieces, that is reserved under keys of type K and
// then spent or given back. What is held and spent together never exceeds it. Make one
// with NewBudget; the zero value has nothing to spend. It is safe for concurrent use.
type Budget[K comparable] struct {
	mu                 sync.Mutex
	amount, spent, sum int64 // sum of what is held
	held               map[K]hold
}

// hold is what is reserved under a key.
type hold struct{ amount, at int64 }

// NewBudget returns a budget of an amount >= 0, else ErrRange.
func NewBudget[K comparable](amount int64) (*Budget[K], error) {
	if amount < 0 {
		return nil, fmt.Errorf("limit: NewBudget: amount is %d, want >= 0: %w", amount, check.ErrRange)
	}
	return &Budget[K]{amount: amount}, nil
}

// Reserve holds an amount under key at an instant, and reports whether there was as much
// left; where not, nothing is held. A key that holds something is ErrDuplicate, a negative
// amount ErrRange. Looking and holding are one step. An amount of 0 is held, too.
func (b *Budget[K]) Reserve(key K, amount, at int64) (ok bool, err error) {
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
		b.held = map[K]hold{}
	}
	b.held[key] = hold{amount, at}
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
	if amount < 0 || amount > h.amount {
		return fmt.Errorf("amount is %d, want 0 to the %d reserved: %w", amount, h.amount, check.ErrRange)
	}
	delete(b.held, key)
	b.sum -= h.amount
	b.spent += amount
	return nil
}

// Release gives back what is held under key, and reports whether anything was.
func (b *Budget[K]) Release(key K) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	h, ok := b.held[key]
	delete(b.held, key)
	b.sum -= h.amount
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

// Expire releases everything reserved before an instant, such as checkouts that nobody
// finished, and returns how many keys that were.
func (b *Budget[K]) Expire(before int64) (keys int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for key, h := range b.held {
		if h.at < before {
			delete(b.held, key)
			b.sum -= h.amount
			keys++
		}
	}
	return keys
}

// State returns the whole amount, what of it is spent, and what is held.
func (b *Budget[K]) State() (amount, spent, held int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.amount, b.spent, b.sum
}

// Merge adds another budget, a shard that had its own part of the amount. Keys that hold
// something in both are ErrDuplicate, amounts together beyond int64 ErrOverflow; after an
// error nothing is changed. Two goroutines must not merge two budgets into each other.
func (b *Budget[K]) Merge(other *Budget[K]) error {
	if err := check.Merge("limit: Budget.Merge", b, other); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	other.mu.Lock()
	defer other.mu.Unlock()
	amount, err := check.AddInt64(b.amount, other.amount)
	if err != nil {
		return fmt.Errorf("limit: Budget.Merge: %w", err)
	}
	for key := range other.held {
		if _, twice := b.held[key]; twice {
			return fmt.Errorf("limit: Budget.Merge: a key is reserved in both: %w", check.ErrDuplicate)
		}
	}
	if b.held == nil {
		b.held = map[K]hold{}
	}
	for key, h := range other.held {
		b.held[key] = h
	}
	b.amount = amount
	b.spent += other.spent
	b.sum += other.sum
	return nil
}

// Write appends the budget: amount, spent, the keys that hold something in natural order,
// and of each its amount and instant. ErrOption for keys without a binary form.
func (b *Budget[K]) Write(w *codec.Writer) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	w.Int64(b.amount)
	w.Int64(b.spent)
	keys := make([]K, 0, len(b.held))
	for key := range b.held {
		keys = append(keys, key)
	}
	perm, err := ids.PutSorted(w, keys)
	if err != nil {
		return err
	}
	for _, i := range perm {
		h := b.held[keys[i]]
		w.Int64(h.amount)
		w.Int64(h.at)
	}
	return nil
}

// Read replaces the budget by the one that Write wrote, or fails r and changes nothing:
// amounts below 0, and more held and spent than there is.
func (b *Budget[K]) Read(r *codec.Reader) error {
	amount, spent := r.Int64(), r.Int64()
	keys, err := ids.GetSorted[K](r)
	if err != nil {
		return err
	}
	if r.Err() == nil && (amount < 0 || spent < 0 || spent > amount) {
		r.Fail("has a budget that is exceeded")
	}
	held, sum := make(map[K]hold, keys.Len()), int64(0)
	for i := range keys.Len() {
		h := hold{r.Int64(), r.Int64()}
		if r.Err() == nil && (h.amount < 0 || h.amount > amount-spent-sum) {
			r.Fail("has a budget that is exceeded")
		}
		if r.Err() != nil {
			return nil
		}
		sum += h.amount
		held[keys.Key(int32(i))] = h
	}
	if r.Err() == nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.amount, b.spent, b.sum, b.held = amount, spent, sum, held
	}
	return nil
}
