//go:build !linux

package data

func limitFiles() {}
