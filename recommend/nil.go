package recommend

// What models have in common, said for each of them: a method that a model had by
// embedding another type alone would panic for a nil one before it begins.

// Users returns the number of users of the fit.
func (m *BPR) Users() int { return orZero(m).latent.Users() }

// Items returns the number of items.
func (m *BPR) Items() int { return orZero(m).latent.Items() }

// Factors returns the length of the vectors.
func (m *BPR) Factors() int { return orZero(m).latent.Factors() }

// UserVector returns the vector of user u, all zeros for a user without
// entries, nil for one out of range. It aliases m and must not be changed.
func (m *BPR) UserVector(u int) []float32 { return orZero(m).latent.UserVector(u) }

// ItemVector returns the vector of item i, nil for one out of range; it aliases m
// and must not be changed.
func (m *BPR) ItemVector(i int) []float32 { return orZero(m).latent.ItemVector(i) }

// ItemBias returns what item i adds to every score; 0 for one out of range.
func (m *BPR) ItemBias(i int) float32 { return orZero(m).latent.ItemBias(i) }

// AppendSimilar appends the items whose vectors have the largest cosine with that of
// item.
func (m *BPR) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	return orZero(m).latent.AppendSimilar(dst, item, k)
}

// AppendSimilarUsers appends the users whose vectors have the largest cosine with that
// of user.
func (m *BPR) AppendSimilarUsers(dst []UserScore, user int32, k int) ([]UserScore, error) {
	return orZero(m).latent.AppendSimilarUsers(dst, user, k)
}

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *BPR) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Users returns the number of users of the fit.
func (m *WARP) Users() int { return orZero(m).latent.Users() }

// Items returns the number of items.
func (m *WARP) Items() int { return orZero(m).latent.Items() }

// Factors returns the length of the vectors.
func (m *WARP) Factors() int { return orZero(m).latent.Factors() }

// UserVector returns the vector of user u, all zeros for a user without
// entries, nil for one out of range. It aliases m and must not be changed.
func (m *WARP) UserVector(u int) []float32 { return orZero(m).latent.UserVector(u) }

// ItemVector returns the vector of item i, nil for one out of range; it aliases m
// and must not be changed.
func (m *WARP) ItemVector(i int) []float32 { return orZero(m).latent.ItemVector(i) }

// ItemBias returns what item i adds to every score; 0 for one out of range.
func (m *WARP) ItemBias(i int) float32 { return orZero(m).latent.ItemBias(i) }

// AppendSimilar appends the items whose vectors have the largest cosine with that of
// item.
func (m *WARP) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	return orZero(m).latent.AppendSimilar(dst, item, k)
}

// AppendSimilarUsers appends the users whose vectors have the largest cosine with that
// of user.
func (m *WARP) AppendSimilarUsers(dst []UserScore, user int32, k int) ([]UserScore, error) {
	return orZero(m).latent.AppendSimilarUsers(dst, user, k)
}

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *WARP) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Users returns the number of users of the fit.
func (m *LMF) Users() int { return orZero(m).latent.Users() }

// Items returns the number of items.
func (m *LMF) Items() int { return orZero(m).latent.Items() }

// Factors returns the length of the vectors.
func (m *LMF) Factors() int { return orZero(m).latent.Factors() }

// UserVector returns the vector of user u, all zeros for a user without
// entries, nil for one out of range. It aliases m and must not be changed.
func (m *LMF) UserVector(u int) []float32 { return orZero(m).latent.UserVector(u) }

// ItemVector returns the vector of item i, nil for one out of range; it aliases m
// and must not be changed.
func (m *LMF) ItemVector(i int) []float32 { return orZero(m).latent.ItemVector(i) }

// ItemBias returns what item i adds to every score; 0 for one out of range.
func (m *LMF) ItemBias(i int) float32 { return orZero(m).latent.ItemBias(i) }

// AppendSimilar appends the items whose vectors have the largest cosine with that of
// item.
func (m *LMF) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	return orZero(m).latent.AppendSimilar(dst, item, k)
}

// AppendSimilarUsers appends the users whose vectors have the largest cosine with that
// of user.
func (m *LMF) AppendSimilarUsers(dst []UserScore, user int32, k int) ([]UserScore, error) {
	return orZero(m).latent.AppendSimilarUsers(dst, user, k)
}

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *LMF) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Users returns the number of users of the fit.
func (m *MF) Users() int { return orZero(m).latent.Users() }

// Items returns the number of items.
func (m *MF) Items() int { return orZero(m).latent.Items() }

// Factors returns the length of the vectors.
func (m *MF) Factors() int { return orZero(m).latent.Factors() }

