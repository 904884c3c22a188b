// Package online learns from streams: clicks, conversions, anything that arrives one example at a time, has
// categories of millions of levels, and must be predicted while it is learnt. It is for shops and ad
// servers that decide in microseconds what to show.
//
// Four names are enough to start: [NewSpace] says what kinds of features there are, a [Row] holds one example,
// [NewFTRL] makes a learner, and its [Snapshot] serves.
//
//	space, err := online.NewSpace(online.SpaceOptions{
//		Namespaces: []string{"user", "ad", "site"},
//		Crosses:    [][2]string{{"user", "ad"}},
//	})
//	if err != nil {
//		return err
//	}
//	m, err := online.NewFTRL(space, online.FTRLOptions{})
//	if err != nil {
//		return err
//	}
//	row := space.Row()
//	for n, click := range clicks {
//		row.Reset()
//		row.Add("user", click.User, 1)
//		row.Add("ad", click.Ad, 1)
//		row.Add("ad", "price", click.Price)
//		if _, err := m.Learn(row, click.Label, 1); err != nil {
//			return err
//		}
//		if n%1000 == 0 {
//			live.Store(m.Snapshot()) // an atomic.Pointer[online.Snapshot]: servers load it and call Predict
//		}
//	}
//
// A click comes later than its prediction: keep the Row, or what it was filled from, until then, and learn what was not clicked, too.
//
// # Which learner when
//
//   - [FTRL]: first; quick, sparse, one pass; pairs of namespaces as Crosses
//   - [FM]: pairs that were rarely seen together; several passes by [Fit], which stops in time
//   - [FieldFM]: the same where namespaces are many and unlike; dearer by their number
//   - [FitText]: texts of two kinds, reviews good and bad; no stream, but the best of its words. [TextCounts]: the same in one
//     pass, over shards that merge
//
// # Guarantees
//
//   - A learner belongs to one goroutine, a Snapshot to any number, each with a Row of its own; neither takes a lock.
//   - Learn and Predict allocate nothing once a row is warm.
//   - Learners depend on the order of examples: the same in the same order make the same bytes at any
//     GOMAXPROCS. They do not merge; averages of weights would be another model. FitText and TextCounts do not depend on it.
//   - Progressive is an honest loss: each example is predicted before it is learnt.
//   - Features share a weight where their hashes meet; see [Space] for how often.
//
// # References
//
// McMahan et al., KDD 2013 (FTRL-Proximal). Rendle, ICDM 2010 (FM). Juan et al., RecSys 2016 (field-aware FM). Duchi,
// Hazan and Singer, JMLR 12, 2011 (AdaGrad). Weinberger et al., ICML 2009 (hashing). Blum, Kalai and Langford, COLT
// 1999 (progressive validation). Salton and Buckley, 1988 (tf-idf). McCallum and Nigam, AAAI 1998 (multinomial naive Bayes).
package online
