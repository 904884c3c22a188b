package profile

import (
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// Log is the records of a shop, or a part of them, in any order.
type Log[U, I ID] struct {
	Users   []User[U]      // registrations and attributes
	Events  []Event[U, I]  // what users did
	Orders  []Order[U, I]  // what they bought
	Refunds []Refund[U, I] // what they got back
}

// AddAll takes all records of a Log, as AddUser, Add, AddOrder and AddRefund do. Events are
// taken in blocks, whose users are looked up together: that is faster than one Add each where users
// are many. An invalid event is found before anything is taken. Any other error names the row too; what stands before it in
// its list, and in the lists before (users, events, orders, refunds), has been taken. Nil is ErrEmpty.
func (b *Builder[U, I]) AddAll(log *Log[U, I]) error {
	const where = "profile: Builder.AddAll"
	if err := b.made(where); err != nil {
		return err
	}
	if log == nil {
		return fmt.Errorf("%s: no log: %w", where, ErrEmpty)
	}
	for i := range log.Events {
		if err := log.Events[i].Validate(); err != nil {
			return fmt.Errorf("%s: Events: %w", where, check.Private("row", int64(i), log.Events[i].User, nil, err))
		}
	}
	for i := range log.Users {
		if err := b.addUser(&log.Users[i]); err != nil {
			return fmt.Errorf("%s: Users: row %d: %w", where, i, err)
		}
	}
	if err := b.addEvents(where, log.Events); err != nil {
		return err
	}
	for i := range log.Orders {
		if err := b.addOrder(&log.Orders[i]); err != nil {
			return fmt.Errorf("%s: Orders: row %d: %w", where, i, err)
		}
	}
	for i := range log.Refunds {
		if err := b.addRefund(&log.Refunds[i]); err != nil {
			return fmt.Errorf("%s: Refunds: row %d: %w", where, i, err)
		}
	}
	return nil
}

// eventBlock is how many events are looked up together: their rows fit the first cache.
const eventBlock = 64

// addEvents takes valid events block by block. The memory of their users and of what they like is
// touched for a whole block first: reads that do not wait for each other are fetched at once.
func (b *Builder[U, I]) addEvents(where string, events []Event[U, I]) error {
	var keys [eventBlock]U
	var acts [eventBlock]act
	var from [eventBlock]int32
	var users [eventBlock]int32
	for begin := 0; begin < len(events); begin += eventBlock {
		n, end := 0, min(begin+eventBlock, len(events))
		for i := begin; i < end; i++ {
			e := &events[i]
			if t := e.At.UnixNano(); t < b.cut {
				keys[n], acts[n], from[n] = e.User, b.prepare(t, e), int32(i-begin)
				n++
			}
		}
		if err := b.indexAll(users[:n], keys[:n]); err != nil {
			return fmt.Errorf("%s: Events: %w", where, err)
		}
		sink := int64(0)
		for i, u := range users[:n] {
			e, a := &events[begin+int(from[i])], &acts[i]
			sink += b.state[u].firstSeen + int64(b.counts[(int(u)*kinds+int(e.Kind)-1)*b.buckets()])
			if a.category >= 0 {
				sink += b.taste.touch(u, tasteKey(a.category, a.weight.block))
			}
			if a.brand >= 0 {
				sink += b.taste.touch(u, tasteKey(a.brand, a.weight.block))
			}
		}
		b.touched = sink
		for i, u := range users[:n] {
			row := begin + int(from[i])
			if err := b.addEvent(u, &acts[i], &events[row]); err != nil {
				b.late += int64(int(from[i]) - i) // all before it in the block but i
				return fmt.Errorf("%s: Events: row %d: %w", where, row, err)
			}
		}
		b.late += int64(end - begin - n)
	}
	return nil
}

// indexAll is Index of many users.
func (b *Builder[U, I]) indexAll(dst []int32, users []U) error {
	if err := b.users.AddAll(dst, users); err != nil {
		return err
	}
	b.grow(b.users.Len())
	return nil
}
