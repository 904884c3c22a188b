// Package separation measures how far the clusters of a partition lie apart: the
// indices of Caliński and Harabasz and of Davies and Bouldin, for segment and metrics.
//
// One contract for both indices: where an index does not exist (fewer than two
// clusters, as many clusters as rows, no dispersion within any cluster, two clusters
// with one centroid) it is NaN, never an infinity or a 0. Functions that return one
// index make an ErrUndefined of it, tables of several keep the NaN. Coordinates whose
// squared differences overflow give indices that are not finite: callers check.
//
// T. Caliński and J. Harabasz, A dendrite method for cluster analysis, 1974. D. L.
// Davies and D. W. Bouldin, A cluster separation measure, 1979.
package separation