// UserVector returns the vector of user u, all zeros for a user without
// entries, nil for one out of range. It aliases m and must not be changed.
func (m *MF) UserVector(u int) []float32 { return orZero(m).latent.UserVector(u) }

// ItemVector returns the vector of item i, nil for one out of range; it aliases m
// and must not be changed.
func (m *MF) ItemVector(i int) []float32 { return orZero(m).latent.ItemVector(i) }

// ItemBias returns what item i adds to every score; 0 for one out of range.
func (m *MF) ItemBias(i int) float32 { return orZero(m).latent.ItemBias(i) }

// AppendSimilar appends the items whose vectors have the largest cosine with that of
// item.
func (m *MF) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	return orZero(m).latent.AppendSimilar(dst, item, k)
}

// AppendSimilarUsers appends the users whose vectors have the largest cosine with that
// of user.
func (m *MF) AppendSimilarUsers(dst []UserScore, user int32, k int) ([]UserScore, error) {
	return orZero(m).latent.AppendSimilarUsers(dst, user, k)
}

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *MF) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Users returns the number of users of the fit.
func (m *SVDPP) Users() int { return orZero(m).latent.Users() }

// Items returns the number of items.
func (m *SVDPP) Items() int { return orZero(m).latent.Items() }

// Factors returns the length of the vectors.
func (m *SVDPP) Factors() int { return orZero(m).latent.Factors() }

// UserVector returns the vector of user u, all zeros for a user without
// entries, nil for one out of range. It aliases m and must not be changed.
func (m *SVDPP) UserVector(u int) []float32 { return orZero(m).latent.UserVector(u) }

// ItemVector returns the vector of item i, nil for one out of range; it aliases m
// and must not be changed.
func (m *SVDPP) ItemVector(i int) []float32 { return orZero(m).latent.ItemVector(i) }

// ItemBias returns what item i adds to every score; 0 for one out of range.
func (m *SVDPP) ItemBias(i int) float32 { return orZero(m).latent.ItemBias(i) }

// AppendSimilar appends the items whose vectors have the largest cosine with that of
// item.
func (m *SVDPP) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	return orZero(m).latent.AppendSimilar(dst, item, k)
}

// AppendSimilarUsers appends the users whose vectors have the largest cosine with that
// of user.
func (m *SVDPP) AppendSimilarUsers(dst []UserScore, user int32, k int) ([]UserScore, error) {
	return orZero(m).latent.AppendSimilarUsers(dst, user, k)
}

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *SVDPP) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Users returns the number of users of the fit.
func (m *FM) Users() int { return orZero(m).latent.Users() }

// Items returns the number of items.
func (m *FM) Items() int { return orZero(m).latent.Items() }

// Factors returns the length of the vectors.
func (m *FM) Factors() int { return orZero(m).latent.Factors() }

// UserVector returns the vector of user u, all zeros for a user without
// entries, nil for one out of range. It aliases m and must not be changed.
func (m *FM) UserVector(u int) []float32 { return orZero(m).latent.UserVector(u) }

// ItemVector returns the vector of item i, nil for one out of range; it aliases m
// and must not be changed.
func (m *FM) ItemVector(i int) []float32 { return orZero(m).latent.ItemVector(i) }

// ItemBias returns what item i adds to every score; 0 for one out of range.
func (m *FM) ItemBias(i int) float32 { return orZero(m).latent.ItemBias(i) }

// AppendSimilar appends the items whose vectors have the largest cosine with that of
// item.
func (m *FM) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	return orZero(m).latent.AppendSimilar(dst, item, k)
}

// AppendSimilarUsers appends the users whose vectors have the largest cosine with that
// of user.
func (m *FM) AppendSimilarUsers(dst []UserScore, user int32, k int) ([]UserScore, error) {
	return orZero(m).latent.AppendSimilarUsers(dst, user, k)
}

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *FM) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Users returns the number of users of the fit.
func (m *ItemKNN) Users() int { return orZero(m).itemWeights.Users() }

// Items returns the number of items.
func (m *ItemKNN) Items() int { return orZero(m).itemWeights.Items() }

// Score writes Σ wⱼ·B[j, i] over the history for every item i, B being the item weights;
// ErrEmpty for an empty history. Cost: the stored weights of the history items.
func (m *ItemKNN) Score(dst []float32, q Query) error { return orZero(m).itemWeights.Score(dst, q) }

// AppendSimilar appends the items with the largest weight to item, best first.
func (m *ItemKNN) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	return orZero(m).itemWeights.AppendSimilar(dst, item, k)
}

