// Package feature prepares the columns of a table for models: gaps filled, scales
// made comparable, columns described.
package feature
