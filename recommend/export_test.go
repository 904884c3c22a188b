package recommend

// What tests of both sides of the package need.
var (
	InOrder         = inOrder
	GroupCategories = groupCategories
	GroupTitles     = groupTitles
	Shop            = shop
	ListKL          = listKL
	Determinant     = determinant
)

// Blended makes the blend of two models, from the outside: package hybrid imports this
// one.
var Blended func(a Model, wa float32, b Model, wb float32) (Model, error)