// AppendReasons appends the history items with the largest share in the score of item.
// The decomposition is exact.
func (m *ItemKNN) AppendReasons(dst []Reason, q Query, item int32, k int) ([]Reason, error) {
	return orZero(m).itemWeights.appendReasons("ItemKNN", dst, q, item, k)
}

// Meaning says what a score stands for.
func (*ItemKNN) Meaning() string { return linearMeaning }

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *ItemKNN) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Users returns the number of users of the fit.
func (m *RP3Beta) Users() int { return orZero(m).itemWeights.Users() }

// Items returns the number of items.
func (m *RP3Beta) Items() int { return orZero(m).itemWeights.Items() }

// Score writes Σ wⱼ·B[j, i] over the history for every item i, B being the item weights;
// ErrEmpty for an empty history. Cost: the stored weights of the history items.
func (m *RP3Beta) Score(dst []float32, q Query) error { return orZero(m).itemWeights.Score(dst, q) }

// AppendSimilar appends the items with the largest weight to item, best first.
func (m *RP3Beta) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	return orZero(m).itemWeights.AppendSimilar(dst, item, k)
}

// AppendReasons appends the history items with the largest share in the score of item.
// The decomposition is exact.
func (m *RP3Beta) AppendReasons(dst []Reason, q Query, item int32, k int) ([]Reason, error) {
	return orZero(m).itemWeights.appendReasons("RP3Beta", dst, q, item, k)
}

// Meaning says what a score stands for.
func (*RP3Beta) Meaning() string { return linearMeaning }

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *RP3Beta) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Users returns the number of users of the fit.
func (m *TurboCF) Users() int { return orZero(m).itemWeights.Users() }

// Items returns the number of items.
func (m *TurboCF) Items() int { return orZero(m).itemWeights.Items() }

// Score writes Σ wⱼ·B[j, i] over the history for every item i, B being the item weights;
// ErrEmpty for an empty history. Cost: the stored weights of the history items.
func (m *TurboCF) Score(dst []float32, q Query) error { return orZero(m).itemWeights.Score(dst, q) }

// AppendSimilar appends the items with the largest weight to item, best first.
func (m *TurboCF) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	return orZero(m).itemWeights.AppendSimilar(dst, item, k)
}

// AppendReasons appends the history items with the largest share in the score of item.
// The decomposition is exact.
func (m *TurboCF) AppendReasons(dst []Reason, q Query, item int32, k int) ([]Reason, error) {
	return orZero(m).itemWeights.appendReasons("TurboCF", dst, q, item, k)
}

// Meaning says what a score stands for.
func (*TurboCF) Meaning() string { return linearMeaning }

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *TurboCF) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Users returns the number of users of the fit.
func (m *SparseEASE) Users() int { return orZero(m).itemWeights.Users() }

// Items returns the number of items.
func (m *SparseEASE) Items() int { return orZero(m).itemWeights.Items() }

// Score writes Σ wⱼ·B[j, i] over the history for every item i, B being the item weights;
// ErrEmpty for an empty history. Cost: the stored weights of the history items.
func (m *SparseEASE) Score(dst []float32, q Query) error { return orZero(m).itemWeights.Score(dst, q) }

// AppendSimilar appends the items with the largest weight to item, best first.
func (m *SparseEASE) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	return orZero(m).itemWeights.AppendSimilar(dst, item, k)
}

// AppendReasons appends the history items with the largest share in the score of item.
// The decomposition is exact.
func (m *SparseEASE) AppendReasons(dst []Reason, q Query, item int32, k int) ([]Reason, error) {
	return orZero(m).itemWeights.appendReasons("SparseEASE", dst, q, item, k)
}

// Meaning says what a score stands for.
func (*SparseEASE) Meaning() string { return linearMeaning }

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *SparseEASE) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Users returns the number of users of the fit.
func (m *SLIM) Users() int { return orZero(m).itemWeights.Users() }

// Items returns the number of items.
func (m *SLIM) Items() int { return orZero(m).itemWeights.Items() }

// Score writes Σ wⱼ·B[j, i] over the history for every item i, B being the item weights;
// ErrEmpty for an empty history. Cost: the stored weights of the history items.
func (m *SLIM) Score(dst []float32, q Query) error { return orZero(m).itemWeights.Score(dst, q) }

// AppendSimilar appends the items with the largest weight to item, best first.
func (m *SLIM) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	return orZero(m).itemWeights.AppendSimilar(dst, item, k)
}

// AppendReasons appends the history items with the largest share in the score of item.
// The decomposition is exact.
func (m *SLIM) AppendReasons(dst []Reason, q Query, item int32, k int) ([]Reason, error) {
	return orZero(m).itemWeights.appendReasons("SLIM", dst, q, item, k)
}

