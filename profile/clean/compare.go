package clean

import (
	"cmp"
	"slices"

	"github.com/aislekit/aisle/profile"
)

// The orders of records by content. Which of two records stands first never depends
// on which came first, so neither does any result here.

func compareEvents[U, I profile.ID](a, b profile.Event[U, I]) int {
	return cmp.Or(
		cmp.Compare(a.User, b.User),
		cmp.Compare(a.Item, b.Item),
		cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Category, b.Category),
		cmp.Compare(a.Brand, b.Brand),
		cmp.Compare(a.Dwell, b.Dwell),
		cmp.Compare(a.Position, b.Position),
		cmp.Compare(a.Pages, b.Pages),
		cmp.Compare(a.Rating, b.Rating),
		cmp.Compare(a.Sentiment, b.Sentiment),
	)
}

func compareLines[I profile.ID](a, b profile.OrderLine[I]) int {
	return cmp.Or(
		cmp.Compare(a.Item, b.Item),
		cmp.Compare(a.Price, b.Price),
		cmp.Compare(a.Quantity, b.Quantity),
		cmp.Compare(a.Discount, b.Discount),
		cmp.Compare(a.Category, b.Category),
		cmp.Compare(a.Brand, b.Brand),
	)
}

func compareOrders[U, I profile.ID](a, b *profile.Order[U, I]) int {
	if c := cmp.Or(a.At.Compare(b.At), compareHeads(a, b)); c != 0 {
		return c
	}
	return slices.CompareFunc(a.Lines, b.Lines, compareLines[I])
}

// compareHeads orders by everything but time and lines.
func compareHeads[U, I profile.ID](a, b *profile.Order[U, I]) int {
	return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Currency, b.Currency),
		cmp.Compare(a.Discount, b.Discount), compareBools(a.Test, b.Test),
		cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Campaign, b.Campaign), cmp.Compare(a.Device, b.Device))
}

func compareRefunds[U, I profile.ID](a, b *profile.Refund[U, I]) int {
	return cmp.Or(
		a.At.Compare(b.At),
		cmp.Compare(a.OrderID, b.OrderID),
		cmp.Compare(a.User, b.User),
		cmp.Compare(a.Currency, b.Currency),
		cmp.Compare(a.Amount, b.Amount),
		compareBools(a.Cancel, b.Cancel),
		cmp.Compare(a.Item, b.Item),
		cmp.Compare(a.Quantity, b.Quantity),
	)
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
