package recommend

import "fmt"

// What is made from bare indices or texts knows no ids. Over tells it whose they are, so
// that an Engine can refuse it beside another catalogue of the same size.

// Over returns m over the items of x, so that it knows their ids as models fitted on x
// do: text k was that of item k. ErrEmpty without x, ErrMismatch for another number of items or
// where m is known to be of others.
func (m *TFIDFModel) Over(x *Interactions) (*TFIDFModel, error) {
	const where = "TFIDFModel.Over"
	if m == nil || m.items == nil {
		return nil, fmt.Errorf("recommend: %s: neither fitted nor decoded: %w", where, ErrEmpty)
	}
	of, err := m.ownItems(x, m.Items(), where)
	if err != nil {
		return nil, err
	}
	out := *m
	out.origin = of
	return &out, nil
}

// Over returns m over the items of x, so that it knows their ids: count k was that of
// item k. It is for what NewRated made. Errors are those of TFIDFModel.Over.
func (m *Popular) Over(x *Interactions) (*Popular, error) {
	const where = "Popular.Over"
	if m == nil || m.scores == nil {
		return nil, fmt.Errorf("recommend: %s: neither fitted nor decoded: %w", where, ErrEmpty)
	}
	of, err := m.ownItems(x, m.Items(), where)
	if err != nil {
		return nil, err
	}
	out := *m
	out.origin = of
	return &out, nil
}

// Over returns m over the items of x, so that it knows their ids: index k of its scores
// and queries is item k. Errors are those of TFIDFModel.Over.
func (m *Func) Over(x *Interactions) (*Func, error) {
	const where = "Func.Over"
	if m == nil || m.score == nil {
		return nil, fmt.Errorf("recommend: %s: not made by NewFunc: %w", where, ErrEmpty)
	}
	of, err := m.ownItems(x, m.items, where)
	if err != nil {
		return nil, err
	}
	return &Func{of, m.users, m.items, m.score}, nil
}

// Over returns c over the items of x, so that it knows their ids: list k was that of
// item k. Errors are those of TFIDFModel.Over. Catalogue.Categories knows them without.
func (c *Categories) Over(x *Interactions) (*Categories, error) {
	const where = "Categories.Over"
	if c == nil || c.n == 0 {
		return nil, fmt.Errorf("recommend: %s: not made by NewCategories: %w", where, ErrEmpty)
	}
	of, err := c.ownItems(x, c.Items(), where)
	if err != nil {
		return nil, err
	}
	return &Categories{of, c.n, c.ptr, c.cat}, nil
}

// Over returns c over the items of x, so that it knows their ids: row k was that of item
// k. It is for vectors that come from elsewhere; those of a model bring its ids along.
// Errors are those of TFIDFModel.Over.
func (c *VectorLikeness) Over(x *Interactions) (*VectorLikeness, error) {
	const where = "VectorLikeness.Over"
	if c == nil || c.f == 0 {
		return nil, fmt.Errorf("recommend: %s: not made by NewVectorLikeness: %w", where, ErrEmpty)
	}
	of, err := c.ownItems(x, c.Items(), where)
	if err != nil {
		return nil, err
	}
	return &VectorLikeness{of, c.f, c.unit}, nil
}

// Categories returns the values of an attribute as categories, numbered as Values lists
// them: brands, departments, price bands. They know whose items they are of.
// ErrUnknownID for an attribute nobody has.
func (c *Catalogue) Categories(name string) (*Categories, error) {
	const where = "Catalogue.Categories"
	if c == nil || c.n == 0 {
		return nil, fmt.Errorf("recommend: %s: catalogue: %w", where, ErrEmpty)
	}
	a := c.attrs[name]
	if a == nil || len(a.values) == 0 {
		return nil, unknownAttribute(where, name)
	}
	return &Categories{origin: c.origin, n: len(a.values), ptr: a.ptr, cat: a.of}, nil
}
