// Package ordered works on a stream of items with several goroutines and gives
// the results in the order of the items, so that they do not depend on how many
// goroutines there are.
package ordered
