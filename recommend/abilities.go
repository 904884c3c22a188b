package recommend

// Everything that a model can do beside scoring is a method of the model and a
// small interface in this file. What asks a model (Engine, hybrids, Ranker) asks
// for the ability, never for the type.

// Meaner is the ability to say what a score stands for, in half a sentence for
// whoever reads the lists. Every model of this package has it.
type Meaner interface {
	// Meaning returns it, without a full stop.
	Meaning() string
}

// SparseScorer is the ability of models that know only some items for a query.
// Where SparseScores is true, a score of 0 or below means that nothing speaks
// for the item, and an Engine leaves such items to the next model of its chain.
// Every model of this package has it; without it a model counts as not sparse.
type SparseScorer interface {
	// SparseScores is the same for every query.
	SparseScores() bool
}

// OrderReader is the ability to say whether a model reads Query.Items as a
// sequence, oldest first and with repeats, or as a set. Every model of this
// package has it; without it a model counts as one that reads a set.
type OrderReader interface {
	// ReadsOrder is the same for every query.
	ReadsOrder() bool
}

// HistoryReader is the ability of an OrderReader to say whether it wants the whole
// history of a person or, where a request marks one (Request.SessionStart), the
// current session: NextBasket reads histories, Markov and SessionKNN read sessions.
// Without it a model of order counts as one that reads sessions.
type HistoryReader interface {
	OrderReader
	// ReadsHistory is the same for every query.
	ReadsHistory() bool
}

// Similar is the ability to name items like another.
type Similar interface {
	// AppendSimilar appends the k items most similar to item, best first, ties
	// by index, never item itself. Fewer are appended when fewer have any
	// similarity. ErrUnknownID when item is out of range.
	AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error)
}

// SimilarUsers is the ability to name users like another: ALS, BPR, WARP, LMF,
// MF, SVDPP, FM and NMF by the cosine of their vectors, UserKNN by its measure.
type SimilarUsers interface {
	// AppendSimilarUsers appends the k users of the fit most similar to user, best
	// first, ties by index, never user itself. None are appended for a user without
	// entries. ErrUnknownID when user is out of range.
	AppendSimilarUsers(dst []UserScore, user int32, k int) ([]UserScore, error)
}

// UserScore is a user with its similarity to another; see SimilarUsers.
type UserScore struct {
	User  int32   // dense index
	Score float32 // as the model says; higher is more alike
}

// Explainer is the ability to say why an item got its score.
type Explainer interface {
	// AppendReasons appends the k history items that contributed most to the
	// score of item, largest first. The contributions of all history items add
	// up to the score (to float32 rounding) where the model's comment says
	// exact.
	AppendReasons(dst []Reason, q Query, item int32, k int) ([]Reason, error)
}

// Reason is the share of one history item in a score.
type Reason struct {
	Item         int32   // the history item: "because you bought Item"
	Contribution float32 // its part of the score; see Explainer
}

// Folder is the ability to turn a history into a user vector, for people the
// model was not fitted on.
type Folder interface {
	// Factors returns the length of a user vector.
	Factors() int
	// FoldIn writes the vector of a user with that history into dst, which must
	// have length Factors().
	FoldIn(dst []float32, items []int32, weights []float32) error
}

// meaningOf is what m says of its scores, and the little that holds for every
// model where it says nothing.
func meaningOf(m Model) string {
	if s, ok := m.(Meaner); ok {
		return s.Meaning()
	}
	return "higher is better; see the type of the model"
}

// sparseScores reports whether a score of 0 or below of m means nothing.
func sparseScores(m Model) bool {
	s, ok := m.(SparseScorer)
	return ok && s.SparseScores()
}

// readsOrder reports whether m reads the history as a sequence.
func readsOrder(m Model) bool {
	s, ok := m.(OrderReader)
	return ok && s.ReadsOrder()
}

// readsHistory reports whether a model of order wants more than the session.
func readsHistory(m Model) bool {
	s, ok := m.(HistoryReader)
	return ok && s.ReadsHistory()
}

// evenReader is a model of order to which every event counts the same, as it did
// when it was fitted: an Engine gives it no weights.
type evenReader interface{ readsEvenly() }

// inner is a model that knows itself. Abilities of the house, which bypass Score,
// ask for it: a host's type that embeds a model inherits its methods but may have
// a Score of its own, so that they must not be used for it.
type inner interface {
	self() Model
}

// itself returns m as an A where that is m's own ability and no inherited one.
func itself[A inner](m Model) (a A, ok bool) {
	if a, ok = m.(A); ok && a.self() == m {
		return a, true
	}
	var none A
	return none, false
}

// textScorer is a model that scores an item by its words alone: one that joined
// after the fit.
type textScorer interface {
	inner
	Similar
	ScoreText(q Query, text string, tokens ...string) (float32, error)
	// appendLikeText is AppendSimilar for such an item, likeTexts the likeness of two.
	appendLikeText(dst []Scored, k int, text string, tokens []string) ([]Scored, error)
	likeTexts(text string, tokens []string, other string, others []string) (float32, error)
}
