//go:build !linux

package train_test

const (
	childLimit = "TRAIN_TEST_LIMIT"
	limited    = false
)

func limitFiles() {}
