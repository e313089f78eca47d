// Package ordered processes a stream of items in parallel and returns the
// results in the order of the items. The results do not depend on the number of
// goroutines.
package ordered
