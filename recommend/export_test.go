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
