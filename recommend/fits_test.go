package recommend_test

import (
	"context"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/modeltest"
)

// A fitter is a fit of the package on some data, with any options of its type.
type fitter struct {
	name string
	fn   any
	in   []any         // what it takes between its context and its options
	opt  reflect.Type  // of the options
	base reflect.Value // options of a fit that is short
}

// fitOf makes a fitter of a Fit function: of a context, what it is fitted on, and options.
func fitOf(fn, base any, in ...any) fitter {
	name := runtime.FuncForPC(reflect.ValueOf(fn).Pointer()).Name()
	return fitter{name[strings.LastIndexByte(name, '.')+1:], fn, in, reflect.TypeOf(base), reflect.ValueOf(base)}
}

// fit fits with options of its type.
func (f fitter) fit(ctx context.Context, opt reflect.Value) error {
	_, err := f.state(ctx, opt)
	return err
}

// state fits, too, and returns what was fitted.
func (f fitter) state(ctx context.Context, opt reflect.Value) (any, error) {
	args := []reflect.Value{reflect.ValueOf(ctx)}
	for _, a := range f.in {
		args = append(args, reflect.ValueOf(a))
	}
	out := reflect.ValueOf(f.fn).Call(append(args, opt))
	err, _ := out[1].Interface().(error)
	return out[0].Interface(), err
}

// zero returns a nil and a zero state of the type that it fits.
func (f fitter) zero() (null, zero any) {
	to := reflect.TypeOf(f.fn).Out(0)
	return reflect.Zero(to).Interface(), reflect.New(to.Elem()).Interface()
}

// fitters are all fits of the package on a matrix with times, on its sequences and on a
// title of each item. To add a model, add a line.
func fitters(t testing.TB, x *recommend.Interactions, s *recommend.Sequences, titles []string) []fitter {
	ctx := context.Background()
	cats := must(recommend.GroupCategories(x))(t)
	text := must(recommend.FitTFIDF(ctx, recommend.GroupTitles(x.Items()), recommend.TFIDFOptions{}))(t)
	als := must(recommend.FitALS(ctx, x, recommend.ALSOptions{Factors: 4, Iterations: 1}))(t)
	return []fitter{
		fitOf(recommend.FitPopular, recommend.PopularOptions{}, x),
		fitOf(recommend.FitRising, recommend.RisingOptions{}, x),
		fitOf(recommend.FitCategoryPopular, recommend.PopularOptions{}, x, cats),
		fitOf(recommend.FitItemKNN, recommend.ItemKNNOptions{}, x),
		fitOf(recommend.FitUserKNN, recommend.UserKNNOptions{}, x),
		fitOf(recommend.FitALS, recommend.ALSOptions{Factors: 4, Iterations: 2}, x),
		fitOf(recommend.FitRP3Beta, recommend.RP3BetaOptions{}, x),
		fitOf(recommend.FitTurboCF, recommend.TurboCFOptions{}, x),
		fitOf(recommend.FitEASE, recommend.EASEOptions{}, x),
		fitOf(recommend.FitSparseEASE, recommend.SparseEASEOptions{}, x),
		fitOf(recommend.FitSLIM, recommend.SLIMOptions{}, x),
		fitOf(recommend.FitBPR, recommend.BPROptions{Factors: 4, Epochs: 3}, x),
		fitOf(recommend.FitWARP, recommend.WARPOptions{Factors: 4, Epochs: 3}, x),
		fitOf(recommend.FitLMF, recommend.LMFOptions{Factors: 4, Epochs: 3}, x),
		fitOf(recommend.FitMF, recommend.MFOptions{Factors: 4, Epochs: 3}, x),
		fitOf(recommend.FitSVDPP, recommend.SVDPPOptions{Factors: 4, Epochs: 3}, x),
		fitOf(recommend.FitFM, recommend.FMOptions{Factors: 4, Epochs: 3}, x),
		fitOf(recommend.FitPureSVD, recommend.PureSVDOptions{Factors: 4}, x),
		fitOf(recommend.FitGFCF, recommend.GFCFOptions{Factors: 4}, x),
		fitOf(recommend.FitBSPM, recommend.BSPMOptions{Factors: 4}, x),
		fitOf(recommend.FitNMF, recommend.NMFOptions{Factors: 4}, x),
		fitOf(recommend.FitSessionKNN, recommend.SessionKNNOptions{}, s),
		fitOf(recommend.FitMarkov, recommend.MarkovOptions{}, s),
		fitOf(recommend.FitItem2Vec, recommend.Item2VecOptions{Factors: 4, Epochs: 2}, s),
		fitOf(recommend.FitEmbeddings, recommend.EmbeddingsOptions{}, recommend.RowVectors{Rows: slices.Repeat([]float32{1, 2, -3, 2}, x.Items()), N: 4}),
		fitOf(recommend.FitNextBasket, recommend.NextBasketOptions{}, s, []int32(nil)),
		fitOf(recommend.FitTFIDF, recommend.TFIDFOptions{}, titles),
		fitOf(recommend.FitColdStart, recommend.ColdStartOptions{}, text, als),
	}
}

// smallFitters are the fits on data that each of them is done with in a moment.
func smallFitters(t testing.TB, users, items int) []fitter {
	x := modeltest.Groups(users, items, 3, 1)
	x = must(x.WithTimes(make([]int64, x.Len())))(t)
	return fitters(t, x, must(x.Sequences())(t), recommend.GroupTitles(items))
}
