package trigger

import (
	"time"

	"golang.org/x/exp/constraints"
)

// ID is what a customer or an item may be: any string or integer type, named or not.
type ID interface{ ~string | constraints.Integer }

// Kind is what an event is about.
type Kind uint8

// Kinds of events, in the order in which those of one instant take effect. Those of an
// item are nobody's; all others are a customer's.
const (
	Priced    Kind = 1 + iota // of an item: it costs Amount minor units from now on
	Stocked                   // of an item: Amount pieces are on hand from now on
	Staged                    // the life-cycle stage is Name from now on
	Responded                 // an answer, such as a click, to the message by channel Name whose At was Sent
	Happened                  // what Name says: anything else that a trigger may wait for
	Viewed                    // looked at Item
	Carted                    // put Item into the cart
	Uncarted                  // took Item out of the cart
	Ordered                   // bought Item; one event a line of the order
)

// kinds is one more than the largest Kind.
const kinds = Ordered + 1

// String returns the name of the constant in small letters.
func (k Kind) String() string {
	names := [kinds]string{"unknown", "priced", "stocked", "staged", "responded", "happened", "viewed", "carted", "uncarted", "ordered"}
	if k < kinds {
		return names[k]
	}
	return names[0]
}

// Event is something that a customer did, or that happened to an item. The same event twice
// counts once; events may come late and in any order, see Planner.Add.
type Event[U, I ID] struct {
	Kind   Kind      // one of the constants
	User   U         // the customer; not read for Priced and Stocked
	At     time.Time // when it was, of the years 1679 to 2260
	Item   I         // of Priced, Stocked, Viewed, Carted, Uncarted and Ordered
	Amount int64     // of Priced and Stocked, >= 0
	Name   string    // of Staged, Happened and Responded, not empty, at most 255 bytes
	Sent   time.Time // of Responded: the At of the message
}

// Message is one message that is to go out.
type Message[U, I ID] struct {
	User    U         // who gets it
	Trigger string    // the name of its trigger
	Channel string    // "" for a customer who is held out
	At      time.Time // when it goes out, in the customer's zone
	Due     time.Time // when it would have gone out but for quiet hours and caps, or asOf where Options.Grace planned it anew
	Since   time.Time // the event, or the day, that is the cause
	// Items, Offer and Reason are the content. Items are those of the trigger: what was
	// looked at or put into the cart, the newest first, what costs less or is back. Reason is a
	// plain sentence. Options.Fill changes them.
	Items    []I
	Offer    string
	Reason   string
	Explored bool // by a channel or at an hour that was drawn, not the best one known
	Held     bool // not to be sent: what a customer of the hold-out would have got
}
