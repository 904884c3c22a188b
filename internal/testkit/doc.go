// Package testkit is for tests only: tolerances, golden files and the optional
// data sets. A test in internal/layout keeps it out of other code.
package testkit
