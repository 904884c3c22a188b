// Package clean turns the rows of a source into records that can be trusted:
// parsers, canonical forms, a check of every record, refunds matched to orders, and
// a report of what was left out and why.
package clean
