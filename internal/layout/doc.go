// Package layout holds only a test that keeps the import rules of the project.
package layout