// Meaning says what a score stands for.
func (*SLIM) Meaning() string { return linearMeaning }

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *SLIM) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Users returns the number of users of the fit.
func (m *Markov) Users() int { return orZero(m).itemWeights.Users() }

// Items returns the number of items.
func (m *Markov) Items() int { return orZero(m).itemWeights.Items() }

// AppendSimilar appends the items with the largest weight to item, best first.
func (m *Markov) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	return orZero(m).itemWeights.AppendSimilar(dst, item, k)
}

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *Markov) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Users returns the number of users of the fit.
func (m *GFCF) Users() int { return orZero(m).lowPass.Users() }

// Items returns the number of items.
func (m *GFCF) Items() int { return orZero(m).lowPass.Items() }

// Score writes the history times both filters; ErrEmpty for an empty history.
func (m *GFCF) Score(dst []float32, q Query) error { return orZero(m).lowPass.Score(dst, q) }

// AppendSimilar appends the items that a history of item alone scores highest.
func (m *GFCF) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	return orZero(m).lowPass.AppendSimilar(dst, item, k)
}

// AppendReasons appends the history items with the largest share in the score of item.
// The decomposition is exact.
func (m *GFCF) AppendReasons(dst []Reason, q Query, item int32, k int) ([]Reason, error) {
	return orZero(m).lowPass.appendReasons("GFCF", dst, q, item, k)
}

// Meaning says what a score stands for.
func (*GFCF) Meaning() string { return linearMeaning }

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *GFCF) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Users returns the number of users of the fit.
func (m *BSPM) Users() int { return orZero(m).lowPass.Users() }

// Items returns the number of items.
func (m *BSPM) Items() int { return orZero(m).lowPass.Items() }

// Score writes the history times both filters; ErrEmpty for an empty history.
func (m *BSPM) Score(dst []float32, q Query) error { return orZero(m).lowPass.Score(dst, q) }

// AppendSimilar appends the items that a history of item alone scores highest.
func (m *BSPM) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	return orZero(m).lowPass.AppendSimilar(dst, item, k)
}

// AppendReasons appends the history items with the largest share in the score of item.
// The decomposition is exact.
func (m *BSPM) AppendReasons(dst []Reason, q Query, item int32, k int) ([]Reason, error) {
	return orZero(m).lowPass.appendReasons("BSPM", dst, q, item, k)
}

// Meaning says what a score stands for.
func (*BSPM) Meaning() string { return linearMeaning }

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *BSPM) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *ALS) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *EASE) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *Item2Vec) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *NextBasket) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *NMF) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *Popular) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *PureSVD) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *SessionKNN) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *CategoryPopular) Fingerprints() (users, items uint64) {
	return orZero(m).origin.Fingerprints()
}

// Fingerprints returns those of the ids it was fitted on: see Interactions.Fingerprints.
func (m *UserKNN) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Fingerprints returns those of the ids it is of: see Interactions.Fingerprints.
func (c *Catalogue) Fingerprints() (users, items uint64) { return orZero(c).origin.Fingerprints() }

// Fingerprints returns those of the ids it is of: see Interactions.Fingerprints.
func (s *ItemSet) Fingerprints() (users, items uint64) { return orZero(s).origin.Fingerprints() }

// Fingerprints returns those of the ids it is of: see Interactions.Fingerprints.
func (s *Sequences) Fingerprints() (users, items uint64) { return orZero(s).origin.Fingerprints() }

// Fingerprints returns those of the ids it is of: see Interactions.Fingerprints.
func (m *Embeddings) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Fingerprints returns those of the ids it is of: see Interactions.Fingerprints.
func (m *TFIDFModel) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Fingerprints returns those of the ids it is of: see Interactions.Fingerprints.
func (m *Func) Fingerprints() (users, items uint64) { return orZero(m).origin.Fingerprints() }

// Fingerprints returns those of the ids it is of: see Interactions.Fingerprints.
func (c *Categories) Fingerprints() (users, items uint64) { return orZero(c).origin.Fingerprints() }

// Fingerprints returns those of the ids it is of: see Interactions.Fingerprints.
func (c *VectorLikeness) Fingerprints() (users, items uint64) { return orZero(c).origin.Fingerprints() }

// Fingerprints returns a 64-bit fingerprint of the ids behind the users and one of those
// behind the items, in their order; 0 where they are unknown, as in what was made from
// bare Interactions, or do not matter, as users to a model that keeps nothing about
// single ones. Equal lists have equal fingerprints in every program. An Engine refuses
// what has another one than its dataset (ErrMismatch).
func (x *Interactions) Fingerprints() (users, items uint64) { return orZero(x).origin.Fingerprints() }
