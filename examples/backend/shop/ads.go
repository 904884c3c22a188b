package shop

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aislekit/aisle/examples/backend/store"
	"github.com/aislekit/aisle/predict/ads"
)

// Ad is an ad of the shop: what a click may cost, to whom it is shown and how often.
type Ad struct {
	ID         string   `json:"id"`
	Advertiser string   `json:"advertiser"`
	Title      string   `json:"title"`
	Bid        int64    `json:"bid"`        // for a click, minor units
	Budget     int64    `json:"budget"`     // in all; 0: no bound
	PerDay     int      `json:"per_day"`    // to one customer; 0: no bound
	Categories []string `json:"categories"` // of pages; none: all
	Segments   []string `json:"segments"`   // of customers; none: all
}

func (a Ad) aisle() ads.Ad {
	x := ads.Ad{ID: a.ID, Advertiser: a.Advertiser, Categories: a.Categories, Creatives: []string{a.Title}, Amount: a.Bid, Budget: a.Budget}
	if len(a.Segments) > 0 {
		x.Target = []ads.Clause{{{Field: "segment", In: a.Segments}}}
	}
	if a.PerDay > 0 {
		x.Caps = []ads.Cap{{N: a.PerDay, Per: 24 * time.Hour}}
	}
	return x
}

// remember is how long pages and clicks of ads count.
const remember = 30 * 24 * time.Hour

// adCatalogue reads the ads of the shop.
func (s *Shop) adCatalogue(ctx context.Context) (*ads.Catalogue, error) {
	stored, err := s.store.Ads(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]ads.Ad, len(stored))
	for i, row := range stored {
		var a Ad
		if err := json.Unmarshal(row.Spec, &a); err != nil {
			return nil, fmt.Errorf("shop: ad %q: %w", row.ID, err)
		}
		all[i] = a.aisle()
	}
	return ads.NewCatalogue(all)
}

// loadAds makes the server of ads and tells it the log: pages bring back the caps, clicks
// the budgets.
func (s *Shop) loadAds(ctx context.Context) error {
	catalogue, err := s.adCatalogue(ctx)
	if err != nil {
		return err
	}
	ledger, err := ads.NewLedger[string](ads.LedgerOptions{Remember: remember, Keep: remember})
	if err != nil {
		return err
	}
	s.ads, err = ads.NewServer(catalogue, ads.ServerOptions[string]{Auction: ads.AuctionOptions{Examination: []float64{1, .6, .4}, PerAdvertiser: 1}, Ledger: ledger})
	if err != nil {
		return err
	}
	views, err := s.store.AdViews(ctx, time.Time{})
	if err != nil {
		return err
	}
	for _, v := range views {
		i, err := impression(v)
		if err != nil {
			return err
		}
		for outcome, at := range map[ads.Outcome]time.Time{ads.Shown: v.At, ads.Clicked: v.Clicked, ads.Acted: v.Acted} {
			if at.IsZero() {
				continue
			}
			if _, err := s.ads.Record(i, outcome, at); err != nil && !errors.Is(err, ads.ErrDuplicate) {
				s.opt.Log.Warn("ad not told", "page", v.Page, "error", err)
			}
		}
	}
	return nil
}

func impression(v store.AdView) (i ads.Impression[string], err error) {
	if err := json.Unmarshal(v.Impression, &i); err != nil {
		return i, fmt.Errorf("shop: ad view of page %d: %w", v.Page, err)
	}
	i.User = v.Customer
	return i, nil
}

// PutAds writes ads; pages have them at once.
func (s *Shop) PutAds(ctx context.Context, all []Ad) error {
	rows, check := make([]store.Ad, len(all)), make([]ads.Ad, len(all))
	for i, a := range all {
		spec, err := json.Marshal(a)
		if err != nil {
			return err
		}
		rows[i], check[i] = store.Ad{ID: a.ID, Spec: spec}, a.aisle()
	}
	if _, err := ads.NewCatalogue(check); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return s.do(ctx, func(ctx context.Context) error {
		if err := s.store.PutAds(ctx, rows); err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		catalogue, err := s.adCatalogue(ctx)
		if err != nil {
			return err
		}
		return s.ads.Swap(catalogue, nil, nil)
	})
}

// Shown is an ad on a page.
type Shown struct {
	Ad         string `json:"ad"`
	Advertiser string `json:"advertiser"`
	Title      string `json:"title"`
	Position   int    `json:"position"`
	Price      int64  `json:"price"` // of a click, minor units
}

// Ads are the ads of a page for a customer, or for a stranger (""). What is shown is
// stored before it is answered; Click names it by the page.
func (s *Shop) Ads(ctx context.Context, customer string, categories []string) (page int64, shown []Shown, err error) {
	var id [8]byte
	rand.Read(id[:])
	page = int64(binary.BigEndian.Uint64(id[:]) >> 1)
	who, segment := "", "stranger"
	if customer != "" {
		who = s.keys.Pseudonym(customer)
		segment = s.Profile(customer).Segment
	}
	err = s.do(ctx, func(ctx context.Context) error {
		now := s.opt.Clock()
		served, err := s.ads.Serve(nil, ads.Request[string]{
			ID: uint64(page), User: who, At: now, Query: ads.Query{Categories: categories, Values: []ads.Value{{Field: "segment", Value: segment}}},
		})
		if err != nil {
			return fmt.Errorf("shop: ads: %w", err)
		}
		views := make([]store.AdView, len(served))
		for i, x := range served {
			views[i] = store.AdView{Page: page, Ad: x.Ad, Customer: who, At: x.At}
			x.User = "" // the row has it, so that a deletion finds it
			if views[i].Impression, err = json.Marshal(x); err != nil {
				return err
			}
			shown = append(shown, Shown{x.Ad, x.Advertiser, x.Creative, x.Position, x.Price})
		}
		if len(views) == 0 {
			return nil
		}
		if err := s.store.AddAdViews(ctx, views); err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		return nil
	})
	return page, shown, err
}

// Click records that an ad of a page was clicked, or acted upon, once each. It returns what
// that cost in thousandths of a minor unit.
func (s *Shop) Click(ctx context.Context, page int64, ad string, acted bool) (cost int64, first bool, err error) {
	err = s.do(ctx, func(ctx context.Context) error {
		now := s.opt.Clock()
		v, isFirst, known, err := s.store.AdOutcome(ctx, page, ad, acted, now)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		if !known {
			return fmt.Errorf("page %d with ad %q: %w", page, ad, ErrUnknown)
		}
		first = isFirst
		i, err := impression(v)
		if err != nil {
			return err
		}
		outcome, at := ads.Clicked, v.Clicked
		if acted {
			outcome, at = ads.Acted, v.Acted
		}
		// Told again it changes nothing; and it is told again where the first time was
		// committed but its answer lost.
		if cost, err = s.ads.Record(i, outcome, at); errors.Is(err, ads.ErrDuplicate) {
			cost, err = 0, nil
		}
		if err != nil {
			return fmt.Errorf("shop: ad: %w", err)
		}
		return nil
	})
	return cost, first, err
}

// Spent is what the ads have cost, in thousandths of a minor unit.
func (s *Shop) Spent(ad string) int64 { return s.ads.Ledger().Spent(ad) }
