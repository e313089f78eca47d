// Package atomicfile writes files that appear under their names only when they
// are whole and on disk. No reader, and no crash at any moment, sees a part of
// one. What a killed process leaves has a name that ends in ".tmp".
package atomicfile
