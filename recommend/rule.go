package recommend

// Rule says which items are meant, in terms of a Catalogue: Is, AllOf, AnyOf and
// Not make rules of any depth. A Rule is a value, holds for any catalogue that
// has its attributes, and may be used by many goroutines. The zero Rule holds
// for every item.
type Rule struct {
	op        ruleOp
	attribute string
	values    []string
	rules     []Rule
}

type ruleOp uint8

const (
	ruleAll ruleOp = iota // every one of rules
	ruleAny               // one of rules
	ruleNot               // not rules[0]
	ruleIs                // one of values, or any value
)

// Is holds for the items with one of the values of the attribute; without values
// for those with any value of it.
func Is(attribute string, values ...string) Rule {
	return Rule{op: ruleIs, attribute: attribute, values: values}
}

// AllOf holds where every rule holds; without rules for every item.
func AllOf(rules ...Rule) Rule { return Rule{op: ruleAll, rules: rules} }

// AnyOf holds where one of the rules holds; without rules for no item.
func AnyOf(rules ...Rule) Rule { return Rule{op: ruleAny, rules: rules} }

// Not holds where the rule does not, items of which nothing is known included.
func Not(rule Rule) Rule { return Rule{op: ruleNot, rules: []Rule{rule}} }

// ruleScratch is one bitmap for each depth of a rule.
type ruleScratch []indexSet

func (s *ruleScratch) at(depth, words int) indexSet {
	for len(*s) <= depth {
		*s = append(*s, nil)
	}
	if cap((*s)[depth]) < words {
		(*s)[depth] = make(indexSet, words)
	}
	return (*s)[depth][:words]
}

// ruleView is the catalogue that rules are evaluated on: that of the dataset, and
// a second one of the items that joined since, whose item 0 is item base.n.
type ruleView struct {
	base, more *Catalogue
}

func (v *ruleView) knows(name string) bool {
	return v.base != nil && v.base.attrs[name] != nil || v.more != nil && v.more.attrs[name] != nil
}

func (v *ruleView) check(r *Rule, where string) error {
	if r.op == ruleIs && !v.knows(r.attribute) {
		return unknownAttribute(where, r.attribute)
	}
	for k := range r.rules {
		if err := v.check(&r.rules[k], where); err != nil {
			return err
		}
	}
	return nil
}

// eval writes the items for which r holds into dst. Bits beyond the last item
// are undefined.
func (v *ruleView) eval(dst indexSet, r *Rule, s *ruleScratch, depth int) {
	switch r.op {
	case ruleIs:
		clear(dst)
		v.is(dst, v.base, r, 0)
		if v.more != nil {
			v.is(dst, v.more, r, v.base.n)
		}
	case ruleNot:
		v.eval(dst, &r.rules[0], s, depth)
		dst.not()
	case ruleAny:
		clear(dst)
		for k := range r.rules {
			part := s.at(depth, len(dst))
			v.eval(part, &r.rules[k], s, depth+1)
			dst.or(part)
		}
	default:
		for k := range dst {
			dst[k] = ^uint64(0)
		}
		for k := range r.rules {
			part := s.at(depth, len(dst))
			v.eval(part, &r.rules[k], s, depth+1)
			dst.and(part)
		}
	}
}

// is adds the items of c, shifted up by base, that have one of the rule's values,
// any value where the rule names none.
func (v *ruleView) is(dst indexSet, c *Catalogue, r *Rule, base int) {
	a := c.attrs[r.attribute]
	if a == nil {
		return
	}
	if len(r.values) == 0 {
		for code := range a.sets {
			a.sets[code].addTo(dst, base)
		}
		return
	}
	for _, value := range r.values {
		if code, ok := a.codes[value]; ok {
			a.sets[code].addTo(dst, base)
		}
	}
}
